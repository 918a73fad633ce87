"""When messages were sent, in the notations of the connector. Pure.

`2026-11-01` is that day in GMT. `>=` and `<=` (or `>` and `<`, which mean the same, as at Twilio)
before it open it to one side. Several conditions, apart by blanks or commas, hold together.
"""

import re
from datetime import UTC, datetime, timedelta

from estafette.actions.twilio.failures import failed
from estafette.model.times import utc

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_MICROSECOND = timedelta(microseconds=1)
_CONDITION = re.compile(r"\s*,?\s*([<>]=?|=)?\s*([^<>=,]+)")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}")
_UNPLUSSED = re.compile(r"(T\S+) (\d{2}:?\d{2})$")  # a zone whose + was read as a blank


def bounds(text: str) -> tuple[datetime | None, datetime | None]:
    """The first and the last moment that pass, both inclusive. Raises Failed."""
    since: list[datetime] = []
    until: list[datetime] = []
    place = 0
    text = text.strip()
    while place < len(text):
        found = _CONDITION.match(text, place)
        if found is None:
            raise _bad(text)
        place = found.end()
        sign = (found[1] or "=")[0]
        first, last = _read(found[2].strip(), text)
        if sign != "<":
            since.append(first)
        if sign != ">":
            until.append(last)
    return max(since, default=None), min(until, default=None)


def _read(text: str, whole: str) -> tuple[datetime, datetime]:
    """The first and the last moment of a day, or of a second."""
    try:
        if _DATE.fullmatch(text):
            at = datetime.fromisoformat(text).replace(tzinfo=UTC)
            return at, at + _DAY - _MICROSECOND
        if not _TIME.match(text):
            raise ValueError(text)
        at = utc(datetime.fromisoformat(_UNPLUSSED.sub(r"\1+\2", text)))
        return at, at + _SECOND - _MICROSECOND
    except (ValueError, OverflowError):
        raise _bad(whole) from None


def _bad(text: str) -> Exception:
    return failed(20001, f"DateSent {text[:60]!r} is no date such as 2026-11-01, or >=2026-11-01")
