"""Who looks after conversations, and the words that they use for contacts. Pure."""

import re
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from unicodedata import category

from msgspec import Struct

LONGEST_EMAIL = 254  # characters
LONGEST_NAME = 200

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)*")
_NUMBER = re.compile(r"[+-]?([0-9]+([.,][0-9]*)?|[.,][0-9]+)")


class User(Struct, frozen=True, kw_only=True):
    """A colleague."""

    id: str
    account: str
    email: str  #: in lower case
    name: str = ""
    role: str = ""
    available: bool = True
    available_at: datetime  #: when that was said last
    status: str = ""  #: the id of what they say of themselves; empty for nothing
    status_at: datetime | None = None  #: when that was said last
    created_at: datetime
    updated_at: datetime


class Team(Struct, frozen=True, kw_only=True):
    """Colleagues who look after conversations together."""

    id: str
    account: str
    name: str
    is_default: bool = False
    members: int = 0  #: how many
    created_at: datetime
    updated_at: datetime


class CustomStatus(Struct, frozen=True, kw_only=True):
    """What users may say of themselves, such as that they are on holiday."""

    id: str
    account: str
    name: str
    emoji: str = ""
    created_at: datetime
    updated_at: datetime


class Funnel(Struct, frozen=True, kw_only=True):
    """A stage that conversations go through."""

    id: str
    account: str
    name: str
    emoji: str = ""
    position: int
    created_at: datetime
    updated_at: datetime


class Tag(Struct, frozen=True, kw_only=True):
    """A word that contacts may have."""

    id: str
    account: str
    name: str
    created_at: datetime
    updated_at: datetime


class FieldKind(StrEnum):
    """What a field of contacts holds."""

    TEXT = "text"
    EMAIL = "email"
    NUMBER = "number"
    DATE = "date"
    DROPDOWN = "dropdown"  #: one of its options
    CHECKBOX = "checkbox"  #: any of its options


class Field(Struct, frozen=True, kw_only=True):
    """What contacts may have beside what we know of all."""

    id: str
    account: str
    name: str
    kind: FieldKind = FieldKind.TEXT
    options: tuple[str, ...] = ()
    created_at: datetime
    updated_at: datetime


def read_email(text: str) -> str | None:
    """An e-mail address as it is kept, in lower case; None for what is none."""
    found = text.strip().lower()
    is_one = len(found) <= LONGEST_EMAIL and _EMAIL.fullmatch(found) and is_line(found)
    return found if is_one else None


def is_line(text: str) -> bool:
    """Whether a text can stand in a line of a page: no control characters, no half of a pair."""
    return not any(category(char) in ("Cc", "Cs") for char in text)


def fits(field: Field, value: Any) -> bool:
    """Whether a field may hold this value. A checkbox holds a list, all others hold a text."""
    if field.kind is FieldKind.CHECKBOX:
        return isinstance(value, list) and all(part in field.options for part in value)
    return isinstance(value, str) and _fits_text(field, value)


def _fits_text(field: Field, value: str) -> bool:
    match field.kind:
        case FieldKind.EMAIL:
            return read_email(value) is not None
        case FieldKind.NUMBER:
            return _NUMBER.fullmatch(value.strip()) is not None
        case FieldKind.DATE:
            return _is_date(value.strip())
        case FieldKind.DROPDOWN:
            return value in field.options
        case _:
            return True


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text[:10])
    except ValueError:
        return False
    return len(text) == 10 or _is_time(text)


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
