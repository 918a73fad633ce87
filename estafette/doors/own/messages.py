"""Messages: send, list and show them, call them back, forget their text, delete them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, field
from msgspec.structs import replace

from estafette import model
from estafette.core.core import Core
from estafette.core.senders import read_address
from estafette.core.suppressions import recipient_of
from estafette.core.timelines import Timeline
from estafette.doors.own import fallback, kinds
from estafette.doors.own.errors import Refusal
from estafette.doors.own.fallback import Fallback, NewFallback
from estafette.doors.own.filters import Query, after_of, bad_after, cursor_of, filter_of
from estafette.doors.own.kinds import Objects, kind_of
from estafette.doors.own.templates import UsedTemplate, said
from estafette.doors.own.timeline import Event, timeline
from estafette.doors.own.wire import (
    At,
    Call,
    GivenAt,
    Page,
    Row,
    check_url,
    read_service,
)
from estafette.model import Channel, Declined, Direction, Reason, Status, Unknown
from estafette.model.address import is_person, loose_e164
from estafette.model.message import OPAQUE
from estafette.model.times import utc
from estafette.model.whatsapp import shown

_LONGEST_WAIT = 36_000  # seconds


class Failure(Struct, frozen=True):
    """Why it failed: our word, and the carrier's own code and text."""

    reason: Reason
    code: str
    text: str


class Message(Struct, frozen=True, kw_only=True):
    """One message, in either direction."""

    id: str
    status: Status
    ref: str | None
    channel: Channel
    direction: Direction
    type: str
    sender: str = field(name="from")
    recipient: str = field(name="to")
    body: str
    media: list[str]
    content: Mapping[str, Any]
    segments: int
    price: str | None
    error: Failure | None
    account: str
    service: str | None
    door: str | None
    created_at: At
    updated_at: At
    sent_at: At | None
    expires_at: At
    #: Until when its WhatsApp conversation may go on freely, where that is known; left out of lists.
    window_open_until: At | UnsetType | None = UNSET


class Traced(Message, frozen=True, kw_only=True):
    """One message, with what became of it."""

    fallback: Fallback | None
    due_at: At | None  #: when it is offered next
    resent_from: str | None  #: the message that it repeats
    resent_as: Sequence[str]  #: those that repeat it
    timeline: list[Event]


class Hour(Struct, frozen=True):
    """An hour, and how many messages were written down in it, by the status that they have now."""

    start: At
    counts: Mapping[Status, int]


class Counts(Struct, frozen=True):
    """The last 24 hours, the oldest first, as they were counted a short while ago."""

    counted_at: At
    hours: Sequence[Hour]


