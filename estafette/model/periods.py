"""The periods of usage: which days are asked for, and how they are told apart. Pure."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

_OFFSET = re.compile(r"([+-]\d{1,5})days?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DAY = timedelta(days=1)
_FIRST_YEAR = 2000  # no account is as old

#: Twilio's word for a kind of period, and its link; and by how many characters of a day the periods
#: are told apart: 0 for one period.
KINDS = {
    "AllTime": ("all_time", 0),
    "Daily": ("daily", 10),
    "LastMonth": ("last_month", 0),
    "Monthly": ("monthly", 7),
    "ThisMonth": ("this_month", 0),
    "Today": ("today", 0),
    "Yearly": ("yearly", 4),
    "Yesterday": ("yesterday", 0),
}


class Span(NamedTuple):
    """From one day to another, both inclusive."""

    first: date
    last: date


def read_day(text: str, today: date) -> date | None:
    """A day such as `2009-07-06`, or `-30days`; None for what is none."""
    found = date.min
    try:
        if offset := _OFFSET.fullmatch(text.strip()):
            found = today + timedelta(days=int(offset[1]))
        elif _DATE.fullmatch(text):
            found = date.fromisoformat(text)
    except (ValueError, OverflowError):
        pass
    return found if found.year >= _FIRST_YEAR else None


def spans_of(kind: str, asked: Span, today: date, digits: int) -> list[Span]:
    """The periods of a list, the newest first, each within the days that are asked for."""
    month = today.replace(day=1)
    whole = {
        "Today": Span(today, today),
        "Yesterday": Span(today - _DAY, today - _DAY),
        "ThisMonth": Span(month, today),
        "LastMonth": Span((month - _DAY).replace(day=1), month - _DAY),
    }
    if kind in whole:
        return [whole[kind]]
    if not digits:
        return [asked] if asked.first <= asked.last else []
    return list(_periods(Span(asked.first, min(asked.last, today)), digits))


def _periods(asked: Span, digits: int) -> Iterator[Span]:
    last = asked.last
    while last >= asked.first:
        first = {10: last, 7: last.replace(day=1), 4: last.replace(month=1, day=1)}[digits]
        yield Span(max(first, asked.first), last)
        if first <= asked.first:
            return
        last = first - _DAY
