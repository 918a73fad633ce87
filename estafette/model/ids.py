"""Ids that grow with time, so that the newest stand together at the end of every index."""

import random
import re
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta

# Ticks are 4096 to a millisecond: RFC 9562 §6.2 method 3, twelve bits of a fraction of it.
_VARIANT = 0b10 << 62
_BELIEVED = 60_000 << 12  # a clock that is set back by more than a minute is believed
_HEX = re.compile(r"[0-9a-fA-F]{32}")
_DIGITS = re.compile(r"0|[1-9][0-9]{0,38}")  # 128 bits are 39 digits at most
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_last = 0


def new_id(at: datetime) -> str:
    """32 hex digits of a UUIDv7 (RFC 9562): later calls in one thread give greater ids."""
    global _last  # noqa: PLW0603 - one counter is what makes the ids of a process strictly grow
    ticks = (instant(at) << 12) // 1000
    if -_BELIEVED < ticks - _last <= 0:
        ticks = _last + 1
    _last = ticks
    return f"{ticks >> 12:012x}7{ticks & 0xFFF:03x}{_VARIANT | random.getrandbits(62):016x}"


def instant(at: datetime) -> int:
    """Microseconds since 1970 of an aware time."""
    span = at - _EPOCH
    return (span.days * 86_400 + span.seconds) * 1_000_000 + span.microseconds


def moment(micros: int) -> datetime:
    """The aware time that is so many microseconds after 1970 began."""
    return _EPOCH + timedelta(microseconds=micros)


def read_id(text: str) -> str | None:
    """The 32 hex digits in any form of a message's id, else None: bare, as a UUID, with `SM` or
    `MM` before them, or in the base64 of a `wamid.`.
    """
    if text.startswith("wamid."):
        found = _HEX.search(_unwrapped(text[6:]))
        return found[0].lower() if found else None
    bare = text[2:] if text[:2] in ("SM", "MM") else text.replace("-", "")
    return bare.lower() if _HEX.fullmatch(bare) else None


def _unwrapped(text: str) -> str:
    try:
        return b64decode(text + "=" * (-len(text) % 4), altchars=b"-_").decode("latin-1")
    except ValueError:
        return ""


def first_id(at: datetime) -> str:
    """The smallest id that a message made at or after `at` can have."""
    return f"{instant(at) // 1000:012x}{'0' * 20}"


def made_at(id: str) -> datetime:
    """When an id was made, to the millisecond."""
    return _EPOCH + timedelta(milliseconds=int(id[:12], 16))


def instant_of(id: str) -> int:
    """The microseconds since 1970 at which an id was made, nearly: ids made at once differ."""
    ticks = int(id[:12], 16) << 12 | int(id[13:16], 16)
    return -(-ticks * 1000 >> 12)


def wamid(id: str, number: int = 0) -> str:
    """A message's id as WhatsApp's clients know ids: opaque to them, and `read_id` reads it. `number`
    tells apart what is several messages to them, and one to us.
    """
    return f"wamid.{b64encode(_BEFORE + id.encode() + _AFTER + bytes([number])).decode()}"


# What begins and ends such ids there, around lengths. There is no number in ours: they are logged.
_BEFORE, _AFTER = b"\x1c\x18\x20", b"\x15\x02\x00\x11\x18"


def digits(id: str) -> str:
    """32 hex digits as a decimal number: how an API whose ids are numbers shows them."""
    return str(int(id, 16))


def read_digits(text: str) -> str | None:
    """The 32 hex digits that `digits` showed as this text, else None: that is no such number."""
    if not _DIGITS.fullmatch(text) or (number := int(text)) >> 128:
        return None
    return f"{number:032x}"
