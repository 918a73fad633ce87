"""Origins: what counts of an address, and what is none."""

import pytest

from estafette.core.origins import origin_of, read_origins


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://wfgen.example.org/wfgen/EngineProxy?x=1#y", "https://wfgen.example.org:443"),
        ("HTTPS://WFGEN.Example.org:443", "https://wfgen.example.org:443"),
        ("http://10.0.0.7:8080/", "http://10.0.0.7:8080"),
        ("http://[::1]:80/", "http://[::1]:80"),
        ("https://allowed.example@evil.example/", "https://evil.example:443"),
        ("https://evil.example#@allowed.example/", "https://evil.example:443"),
    ],
)
def test_scheme_host_and_port_count(url: str, origin: str) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    "url",
    ["", "x", "//h", "ftp://h", "https://", "https://h:x", "https://h:0", "https://h:70000",
     "https://allowed\\@evil/", "https://h /", "https://h\n", "https://é.example"],
)  # fmt: skip
def test_what_is_no_address_has_none(url: str) -> None:
    assert origin_of(url) is None


def test_origins_are_read_with_commas_between_them() -> None:
    assert read_origins("") == frozenset()
    assert read_origins(" https://a.example , http://b:81/,") == {
        "https://a.example:443", "http://b:81",
    }  # fmt: skip


@pytest.mark.parametrize(
    "text", ["a.example", "https://a/b", "https://a?b", "https://a#b", "https://u@a", "*"]
)
def test_more_than_an_origin_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_origins(text)
