"""Conversations: in a list, read, answered and looked after, each by its id."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection

from estafette.core.contacts import Contacts, place_of
from estafette.core.gateway import Gateway
from estafette.core.templates import Templates
from estafette.core.uploads import Uploads
from estafette.core.window import Opening, Window
from estafette.model import Account, BadValue, Channel, Conflict, Message, Send, Sender, Unknown
from estafette.model.contact import Card, Conversation, Glance, Note, TalkFilter
from estafette.model.ids import read_id
from estafette.model.template import Filled
from estafette.model.upload import UPLOAD
from estafette.store import Store, exchanged, talks
from estafette.store.words import plain

_LARGEST = 1000  # items of a page
STATES = ("open", "closed", "all")


class Talks(Struct, frozen=True):
    """A page of conversations."""

    items: Sequence[Glance]
    next: str | None  #: what the page that follows is asked for with


class Thread(Struct, frozen=True):
    """A part of what was said and noted in a conversation, newest first."""

    items: Sequence[Message | Note]
    has_earlier: bool


class Reply(Struct, frozen=True, kw_only=True):
    """What to answer: a text with media, or a template with what fills its holes."""

    body: str = ""
    media: tuple[str, ...] = ()  #: URLs
    files: tuple[str, ...] = ()  #: the ids of uploads
    template: str = ""  #: its id, its SID, or its name
    language: str = ""  #: of a template that is named by its name
    values: tuple[str, ...] = ()  #: for the holes of the template, by position
    media_url: str = ""  #: what the template shows in place of its usual media
    key: str = ""  #: the same key with the same reply sends it once


class Conversations:
    """Conversations of all accounts, which are named by their SIDs; another account's are unknown."""

    def __init__(
        self,
        store: Store,
        gateway: Gateway,
        contacts: Contacts,
        templates: Templates,
        uploads: Uploads,
        window: Window,
    ) -> None:
        self._store = store
        self._gateway = gateway
        self._contacts = contacts
        self._templates = templates
        self._uploads = uploads
        self._window = window

    async def page(
        self, account: str, asked: TalkFilter, *, after: str = "", limit: int = 50
    ) -> Talks:
        """Conversations in which something was said last come first.

        Raises BadValue for a state that there is none of, Unknown for an `after` that no page ended with.
        """
        if asked.state not in STATES:
            raise BadValue("state", f"state is one of: {', '.join(STATES)}")
        asked = msgspec.structs.replace(
            asked,
            search=plain(asked.search)[:200],
            team=plain(asked.team),
            assignee=None if asked.assignee is None else plain(asked.assignee),
        )
        place = place_of(after) if after else None
        limit = max(1, min(limit, _LARGEST))

        def look(conn: Connection) -> Talks:
            found = talks.page(conn, account, asked, limit=limit + 1, after=place)
            more = found[limit - 1] if len(found) > limit else None
            items = talks.listed(conn, [one.id for one in found[:limit]])
            return Talks(items, f"{more.active_at:x}-{more.id}" if more else None)

        return await self._store.read(look)

    async def get(self, account: str, id: str) -> Card:
        """A conversation with all that belongs to it. Raises Unknown."""
        return await self._store.read(lambda conn: talks.card(conn, account, plain(id)))

    async def of_contact(self, account: str, contact: str) -> Sequence[Card]:
        """All conversations of a contact, the one of late first. Raises Unknown."""
        return await self._store.read(lambda conn: talks.of_contact(conn, account, contact))

    async def thread(
        self, account: str, id: str, *, limit: int = 50, after: str = "", since: str = ""
    ) -> Thread:
        """What was said and noted in a conversation, newest first: before the id `after`, and from the id
        `since` on. Raises Unknown.
        """
        limit = max(1, min(limit, _LARGEST))
        before, begin = read_id(after) or "", read_id(since) or ""

        def look(conn: Connection) -> Thread:
            card = talks.card(conn, account, plain(id))
            found = exchanged.behind(
                conn, card.contact, talk_of(card), limit=limit + 1, after=before
            )
            here = [item for item in found[:limit] if item.id >= begin]
            return Thread(here, len(found) > len(here))

        return await self._store.read(look)

    async def opening(self, card: Card) -> Opening:
        """Until when a conversation may go on freely."""
        if card.sender is None:
            return Opening()
        return await self._window.opening(card.sender, card.contact.address)

    async def reply(self, account: Account, id: str, reply: Reply) -> Message:
        """Answer in a conversation, which is open then.

        Raises Unknown, Conflict where its sender is not the account's any more or the key came with
        another reply, Unfilled and Unfit for a template, and what `Gateway.send` raises.
        """
        card = await self.get(account.sid, id)
        sender = _sender(account, card)
        uploads = [await self._upload(account, file) for file in reply.files]
        media = (*reply.media, *(UPLOAD + upload.id for upload in uploads))
        said = Filled(reply.body, media)
        if reply.template:
            said = await self.filled(account, card, reply)
        said_once = msgspec.json.encode(
            [id, msgspec.structs.replace(reply, files=(), key=""), [one.sha256 for one in uploads]]
        )
        sent = await self._gateway.send(
            account,
            Send(
                channel=card.contact.channel,
                sender=sender.address,
                recipient=card.contact.address,
                body=said.body,
                media=said.media,
                content=said.content,
                door="own",
                idempotency_key=reply.key,
                fingerprint=sha256(said_once).hexdigest() if reply.key else "",
            ),
        )
        await self._move(card, sender, sent.created_at)
        return sent

    async def filled(self, account: Account, card: Card, reply: Reply) -> Filled:
        """What the template of a reply says. Raises Unknown, Unfilled, Unfit, and Conflict where it is not
        approved and would have to be.
        """
        channel = card.contact.channel
        if channel is Channel.WHATSAPP:
            return await self._templates.say(
                account, reply.template, reply.values, channel=channel,
                language=reply.language, url=reply.media_url,
            )  # fmt: skip
        found = await self._templates.named(account, reply.template, reply.language)
        given = {str(place): value for place, value in enumerate(reply.values, 1)}
        return msgspec.structs.replace(
            await self._templates.fill(account, found.id, channel, given), content={}
        )

    async def change(self, account: str, id: str, **parts: Any) -> Card:
        """Set `assignee` (a user), `team` or `funnel` (a stage), each by its id; an empty one takes it
        away. Raises Unknown.
        """
        return await self._done(account, id, self._contacts.look_after, parts)

    async def open(self, account: str, id: str) -> Card:
        """Open it again; an open one stays as it is. Raises Unknown."""
        return await self._done(account, id, self._contacts.open)

    async def close(self, account: str, id: str, reason: str = "") -> Card:
        """Close it; whatever is said next opens it again. Raises Unknown."""
        return await self._done(account, id, self._contacts.close, {"reason": reason})

    async def note(self, account: str, id: str, text: str, author: str = "") -> Note:
        """Write something that colleagues see, and the contact does not. Raises Unknown."""
        card = await self.get(account, id)
        sender = talk_of(card).sender
        return await self._contacts.note(account, card.contact.id, text, author, sender=sender)

    async def _done(
        self, account: str, id: str, do: Any, parts: dict[str, Any] | None = None
    ) -> Card:
        card = await self.get(account, id)
        await do(account, card.contact.id, sender=talk_of(card).sender, **(parts or {}))
        return await self.get(account, id)

    async def _upload(self, account: Account, id: str) -> Any:
        try:
            return await self._uploads.get(account, read_id(id) or "")
        except Unknown:
            raise BadValue("files", f"there is no file {id[:40]}") from None

    async def _move(self, card: Card, sender: Sender, at: datetime) -> None:
        """Lists have it at their top at once, not only when it is filed."""
        contact = card.contact
        await self._contacts.touch(
            contact.account, contact.channel, contact.address, sender.id, at=at
        )


def talk_of(card: Card) -> Conversation:
    """The conversation of a card that was asked for by it."""
    if card.conversation is None:
        raise Unknown("no conversation")
    return card.conversation


def _sender(account: Account, card: Card) -> Sender:
    sender = card.sender
    is_ours = sender and sender.account == account.sid and sender.released_at is None
    if sender is None or not is_ours or not sender.address:
        raise Conflict("the sender of this conversation is not yours any more")
    return sender
