"""Conversations: list and read them, answer in them, say who looks after them."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from estafette.core.core import Core
from estafette.core.talks import Reply, talk_of
from estafette.core.window import Opening
from estafette.doors.own.contacts import Closing, Conversation, NewNote, Note, looked_after, note
from estafette.doors.own.errors import Refusal
from estafette.doors.own.messages import Message, message
from estafette.doors.own.templates import UsedTemplate
from estafette.doors.own.wire import At, Call, Page, PageQuery, Row, check_url, given
from estafette.model import Channel, Unknown, contact
from estafette.model import Message as Said
from estafette.model.ids import read_id
from estafette.model.template import Unfilled, Unfit

NOBODY = "nobody"  #: in place of an e-mail address: who has none to look after them

_Search = Annotated[
    str,
    Meta(description="The beginning of an address, or beginnings of words of a name."),
]


class Talk(Conversation, frozen=True, kw_only=True):
    """A conversation, with whom it is, and how it stands."""

    contact: str  #: its id
    name: str
    address: str
    channel: Channel
    sender_address: str | None  #: None where the sender is no more
    stage: str | None  #: the id of a funnel
    waiting: bool  #: whether they wrote last, and nobody answered


class Listed(Talk, frozen=True, kw_only=True):
    """A conversation of a list, with what was said last."""

    last: Message | None


class Shown(Talk, frozen=True, kw_only=True):
    """One conversation. On WhatsApp, until when it may go on freely."""

    window_open_until: At | None
    only_templates: bool  #: whether nothing else may be sent now


class Item(Struct, frozen=True, kw_only=True):
    """What was said, or what was noted: one of both."""

    message: Message | None
    note: Note | None


class Query(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which conversations to list; each part narrows."""

    state: Annotated[
        Literal["open", "closed", "all"], Meta(description="`open`, `closed` or `all`.")
    ] = "open"
    assignee: Annotated[
        str, Meta(description="The e-mail address of a user, or `nobody` for those without one.")
    ] = ""
    team: Annotated[str, Meta(description="The id of a team.")] = ""
    channel: Channel | None = None
    search: _Search = ""


class TalkChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change; what is left out stays, and an empty text takes it away."""

    assignee: Annotated[str, Meta(max_length=320)] | UnsetType = UNSET
    team: Annotated[str, Meta(max_length=64)] | UnsetType = UNSET
    stage: Annotated[str, Meta(max_length=64)] | UnsetType = UNSET


class Answer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to answer: a text, media, or a template."""

    body: str = ""
    media: Annotated[tuple[str, ...], Meta(max_length=10)] = ()
    template: Annotated[
        UsedTemplate | UnsetType, Meta(description="Instead of `body` and `media`.")
    ] = UNSET


_ONE = "/api/conversations/{id}"


