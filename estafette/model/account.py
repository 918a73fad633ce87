"""Who owns messages, what they prove themselves with, and what they send from."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct

from estafette.model.message import Channel

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class AccountKind(StrEnum):
    """What an account may do."""

    FULL = "full"
    TRIAL = "trial"  #: writes to recipients that are verified, and its texts say so
    TEST = "test"  #: asks whether requests would be taken; nothing is kept or sent


class Account(Struct, frozen=True, kw_only=True):
    """Who owns senders and messages."""

    sid: str  #: AC and 32 hex digits
    name: str
    created_at: datetime
    updated_at: datetime
    kind: AccountKind = AccountKind.FULL
    balance: str = ""  #: a decimal number, as who runs the gateway has set it; empty: never set


class Verification(Struct, frozen=True, kw_only=True):
    """A recipient that a trial account may write to."""

    id: str
    account: str
    address: str
    title: str = ""
    is_pretended: bool = False  #: nobody was asked, so only what is pretended to be sent may go
    created_at: datetime
    updated_at: datetime


class Key(Struct, frozen=True, kw_only=True):
    """Another credential of an account; its secret is shown once and kept only as a digest."""

    sid: str  #: SK and 32 hex digits
    account: str
    label: str
    created_at: datetime
    updated_at: datetime


class Credential(Struct, frozen=True):
    """Who is asking, once it is proved: an account by its own token, or by one of its keys."""

    account: Account
    key: Key | None  #: None when the account's own token was shown


class Connection(Struct, frozen=True, kw_only=True):
    """One provider and its settings."""

    name: str
    provider: str
    settings: Mapping[str, Any] = {}
    receipt_wait: int = 3600  #: seconds to wait for a receipt when nobody knows
    on_unclear: str = "fail"  #: then: "fail", or "resend"
    parked_at: datetime | None = None  #: set while its settings are known to be wrong
    parked_text: str = ""  #: what the carrier said
    id: str = ""  #: 32 hex digits; one is made where it is written down without
    created_at: datetime | None = None
    updated_at: datetime | None = None


class Load(Struct, frozen=True):
    """How much hangs on a connection."""

    senders: int = 0
    waiting: int = 0  #: messages to be offered; many are not counted to their end


class Hook(Struct, frozen=True):
    """An address to tell, and how; an empty URL for nobody."""

    url: str = ""
    method: str = "POST"


class Sender(Struct, frozen=True, kw_only=True):
    """An address an account may send from, on one channel, through one connection."""

    id: str
    account: str
    channel: Channel
    address: str
    ref: str = ""  #: a provider's own id for it, such as a WhatsApp phone number id
    title: str = ""
    connection: str
    window: int = 256  #: how many offers may be in flight
    max_per_second: float = 0.0  #: offers a second; 0 means as fast as it goes
    in_order: bool = False  #: one recipient's messages are offered one after the other
    inbound: Hook = Hook()  #: who is told what people write to it
    fallback: Hook = Hook()  #: who is told instead, when that fails
    application: str = ""  #: whose hooks count instead of these
    details: Mapping[str, Any] = {}  #: what doors keep with it, by their names
    created_at: datetime = _LONG_AGO
    updated_at: datetime = _LONG_AGO
    released_at: datetime | None = None  #: given back: nothing new goes through it
