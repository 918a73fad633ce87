"""The origin of a URL: what an operator allows, whatever the path."""

from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}


def origin_of(url: str) -> str | None:
    """`https://host:port` of an address, the port always written; None where it is no address.

    A user and password, the path and what follows it count for nothing.
    """
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    scheme, host = parts.scheme.lower(), (parts.hostname or "").lower()
    if scheme not in _PORTS or not host or port == 0:
        return None
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}:{port or _PORTS[scheme]}"


def read_origins(text: str) -> frozenset[str]:
    """Origins with commas between them. Raises ValueError for what is more, or less, than one."""
    found = set()
    for item in filter(None, (part.strip() for part in text.split(","))):
        origin = origin_of(item)
        rest = item.partition("://")[2]
        if origin is None or "@" in rest or rest.rstrip("/").count("/") or set("?#") & set(rest):
            raise ValueError(item)
        found.add(origin)
    return frozenset(found)
