"""Which addresses belong to everybody, and which to the machine and the networks around it."""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_NUMBERS = re.compile(
    r"(?:(?:0x[0-9a-f]+|0[0-7]*|[1-9][0-9]*)\.){0,3}(?:0x[0-9a-f]+|0[0-7]*|[1-9][0-9]*)"
)
IP = IPv4Address | IPv6Address

#: What is not the public internet: IANA's special-purpose addresses, and one that a cloud keeps.
_PRIVATE_4 = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/8",  # this host; connecting to 0.0.0.0 reaches loopback
        "10.0.0.0/8",
        "100.64.0.0/10",  # behind a carrier's NAT; one cloud's metadata
        "127.0.0.0/8",
        "168.63.129.16/32",  # public by number, but Azure's channel to its own machines
        "169.254.0.0/16",  # link-local; the metadata of most clouds
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments; one cloud's metadata
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved; broadcast
    )
)
#: All that is handed out to the public of IPv6, and what is special within it.
_PUBLIC_6 = ip_network("2000::/3")
_PRIVATE_6 = tuple(
    ip_network(network)
    for network in (
        "2001::/23",  # protocol assignments: Teredo, benchmarking, ORCHID
        "2001:db8::/32",
        "2620:4f:8000::/48",
        "3fff::/20",
    )
)
_NAT64 = ip_network("64:ff9b::/96")


def is_private(address: IP) -> bool:
    """Whether an address is anything but a public one: loopback, link-local, reserved, ….

    An IPv6 address that carries an IPv4 one inside (mapped, NAT64, 6to4) is what that one is.
    """
    if isinstance(address, IPv4Address):
        return any(address in network for network in _PRIVATE_4)
    inner = _inner(address)
    if inner is not None:
        return is_private(inner)
    return address not in _PUBLIC_6 or any(address in network for network in _PRIVATE_6)


def is_private_host(host: str) -> bool:
    """Whether a URL's host says by itself that it is not public: `localhost`, or such an address.

    The old spellings of IPv4 count, too: `127.1`, `0x7f.1`, `2130706433`. What other names stand for
    is known when they are looked up.
    """
    host = host.strip("[]").rstrip(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return is_private(ip_address(host.partition("%")[0]))
    except ValueError:
        pass
    found = _old_spelling(host)
    return found is not None and is_private(found)


def is_loopback_host(host: str) -> bool:
    """Whether a URL's host is this machine to whoever asks it."""
    host = host.strip("[]").rstrip(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _old_spelling(host: str) -> IPv4Address | None:
    """An IPv4 address of one to four numbers, each decimal, octal or hexadecimal (inet_aton(3))."""
    if not _NUMBERS.fullmatch(host):
        return None
    *heads, last = (
        int(part, 8) if re.fullmatch("0[0-7]+", part) else int(part, 0) for part in host.split(".")
    )
    room = 256 ** (4 - len(heads))
    if any(head > 255 for head in heads) or last >= room:
        return None
    return IPv4Address(sum(head << 8 * (3 - place) for place, head in enumerate(heads)) + last)


def _inner(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that a packet to this IPv6 address ends up at."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour
