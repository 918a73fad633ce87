"""One fact that we owe to a customer's address, and how it is told there."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Self

from msgspec import Struct

from estafette.model.account import Hook
from estafette.model.ids import instant
from estafette.model.message import Reason, Status


class CallbackStatus(StrEnum):
    """Where a callback is."""

    WAITING = "waiting"  #: to be told, for the first time or again
    TOLD = "told"  #: the address has it
    GIVEN_UP = "given_up"  #: the address did not take it for too long


class Callback(Struct, frozen=True, kw_only=True):
    """A message came to a status, and somebody asked to be told."""

    message: str
    status: Status
    account: str
    door: str  #: the API through which the message came: its words are used
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


class After(NamedTuple):
    """Where a page of callbacks begins: behind this one."""

    at: int
    message: str
    status: str

    @classmethod
    def of(cls, callback: Callback) -> Self:
        """Behind this one."""
        return cls(instant(callback.created_at), callback.message, callback.status)

    @classmethod
    def read(cls, text: str) -> Self | None:
        """What `str` made; None for anything else."""
        at, _, rest = text.partition("-")
        message, _, status = rest.partition("-")
        return cls(int(at), message, status) if at.isdecimal() and len(at) < 18 else None

    def __str__(self) -> str:
        return f"{self.at}-{self.message}-{self.status}"


class Post(Struct, frozen=True, kw_only=True):
    """A callback in the words of its door: one POST. Spans are seconds."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    connect_in: float = 5.0
    read_in: float = 15.0
    total_in: float = 15.0
    patience: "Patience | None" = None  #: None for our own: again and again for a day


class Failure(StrEnum):
    """Why a try did not succeed."""

    CLIENT = "4xx"  #: the address answered that the request is wrong, or with a redirect
    SERVER = "5xx"
    CONNECT = "ct"  #: it could not be reached
    READ = "rt"  #: it was reached, and did not answer


class Patience(Struct, frozen=True):
    """What somebody asked for instead of our own retries."""

    retries: int
    on: frozenset[Failure]
