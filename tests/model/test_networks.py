"""Which addresses are not for everybody, however they are written."""

import socket
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.model.networks import is_private, is_private_host

INSIDE = [
    "localhost", "LocalHost.", "app.localhost", "127.0.0.1", "127.1", "0x7f.1", "0177.0.0.1",
    "2130706433", "017700000001", "0", "10.1.2.3", "172.31.0.1", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "224.0.0.1", "255.255.255.255", "[::1]", "::", "::ffff:10.0.0.1", "fe80::1%eth0",
    "fd00:ec2::254", "64:ff9b::7f00:1", "2002:7f00:1::", "ff02::1",
]  # fmt: skip
OUTSIDE = [
    "example.com", "8.8.8.8", "134744072", "[2606:4700:4700::1111]", "08.1.1.1", "256.1.1.1",
    "1.2.3.4.5", "127.0.0.1.example.com", "",
]  # fmt: skip


@pytest.mark.parametrize("host", INSIDE)
def test_a_host_that_is_not_public_says_so_in_any_spelling(host: str) -> None:
    assert is_private_host(host)


@pytest.mark.parametrize("host", OUTSIDE)
def test_a_host_that_may_be_public_is_left_to_the_one_who_asks_it(host: str) -> None:
    assert not is_private_host(host)


NUMBERS = st.one_of(
    st.integers(0, 300).map(str),
    st.integers(0, 2**33).map(str),
    st.integers(0, 300).map(hex),
    st.integers(0, 300).map(lambda number: f"0{number:o}"),
)


@given(st.lists(NUMBERS, min_size=1, max_size=5).map(".".join))
def test_numbers_are_read_as_the_system_reads_them(host: str) -> None:
    try:
        found = IPv4Address(socket.inet_aton(host))
    except OSError:
        assert not is_private_host(host)
    else:
        assert is_private_host(host) is is_private(found)
