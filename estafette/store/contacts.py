"""Contacts: what is known of those who are written to or write; those of late first in lists."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from msgspec import json
from sqlalchemy import Connection, text

from estafette.model import Channel, Unknown
from estafette.model.contact import Contact
from estafette.model.ids import instant, new_id
from estafette.store import bulk, named
from estafette.store.schema import contacts, conversations, notes, removals, tagged
from estafette.store.times import moment, moment_or_none
from estafette.store.words import HIGHEST, words

COLUMNS = tuple(column.name for column in contacts.c)
_RARE = 1000  #: as many are gathered and sorted; of more, the list of all is looked through


_MOST_SOUGHT = 4  # words of a search that count
_NUMBER = re.compile(r"\+?[0-9 ().-]+")
_NO_DIGITS = re.compile(r"[^0-9]")


class Few(NamedTuple):
    """What names contacts, and where they are: it goes on with further conditions."""

    contact: str
    where: str
    test: str = ""  #: the same, where it is asked of one contact at a time and that is quicker

    @property
    def asked_of_one(self) -> str:
        """Where to look whether one contact is among them."""
        return f"{self.test or self.where} AND {self.contact}"


class Asked(NamedTuple):
    """Which contacts to list: on a channel, with any of these tags, looked after by a team, found by
    the beginning of an address or by the beginnings of words of a name.
    """

    channel: Channel | None = None
    tags: tuple[str, ...] = ()
    team: str = ""
    search: str = ""


class Place(NamedTuple):
    """Where a contact stands in lists."""

    active_at: int
    id: str


def get(conn: Connection, account: str, id: str, *, lock: bool = False) -> Contact:
    """One contact. Raises Unknown; another account's is unknown too."""
    found = bulk.select(conn, contacts, "id", [id], COLUMNS, lock=lock)
    if not found or found[0][1] != account:
        raise Unknown(f"no contact {id}")
    return of_row(found[0])


def find(conn: Connection, account: str, channel: Channel, address: str) -> Contact | None:
    """An account's contact by its address."""
    keys = ("account", "channel", "address")
    found = bulk.match(conn, contacts, keys, [(account, str(channel), address)], COLUMNS)
    return of_row(found[0]) if found else None


def some(conn: Connection, ids: Sequence[str]) -> dict[str, Contact]:
    """Those of these contacts that are there, by id, whatever account they are of."""
    rows = bulk.select(conn, contacts, "id", list(ids), COLUMNS)
    return {row[0]: of_row(row) for row in rows}


def names(
    conn: Connection, account: str, asked: Sequence[tuple[Channel, str]]
) -> dict[tuple[Channel, str], tuple[str, str]]:
    """The id of those who are known under these addresses, and what they are called."""
    keys = ("account", "channel", "address")
    rows = [(account, str(channel), address) for channel, address in asked]
    found = bulk.match(conn, contacts, keys, rows, ("channel", "address", "id", "name", "profile"))
    return {(Channel(row[0]), row[1]): (row[2], row[3] or row[4]) for row in found}


def add(conn: Connection, account: str, channel: Channel, address: str, now: datetime) -> Contact:
    """Write down a contact of whom nothing else is known; who was quicker is found instead."""
    at = instant(now)
    names = ("id", "account", "channel", "address", "active_at", "created_at", "updated_at")
    row = (new_id(now), account, str(channel), address, at, at, at)
    bulk.insert(conn, contacts, [row], columns=names, conflict="DO NOTHING")
    found = find(conn, account, channel, address)
    if found is None:
        raise Unknown(f"no contact {address} on {channel}")
    return found


def change(conn: Connection, contact: Contact, parts: Mapping[str, Any], at: int) -> None:
    """Write down anew what `parts` names, as its columns have it; tags and fields as Python has them."""
    values = dict(parts)
    if "tags" in values:
        _tag(conn, contact, values["tags"])
        values["tags"] = _packed(values["tags"])
    if "fields" in values:
        values["fields"] = _packed(values["fields"])
    mine = contacts.update().where(contacts.c.id == contact.id)
    conn.execute(mine.values(**values, updated_at=at))
    if "name" in values:
        named.file(conn, [contact.id])


def _tag(conn: Connection, contact: Contact, names: Sequence[str]) -> None:
    conn.execute(tagged.delete().where(tagged.c.contact == contact.id))
    rows = [(contact.account, folded, contact.id) for folded in sorted(map(fold, names))]
    bulk.insert(conn, tagged, rows, conflict="DO NOTHING")


def fold(tag: str) -> str:
    """A tag without regard to case."""
    return tag.casefold()


def remove(conn: Connection, contact: Contact, at: int) -> None:
    """Delete one with its conversations and notes. Its messages stay, and make it anew no more."""
    mine = conversations.c.contact == contact.id
    ids = list(
        conn.execute(
            conversations.select().with_only_columns(conversations.c.id).where(mine)
        ).scalars()
    )
    bulk.delete(conn, notes, "conversation", ids)
    conn.execute(conversations.delete().where(mine))
    conn.execute(tagged.delete().where(tagged.c.contact == contact.id))
    named.forget(conn, contact.id)
    row = (contact.account, str(contact.channel), contact.address, at)
    later = "(account, channel, address) DO UPDATE SET removed_at = excluded.removed_at"
    bulk.insert(conn, removals, [row], conflict=later)
    bulk.delete(conn, contacts, "id", [contact.id])


