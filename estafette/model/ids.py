"""Ids that grow with time, so that the newest stand together at the end of every index."""

import random
from datetime import UTC, datetime, timedelta

# Ticks are 4096 to a millisecond: RFC 9562 §6.2 method 3, twelve bits of a fraction of it.
_VARIANT = 0b10 << 62
_BELIEVED = 60_000 << 12  # a clock that is set back by more than a minute is believed
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


def first_id(at: datetime) -> str:
    """The smallest id that a message made at or after `at` can have."""
    return f"{instant(at) // 1000:012x}{'0' * 20}"


def made_at(id: str) -> datetime:
    """When an id was made, to the millisecond."""
    return _EPOCH + timedelta(milliseconds=int(id[:12], 16))
