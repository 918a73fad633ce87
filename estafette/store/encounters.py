"""Who wrote to whom: contacts and conversations made of messages, and moved on by them.

An encounter is what messages say of an address and a sender of ours. Told twice it changes nothing
the second time, so whoever is not sure whether one was told tells it again.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection

from estafette.model import Direction, Message
from estafette.model.ids import instant, new_id
from estafette.model.notice import Event
from estafette.store import bulk, cards, named, notices
from estafette.store.cards import Told
from estafette.store.schema import contacts, conversations, removals
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
    who = (message.account, str(message.channel))
    if message.direction is not Direction.INBOUND:
        return Encounter(*who, message.recipient, message.lane, at, at, came_at=at)
    name = message.content.get("name")
    profile = plain(name)[:_LONGEST] if isinstance(name, str) else ""
    return Encounter(
        *who, message.sender, message.lane, came_at, at, at, came_at=came_at, profile=profile
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


class _Talk(NamedTuple):
    """What is known of a conversation."""

    id: str
    contact: str
    sender: str
    opened_at: int
    closed_at: int | None
    closing_reason: str
    last_inbound_at: int | None
    last_message_at: int | None


class _Meeting:
    """Encounters of one transaction, and what comes of them."""

    def __init__(self, conn: Connection, items: Sequence[Encounter], now: datetime) -> None:
        self._conn = conn
        self._items = items
        self._now = now
        self._at = instant(now)
        self._told: list[Told] = []
        self._known: dict[Name, _Person] = {}
        self._talks: dict[tuple[str, str], _Talk] = {}

    def hold(self) -> list[Encounter]:
        """Write it all down; the answer is what is to be tried again."""
        self._look_for_people(sorted({item.name for item in self._items}))
        people = sorted(person.id for person in self._known.values())
        self._look_for_talks(people)
        self._items = self._not_removed()
        made = self._make_people()
        # Also those that another process made just now: it may remove them again.
        old = {person.id for person in self._known.values()} - made
        self._freshen(old)
        left = self._make_talks(old)
        self._move_talks()
        self._tell()
        return left

    def _look_for_people(self, names: Sequence[Name]) -> None:
        columns = (*_KEYS, "id", "name", "profile", "active_at")
        for row in bulk.match(self._conn, contacts, _KEYS, names, columns):
            self._known[tuple(row[:3])] = _Person(*row[3:])

    def _look_for_talks(self, ids: Sequence[str]) -> None:
        rows = bulk.select(self._conn, conversations, "contact", ids, _Talk._fields)
        for talk in map(_Talk._make, rows):
            self._talks[talk.contact, talk.sender] = talk

    def _talk(self, item: Encounter) -> _Talk | None:
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

    def _make_people(self) -> set[str]:
        """Contacts for those who have none, by id; another process may be quicker."""
        new: dict[Name, Encounter] = {}
        for item in self._items:
            name = item.name
            if name not in self._known:
                first = new.setdefault(name, item)
                new[name] = first._replace(profile=item.profile or first.profile)
        made = {
            new_id(self._now): (name, _Person("", "", item.profile, item.first_at))
            for name, item in new.items()
        }
        rows = [
            (id, *name, "", one.profile, one.active_at, one.active_at, one.active_at)
            for id, (name, one) in made.items()
        ]
        columns = ("id", *_KEYS, "name", "profile", "active_at", "created_at", "updated_at")
        count = bulk.insert(self._conn, contacts, rows, columns=columns, conflict="DO NOTHING")
        self._known |= {name: one._replace(id=id) for id, (name, one) in made.items()}
        if count < len(rows):
            self._look_for_people(list(new))
        mine = [id for id, (name, _) in made.items() if self._known[name].id == id]
        named.file(self._conn, [id for id in mine if made[id][1].profile])
        self._told += [Told(Event.CONTACT_CREATED, id) for id in mine]
        return set(mine)

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
            self._conn, contacts, ("id", "active_at"), rows,
            sets="active_at = v.active_at", where="contacts.active_at < v.active_at",
        )  # fmt: skip
        named_anew = sorted((id, profile, self._at) for id, profile in called.items() if id in old)
        bulk.update(
            self._conn, contacts, ("id", "profile", "updated_at"), named_anew,
            sets="profile = v.profile, updated_at = v.updated_at",
        )  # fmt: skip
        named.file(self._conn, [id for id, *_ in named_anew])

    def _make_talks(self, old: set[str]) -> list[Encounter]:
        """Conversations where there are none; what is to be tried again, as its contact is gone."""
        new = [item for item in self._items if self._talk(item) is None]
        there = self._held(sorted({self._known[item.name].id for item in new} & old))
        lost = [item for item in new if self._known[item.name].id in old - there]
        made = {}
        for item in new:
            contact = self._known[item.name].id
            if contact not in old - there:
                talk = _Talk(
                    new_id(self._now), contact, item.sender, item.first_at, None, "",
                    item.heard_at, item.last_at,
                )  # fmt: skip
                made[talk] = item.account
        rows = [
            (*talk, account, "", "", "", talk.opened_at, talk.opened_at, _active_at(talk))
            for talk, account in sorted(made.items(), key=lambda one: one[0][1:3])
        ]
        more = (
            "account", "assignee", "team", "funnel", "created_at", "updated_at", "active_at",
        )  # fmt: skip
        count = bulk.insert(
            self._conn, conversations, rows, columns=(*_Talk._fields, *more), conflict="DO NOTHING"
        )
        self._talks |= {(talk.contact, talk.sender): talk for talk in made}
        if count < len(rows):
            self._look_for_talks(sorted({talk.contact for talk in made}))
        self._told += [
            Told(Event.CONVERSATION_OPENED, talk.contact, talk.id)
            for talk in made
            if self._talks[talk.contact, talk.sender].id == talk.id
        ]
        return lost

    def _held(self, ids: Sequence[str]) -> set[str]:
        """Which of these contacts are there, and stay until the end of the transaction."""
        rows = bulk.select(self._conn, contacts, "id", ids, ("id",), lock=True)
        return {row[0] for row in rows}

    def _move_talks(self) -> None:
        """When something was said last, and that it is open again."""
        moving = {}
        for item in self._items:
            talk = self._talk(item)
            if talk and _moves(talk, item):
                moving[talk.id] = item
        locked = bulk.select(
            self._conn, conversations, "id", sorted(moving), _Talk._fields, lock=True
        )
        rows = []
        for talk in map(_Talk._make, locked):
            item = moving[talk.id]
            opens, last_at = _opens(talk, item), _later(talk.last_message_at, item.last_at)
            if opens:
                self._told.append(Told(Event.CONVERSATION_OPENED, talk.contact, talk.id))
            rows.append(
                (
                    talk.id,
                    item.known_at if opens else talk.opened_at,
                    None if opens else talk.closed_at,
                    "" if opens else talk.closing_reason,
                    _later(talk.last_inbound_at, item.heard_at),
                    last_at,
                    self._at,
                    last_at,
                )
            )
        columns = (
            "id", "opened_at", "closed_at", "closing_reason", "last_inbound_at", "last_message_at",
            "updated_at", "active_at",
        )  # fmt: skip
        sets = ", ".join(f"{name} = v.{name}" for name in columns[1:])
        bulk.update(self._conn, conversations, columns, rows, sets=sets)

    def _tell(self) -> None:
        """Owe what happened to those who are to be told of it."""
        if not self._told or not notices.wanted(
            self._conn, sorted({item.account for item in self._items})
        ):
            return
        known_at: dict[str, int] = {}
        for item in self._items:
            person = self._known[item.name]
            known_at[person.id] = max(known_at.get(person.id, 0), item.known_at)
        oldest = instant(self._now - _NEWS)
        told = [one for one in self._told if known_at.get(one.contact, 0) > oldest]
        cards.tell(self._conn, told, self._now)


def _moves(talk: _Talk, item: Encounter) -> bool:
    """Whether an encounter changes a conversation."""
    return (
        _later(talk.last_message_at, item.last_at) != talk.last_message_at
        or _later(talk.last_inbound_at, item.heard_at) != talk.last_inbound_at
        or _opens(talk, item)
    )


def _opens(talk: _Talk, item: Encounter) -> bool:
    """Whether it opens a closed one again: by something that came since it was closed."""
    return talk.closed_at is not None and item.known_at > talk.closed_at


def _active_at(talk: _Talk) -> int:
    """Where it stands in lists."""
    return talk.last_message_at or talk.opened_at


def _later(known: int | None, at: int | None) -> int | None:
    return known if at is None else max(at, known or 0)