class Conversations:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        Row(method="GET", path="/api/conversations", name="list", query=Query, answer=Page[Listed]),
        Row(method="GET", path=_ONE, name="show", answer=Shown),
        Row(method="PATCH", path=_ONE, name="change", body=TalkChange, answer=Shown),
        Row(
            method="GET", path=f"{_ONE}/messages", name="messages", query=PageQuery,
            answer=Page[Item],
        ),
        Row(
            method="POST", path=f"{_ONE}/reply", name="reply", body=Answer, keyed=True,
            answer=Message, status=201,
        ),
        Row(method="POST", path=f"{_ONE}/open", name="open", answer=Shown),
        Row(
            method="POST", path=f"{_ONE}/close", name="close", body=Closing, answer=Shown,
            optional=True,
        ),
        Row(method="POST", path=f"{_ONE}/notes", name="note", body=NewNote, answer=Note, status=201),
    ]  # fmt: skip

    def __init__(self, core: Core) -> None:
        self._core = core
        self._talks = core.conversations

    async def list(self, call: Call) -> Page[Listed]:
        """List conversations; the one in which something was said last comes first."""
        query: Query = call.query
        parts = {"assignee": query.assignee} if query.assignee not in ("", NOBODY) else {}
        found = await looked_after(self._core.desk, call.account.sid, {**parts, "team": query.team})
        asked = contact.TalkFilter(
            state=query.state,
            assignee="" if query.assignee == NOBODY else found.get("assignee"),
            team=found["team"],
            channel=query.channel,
            search=query.search,
        )
        try:
            page = await self._talks.page(
                call.account.sid, asked, after=query.after, limit=query.limit
            )
        except Unknown:
            raise _bad_after() from None
        return Page([listed(one) for one in page.items], call.next(page.next))

    async def show(self, call: Call) -> Shown:
        """Show one conversation, and until when its window is open."""
        card = await self._talks.get(call.account.sid, _id(call))
        return shown(card, await self._talks.opening(card))

    async def messages(self, call: Call) -> Page[Item]:
        """List what was said and noted in a conversation, newest first."""
        after = call.query.after
        if after and read_id(after) is None:
            raise _bad_after()
        thread = await self._talks.thread(
            call.account.sid, _id(call), limit=call.query.limit, after=after
        )
        said = [item for item in thread.items if isinstance(item, Said)]
        drawn = {item.id: item for item in await self._core.media.shown(said)}
        items = items_of([drawn.get(item.id, item) for item in thread.items])
        return Page(items, call.next(thread.items[-1].id if thread.has_earlier else None))

    async def reply(self, call: Call) -> Message:
        """Answer in a conversation, from its sender to its contact; a closed one is open again."""
        asked: Answer = call.body
        bad = [url for url in asked.media if not check_url(url, "media")]
        if bad:
            raise Refusal("bad_request", "media: an empty text is not a URL", field="media")
        used: dict[str, Any] = {}
        if asked.template is not UNSET:
            if asked.body or asked.media:
                raise Refusal("bad_request", "a template has its own text", field="template")
            check_url(asked.template.media_url, "template.media_url")
            used = {
                "template": asked.template.name,
                "language": asked.template.language,
                "values": tuple(asked.template.values),
                "media_url": asked.template.media_url,
            }
        reply = Reply(body=asked.body, media=asked.media, key=call.idempotency_key, **used)
        await self._talks.get(call.account.sid, _id(call))
        try:
            return message(await self._talks.reply(call.account, _id(call), reply))
        except Unknown as error:
            raise Refusal("bad_request", str(error), field="template.name") from None
        except Unfilled as error:
            raise Refusal("bad_request", str(error), field="template.values") from None
        except Unfit as error:
            raise Refusal("bad_request", str(error), field="template") from None

    async def change(self, call: Call) -> Shown:
        """Say who looks after a conversation, and which stage it is in."""
        account, asked = call.account.sid, given(call.body)
        await self._talks.get(account, _id(call))
        parts = await looked_after(self._core.desk, account, asked)
        if "stage" in parts:
            parts["funnel"] = await self._stage(account, parts.pop("stage"))
        card = await self._talks.change(account, _id(call), **parts)
        return shown(card, await self._talks.opening(card))

    async def _stage(self, account: str, id: str) -> str:
        try:
            return (await self._core.desk.funnel(account, id.lower())).id if id else ""
        except Unknown as error:
            raise Refusal("bad_request", str(error), field="stage") from None

    async def open(self, call: Call) -> Shown:
        """Open a conversation again."""
        card = await self._talks.open(call.account.sid, _id(call))
        return shown(card, await self._talks.opening(card))

    async def close(self, call: Call) -> Shown:
        """Close a conversation; whatever is said next opens it again."""
        reason = call.body.reason if call.body else ""
        card = await self._talks.close(call.account.sid, _id(call), reason)
        return shown(card, await self._talks.opening(card))

    async def note(self, call: Call) -> Note:
        """Note something of a conversation: its contact does not see it."""
        asked: NewNote = call.body
        made = await self._talks.note(call.account.sid, _id(call), asked.text, asked.author)
        return note(made)


def items_of(found: Sequence[Said | contact.Note]) -> list[Item]:
    """A part of a thread as it is shown."""
    return [
        Item(message=message(item), note=None)
        if isinstance(item, Said)
        else Item(message=None, note=note(item))
        for item in found
    ]


def listed(one: contact.Glance) -> Listed:
    """A conversation of a list as it is shown."""
    return Listed(**_parts(one.card), last=message(one.last) if one.last else None)


def shown(card: contact.Card, opening: Opening) -> Shown:
    """One conversation as it is shown."""
    return Shown(
        **_parts(card),
        window_open_until=opening.until if opening.lets else None,
        only_templates=not opening.lets,
    )


def _parts(card: contact.Card) -> dict[str, Any]:
    talk, person = talk_of(card), card.contact
    return {
        "id": talk.id,
        "sender": talk.sender,
        "assignee": card.assignee.email if card.assignee else None,
        "team": talk.team or None,
        "opened_at": talk.opened_at,
        "closed_at": talk.closed_at,
        "closing_reason": talk.closing_reason,
        "last_inbound_at": talk.last_inbound_at,
        "last_message_at": talk.last_message_at,
        "contact": person.id,
        "name": person.name,
        "address": person.address,
        "channel": person.channel,
        "sender_address": card.sender.address if card.sender else None,
        "stage": talk.funnel or None,
        "waiting": talk.is_waiting,
    }


def _id(call: Call) -> str:
    return call.holes["id"].lower()


def _bad_after() -> Refusal:
    return Refusal("bad_request", "after is not what a list ended with", field="after")
