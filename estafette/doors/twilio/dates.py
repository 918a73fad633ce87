"""Times in list filters, in all the notations that Twilio reads."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from estafette.doors.twilio.errors import TwilioError
from estafette.model.times import utc

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_MICROSECOND = timedelta(microseconds=1)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_AMERICAN = re.compile(r"(\d{2}/\d{2}/\d{4} \d{2}:\d{2}:\d{2})(?: ([A-Z]{3,4}))?")

#: The zones that RFC 2822 §4.3 gives meaning to, and UTC, in hours.
ZONES = {
    "UTC": 0, "UT": 0, "GMT": 0, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5,
    "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
}  # fmt: skip


def on(text: str) -> tuple[datetime, datetime]:
    """The first and the last moment of the GMT day that `text` falls on."""
    at, _ = _read(text)
    start = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return start, start + _DAY - _MICROSECOND


def since(text: str) -> datetime:
    """The first moment that `DateSent>` lets through: of the day, or the time itself."""
    return _read(text)[0]


def until(text: str) -> datetime:
    """The last moment that `DateSent<` lets through: of the day, or of that second."""
    at, is_day = _read(text)
    return at + (_DAY if is_day else _SECOND) - _MICROSECOND


def _read(text: str) -> tuple[datetime, bool]:
    """An aware UTC time, and whether only a day was named. Raises TwilioError."""
    text = text.strip()
    for reading in (_day, _iso, _american, _rfc2822):
        try:
            at = reading(text)
        except (ValueError, OverflowError, TypeError, IndexError):
            continue
        if at is not None and 1970 <= at.year < 9999:
            return at, reading is _day
    raise TwilioError(20001, f"{text[:40]!r} is not a date such as 2009-07-06")


def _day(text: str) -> datetime | None:
    return datetime.fromisoformat(f"{text}T00:00:00+00:00") if _DATE.fullmatch(text) else None


def _iso(text: str) -> datetime | None:
    return utc(datetime.fromisoformat(text)) if text[:4].isdigit() else None


def _american(text: str) -> datetime | None:
    found = _AMERICAN.fullmatch(text)
    if not found or (found[2] or "UTC") not in ZONES:
        return None
    at = datetime.strptime(found[1], "%m/%d/%Y %H:%M:%S").replace(tzinfo=UTC)
    return at - timedelta(hours=ZONES[found[2] or "UTC"])


def _rfc2822(text: str) -> datetime:
    return utc(parsedate_to_datetime(text))
