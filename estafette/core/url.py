"""Which texts are addresses that could be told something, or that media could lie at."""

import re
from urllib.parse import urlsplit

_HOST = re.compile(r"[A-Za-z0-9.:\[\]-]+")  # as Twilio: no underscores in a callback's host
_LONGEST = 2048


def is_url(text: str) -> bool:
    """Whether it is an http or https URL with a host, in characters that a URL may have."""
    if not text.isascii() or not text.isprintable() or " " in text or len(text) > _LONGEST:
        return False
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(host) and bool(_HOST.fullmatch(host or ""))
