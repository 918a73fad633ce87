"""Who wrote to whom: contacts and conversations made of messages, and moved on by them.

An encounter is what messages say of an address and a sender of ours. Told twice it changes nothing
the second time, so whoever is not sure whether one was told tells it again.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection

from estafette.model import Direction, Message
from estafette.model.contact import Conversation
from estafette.model.ids import instant, new_id
from estafette.model.notice import Event
from estafette.store import bulk, cards, conversations
from estafette.store.cards import Told
from estafette.store.schema import contacts as contacts_table
from estafette.store.schema import conversations as conversations_table
from estafette.store.schema import removals
from estafette.store.words import plain

_TRIES = 3  # where a contact is removed while it is met
_NEWS = timedelta(days=1)  # of what is older, as when an old database is read, nobody is told
_LONGEST = 200  # characters of what somebody calls themselves

Name = tuple[str, str, str]  #: an account, a channel and an address
_KEYS = ("account", "channel", "address")


class Encounter(NamedTuple):
    """What was exchanged between an address and a sender. Times are microseconds since 1970."""

    account: str
    channel: str
    address: str
    sender: str  #: the id of ours
    first_at: int  #: when something was said first
    last_at: int  #: when something was said last
    heard_at: int | None = None  #: when they wrote last
    came_at: int = 0  #: when the last of it came to us, where that is later
    profile: str = ""  #: what they call themselves

    @property
    def name(self) -> Name:
        """Whom it is about."""
        return self[:3]

    @property
    def known_at(self) -> int:
        """When we knew the last of it."""
        return max(self.came_at, self.last_at)


def of(message: Message) -> Encounter:
    """What one message says."""
    at, came_at = instant(message.created_at), instant(message.updated_at)
    is_heard = message.direction is Direction.INBOUND
    return Encounter(
        message.account,
        str(message.channel),
        message.sender if is_heard else message.recipient,
        message.lane,
        came_at if is_heard else at,
        at,
        at if is_heard else None,
        came_at if is_heard else at,
        plain(str(message.content.get("name") or ""))[:_LONGEST] if is_heard else "",
    )


def meet(conn: Connection, items: Iterable[Encounter], now: datetime) -> None:
    """Make contacts and conversations where there are none, say when something was said last, open
    again what was closed before, and owe whoever is to be told of that.

    What was said before a contact was removed does not make it anew.
    """
    left = _merged(items)
    for _ in range(_TRIES):
        if left:
            left = _Meeting(conn, left, now).hold()


def _merged(items: Iterable[Encounter]) -> list[Encounter]:
    """One for each address and sender, in one order everywhere: nobody waits in a circle."""
    found: dict[tuple[str, ...], Encounter] = {}
    for item in items:
        key = item[:4]
        known = found.get(key)
        if known is None:
            found[key] = item
            continue
        newer, older = (item, known) if item.known_at >= known.known_at else (known, item)
        found[key] = newer._replace(
            first_at=min(item.first_at, known.first_at),
            last_at=max(item.last_at, known.last_at),
            heard_at=max(
                (at for at in (item.heard_at, known.heard_at) if at is not None), default=None
            ),
            came_at=max(item.came_at, known.came_at),
            profile=newer.profile or older.profile,
        )
    return [found[key] for key in sorted(found)]


class _Person(NamedTuple):
    """What is known of a contact."""

    id: str
    name: str
    profile: str
    active_at: int


class _Meeting:
    """Encounters of one transaction, and what comes of them."""

    def __init__(self, conn: Connection, items: Sequence[Encounter], now: datetime) -> None:
        self._conn = conn
        self._items = items
        self._now = now
        self._at = instant(now)
        self._told: list[Told] = []
        self._known: dict[Name, _Person] = {}
        self._talks: dict[tuple[str, str], Conversation] = {}

    def hold(self) -> list[Encounter]:
        """Write it all down; the answer is what is to be tried again."""
        self._look_for_people(sorted({item.name for item in self._items}))
        people = sorted(person.id for person in self._known.values())
        self._look_for_talks(people)
        self._items = self._not_removed()
        old = set(people)
        self._make_people()
        self._freshen(old)
        left = self._make_talks(old)
        self._move_talks()
        self._tell()
        return left

    def _look_for_people(self, names: Sequence[Name]) -> None:
        columns = (*_KEYS, "id", "name", "profile", "active_at")
        for row in bulk.match(self._conn, contacts_table, _KEYS, names, columns):
            self._known[tuple(row[:3])] = _Person(*row[3:])

    def _look_for_talks(self, ids: Sequence[str]) -> None:
        for row in bulk.select(
            self._conn, conversations_table, "contact", ids, conversations.COLUMNS
        ):
            talk = conversations.of_row(row)
            self._talks[talk.contact, talk.sender] = talk

    def _talk(self, item: Encounter) -> Conversation | None:
        person = self._known.get(item.name)
        return self._talks.get((person.id, item.sender)) if person else None

    def _not_removed(self) -> list[Encounter]:
        """Without what was said before a contact was removed."""
        new = sorted({item.name for item in self._items if self._talk(item) is None})
        rows = bulk.match(self._conn, removals, _KEYS, new, (*_KEYS, "removed_at"))
        removed = {tuple(row[:3]): row[3] for row in rows}
        return [
            item
            for item in self._items
            if self._talk(item) or item.known_at > removed.get(item.name, -1)
        ]

    def _make_people(self) -> None:
        """Contacts for those who have none; another process may be quicker."""
        new: dict[Name, Encounter] = {}
        for item in self._items:
            if item.name not in self._known:
                new.setdefault(item.name, item)
                if item.profile:
                    new[item.name] = new[item.name]._replace(profile=item.profile)
        rows = [
            (
                new_id(self._now),
                *name,
                "",
                item.profile,
                item.first_at,
                item.first_at,
                item.first_at,
            )
            for name, item in new.items()
        ]
        columns = ("id", *_KEYS, "name", "profile", "active_at", "created_at", "updated_at")
        bulk.insert(self._conn, contacts_table, rows, columns=columns, conflict="DO NOTHING")
        if not rows:
            return
        self._look_for_people(list(new))
        mine = {row[0] for row in rows}
        made = [self._known[name].id for name in new if self._known[name].id in mine]
        self._told += [Told(Event.CONTACT_CREATED, id) for id in made]

    def _freshen(self, old: set[str]) -> None:
        """When something was said last, and what they call themselves."""
        active: dict[str, int] = {}
        called: dict[str, str] = {}
        for item in self._items:
            person = self._known[item.name]
            active[person.id] = max(active.get(person.id, person.active_at), item.last_at)
            if item.profile and item.profile != person.profile:
                called[person.id] = item.profile
                if person.id in old and not person.name:
                    self._told.append(Told(Event.CONTACT_UPDATED, person.id))
        before = {person.id: person.active_at for person in self._known.values()}
        rows = sorted((id, at) for id, at in active.items() if at > before[id])
        bulk.update(
            self._conn, contacts_table, ("id", "active_at"), rows,
            sets="active_at = v.active_at", where="contacts.active_at < v.active_at",
        )  # fmt: skip
        named = sorted((id, profile, self._at) for id, profile in called.items() if id in old)
        bulk.update(
            self._conn, contacts_table, ("id", "profile", "updated_at"), named,
            sets="profile = v.profile, updated_at = v.updated_at",
        )  # fmt: skip

    def _make_talks(self, old: set[str]) -> list[Encounter]:
        """Conversations where there are none; what is to be tried again, as its contact is gone."""
        new = [item for item in self._items if self._talk(item) is None]
        there = self._held(sorted({self._known[item.name].id for item in new} & old))
        lost = [item for item in new if self._known[item.name].id in old - there]
        rows = []
        for item in new:
            contact = self._known[item.name].id
            if contact in old - there:
                continue
            opened_at = item.first_at
            rows.append(
                (new_id(self._now), item.account, contact, item.sender, "", "", "",
                 opened_at, item.heard_at, item.last_at, opened_at, opened_at)
            )  # fmt: skip
        columns = (
            "id", "account", "contact", "sender", "assignee", "team", "funnel",
            "opened_at", "last_inbound_at", "last_message_at", "created_at", "updated_at",
        )  # fmt: skip
        rows.sort(key=lambda row: row[2:4])
        made = bulk.insert(
            self._conn, conversations_table, rows, columns=columns, conflict="DO NOTHING"
        )
        if rows:
            self._look_for_talks(sorted({row[2] for row in rows}))
        mine = {row[0] for row in rows} if made else set()
        self._told += [
            Told(Event.CONVERSATION_OPENED, talk.contact, talk.id)
            for talk in self._talks.values()
            if talk.id in mine
        ]
        return lost

    def _held(self, ids: Sequence[str]) -> set[str]:
        """Which of these contacts are there, and stay until the end of the transaction."""
        rows = bulk.select(self._conn, contacts_table, "id", ids, ("id",), lock=True)
        return {row[0] for row in rows}

    def _move_talks(self) -> None:
        """When something was said last, and that it is open again."""
        moving = {}
        for item in self._items:
            talk = self._talk(item)
            if talk and _moves(talk, item):
                moving[talk.id] = item
        locked = bulk.select(
            self._conn, conversations_table, "id", sorted(moving), conversations.COLUMNS, lock=True
        )
        rows = []
        for talk in map(conversations.of_row, locked):
            item = moving[talk.id]
            opens = talk.closed_at is not None and item.known_at > instant(talk.closed_at)
            if opens:
                self._told.append(Told(Event.CONVERSATION_OPENED, talk.contact, talk.id))
            rows.append(
                (
                    talk.id,
                    item.known_at if opens else instant(talk.opened_at),
                    None if opens or talk.closed_at is None else instant(talk.closed_at),
                    "" if opens else talk.closing_reason,
                    _later(talk.last_inbound_at, item.heard_at),
                    _later(talk.last_message_at, item.last_at),
                    self._at,
                )
            )
        columns = (
            "id", "opened_at", "closed_at", "closing_reason", "last_inbound_at", "last_message_at",
            "updated_at",
        )  # fmt: skip
        sets = ", ".join(f"{name} = v.{name}" for name in columns[1:])
        bulk.update(self._conn, conversations_table, columns, rows, sets=sets)

    def _tell(self) -> None:
        """Owe what happened to those who are to be told of it."""
        known_at: dict[str, int] = {}
        for item in self._items:
            person = self._known[item.name]
            known_at[person.id] = max(known_at.get(person.id, 0), item.known_at)
        oldest = instant(self._now - _NEWS)
        told = [one for one in self._told if known_at.get(one.contact, 0) > oldest]
        cards.tell(self._conn, told, self._now)


def _moves(talk: Conversation, item: Encounter) -> bool:
    """Whether an encounter changes a conversation."""
    return (
        _is_later(item.last_at, talk.last_message_at)
        or _is_later(item.heard_at, talk.last_inbound_at)
        or (talk.closed_at is not None and item.known_at > instant(talk.closed_at))
    )


def _is_later(at: int | None, known: datetime | None) -> bool:
    return at is not None and (known is None or at > instant(known))


def _later(known: datetime | None, at: int | None) -> int | None:
    before = None if known is None else instant(known)
    return before if at is None else max(at, before or 0)