class NewMessage(Objects, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to send. Without `from`, a sender of the service, or the main one of the channel.

    On WhatsApp it may be of any kind, with an object under its name in place of `body` and `media`.
    """

    recipient: str = field(name="to")
    sender: str = field(name="from", default="")
    channel: Channel = Channel.SMS
    body: str = ""
    media: Annotated[tuple[str, ...], Meta(max_length=10)] = ()
    callback_url: str = ""
    service: Annotated[str, Meta(description="A pool of senders: MG…, or 32 hex digits.")] = ""
    send_at: Annotated[GivenAt, Meta(description="Not before.")] | None = None
    valid_for: Annotated[
        int, Meta(ge=1, le=_LONGEST_WAIT, description="Seconds in which it must be taken.")
    ] = _LONGEST_WAIT
    fallback: NewFallback | None = None
    template: Annotated[
        UsedTemplate | UnsetType, Meta(description="Instead of `body` and `media`.")
    ] = UNSET


class Resend(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to send it once more."""

    sender: Annotated[str, Meta(description="The same as before, if left out.")] = field(
        name="from", default=""
    )


Until = datetime | UnsetType | None  #: when a window closes; None for none, UNSET not to say


def message(item: model.Message, until: Until = UNSET) -> Message:
    """A message as it is shown."""
    return Message(**_parts(item, until))


def traced(item: model.Message, found: Timeline, until: Until) -> Traced:
    """A message as it is shown, with what became of it."""
    return Traced(
        **_parts(item, until),
        fallback=fallback.fallback(found.second, item),
        due_at=found.due_at,
        resent_from=found.resent_from or None,
        resent_as=found.resent_as,
        timeline=timeline(item, found),
    )


def _parts(item: model.Message, until: Until) -> dict[str, Any]:
    is_failed = item.reason is not None
    return {
        "id": item.id,
        "status": item.status,
        "ref": item.ref or None,
        "channel": item.channel,
        "direction": item.direction,
        "type": shown(item),
        "sender": item.sender,
        "recipient": item.recipient,
        "body": "" if item.redacted else item.body,
        "media": list(item.media),
        "content": {} if item.redacted else item.content,
        "segments": item.segments,
        "price": None,  # carriers tell none yet
        "error": Failure(item.reason or Reason.OTHER, item.code, item.text) if is_failed else None,
        "account": item.account,
        "service": item.service or None,
        "door": item.door or None,
        "created_at": item.created_at,
        "updated_at": item.updated_at,
        "sent_at": item.sent_at,
        "expires_at": item.expires_at,
        "window_open_until": until,
    }


class Messages:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        Row(
            method="POST",
            path="/api/messages",
            name="send",
            body=NewMessage,
            keyed=True,
            answer=Message,
            status=201,
        ),
        Row(method="GET", path="/api/messages", name="list", query=Query, answer=Page[Message]),
        Row(method="GET", path="/api/messages/counts", name="count", answer=Counts),
        Row(method="GET", path="/api/messages/{id}", name="show", answer=Traced),
        Row(method="DELETE", path="/api/messages/{id}", name="delete"),
        Row(method="POST", path="/api/messages/{id}/cancel", name="cancel", answer=Message),
        Row(method="POST", path="/api/messages/{id}/redact", name="redact", answer=Message),
        Row(
            method="POST",
            path="/api/messages/{id}/resend",
            name="resend",
            body=Resend,
            optional=True,
            keyed=True,
            answer=Message,
            status=201,
        ),
    ]

    def __init__(self, core: Core) -> None:
        self._core = core
        self._gateway = core.gateway
        self._media = core.media
        self._senders = core.senders
        self._window = core.window

    async def send(self, call: Call) -> Message:
        """Send a message: it is written down when this answers, and its carrier not asked yet."""
        asked: NewMessage = call.body
        bad = [url for url in asked.media if not check_url(url, "media")]
        if bad:
            raise Refusal("bad_request", "media: an empty text is not a URL", field="media")
        kind = _kind(asked)
        recipient = _recipient(asked)
        send = model.Send(
            channel=asked.channel,
            sender=await self._sender(call.account.sid, asked),
            recipient=recipient,
            body=asked.body,
            media=asked.media,
            callback_url=check_url(asked.callback_url, "callback_url"),
            valid_for=asked.valid_for,
            service=read_service(asked.service),
            send_at=utc(asked.send_at) if asked.send_at else None,
            door="own",
            idempotency_key=call.idempotency_key,
            fingerprint=_fingerprint(asked) if call.idempotency_key else "",
            fallback=fallback.read(asked.fallback),
        )
        sent = await self._gateway.send(call.account, await self._said(call, asked, send, kind))
        return message(sent, await self._window.until(sent))

    async def _said(self, call: Call, asked: NewMessage, send: model.Send, kind: str) -> model.Send:
        """The message with what its template or its object says. Raises Refusal."""
        if asked.template is not UNSET:
            made = await said(self._core, call.account, asked.template, asked.channel)
            send = replace(send, body=made.body, media=made.media, content=made.content)
        if not kind and not asked.reply_to and not asked.tracker:
            return send
        spoken = await kinds.said(self._core, call.account, send.sender, asked, kind)
        content = {**send.content, **spoken.content}
        if not kind:
            return replace(send, content=content)
        return replace(send, body=spoken.body, media=spoken.media, content=content)

    async def _sender(self, account: str, asked: NewMessage) -> str:
        if asked.sender:
            return read_address(asked.channel, asked.sender) or asked.sender
        if asked.service:
            return ""
        found = await self._senders.main(account, asked.channel)
        if found is None:
            raise Declined(Reason.NO_SENDER, asked.channel)
        return found.address

    async def list(self, call: Call) -> Page[Message]:
        """List messages, newest first; by the time of sending where that narrows the list. A page of what
        is rare may have few, or none: go on while there is a `next`.
        """
        query: Query = call.query
        cursor = cursor_of(query.after) if query.after else None
        try:
            page = await self._gateway.look(
                call.account, filter_of(query), limit=query.limit, cursor=cursor
            )
        except Unknown:
            raise bad_after() from None
        following = call.next(after_of(page.older)) if page.older else None
        return Page([message(item) for item in await self._media.shown(page.items)], following)

    async def count(self, call: Call) -> Counts:
        """Count the messages of the last 24 hours, by hour and status; it may be a while old."""
        found = await self._core.pulses.of(call.account.sid)
        hours = [Hour(hour.start, hour.counts) for hour in found.hours]
        return Counts(found.counted_at, hours)

    async def show(self, call: Call) -> Traced:
        """Show one message with its timeline, by any form of its id, or by its carrier's own."""
        found = await self._find(call)
        until = await self._window.until(found)
        (found,) = await self._media.shown([found])
        return traced(found, await self._core.offers.timeline(found), until)

    async def cancel(self, call: Call) -> Message:
        """Call a message back that was not offered to a carrier yet."""
        found = await self._find(call)
        return message(await self._gateway.cancel(call.account, found.id))

    async def redact(self, call: Call) -> Message:
        """Forget the text of a message; one still to be sent keeps it until a carrier has it."""
        found = await self._find(call)
        return message(await self._gateway.redact(call.account, found.id))

    async def resend(self, call: Call) -> Message:
        """Send a message once more: a new one that says the same, from the same sender, on the same ways."""
        asked: Resend = call.body
        sent = await self._core.resends.send(
            call.account, call.holes["id"], call.idempotency_key, sender=asked.sender
        )
        return message(sent, await self._window.until(sent))

    async def delete(self, call: Call) -> None:
        """Delete a message that is complete, and all that is known of it."""
        found = await self._find(call)
        await self._gateway.delete(call.account, found.id)

    async def _find(self, call: Call) -> model.Message:
        return await self._gateway.find_named(call.account, call.holes["id"])


