"""Which messages somebody wants to see, as the form above the list says it and as its address keeps it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlencode

from estafette.console.visit import Visit
from estafette.console.words import later as _
from estafette.model import Channel, Filter, Status
from estafette.model.address import spelled_number
from estafette.model.message import LONGEST_TEXT, Going
from estafette.model.times import utc

NAMES = ("text", "status", "direction", "channel", "sender", "with", "from", "until")
_LONGEST = 200  # characters of an address
_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?)?", re.ASCII)
_YEARS = range(1971, 9000)
_NO_CHOICE = _("This is none of the choices.")

T = TypeVar("T", bound=StrEnum)


@dataclass
class Wanted:
    """What the form says."""

    typed: Mapping[str, str]  #: what its fields have
    errors: dict[str, str] = field(default_factory=dict)  #: by field
    filter: Filter = field(default_factory=Filter)

    @property
    def query(self) -> str:
        """What follows `?` in the address of this list."""
        return urlencode({name: value for name, value in self.typed.items() if value})

    @property
    def is_narrow(self) -> bool:
        """Whether anything is asked for."""
        return any(self.typed.values())

    @property
    def is_open(self) -> bool:
        """Whether one of the fields is used that are not always seen."""
        return any(self.typed[name] for name in ("channel", "sender", "with", "from", "until"))


def read(visit: Visit) -> Wanted:
    """What the address of a page asks for; what cannot be read is told at its field."""
    typed = {name: visit.query.get(name, "").strip().replace("\0", "") for name in NAMES}
    found = Wanted({name: _plain(value) for name, value in typed.items()})
    status = _choice(found, "status", Status)
    direction = _choice(found, "direction", Going)
    channel = _choice(found, "channel", Channel)
    since, until = _time(found, visit, "from"), _time(found, visit, "until")
    if until:
        until += _step(found.typed["until"])
    if since and until and since >= until:
        found.errors["until"] = _("This is not after the first time.")
    for name, longest in (("text", LONGEST_TEXT), ("with", _LONGEST), ("sender", _LONGEST)):
        if len(found.typed[name]) > longest:
            found.errors[name] = _("This is too long.")
    if not found.errors:
        found.filter = Filter(
            status=status,
            direction=direction,
            channel=channel,
            sender=_address(found.typed["sender"]),
            party=_address(found.typed["with"]),
            text=found.typed["text"],
            created_from=since,
            created_until=until,
        )
    return found


def _plain(text: str) -> str:
    """Without the halves of characters that no database takes."""
    return text.encode("utf-8", "replace").decode()


def _choice(found: Wanted, name: str, kind: type[T]) -> T | None:
    value = found.typed[name]
    if value and value not in tuple(kind):
        found.errors[name] = _NO_CHOICE
        return None
    return kind(value) if value else None


def _address(text: str) -> str:
    return spelled_number(text) or text


def _time(found: Wanted, visit: Visit, name: str) -> datetime | None:
    """A time in the zone of who reads it; None where there is none, or it cannot be read."""
    value = found.typed[name]
    if not value:
        return None
    try:
        if not _TIME.fullmatch(value):
            raise ValueError
        at = datetime.fromisoformat(value)
        if at.year not in _YEARS:
            raise ValueError
    except ValueError:
        found.errors[name] = _("This is no date and time, such as 2026-05-04T18:30.")
        return None
    return utc(at, visit.zone)


def _step(value: str) -> timedelta:
    """How long what was written lasts: until the end of a day, a minute or a second."""
    parts = value.count(":")
    if parts == 0:
        return timedelta(days=1)
    return timedelta(seconds=1) if parts > 1 else timedelta(minutes=1)
