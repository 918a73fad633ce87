"""The second way of a message: what is kept of it, and why it was taken."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct

from estafette.model.message import Channel, Fallback

__all__ = ["LONGEST", "SHORTEST", "Fallback", "Second", "Way", "Why"]

SHORTEST, LONGEST = 1, 86_400  #: seconds that the first way may be given


class Why(StrEnum):
    """Why a message goes its second way."""

    REFUSED = "refused"  #: a carrier did not take it
    FAILED = "failed"  #: a carrier took it, and lost it
    UNDELIVERED = "undelivered"  #: a carrier took it, and could not deliver it
    EXPIRED = "expired"  #: its validity ended before anyone took it
    UNANSWERED = "unanswered"  #: it may have been taken; nobody ever said
    LATE = "not_delivered_in_time"  #: it may arrive on its first way yet
    WINDOW = "outside_window"  #: its recipient wrote too long ago for the first way


class Way(Struct, frozen=True, kw_only=True):
    """How a message goes: from whom, to whom, in which lane."""

    channel: Channel
    sender: str
    recipient: str
    lane: str


class Second(Struct, frozen=True, kw_only=True):
    """The second way of a message, with what became of it."""

    message: str
    account: str
    first: Way
    way: Way
    body: str  #: what is said on it; empty for what is said on the first
    order_key: str  #: of its job
    valid_for: int  #: seconds in which a carrier must take it
    due_at: datetime | None  #: when it is taken; None: when the first way fails, or it is over
    created_at: datetime
    taken_at: datetime | None = None
    why: Why | None = None
    failure: Mapping[str, Any] = {}  #: what became of the first way, where it failed
    last: str = ""  #: the last attempt on the first way
