"""Contacts: who is written to and who writes, and the conversations with them."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

from msgspec import UNSET, Meta, Struct, UnsetType

from estafette.core.core import Core
from estafette.core.desk import Desk
from estafette.doors.own.errors import Refusal, of_declined
from estafette.doors.own.wire import Answered, At, Call, Page, PageQuery, Row, check_url, given
from estafette.model import Channel, Declined, Unknown, contact

_Text = Annotated[str, Meta(max_length=200)]
_Url = Annotated[str, Meta(max_length=2048)]
_Email = Annotated[str, Meta(max_length=320)]
_Note = Annotated[str, Meta(max_length=5000)]
_Tags = Annotated[tuple[_Text, ...], Meta(max_length=100, description="Words; any that you like.")]
_Fields = Annotated[
    dict[_Text, Any],
    Meta(max_length=200, description="Whatever you keep of them. Null drops one."),
]
_OptIn = Annotated[
    str,
    Meta(
        max_length=200,
        description="How it is known that they agreed to be written to; empty where it is not.",
    ),
]
_Assignee = Annotated[
    str, Meta(max_length=320, description="The e-mail address of a user; empty for nobody.")
]
_Team = Annotated[str, Meta(max_length=64, description="The id of a team; empty for none.")]


class Conversation(Struct, frozen=True, kw_only=True):
    """What is exchanged with a contact through one sender, whose id it has."""

    id: str
    sender: str
    assignee: str | None  #: the e-mail address of the user who looks after it
    team: str | None  #: the id of the team
    opened_at: At
    closed_at: At | None
    closing_reason: str
    last_inbound_at: At | None  #: when they wrote last
    last_message_at: At | None  #: when either did


class Contact(Struct, frozen=True, kw_only=True):
    """Somebody who is written to or writes, and the conversation with them of late."""

    id: str
    channel: Channel
    address: str
    name: str
    email: str
    avatar_url: str
    tags: Sequence[str]
    fields: dict[str, Any]
    note: str
    opt_in_at: At | None
    opt_in_source: str
    blocked_at: At | None
    created_at: At
    updated_at: At
    conversation: Conversation | None


class NewContact(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A contact to add. With a `sender`, its id, a conversation is opened."""

    address: Annotated[str, Meta(max_length=256)]
    channel: Channel = Channel.SMS
    sender: Annotated[str, Meta(max_length=64)] = ""
    name: _Text = ""
    email: _Email = ""
    avatar_url: _Url = ""
    tags: _Tags = ()
    fields: _Fields = {}
    note: _Note = ""
    assignee: _Assignee = ""
    team: _Team = ""


class ContactChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change; what is left out stays. `tags` replace all there were, `fields` are added."""

    name: _Text | UnsetType = UNSET
    email: _Email | UnsetType = UNSET
    avatar_url: _Url | UnsetType = UNSET
    tags: _Tags | UnsetType = UNSET
    fields: _Fields | UnsetType = UNSET
    note: _Note | UnsetType = UNSET
    opt_in: _OptIn | UnsetType = UNSET
    blocked: bool | UnsetType = UNSET
    assignee: _Assignee | UnsetType = UNSET
    team: _Team | UnsetType = UNSET


class Closing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a conversation is closed."""

    reason: _Text = ""