def page(
    conn: Connection,
    account: str,
    asked: Asked,
    *,
    limit: int,
    skip: int = 0,
    after: Place | None = None,
) -> list[Place]:
    """At most `limit` contacts after the first `skip` of them, or behind `after`; the one of late first."""
    values: dict[str, Any] = {"account": account, "limit": limit, "skip": skip}
    source, parts = _narrow(conn, asked, values)
    if after:
        parts.append("(contacts.active_at, contacts.id) < (:active_at, :id)")
        values |= after._asdict()
    sql = (
        f"SELECT contacts.active_at, contacts.id FROM {source} WHERE {' AND '.join(parts)}"  # noqa: S608
        " ORDER BY contacts.active_at DESC, contacts.id DESC LIMIT :limit OFFSET :skip"
    )
    return [Place(*row) for row in conn.execute(text(sql), values)]


def count(conn: Connection, account: str, asked: Asked) -> int:
    """How many contacts there are on all pages."""
    values: dict[str, Any] = {"account": account}
    source, parts = _narrow(conn, asked, values)
    sql = f"SELECT count(*) FROM {source} WHERE {' AND '.join(parts)}"  # noqa: S608
    return int(conn.execute(text(sql), values).scalar_one())


def _narrow(conn: Connection, asked: Asked, values: dict[str, Any]) -> tuple[str, list[str]]:
    """What to look through, and the conditions. Few are gathered first, many are met on the way."""
    source, parts = "contacts", ["contacts.account = :account"]
    if asked.channel:
        values["channel"] = str(asked.channel)
        parts.append("contacts.channel = :channel")
    sought = searched(asked.search, values)
    for few in filter(None, (_tagged(asked, values), _teamed(asked, values), *sought)):
        if source == "contacts" and is_rare(conn, few, values):
            source = (
                f"(SELECT DISTINCT {few.contact} AS id FROM {few.where}) AS few CROSS JOIN contacts"  # noqa: S608
            )
            parts.append("contacts.id = few.id")
        else:
            parts.append(f"EXISTS (SELECT 1 FROM {few.asked_of_one} = contacts.id)")  # noqa: S608
    return source, parts


def is_rare(conn: Connection, few: Few, values: Mapping[str, Any]) -> bool:
    """Whether what is looked for is worth gathering before it is sorted."""
    first = f"SELECT 1 FROM {few.where} LIMIT {_RARE}"  # noqa: S608
    counted = text(f"SELECT count(*) FROM ({first}) AS found")  # noqa: S608
    return int(conn.execute(counted, values).scalar_one()) < _RARE


def searched(search: str, values: dict[str, Any]) -> list[Few]:
    """Where those are found whom somebody looks for: all of these hold."""
    found: list[Few] = []
    digits = _NO_DIGITS.sub("", search)
    if digits and _NUMBER.fullmatch(search):
        return [_reached(digits, values)]
    for number, word in enumerate(words(search)[:_MOST_SOUGHT]):
        values |= {f"word{number}": word, f"beyond{number}": f"{word}{HIGHEST}"}
        found.append(
            Few(
                f"named{number}.contact",
                f"named AS named{number} WHERE named{number}.account = :account"
                f" AND named{number}.word >= :word{number} AND named{number}.word < :beyond{number}",
            )
        )
    return found


def _reached(digits: str, values: dict[str, Any]) -> Few:
    """Where those are whose address begins with digits, or with a plus and these."""
    starts = {"plus": f"+{digits}", "bare": digits}
    channels = ", ".join(f"'{channel}'" for channel in Channel)
    parts = []
    for name, start in starts.items():
        values |= {f"{name}_from": start, f"{name}_to": f"{start}{HIGHEST}"}
        parts.append(
            f"reached.account = :account AND reached.channel IN ({channels})"
            f" AND reached.address >= :{name}_from AND reached.address < :{name}_to"
        )
    every = " UNION ALL ".join(f"SELECT id FROM contacts AS reached WHERE {part}" for part in parts)  # noqa: S608
    either = " OR ".join(f"({part})" for part in parts)
    return Few(
        "reached.id",
        f"({every}) AS reached WHERE 1 = 1",
        f"contacts AS reached WHERE ({either})",
    )


def _tagged(asked: Asked, values: dict[str, Any]) -> Few | None:
    names = sorted({fold(tag) for tag in asked.tags})
    values |= {f"tag{number}": name for number, name in enumerate(names)}
    among = ", ".join(f":tag{number}" for number in range(len(names)))
    where = f"tagged WHERE tagged.account = :account AND tagged.folded IN ({among})"
    return Few("tagged.contact", where) if names else None


def _teamed(asked: Asked, values: dict[str, Any]) -> Few | None:
    if not asked.team:
        return None
    values["team"] = asked.team
    return Few(
        "conversations.contact",
        "conversations WHERE conversations.team = :team AND conversations.team <> ''"
        " AND conversations.account = :account",
    )


def _packed(value: Any) -> str:
    return json.encode(value).decode() if value else ""


def of_row(row: Sequence[Any]) -> Contact:
    """A contact from its columns. Whom the account gave no name has that of their profile."""
    return Contact(
        id=row[0],
        account=row[1],
        channel=Channel(row[2]),
        address=row[3],
        name=row[4] or row[5],
        email=row[6],
        avatar_url=row[7],
        tags=tuple(json.decode(row[8])) if row[8] else (),
        fields=json.decode(row[9]) if row[9] else {},
        note=row[10],
        opt_in_at=moment_or_none(row[11]),
        opt_in_source=row[12],
        blocked_at=moment_or_none(row[13]),
        created_at=moment(row[15]),
        updated_at=moment(row[16]),
    )
