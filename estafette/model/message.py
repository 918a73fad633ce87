"""A message: one thing to say, from one sender to one recipient, in either direction."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct


class Channel(StrEnum):
    """The medium that a message travels on."""

    SMS = "sms"  #: texts; a message with media on this channel is an MMS
    WHATSAPP = "whatsapp"
    TELEGRAM = "telegram"
    FACEBOOK = "facebook"
    INSTAGRAM = "instagram"


LONGEST_TEXT = 200  #: characters of a text that is looked for in messages

#: On these, addresses are not numbers but whatever their platforms call people.
OPAQUE = frozenset({Channel.TELEGRAM, Channel.FACEBOOK, Channel.INSTAGRAM})


class Direction(StrEnum):
    """Who spoke, and why."""

    INBOUND = "inbound"
    API = "outbound-api"  #: a program asked us to send it
    REPLY = "outbound-reply"  #: it answers an inbound message


class Going(StrEnum):
    """Which directions to list: one, or both that lead out."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    API = "outbound-api"
    REPLY = "outbound-reply"


class Status(StrEnum):
    """Where a message is. Every door and every provider maps to and from these words."""

    SCHEDULED = "scheduled"  #: to be queued at a time that was asked for
    QUEUED = "queued"  #: written down, not yet offered to a provider
    SENDING = "sending"  #: offered; the answer is not known yet
    SENT = "sent"  #: a provider took it
    DELIVERED = "delivered"  #: the handset has it
    READ = "read"  #: somebody opened it
    UNDELIVERED = "undelivered"  #: a provider took it and could not deliver it
    FAILED = "failed"  #: no provider took it, or it was lost on the way
    CANCELED = "canceled"  #: called back before it was offered
    RECEIVED = "received"  #: somebody wrote it to one of our senders


class Reason(StrEnum):
    """Why a message was declined or failed, in our words.

    A provider's own code and text are kept beside it, verbatim.
    """

    # what the asker can mend before asking again
    NO_RECIPIENT = "no_recipient"
    BAD_RECIPIENT = "bad_recipient"  #: not an address of this channel
    NOT_MOBILE = "not_mobile"  #: an address that cannot take a text
    NO_SENDER = "no_sender"
    BAD_SENDER = "bad_sender"  #: not an address of this channel
    FOREIGN_SENDER = "foreign_sender"  #: an address, but not one this account may send from
    MIXED_CHANNELS = "mixed_channels"  #: sender and recipient are on different channels
    EMPTY_BODY = "empty_body"
    NOTHING_TO_SAY = "nothing_to_say"  #: neither text nor media nor template
    BAD_BODY = "bad_body"  #: text that no carrier can take
    TOO_LONG = "too_long"
    BAD_MEDIA = "bad_media"
    TOO_MANY_MEDIA = "too_many_media"
    BAD_CALLBACK = "bad_callback"
    BAD_VALIDITY = "bad_validity"
    BAD_TIME = "bad_time"  #: too soon or too late to be scheduled for
    UNKNOWN_SERVICE = "unknown_service"
    EMPTY_POOL = "empty_pool"  #: the service has no senders
    NO_FITTING_SENDER = "no_fitting_sender"  #: none of the service's senders reaches the recipient
    # what this account, sender or recipient may not do
    TEST_ACCOUNT = "test_account"  #: it only asks whether messages would be taken
    UNVERIFIED = "unverified"  #: not one of those that a trial account may write to
    OPTED_OUT = "opted_out"
    OUTSIDE_WINDOW = "outside_window"  #: they did not write in the last 24 hours: only templates go
    REGION = "region"  #: not allowed to send to this part of the world
    UNROUTABLE = "unroutable"  #: no way from this sender to this recipient
    QUEUE_FULL = "queue_full"
    RUNAWAY = "runaway"  #: two numbers that answer each other without end
    # what became of it on the way
    BLOCKED = "blocked"  #: filtered by the carrier or the person
    UNREACHABLE = "unreachable"  #: the handset did not answer
    UNKNOWN_HANDSET = "unknown_handset"
    LANDLINE = "landline"
    EXPIRED = "expired"  #: its validity ended before anyone took it
    UNANSWERED = "unanswered"  #: it may have been taken; nobody ever said
    OTHER = "other"


