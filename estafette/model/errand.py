"""What is done after the answer, and whose outcome is owed to an address."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class ErrandStep(StrEnum):
    """How far an errand has come."""

    RUN = "run"  #: it is to be done
    TELL = "tell"  #: it is done, and its outcome is to be told


class Errand(Struct, frozen=True, kw_only=True):
    """Something that was promised to a caller, who waits to be told at another address."""

    id: str
    account: str
    door: str  #: the API through which it was asked for: it does it, in its own words
    step: ErrandStep
    sealed: str  #: where to tell what, sealed: the words of the request may hold secrets
    created_at: datetime
    due_at: datetime | None  #: when it goes on; None when it was given up
    tries: int  #: of this step
    answer: str = ""  #: what the last try came to, such as `503`
