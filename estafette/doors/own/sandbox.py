"""The sandbox: a person writes to a sender, so that what follows can be tried out."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar

from msgspec import Meta, Struct, field

from estafette.core.clock import utc_now
from estafette.core.core import Core
from estafette.core.suppressions import recipient_of
from estafette.doors.own.errors import Refusal, of_declined
from estafette.doors.own.messages import Message, message
from estafette.doors.own.wire import Call, GivenAt, Row, check_url, utc
from estafette.model import Channel, Declined, Incoming, Unknown

_AHEAD = timedelta(minutes=5)  # of another's clock

#: Kinds that are text and media, and those that WhatsApp has an object for under their name.
_PLAIN = ("text", "image", "audio", "video", "document", "sticker")
_OBJECTS = (
    "location", "contacts", "interactive", "button", "reaction", "order", "system", "unsupported",
    *_PLAIN[1:],
)  # fmt: skip
_BESIDE = ("context", "referral")  # what any kind may come with


class Written(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody writes. Kinds beside text have WhatsApp's own object under their name."""

    sender: Annotated[str, Meta(description="The person's number.")] = field(name="from")
    recipient: Annotated[str, Meta(description="The sender that they write to.")] = field(name="to")
    channel: Channel = Channel.SMS
    type: str = "text"
    body: str = ""
    media: Annotated[tuple[str, ...], Meta(max_length=10)] = ()
    at: Annotated[GivenAt, Meta(description="When; it may lie in the past.")] | None = None
    name: Annotated[str, Meta(max_length=256, description="What they call themselves.")] = ""
    location: dict[str, Any] | None = None
    contacts: list[Any] | None = None
    interactive: dict[str, Any] | None = None
    button: dict[str, Any] | None = None
    reaction: dict[str, Any] | None = None
    order: dict[str, Any] | None = None
    system: dict[str, Any] | None = None
    unsupported: dict[str, Any] | None = None
    image: dict[str, Any] | None = None
    audio: dict[str, Any] | None = None
    video: dict[str, Any] | None = None
    document: dict[str, Any] | None = None
    sticker: dict[str, Any] | None = None
    context: dict[str, Any] | None = None
    referral: dict[str, Any] | None = None


class Sandbox:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        Row(
            method="POST",
            path="/api/sandbox/inbound",
            name="write",
            body=Written,
            answer=Message,
            status=201,
        )
    ]

    def __init__(self, core: Core) -> None:
        self._inbound = core.inbound
        self._senders = core.senders
        self._window = core.window

    async def write(self, call: Call) -> Message:
        """Have a person write to a sender of the account, as if a carrier had told it."""
        asked: Written = call.body
        try:
            person = recipient_of(asked.sender, asked.channel)
        except Declined as error:
            raise of_declined(error, to="from") from None
        try:
            sender = await self._senders.find(
                call.account.sid, asked.channel, asked.recipient.strip()
            )
        except Unknown as error:
            raise Refusal("not_found", str(error), field="to") from None
        incoming = Incoming(
            channel=asked.channel,
            sender=person,
            recipient=sender.address,
            body=asked.body,
            media=tuple(check_url(url, "media") for url in asked.media),
            at=_time(asked),
            name=asked.name,
            content=_content(asked),
        )
        kept = await self._inbound.receive("", incoming, account=sender.account)
        return message(kept, await self._window.until(kept))


def _time(asked: Written) -> datetime | None:
    at = utc(asked.at) if asked.at else None
    if at and at > utc_now() + _AHEAD:
        raise Refusal("bad_request", "at: nobody has written in the future", field="at")
    return at


def _content(asked: Written) -> Mapping[str, Any]:
    """What its kind has beside text and media: nothing for a text. Raises Refusal."""
    kind = asked.type
    if kind not in (*_PLAIN, *_OBJECTS):
        known = ", ".join(dict.fromkeys([*_PLAIN, *_OBJECTS]))
        raise Refusal("bad_request", f"type must be one of: {known}", field="type")
    given = {name: getattr(asked, name) for name in (*_OBJECTS, *_BESIDE)}
    given = {name: value for name, value in given.items() if value is not None}
    strange = [name for name in given if name not in (kind, *_BESIDE)]
    if strange:
        raise Refusal("bad_request", f"{strange[0]} does not go with {kind}", field=strange[0])
    if given and asked.channel is Channel.SMS:
        raise Refusal("bad_request", "an SMS has text and media only", field=next(iter(given)))
    if kind == "text":
        if not asked.body and not asked.media:
            raise Refusal("bad_request", "a text or media are needed", field="body")
        return given
    if kind not in given and not (kind in _PLAIN and asked.media):
        raise Refusal("bad_request", f"{kind} needs an object of that name", field=kind)
    return {"type": kind, **given}