def _kind(asked: NewMessage) -> str:
    """The kind whose object is given, or nothing. Raises Refusal for what does not go together."""
    has_template = asked.template is not UNSET
    kind = kind_of(asked, has_template=has_template)
    given = (kind, "reply_to" if asked.reply_to else "", "tracker" if asked.tracker else "")
    special = next(filter(None, given), "")
    if special and asked.channel is not Channel.WHATSAPP:
        raise Refusal("bad_request", f"{special} goes on whatsapp only", field=special)
    if has_template and (asked.body or asked.media or kind):
        raise Refusal("bad_request", "a template has its own text", field="template")
    if kind and (asked.body or asked.media):
        raise Refusal("bad_request", f"{kind} has its own text and media", field=kind)
    return kind


def _recipient(asked: NewMessage) -> str:
    """Whom to send to. Raises Declined."""
    if asked.channel in OPAQUE:
        return recipient_of(asked.recipient, asked.channel)
    if asked.channel is Channel.WHATSAPP and is_person(asked.recipient.strip()):
        return asked.recipient.strip()
    found = loose_e164(asked.recipient)
    if found is None:
        raise Declined(Reason.BAD_RECIPIENT, asked.recipient)
    return found


def _fingerprint(asked: NewMessage) -> str:
    return sha256(msgspec.json.encode(asked)).hexdigest()
