"""Which messages are listed, and where a page of them begins."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, field

from estafette.doors.own.errors import Refusal
from estafette.doors.own.wire import GivenAt, PageQuery
from estafette.model import Channel, Cursor, Filter, Status
from estafette.model.ids import instant, moment, read_id
from estafette.model.message import LONGEST_TEXT, Going
from estafette.model.times import utc


class Query(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which messages to list; each part narrows."""

    recipient: Annotated[str, Meta(description="Only to this recipient.")] = field(
        name="to", default=""
    )
    sender: Annotated[str, Meta(description="Only from this sender.")] = field(
        name="from", default=""
    )
    channel: Channel | None = None
    status: Status | None = None
    direction: Going | None = None
    party: Annotated[str, Meta(description="Only with this address, on either side.")] = field(
        name="with", default=""
    )
    text: Annotated[
        str,
        Meta(max_length=LONGEST_TEXT, description="A part of what it says, whatever its case."),
    ] = ""
    sent_from: Annotated[GivenAt, Meta(description="Sent then or later.")] | None = None
    sent_until: Annotated[GivenAt, Meta(description="Sent then or before.")] | None = None
    created_from: Annotated[GivenAt, Meta(description="Written down then or later.")] | None = None
    created_until: Annotated[GivenAt, Meta(description="Written down before.")] | None = None


def filter_of(query: Query) -> Filter:
    """What was asked for, in our words."""
    return Filter(
        recipient=query.recipient,
        sender=query.sender,
        channel=query.channel,
        status=query.status,
        direction=query.direction,
        sent_from=_utc(query.sent_from),
        sent_until=_utc(query.sent_until),
        created_from=_utc(query.created_from),
        created_until=_utc(query.created_until),
        party=query.party,
        text=query.text,
    )


def _utc(at: datetime | None) -> datetime | None:
    return utc(at) if at else None


def after_of(cursor: Cursor) -> str:
    """What names the last of a page: its id, and its time where the list goes by that."""
    return f"{cursor.id}-{instant(cursor.sent_at)}" if cursor.sent_at else cursor.id


def cursor_of(text: str) -> Cursor:
    """What `after_of` names. Raises Refusal."""
    id, _, at = text.partition("-") if text[32:33] == "-" else (text, "", "")
    read = read_id(id)
    if read is None or (at and not (at.isascii() and at.isdigit() and len(at) <= 16)):
        raise bad_after()
    return Cursor(read, sent_at=moment(int(at)) if at else None)


def bad_after() -> Refusal:
    """What is said of an `after` that no page of the list ended with."""
    return Refusal("bad_request", "after names no message of this list", field="after")
