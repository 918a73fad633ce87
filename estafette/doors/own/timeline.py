"""What became of a message, event by event."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct, field

from estafette.core import asked
from estafette.core.offers import answer_of
from estafette.core.timelines import Timeline
from estafette.doors.own.callbacks import Callback, callback
from estafette.doors.own.requests import Request, request
from estafette.doors.own.wire import At
from estafette.model import (
    Attempt,
    Channel,
    Direction,
    Message,
    Outcome,
    Reason,
    Receipt,
    Status,
    attempt,
)
from estafette.model.fallback import Second, Way, Why


class Accepted(Struct, frozen=True, kw_only=True, tag="accepted", tag_field="what"):
    """It was written down. `request` is what it was asked for with, as `POST /api/messages` has it; null
    where that has no words for it, or its text is forgotten.
    """

    at: At
    door: str | None
    request: Mapping[str, Any] | None


class Arrived(Struct, frozen=True, tag="received", tag_field="what"):
    """Somebody wrote it to a sender."""

    at: At


class Answer(Struct, frozen=True):
    """What a carrier answered, as far as it was kept; the message's own text is not repeated."""

    status: int | None
    headers: Mapping[str, str]
    body: Any


class Offered(Struct, frozen=True, kw_only=True, tag="attempt", tag_field="what"):
    """It was offered to a carrier, whose code and text are verbatim. The request is made again from the
    message and its connection as they are now.
    """

    at: At
    number: int
    id: str
    channel: Channel
    sender: str = field(name="from")
    recipient: str = field(name="to")
    node: str
    connection: str
    closed_at: At | None
    outcome: Outcome | None
    ref: str | None
    code: str
    text: str
    request: Request | None
    answer: Answer | None


class Turned(Struct, frozen=True, kw_only=True, tag="fallback", tag_field="what"):
    """It was turned to its second way."""

    at: At
    why: Why | None
    channel: Channel
    sender: str = field(name="from")
    recipient: str = field(name="to")


class Received(Struct, frozen=True, kw_only=True, tag="receipt", tag_field="what"):
    """A carrier told something of it; code and text are verbatim."""

    at: At
    status: Status
    reason: Reason | None
    code: str
    text: str


class Told(Callback, frozen=True, kw_only=True, tag="callback", tag_field="what"):
    """An address is owed a status of it, or was told."""

    at: At


class Judged(Struct, frozen=True, tag="feedback", tag_field="what"):
    """The account said whether its recipient did what it asked for."""

    at: At
    outcome: str


class Canceled(Struct, frozen=True, tag="canceled", tag_field="what"):
    """It was called back."""

    at: At


Event = Accepted | Arrived | Offered | Turned | Received | Told | Judged | Canceled


def timeline(message: Message, found: Timeline) -> list[Event]:
    """What became of a message, in the order of time."""
    events: list[Event] = [_began(message, found)]
    events += [
        _offered(attempt, _way(attempt, message, found.second), found.requests.get(attempt.id))
        for attempt in found.attempts
    ]
    if found.second:
        events += _turned(found.second)
    events += [_received(receipt, at) for receipt, at in found.receipts]
    for item in found.callbacks:
        shape = callback(item)
        parts = {name: getattr(shape, name) for name in shape.__struct_fields__}
        events.append(Told(at=item.closed_at or item.created_at, **parts))
    if told := found.feedback:
        events.append(Judged(told.updated_at, "confirmed" if told.confirmed else "unconfirmed"))
    if message.status is Status.CANCELED:
        events.append(Canceled(message.updated_at))
    return sorted(events, key=lambda event: event.at)


def _began(message: Message, found: Timeline) -> Event:
    if message.direction is Direction.INBOUND:
        return Arrived(message.created_at)
    return Accepted(
        at=message.created_at,
        door=message.door or None,
        request=asked.own(message, found.second),
    )


def _way(offered: Attempt, message: Message, second: Second | None) -> Way:
    """How the message went when it was offered."""
    if second:
        return second.way_of(offered.id, offered.lane)
    return Way(
        channel=message.channel,
        sender=message.sender,
        recipient=message.recipient,
        lane=message.lane,
    )


def _turned(second: Second) -> list[Event]:
    if second.taken_at is None:
        return []
    way = second.way
    return [
        Turned(
            at=second.taken_at,
            why=second.why,
            channel=way.channel,
            sender=way.sender,
            recipient=way.recipient,
        )
    ]


def _answer(attempt: Attempt) -> Answer | None:
    found = answer_of(attempt)
    if found is None:
        return None
    return Answer(found["status"], found["headers"] or {}, found["body"])


def _offered(attempt: Attempt, way: Way, asked_for: attempt.Request | None) -> Offered:
    return Offered(
        at=attempt.started_at,
        number=attempt.number,
        id=attempt.id,
        channel=way.channel,
        sender=way.sender,
        recipient=way.recipient,
        node=attempt.node,
        connection=attempt.connection,
        closed_at=attempt.closed_at,
        outcome=attempt.outcome,
        ref=attempt.ref or None,
        code=attempt.code,
        text=attempt.text,
        request=request(asked_for),
        answer=_answer(attempt),
    )


def _received(receipt: Receipt, at: datetime) -> Received:
    return Received(
        at=at, status=receipt.status, reason=receipt.reason, code=receipt.code, text=receipt.text
    )
