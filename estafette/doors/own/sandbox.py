"""The sandbox: a person writes to a sender, so that what follows can be tried out."""

from datetime import datetime, timedelta
from typing import Annotated, ClassVar

from msgspec import Meta, Struct, field

from estafette.core.clock import utc_now
from estafette.core.core import Core
from estafette.core.suppressions import recipient_of
from estafette.doors.own.errors import Refusal, of_declined
from estafette.doors.own.kinds import Object, of_unsaid
from estafette.doors.own.messages import Message, message
from estafette.doors.own.wire import Call, GivenAt, Row, check_url, utc
from estafette.model import Channel, Declined, Incoming, Unknown
from estafette.model.address import is_person
from estafette.model.whatsapp import HEARD, Unsaid, hear, heard_kind
from estafette.model.whatsapp.heard import Heard

_AHEAD = timedelta(minutes=5)  # of another's clock

_KINDS = tuple(kind for kind in HEARD if kind != "text")
_BESIDE = ("context", "referral", "errors", "group_id")  # what any kind may come with


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
    audio: Object | None = None
    button: Object | None = None
    contacts: list[Object] | None = None
    document: Object | None = None
    edit: Object | None = None
    image: Object | None = None
    interactive: Object | None = None
    location: Object | None = None
    order: Object | None = None
    reaction: Object | None = None
    revoke: Object | None = None
    sticker: Object | None = None
    system: Object | None = None
    text: Object | None = None
    unsupported: Object | None = None
    video: Object | None = None
    context: Annotated[Object, Meta(description="The message that it answers.")] | None = None
    referral: Annotated[Object, Meta(description="The advertisement that led here.")] | None = None
    errors: (
        Annotated[list[Object], Meta(description="Why it cannot be shown: each has a code.")] | None
    ) = None
    group_id: Annotated[str, Meta(max_length=256, description="The group it was said in.")] = ""
    forwarded: Annotated[bool, Meta(description="Somebody else had written it.")] = False
    user_id: Annotated[
        str, Meta(description="What WhatsApp calls who writes: a country, a dot, and digits.")
    ] = ""
    ref: Annotated[
        str, Meta(max_length=256, description="The carrier's id: the same one is kept once.")
    ] = ""


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
        heard = _heard(asked)
        person = _person(asked)
        try:
            sender = await self._senders.find(
                call.account.sid, asked.channel, asked.recipient.strip()
            )
        except Unknown as error:
            raise Refusal("not_found", str(error), field="to") from None
        user_id = asked.user_id or (person if is_person(person) else "")
        incoming = Incoming(
            channel=asked.channel,
            sender=person,
            recipient=sender.address,
            body=heard.body,
            media=heard.media,
            ref=asked.ref,
            at=_time(asked),
            name=asked.name,
            user_id=user_id,
            content={**heard.content, **({"user_id": user_id} if user_id else {})},
        )
        kept = await self._inbound.receive("", incoming, account=sender.account)
        return message(kept, await self._window.until(kept))


def _person(asked: Written) -> str:
    """Who writes: by their number or, where they hide it, by what WhatsApp calls them. Raises Refusal."""
    if asked.user_id and (asked.channel is not Channel.WHATSAPP or not is_person(asked.user_id)):
        text = "user_id must be like US.13491208655302741918, and goes on whatsapp only"
        raise Refusal("bad_request", text, field="user_id")
    if asked.channel is Channel.WHATSAPP and is_person(asked.sender):
        return asked.sender
    try:
        return recipient_of(asked.sender, asked.channel)
    except Declined as error:
        raise of_declined(error, to="from") from None


def _time(asked: Written) -> datetime | None:
    at = utc(asked.at) if asked.at else None
    if at and at > utc_now() + _AHEAD:
        raise Refusal("bad_request", "at: nobody has written in the future", field="at")
    return at


def _heard(asked: Written) -> Heard:
    """What is said, of whatever kind. Raises Refusal."""
    media = tuple(check_url(url, "media") for url in asked.media)
    given = [name for name in ("text", *_KINDS, *_BESIDE) if getattr(asked, name) not in (None, "")]
    given += ["forwarded"] if asked.forwarded else []
    try:
        kind = heard_kind(asked.type)
        strange = [name for name in given if name not in (kind, *_BESIDE, "forwarded")]
        if strange:
            raise Refusal("bad_request", f"{strange[0]} does not go with {kind}", field=strange[0])
        if given and asked.channel is Channel.SMS:
            raise Refusal("bad_request", "an SMS has text and media only", field=given[0])
        beside = {name: getattr(asked, name) for name in _BESIDE if name in given}
        if asked.forwarded:
            beside["context"] = {**(asked.context or {}), "forwarded": True}
        return hear(kind, getattr(asked, kind), body=asked.body, media=media, beside=beside)
    except Unsaid as error:
        raise of_unsaid(error) from None
