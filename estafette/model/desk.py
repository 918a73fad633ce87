"""Who looks after conversations, and the words that they use for contacts. Pure."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


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