class NewNote(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to note of a conversation."""

    text: Annotated[str, Meta(min_length=1, max_length=5000)]
    author: _Text = ""


class Note(Struct, frozen=True, kw_only=True):
    """What was noted of a conversation."""

    id: str
    conversation: str
    text: str
    author: str
    created_at: At


class Query(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which contacts to list; each part narrows. `tags` are several with commas: any of them, in capitals
    or not. `search` is the beginning of an address, or beginnings of words of a name.
    """

    address: str = ""
    channel: Channel | None = None
    tags: str = ""
    team: str = ""
    search: str = ""


def shown(card: contact.Card) -> Contact:
    """A contact as it is shown."""
    item, talk = card.contact, card.conversation
    return Contact(
        id=item.id,
        channel=item.channel,
        address=item.address,
        name=item.name,
        email=item.email,
        avatar_url=item.avatar_url,
        tags=item.tags,
        fields=dict(item.fields),
        note=item.note,
        opt_in_at=item.opt_in_at,
        opt_in_source=item.opt_in_source,
        blocked_at=item.blocked_at,
        created_at=item.created_at,
        updated_at=item.updated_at,
        conversation=_conversation(talk, card) if talk else None,
    )


def _conversation(talk: contact.Conversation, card: contact.Card) -> Conversation:
    return Conversation(
        id=talk.id,
        sender=talk.sender,
        assignee=card.assignee.email if card.assignee else None,
        team=talk.team or None,
        opened_at=talk.opened_at,
        closed_at=talk.closed_at,
        closing_reason=talk.closing_reason,
        last_inbound_at=talk.last_inbound_at,
        last_message_at=talk.last_message_at,
    )


def note(item: contact.Note) -> Note:
    """A note as it is shown."""
    return Note(
        id=item.id,
        conversation=item.conversation,
        text=item.text,
        author=item.author,
        created_at=item.created_at,
    )


_ONE = "/api/contacts/{id}"


class Contacts:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        Row(method="GET", path="/api/contacts", name="list", query=Query, answer=Page[Contact]),
        Row(
            method="POST",
            path="/api/contacts",
            name="add",
            body=NewContact,
            answer=Contact,
            status=201,
        ),
        Row(method="GET", path=_ONE, name="show", answer=Contact),
        Row(method="PATCH", path=_ONE, name="change", body=ContactChange, answer=Contact),
        Row(method="DELETE", path=_ONE, name="remove"),
        Row(method="POST", path=f"{_ONE}/open", name="open", answer=Contact),
        Row(
            method="POST",
            path=f"{_ONE}/close",
            name="close",
            body=Closing,
            answer=Contact,
            optional=True,
        ),
        Row(method="GET", path=f"{_ONE}/notes", name="notes", query=PageQuery, answer=Page[Note]),
        Row(
            method="POST",
            path=f"{_ONE}/notes",
            name="note",
            body=NewNote,
            answer=Note,
            status=201,
        ),
    ]

    def __init__(self, core: Core) -> None:
        self._contacts = core.contacts
        self._desk = core.desk

    async def list(self, call: Call) -> Page[Contact]:
        """List contacts; with whom something was exchanged last comes first."""
        query: Query = call.query
        account = call.account.sid
        if query.address:
            return Page([shown(card) for card in await self._at(account, query)], None)
        tags = [tag for tag in query.tags.split(",") if tag.strip()]
        try:
            found = await self._contacts.page(
                account,
                after=query.after,
                limit=query.limit,
                channel=query.channel,
                tags=tags,
                team=query.team,
                search=query.search,
                is_counted=False,
            )
        except Unknown:
            raise Refusal(
                "bad_request", "after is not what a list ended with", field="after"
            ) from None
        return Page([shown(card) for card in found.items], call.next(found.next))

    async def _at(self, account: str, query: Query) -> Sequence[contact.Card]:
        """The contacts at an address: one on each channel at the most."""
        found = []
        for channel in [query.channel] if query.channel else Channel:
            try:
                found.append(await self._contacts.find(account, channel, query.address))
            except Unknown:
                continue
        return found

    async def add(self, call: Call) -> Answered:
        """Add a contact. The answer is 200 where it is there already: what is given of it is changed."""
        account, asked = call.account.sid, call.body
        parts = await self._parts(account, given(asked))
        try:
            await self._contacts.find(account, asked.channel, asked.address)
            status = 200
        except Unknown:
            status = 201
        try:
            card = await self._contacts.add(account, **parts)
        except Declined as error:
            raise of_declined(error, to="address") from None
        except Unknown as error:
            raise Refusal("bad_request", str(error), field="sender") from None
        return Answered(shown(card), status)

    async def show(self, call: Call) -> Contact:
        """Show one contact."""
        return shown(await self._contacts.get(call.account.sid, call.holes["id"].lower()))

    async def change(self, call: Call) -> Contact:
        """Change a contact, or who looks after the conversation with it."""
        account, id = call.account.sid, call.holes["id"].lower()
        await self._contacts.get(account, id)
        parts = await self._parts(account, given(call.body))
        return shown(await self._contacts.change(account, id, **parts))

    async def remove(self, call: Call) -> None:
        """Forget a contact with its conversations and notes; its messages stay."""
        await self._contacts.remove(call.account.sid, call.holes["id"].lower())

    async def open(self, call: Call) -> Contact:
        """Open the conversation with a contact again."""
        return shown(await self._contacts.open(call.account.sid, call.holes["id"].lower()))

    async def close(self, call: Call) -> Contact:
        """Close the conversation with a contact; whatever is said next opens it again."""
        reason = call.body.reason if call.body else ""
        id = call.holes["id"].lower()
        return shown(await self._contacts.close(call.account.sid, id, reason))

    async def notes(self, call: Call) -> Page[Note]:
        """List what was noted of the conversations with a contact, newest first."""
        found = await self._contacts.notes(call.account.sid, call.holes["id"].lower())
        after = call.query.after.lower()
        behind = [item for item in found if not after or item.id < after]
        items = behind[: call.query.limit]
        more = len(behind) > len(items)
        return Page([note(item) for item in items], call.next(items[-1].id if more else None))

    async def note(self, call: Call) -> Note:
        """Note something of the conversation with a contact."""
        asked: NewNote = call.body
        id = call.holes["id"].lower()
        return note(await self._contacts.note(call.account.sid, id, asked.text, asked.author))

    async def _parts(self, account: str, parts: dict[str, Any]) -> dict[str, Any]:
        """What was given, as the core has it. Raises Refusal."""
        if parts.get("avatar_url"):
            check_url(parts["avatar_url"], "avatar_url")
        return await looked_after(self._desk, account, parts)


async def looked_after(desk: Desk, account: str, parts: dict[str, Any]) -> dict[str, Any]:
    """The same with users and teams by their ids. Raises Refusal."""
    if email := parts.get("assignee"):
        user = await desk.user_by_email(account, email)
        if user is None:
            raise Refusal("bad_request", f"there is no user {email}", field="assignee")
        parts["assignee"] = user.id
    if team := parts.get("team"):
        try:
            parts["team"] = (await desk.team(account, team.lower())).id
        except Unknown as error:
            raise Refusal("bad_request", str(error), field="team") from None
    return parts
