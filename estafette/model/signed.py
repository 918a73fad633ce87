"""What Twilio signs, and how addresses may be spelt in it. Pure."""

import base64
import hashlib
import hmac
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit


def signature(token: str, url: str, form: Mapping[str, list[str]]) -> str:
    """Base64 of HMAC-SHA1 over the address and each name and value, sorted, none of them twice."""
    said = "".join(name + value for name in sorted(form) for value in sorted(set(form[name])))
    signed = hmac.digest(token.encode(), (url + said).encode(), hashlib.sha1)
    return base64.b64encode(signed).decode()


def spellings(url: str) -> Iterator[str]:
    """An address as it stands, and with its port, or without it: carriers sign any of these."""
    yield url
    parts = urlsplit(url)
    user, at, place = parts.netloc.rpartition("@")
    usual = 443 if parts.scheme == "https" else 80
    place = place.removesuffix(f":{parts.port}") if parts.port else f"{place}:{usual}"
    yield parts._replace(netloc=user + at + place).geturl()
