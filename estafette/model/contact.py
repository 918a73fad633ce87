"""Who we write to and who writes to us, and what is exchanged with them. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from estafette.model.account import Sender
from estafette.model.desk import Team, User
from estafette.model.message import Channel, Message


class Contact(Struct, frozen=True, kw_only=True):
    """What we know of a recipient on one channel."""

    id: str
    account: str
    channel: Channel
    address: str  #: as messages name it: E.164 with its `+` on sms and whatsapp
    name: str = ""
    email: str = ""
    avatar_url: str = ""
    tags: tuple[str, ...] = ()
    fields: Mapping[str, Any] = {}  #: what the account keeps of it, by the names of its fields
    note: str = ""
    opt_in_at: datetime | None = None  #: when they agreed to be written to
    opt_in_source: str = ""  #: how that was told, such as the name of a door
    blocked_at: datetime | None = None
    created_at: datetime
    updated_at: datetime
    user_id: str = ""  #: what their platform calls them; filled for `Callback.card` alone


class Conversation(Struct, frozen=True, kw_only=True):
    """The exchange of one contact with one sender."""

    id: str
    account: str
    contact: str
    sender: str  #: the id of our sender
    assignee: str = ""  #: the id of the user who looks after it; empty for nobody
    team: str = ""  #: the id of the team
    funnel: str = ""
    bot_status: str = ""  #: `bot_start`, `bot_end`, or empty
    bot_started_at: datetime | None = None
    opened_at: datetime  #: when it was opened last
    closed_at: datetime | None = None  #: None while it is open
    closing_reason: str = ""
    last_inbound_at: datetime | None = None  #: when they wrote last
    last_message_at: datetime | None = None  #: when either did
    created_at: datetime
    updated_at: datetime

    @property
    def is_waiting(self) -> bool:
        """Whether they wrote last, and wait for an answer."""
        return (
            self.closed_at is None
            and self.last_inbound_at is not None
            and self.last_inbound_at == self.last_message_at
        )


class TalkFilter(Struct, frozen=True, kw_only=True):
    """Which conversations to list. Every part narrows."""

    state: str = "open"  #: `open`, `closed` or `all`
    assignee: str | None = None  #: the id of a user; empty: those that nobody looks after
    team: str = ""  #: the id of a team
    channel: Channel | None = None
    search: str = ""  #: the beginning of an address, or beginnings of words of a name


class Note(Struct, frozen=True, kw_only=True):
    """What a colleague wrote about a conversation, or what was noted of it."""

    id: str
    account: str
    conversation: str
    text: str
    author: str = ""
    created_at: datetime


class Card(Struct, frozen=True, kw_only=True):
    """A contact with what belongs to it: the conversation of late, and who looks after that."""

    contact: Contact
    conversation: Conversation | None = None  #: where there are several, the one of late
    sender: Sender | None = None  #: of the conversation
    assignee: User | None = None
    team: Team | None = None


class Glance(Struct, frozen=True):
    """A conversation in a list: with whom it is, and what was said last in it."""

    card: Card
    last: Message | None
