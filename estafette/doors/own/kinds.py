"""WhatsApp's kinds of message: a message is one of them, and carries its object under that name."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from estafette.core.core import Core
from estafette.doors.own.errors import Refusal
from estafette.model import Account, Channel, Declined, Reason, Sender, Unknown
from estafette.model.whatsapp import KINDS, TEXT, Asked, Said, Unsaid, kind_named, read

_TEMPLATE = "template"
_LONGEST_TRACKER = 512  # characters

Object = dict[str, Any]


class Objects(Struct, frozen=True, kw_only=True):
    """The objects of WhatsApp's kinds, as its Cloud API has them."""

    type: Annotated[
        str, Meta(description="A kind of WhatsApp's; the one that has an object, if left out.")
    ] = ""
    audio: Object | None = None
    contacts: list[Object] | None = None
    document: Object | None = None
    image: Object | None = None
    interactive: Object | None = None
    location: Object | None = None
    reaction: Object | None = None
    sticker: Object | None = None
    text: Object | None = None
    video: Object | None = None
    reply_to: Annotated[
        str, Meta(max_length=1024, description="The message that it answers: any form of its id.")
    ] = ""
    tracker: Annotated[
        str, Meta(max_length=_LONGEST_TRACKER, description="Told again with each status.")
    ] = ""


_NAMES = tuple(name for name in Objects.__struct_fields__ if name in KINDS)


def kind_of(asked: Objects, *, has_template: bool) -> str:
    """The kind whose object is given; empty where it is said in `body` and `media`, or by a template.

    Raises Refusal.
    """
    given = [name for name in _NAMES if getattr(asked, name) is not None]
    try:
        kind = kind_named(asked.type) if asked.type.strip() else (*given, "")[0]
    except Unsaid as error:
        raise of_unsaid(error) from None
    strange = next((name for name in given if name != kind), "")
    if strange:
        raise Refusal("bad_request", f"{strange} does not go with {kind}", field=strange)
    if kind in given:
        return kind
    if kind == TEXT or not kind or (kind == _TEMPLATE and has_template):
        return ""
    raise Refusal("bad_request", f"{kind} needs an object of that name", field=kind)


async def said(core: Core, account: Account, sender: str, asked: Objects, kind: str) -> Said:
    """What an object says, and which message it answers. Raises Refusal, Declined."""
    try:
        found = read(kind, getattr(asked, kind)) if kind else Said(kind=TEXT)
        from_ = await _sender(core, account, sender)
        if asked.reply_to:
            await _check_reply(core, account, asked.reply_to)
        whole = Asked(said=found, context_id=asked.reply_to, tracker=asked.tracker)
        return await core.sayings.whole(account, from_, whole)
    except Unsaid as error:
        raise of_unsaid(error) from None


async def _sender(core: Core, account: Account, address: str) -> Sender:
    senders = core.senders
    if address:
        try:
            return await senders.find(account.sid, Channel.WHATSAPP, address)
        except Unknown:
            raise Declined(Reason.FOREIGN_SENDER, address) from None
    found = await senders.choose(account.sid, Channel.WHATSAPP)
    if found is None:
        raise Declined(Reason.NO_SENDER, Channel.WHATSAPP)
    return found


async def _check_reply(core: Core, account: Account, name: str) -> None:
    try:
        await core.gateway.find_named(account, name)
    except Unknown as error:
        raise Refusal("bad_request", f"reply_to: {error}", field="reply_to") from None


def of_unsaid(error: Unsaid) -> Refusal:
    """What cannot be said like that."""
    return Refusal("bad_request", str(error), field=error.field)
