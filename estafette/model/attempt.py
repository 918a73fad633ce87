"""One offer of a message to a provider, what came of it, and what the provider tells later."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from estafette.model.message import Message, Reason, Status


class Outcome(StrEnum):
    """What came of one attempt."""

    ACCEPTED = "accepted"  #: it left us and was taken
    REFUSED = "refused"  #: it left us and was not taken; asking again will not help
    THROTTLED = "throttled"  #: it left us and was not taken; later it may be
    UNREACHED = "unreached"  #: it never left us
    UNCLEAR = "unclear"  #: it left us, and nobody knows
    MISCONFIGURED = "misconfigured"  #: the connection is wrong, whatever the message


class Attempt(Struct, frozen=True, kw_only=True):
    """One offer. While `closed_at` is None it is being made."""

    id: str
    message: str
    lane: str
    number: int  #: 1 for the first offer of this message
    node: str  #: which process made it
    connection: str
    started_at: datetime
    closed_at: datetime | None = None
    outcome: Outcome | None = None
    ref: str = ""
    code: str = ""
    text: str = ""
    answer: str = ""  #: what the carrier answered, as JSON, where its provider keeps that


class Enclosed(Struct, frozen=True):
    """One of the media of an offer whose bytes go with it, since its carrier cannot fetch them."""

    number: int  #: which of the message's media
    content_type: str
    filename: str
    size: int  #: bytes
    #: Gives the bytes piece by piece to whatever takes them.
    pour: Callable[[Callable[[bytes], Awaitable[None]]], Awaitable[None]]


class Offer(Struct, frozen=True):
    """What a provider is handed: the message, and which attempt at it this is."""

    id: str  #: the attempt's
    number: int  #: 1 for the first
    message: Message
    order_key: str = ""  #: offers with the same one are made one after the other
    sender_ref: str = ""  #: the carrier's own id for the sender, such as a phone number id
    enclosed: tuple[Enclosed, ...] = ()


class Request(Struct, frozen=True, kw_only=True):
    """What a carrier is asked when a message is offered to it, without anything secret. `method` and
    `url` are empty where nothing leaves this process.
    """

    method: str = ""
    url: str = ""
    headers: Mapping[str, str] = {}
    body: str = ""


class Receipt(Struct, frozen=True, kw_only=True):
    """One fact a provider reports about a message it took."""

    status: Status
    message: str = ""  #: our id, where the provider gives it back
    ref: str = ""  #: the provider's own id
    reason: Reason | None = None
    code: str = ""  #: the provider's code, verbatim
    text: str = ""  #: the provider's text, verbatim
    at: datetime | None = None  #: when the provider says that it happened


class Later(Struct, frozen=True):
    """A receipt that a carrier inside this process will give, `after` seconds from now."""

    after: float
    receipt: Receipt


class Accepted(Struct, frozen=True, kw_only=True):
    """The provider took the message."""

    ref: str  #: the provider's own id for it
    more_refs: tuple[str, ...] = ()  #: further ids, where a carrier gives one to each segment
    later: tuple[Later, ...] = ()  #: kept as work due, so that a crash does not lose it
    answer: str = ""  #: what it answered, as JSON without secrets, for who waits or looks it up
