"""The sandbox: a person writes to a sender, so that what follows can be tried out."""

from collections.abc import AsyncIterator
from typing import Annotated, ClassVar

from msgspec import Meta, Struct, field

from estafette.core.core import Core
from estafette.core.handset import Spoken, read_person
from estafette.doors.own.errors import Refusal, of_declined
from estafette.doors.own.kinds import Object, of_unsaid
from estafette.doors.own.messages import Message, message
from estafette.doors.own.wire import At, Call, GivenAt, Row, check_url
from estafette.model import Channel, Declined, Unknown
from estafette.model.media import type_named
from estafette.model.times import utc
from estafette.model.upload import UPLOAD
from estafette.model.whatsapp import HEARD, Unsaid, hear, heard_kind
from estafette.model.whatsapp.heard import Heard

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


class Loaded(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file of a person's."""

    type: Annotated[str, Meta(description="What it is, such as image/png.")]
    data: Annotated[bytes, Meta(description="Its bytes in base64.")]
    filename: Annotated[str, Meta(max_length=255)] = ""


class File(Struct, frozen=True, kw_only=True):
    """A file that was kept."""

    url: Annotated[str, Meta(description="What names it among the `media` of what is written.")]
    type: str
    size: int
    expires_at: At


class Opened(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody read."""

    message: Annotated[str, Meta(max_length=1024, description="Any form of its id.")]


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
        ),
        Row(method="POST", path="/api/sandbox/read", name="read", body=Opened, answer=Message),
        Row(
            method="POST",
            path="/api/sandbox/media",
            name="load",
            body=Loaded,
            answer=File,
            status=201,
        ),
    ]

    def __init__(self, core: Core) -> None:
        self._handset = core.handset
        self._window = core.window

    async def write(self, call: Call) -> Message:
        """Have a person write to a sender of the account, as if a carrier had told it."""
        asked: Written = call.body
        try:
            person = read_person(asked.sender, asked.channel, asked.user_id)
        except Declined as error:
            raise of_declined(error, to="from") from None
        media = [await self._handset.file(call.account, url) for url in asked.media]
        spoken = Spoken(
            channel=asked.channel,
            person=person,
            sender=asked.recipient,
            heard=_heard(asked, tuple(check_media(url) for url in media)),
            at=utc(asked.at) if asked.at else None,
            name=asked.name,
            user_id=asked.user_id,
            ref=asked.ref,
        )
        try:
            kept = await self._handset.write(call.account.sid, spoken)
        except Unknown as error:
            raise Refusal("not_found", str(error), field="to") from None
        return message(kept, await self._window.until(kept))

    async def read(self, call: Call) -> Message:
        """Have the person read a message that reached them through the sandbox."""
        asked: Opened = call.body
        found = await self._handset.read(call.account, asked.message)
        return message(found, await self._window.until(found))

    async def load(self, call: Call) -> File:
        """Keep a file that a person is going to send; it is kept for 30 days."""
        asked: Loaded = call.body

        async def body() -> AsyncIterator[bytes]:
            yield asked.data

        kept = await self._handset.keep(
            call.account,
            content_type=type_named(asked.type),
            filename=asked.filename,
            body=body(),
        )
        return File(
            url=kept.url, type=kept.content_type, size=kept.size, expires_at=kept.expires_at
        )


def check_media(url: str) -> str:
    """The address of a file, or what stands for one of ours. Raises Refusal."""
    return url if url.startswith(UPLOAD) else check_url(url, "media")


def _heard(asked: Written, media: tuple[str, ...]) -> Heard:
    """What is said, of whatever kind. Raises Refusal."""
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
