"""One fact that we owe to a customer's address, how it is told there, and what is said to it."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple, Self

from msgspec import Struct

from estafette.model.account import Hook
from estafette.model.contact import Card
from estafette.model.ids import instant
from estafette.model.message import Reason, Send, Status
from estafette.model.subscription import Subscription


class CallbackStatus(StrEnum):
    """Where a callback is."""

    WAITING = "waiting"  #: to be told, for the first time or again
    TOLD = "told"  #: the address has it
    GIVEN_UP = "given_up"  #: the address did not take it for too long


class Failure(StrEnum):
    """Why a try did not succeed."""

    CLIENT = "4xx"  #: the address answered that the request is wrong, or with a redirect
    SERVER = "5xx"
    CONNECT = "ct"  #: it could not be reached
    READ = "rt"  #: it was reached, and did not answer


class Detour(Struct, frozen=True, kw_only=True):
    """Why another address is asked than the one that was to be told."""

    number: int  #: how many were asked before it, in the same try
    redirects: int = 0  #: how many answers in a row led on to another address
    #: What went wrong at the address that this one stands in for; empty where nothing did.
    failure: Failure | None = None
    code: str = ""  #: the door's own word for it
    url: str = ""


class Callback(Struct, frozen=True, kw_only=True):
    """A message came to a status, or something else happened, and somebody asked to be told."""

    message: str  #: what it is about: a message or, of a notice, what that is about
    said: str  #: the status that the message came to, or the id of the notice
    event: str = ""  #: the name of the notice; empty where a message came to a status
    account: str
    door: str  #: the API in whose words it is told: the message's, or the subscription's
    url: str
    reason: Reason | None
    code: str  #: the carrier's own words about a failure
    text: str
    created_at: datetime
    told: CallbackStatus
    due_at: datetime | None  #: when it is told next
    tries: int
    answer: str  #: what the last try came to, such as `503`
    closed_at: datetime | None
    method: str = "POST"
    fallback: Hook = Hook()  #: who is told instead, when the address fails
    detour: Detour | None = None  #: while it is told to another address than its own
    hook: str = ""  #: the subscription that it is owed to; empty for the address of the message
    subscription: Subscription | None = None  #: that, while it is told; None if it was removed
    response: Mapping[str, Any] = {}  #: what the address answered, where that is kept
    card: Card | None = None  #: whom the message is exchanged with, while it is told in such words
    facts: Mapping[str, Any] = {}  #: what else its door looked up to tell it, while it is told

    @property
    def status(self) -> Status:
        """The status that the message came to; a notice has none."""
        return Status(self.said)


class After(NamedTuple):
    """Where a page of callbacks begins: behind this one."""

    at: int
    message: str
    said: str
    hook: str = ""

    @classmethod
    def of(cls, callback: Callback) -> Self:
        """Behind this one."""
        at = instant(callback.created_at)
        return cls(at, callback.message, callback.said, callback.hook)

    @classmethod
    def read(cls, text: str) -> Self | None:
        """What `str` made; None for anything else."""
        at, _, rest = text.partition("-")
        message, _, rest = rest.partition("-")
        said, _, hook = rest.partition("-")
        return cls(int(at), message, said, hook) if at.isdecimal() and len(at) < 18 else None

    def __str__(self) -> str:
        name = f"{self.at}-{self.message}-{self.said}"
        return f"{name}-{self.hook}" if self.hook else name


class Post(Struct, frozen=True, kw_only=True):
    """A callback in the words of its door: one request. Spans are seconds."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    method: str = "POST"
    connect_in: float = 5.0
    read_in: float = 15.0
    total_in: float = 15.0
    patience: "Patience | None" = None  #: None for our own: again and again for a day


class Patience(Struct, frozen=True):
    """What somebody asked for instead of our own retries."""

    retries: int
    on: frozenset[Failure]


class Document(Struct, frozen=True, kw_only=True):
    """What an address said when it was told something, and took it."""

    content_type: str
    body: bytes
    cut: bool = False  #: it went on beyond what is read


class Heard(Struct, frozen=True, kw_only=True):
    """A document in our words."""

    replies: tuple[Send, ...] = ()  #: messages to send, in this order
    redirect: Hook | None = None  #: another address to ask, when these are sent
    code: str = ""  #: what makes it unusable, in the words of its door; empty where nothing does
    text: str = ""
    notes: tuple[str, ...] = ()  #: what was left out of it, and why
