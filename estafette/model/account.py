"""Who owns messages, what they prove themselves with, and what they send from."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from estafette.model.message import Channel


class Account(Struct, frozen=True, kw_only=True):
    """Who owns senders and messages."""

    sid: str  #: AC and 32 hex digits
    name: str
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