class Fallback(Struct, frozen=True, kw_only=True):
    """The second way that a message is to go when its first fails, or takes too long."""

    channel: Channel
    after: int | None = None  #: seconds in which it is to be delivered; None: only when it fails
    sender: str = ""  #: the main or the oldest sender of the channel where it is left out
    recipient: str = ""  #: the same as on the first way where it is left out
    body: str = ""  #: the same text where it is left out


class Send(Struct, frozen=True, kw_only=True):
    """What somebody asks for: a message before it is one. Spans are seconds."""

    channel: Channel
    sender: str
    recipient: str
    body: str = ""
    media: tuple[str, ...] = ()
    callback_url: str = ""  #: where to tell what becomes of it
    door: str = ""  #: the API that asks, in whose words it is told
    valid_for: int = 36000  #: give up when it was not taken by then
    discard: bool = False  #: forget the text as soon as a carrier has it
    idempotency_key: str = ""  #: the same key with the same request gives the same message
    fingerprint: str = ""  #: digest of the request, compared under one idempotency key
    direction: Direction = Direction.API
    service: str = ""  #: the pool that it goes through, which chooses a sender if none is named
    verbatim: bool = False  #: the pool may not replace characters, even if it is set to
    send_at: datetime | None = None  #: not before; at once where it is left out
    content: Mapping[str, Any] = {}  #: what its kind has beside text and media
    despite_opt_out: bool = False  #: it answers what somebody wrote about their opt-out
    fallback: Fallback | None = None  #: the way that it goes when this one does not work out


class Message(Struct, frozen=True, kw_only=True):
    """One thing to say. `code` and `text` are the carrier's own words about a failure."""

    id: str  #: 32 hex digits, growing with time
    account: str
    lane: str  #: the id of our sender: what drives it and in which order
    channel: Channel
    direction: Direction
    sender: str
    recipient: str
    body: str
    media: tuple[str, ...]
    segments: int
    status: Status
    ref: str  #: the carrier's own id for it
    reason: Reason | None
    code: str
    text: str
    callback_url: str
    redacted: bool
    created_at: datetime
    updated_at: datetime
    sent_at: datetime | None
    expires_at: datetime
    door: str = ""  #: the API through which it came
    service: str = ""  #: the pool through which it goes or came
    content: Mapping[str, Any] = {}  #: what its kind has beside text and media


class Feedback(Struct, frozen=True):
    """Whether the recipient of a message did what it asked for, as the account tells later."""

    message: str
    confirmed: bool
    created_at: datetime
    updated_at: datetime


class Filter(Struct, frozen=True, kw_only=True):
    """Which messages to list. Every part narrows.

    Times of sending bound `sent_at`, both inclusive; of times of creation the first is inclusive.
    """

    recipient: str = ""
    sender: str = ""
    lane: str = ""  #: the id of our sender
    channel: Channel | None = None  #: of `recipient` and `sender`, where they are given
    status: Status | None = None
    direction: Direction | Going | None = None
    sent_from: datetime | None = None
    sent_until: datetime | None = None
    created_from: datetime | None = None
    created_until: datetime | None = None
    party: str = ""  #: an address that wrote it or was written it
    text: str = ""  #: a part of what it says, whatever its case; what was redacted says nothing


class Cursor(Struct, frozen=True):
    """Where a page of a list begins: after this message, or before it."""

    id: str
    before: bool = False
    sent_at: datetime | None = None  #: of this message, in a list that goes by it


class Looked(Struct, frozen=True):
    """Some messages in the order of the list, where more may stand, and how far was looked."""

    items: list[Message]
    newer: Cursor | None = None
    older: Cursor | None = None
    upto: datetime | None = None  #: where looking ended before the page was full


class Page(Struct, frozen=True):
    """Some messages in the order of the list, and whether more stand on either side."""

    items: list[Message]
    has_next: bool
    has_previous: bool
