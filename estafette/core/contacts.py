"""Contacts: who is written to and who writes, and the conversations with them."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection

from estafette.core.changes import alter, card_at, card_of, check_sender, talk_of
from estafette.core.clock import Clock
from estafette.core.counts import Counts
from estafette.core.suppressions import recipient_of
from estafette.model import Channel, Declined, Message, Unknown
from estafette.model.contact import Card, Conversation, Note
from estafette.model.ids import instant, new_id
from estafette.model.message import OPAQUE
from estafette.model.notice import Event
from estafette.store import Store, cards, contacts, conversations, encounters, exchanged
from estafette.store.cards import Told
from estafette.store.contacts import Asked, Place
from estafette.store.encounters import Encounter
from estafette.store.words import plain

MOST = 500  #: the number of the last page that may be asked for: who wants more goes on by cursor
_LARGEST = 1000  # items of a page
_PLACE = re.compile(r"([0-9a-f]{1,15})-([0-9a-f]{32})")
_DIGITS = re.compile(r"\+[0-9]{7,20}")


class Cards(Struct, frozen=True):
    """A page of contacts, and how many there are on all pages."""

    items: list[Card]
    count: int
    next: str | None  #: what the page that follows is asked for with


class Contacts:
    """Contacts of all accounts. An account is named by its SID; users, teams, funnels and our senders
    by their ids.

    A contact is made by whatever is sent to it first, or by what it writes first, and so are its
    conversations: one with each sender. Where none is named, the one of late is meant.
    """

    def __init__(
        self, store: Store, clock: Clock, blocked: Callable[[str], None] = lambda _: None
    ) -> None:
        """`blocked` is called with the account of a contact that was blocked, let in or removed."""
        self._store = store
        self._clock = clock
        self._blocked = blocked
        self._counts: Counts[tuple[str, Any]] = Counts()

    async def get(self, account: str, id: str) -> Card:
        """One contact. Raises Unknown; another account's is unknown too."""
        return await self._store.read(lambda conn: card_of(conn, contacts.get(conn, account, id)))

    async def find(self, account: str, channel: Channel, address: str, *, sender: str = "") -> Card:
        """One contact by its address; with a sender, the conversation with that one.

        Raises Unknown, also where there is no such conversation.
        """
        known = _address(address, channel)
        return await self._store.read(lambda conn: card_at(conn, account, channel, known, sender))

    async def names(
        self, account: str, asked: Sequence[tuple[Channel, str]]
    ) -> Mapping[tuple[Channel, str], tuple[str, str]]:
        """The ids and names of those contacts that are known under some addresses, by these."""
        return await self._store.read(lambda conn: contacts.names(conn, account, asked))

    async def conversation(
        self, account: str, sender: str, channel: Channel, address: str
    ) -> Conversation | None:
        """What is exchanged between one of our senders and an address; None for nothing yet."""
        return await self._store.read(
            lambda conn: conversations.between(conn, account, sender, channel, address)
        )

    async def page(
        self,
        account: str,
        *,
        number: int = 1,
        after: str = "",
        limit: int = 20,
        channel: Channel | None = None,
        tags: Sequence[str] = (),
        team: str = "",
        search: str = "",
        is_counted: bool = True,
    ) -> Cards:
        """A page, by its number or behind what `next` of another said; who was exchanged something with
        last comes first. With tags, those who have any of them, without regard to case; with a search, those
        whose address begins like it, or whose names have words that do.

        A page beyond MOST is empty, and so is one whose number is none. Where counting takes long, the
        count may be some seconds old; unless `is_counted`, nobody counts. Raises Unknown for an `after` that no page ended with.
        """
        asked = Asked(
            channel,
            tuple(sorted({contacts.fold(plain(tag.strip())) for tag in tags})),
            plain(team),
            plain(search)[:200].strip(),
        )
        place = place_of(after) if after else None
        limit = max(1, min(limit, _LARGEST))
        skip = 0 if place else (number - 1) * limit
        count = 0
        if is_counted:
            count = await self._counts.of(
                (account, asked),
                lambda: self._store.read(lambda conn: contacts.count(conn, account, asked)),
            )
        if not place and not 0 < number <= MOST:
            return Cards([], count, None)

        def look(conn: Connection) -> tuple[list[Place], list[Card]]:
            found = contacts.page(conn, account, asked, limit=limit + 1, skip=skip, after=place)
            known = contacts.some(conn, [one.id for one in found[:limit]])
            return found, cards.of(conn, [known[one.id] for one in found if one.id in known])

        places, items = await self._store.read(look)
        last = places[limit - 1] if len(places) > limit else None
        return Cards(items, max(count, skip + len(items) if items else 0), _cursor(last))

    async def add(
        self,
        account: str,
        *,
        channel: Channel,
        address: str,
        sender: str = "",
        name: str = "",
        tags: Sequence[str] = (),
        fields: Mapping[str, Any] | None = None,
        assignee: str = "",
        team: str = "",
        note: str = "",
        avatar_url: str = "",
        email: str = "",
    ) -> Card:
        """Add a contact; one that is there is changed by what is given. It gets a conversation with
        `sender`, or, where somebody is to look after it, with the main sender of its channel or,
        where none is that, the first.

        Raises Declined (BAD_RECIPIENT) for what is no address on the channel, Unknown for a sender that
        is not the account's on this channel, Conflict where one is needed and there is none.
        """
        address = _filed_under(plain(address), channel)
        now = self._clock()
        given = {
            "name": name, "tags": tags, "fields": fields, "note": note, "avatar_url": avatar_url,
            "email": email, "assignee": assignee, "team": team,
        }  # fmt: skip
        parts = {key: value for key, value in given.items() if value}

        def save(conn: Connection) -> Card:
            known = contacts.find(conn, account, channel, address)
            if sender:
                check_sender(conn, account, channel, sender)
            if known is None:
                made = contacts.add(conn, account, channel, address, now)
                alter(conn, made, parts, now, sender=sender, is_new=True)
                known = made
            else:
                alter(
                    conn,
                    contacts.get(conn, account, known.id, lock=True),
                    parts,
                    now,
                    sender=sender,
                )
            return card_at(conn, account, channel, address, sender)

        return await self._store.write(save)

    async def change(
        self,
        account: str,
        id: str,
        *,
        name: str | None = None,
        tags: Sequence[str] | None = None,
        fields: Mapping[str, Any] | None = None,
        assignee: str | None = None,
        team: str | None = None,
        note: str | None = None,
        blocked: bool | None = None,
        email: str | None = None,
        avatar_url: str | None = None,
        opt_in: str | None = None,
    ) -> Card:
        """Change what is given; an empty text takes away what was there. `opt_in` says how it is known that
        they agreed to be written to. Tags replace all others; of
        the fields those given are set, and those given as None are dropped.

        Raises Unknown, or Conflict where somebody is to look after a contact for which there is
        neither a conversation nor a sender on its channel.
        """
        given = {
            "name": name, "tags": tags, "fields": fields, "note": note, "avatar_url": avatar_url,
            "email": email, "assignee": assignee, "team": team, "blocked": blocked,
            "opt_in": None if opt_in is None else plain(opt_in),
        }  # fmt: skip
        parts = {key: value for key, value in given.items() if value is not None}
        return await self._change(account, id, parts)

    async def funnel(self, account: str, id: str, funnel: str) -> Card:
        """Put a contact's conversation into a stage, or with an empty one into none. Raises as `change`."""
        return await self._change(account, id, {"funnel": funnel})

    async def bot(self, account: str, id: str, status: str) -> Card:
        """Say that a bot begins or ends: `bot_start`, `bot_end`, or empty. Raises as `change`."""
        return await self._change(account, id, {"bot_status": status})

    async def look_after(self, account: str, id: str, *, sender: str, **parts: str) -> Card:
        """Who looks after a contact's conversation with this sender, and its stage: `assignee`, `team` and
        `funnel`. Raises as `change`.
        """
        return await self._change(account, id, parts, sender)

    async def _change(
        self, account: str, id: str, parts: Mapping[str, Any], sender: str = ""
    ) -> Card:
        now = self._clock()

        def save(conn: Connection) -> Card:
            alter(conn, contacts.get(conn, account, id, lock=True), parts, now, sender=sender)
            return card_of(conn, contacts.get(conn, account, id))

        changed = await self._store.write(save)
        if "blocked" in parts:
            self._blocked(account)
        return changed

    async def remove(self, account: str, id: str) -> None:
        """Forget a contact with its conversations and notes; its messages stay. Who is written to again,
        or writes again, is a new one. Raises Unknown.
        """
        now = self._clock()

        def save(conn: Connection) -> None:
            known = contacts.get(conn, account, id, lock=True)
            contacts.remove(conn, known, instant(now))
            cards.tell_removed(conn, known, now)

        await self._store.write(save)
        self._counts.forget()
        self._blocked(account)

    async def touch(
        self,
        account: str,
        channel: Channel,
        address: str,
        sender: str,
        *,
        at: datetime,
        opt_in: str = "",
        assignee: str | None = None,
        team: str | None = None,
    ) -> Card:
        """Somebody sends to an address at this time: the contact and its conversation with `sender`, made
        where there are none, and open. `opt_in` says how it is known that they agreed to be written to.
        """
        time = instant(at)
        met = Encounter(account, str(channel), address, sender, time, time, came_at=time)
        parts = {"assignee": assignee, "team": team, "opt_in": plain(opt_in) or None}
        given = {key: value for key, value in parts.items() if value is not None}
        now = self._clock()

        def save(conn: Connection) -> Card:
            encounters.meet(conn, [met._replace(came_at=max(time, instant(now)))], now)
            known = contacts.find(conn, account, channel, address)
            if known and given:
                alter(
                    conn,
                    contacts.get(conn, account, known.id, lock=True),
                    given,
                    now,
                    sender=sender,
                )
            return card_at(conn, account, channel, address, sender)

        return await self._store.write(save)

    async def open(self, account: str, id: str, *, sender: str = "") -> Card:
        """Open a conversation again: the one of late, or the one with `sender`. An open one stays as it is. Raises Unknown, or Conflict as `change`."""
        now = self._clock()

        def save(conn: Connection) -> Card:
            told: list[Told] = []
            known = contacts.get(conn, account, id, lock=True)
            talk = talk_of(conn, known, now, told, sender)
            if talk.closed_at is not None:
                at = instant(now)
                conversations.change(
                    conn, talk.id, at, closed_at=None, closing_reason="", opened_at=at
                )
                told.append(Told(Event.CONVERSATION_OPENED, id, talk.id))
            cards.tell(conn, told, now)
            return card_of(conn, known)

        return await self._store.write(save)

    async def close(self, account: str, id: str, reason: str = "", *, sender: str = "") -> Card:
        """Close a conversation; whatever is said next opens it again. Raises as `open`."""
        now = self._clock()

        def save(conn: Connection) -> Card:
            told: list[Told] = []
            known = contacts.get(conn, account, id, lock=True)
            talk = talk_of(conn, known, now, told, sender)
            if talk.closed_at is None:
                at = instant(now)
                conversations.change(conn, talk.id, at, closed_at=at, closing_reason=plain(reason))
                told.append(Told(Event.CONVERSATION_CLOSED, id, talk.id))
            cards.tell(conn, told, now)
            return card_of(conn, known)

        return await self._store.write(save)

    async def note(
        self, account: str, id: str, text: str, author: str = "", *, sender: str = ""
    ) -> Note:
        """Write something about a contact's conversation. Raises Unknown, or Conflict as `change`."""
        now = self._clock()

        def save(conn: Connection) -> Note:
            told: list[Told] = []
            known = contacts.get(conn, account, id, lock=True)
            talk = talk_of(conn, known, now, told, sender)
            made = Note(
                id=new_id(now), account=account, conversation=talk.id, text=plain(text),
                author=plain(author), created_at=now,
            )  # fmt: skip
            conversations.note(conn, made)
            cards.tell(conn, told, now)
            return made

        return await self._store.write(save)

    async def notes(self, account: str, id: str) -> list[Note]:
        """What was written about a contact's conversations, newest first. Raises Unknown."""

        def look(conn: Connection) -> list[Note]:
            return conversations.notes_of(conn, contacts.get(conn, account, id).id)

        return await self._store.read(look)

    async def messages(
        self, account: str, id: str, *, number: int = 1, limit: int = 20
    ) -> tuple[list[Message | Note], int]:
        """What was exchanged with a contact on its channel, and what was noted, newest first, and how much
        that is. A page beyond MOST is empty. Raises Unknown.
        """
        known = await self._store.read(lambda conn: contacts.get(conn, account, id))
        limit = max(1, min(limit, _LARGEST))
        count = await self._counts.of(
            (account, known.id), lambda: self._store.read(lambda conn: exchanged.count(conn, known))
        )
        if not 0 < number <= MOST:
            return [], count
        skip = (number - 1) * limit
        items = await self._store.read(
            lambda conn: exchanged.page(conn, known, limit=limit, skip=skip)
        )
        return items, max(count, skip + len(items) if items else 0)


def _filed_under(text: str, channel: Channel) -> str:
    """An address in the form that messages have. A contact may have a number that nobody can have: it
    is written to in vain, but those who file it know it by that. Raises Declined.
    """
    try:
        return recipient_of(text, channel)
    except Declined:
        if channel in OPAQUE or not _DIGITS.fullmatch(text):
            raise
        return text


def _address(text: str, channel: Channel) -> str:
    """An address in the form that messages have; what is none stays as it is."""
    try:
        return recipient_of(text, channel)
    except Declined:
        return plain(text)


def place_of(text: str) -> Place:
    """Where a page ended, by what it said of that. Raises Unknown."""
    found = _PLACE.fullmatch(text)
    if found is None:
        raise Unknown("no page of this list ended with this")
    return Place(int(found[1], 16), found[2])


def _cursor(place: Place | None) -> str | None:
    return f"{place.active_at:x}-{place.id}" if place else None
