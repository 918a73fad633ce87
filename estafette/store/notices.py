"""What happened that is no status of a message: written down where somebody is to be told of it."""

from collections.abc import Sequence
from typing import Any

from msgspec import json
from sqlalchemy import Connection

from estafette.model.ids import instant
from estafette.model.notice import Event, Notice
from estafette.store import bulk, callbacks, subscriptions
from estafette.store.callbacks import Fact
from estafette.store.schema import notices
from estafette.store.times import moment

_NAMES = tuple(column.name for column in notices.c)


def note(conn: Connection, items: Sequence[Notice]) -> None:
    """Owe each to every subscription of its account that wants to be told of such; what nobody wants
    to be told is not kept.
    """
    known = subscriptions.addresses(conn, sorted({item.account for item in items})) if items else {}
    kept, facts = [], []
    for item in items:
        wanted = [to for to in known.get(item.account, ()) if item.event in to.events]
        if wanted:
            kept.append(item)
        facts += [
            Fact(
                item.about, item.id, item.account, to.door, to.url, instant(item.created_at),
                hook=to.id, event=item.event,
            )
            for to in wanted
        ]  # fmt: skip
    bulk.insert(conn, notices, [_row(item) for item in kept])
    callbacks.put(conn, facts)


def wanted(conn: Connection, accounts: Sequence[str]) -> set[tuple[str, str]]:
    """Which events somebody in these accounts is told of: accounts and names of events."""
    return {
        (account, event)
        for account, found in subscriptions.addresses(conn, accounts).items()
        for to in found
        for event in to.events
    }


def some(conn: Connection, ids: Sequence[str]) -> dict[str, Notice]:
    """Those of these notices that are there, by id."""
    rows = bulk.select(conn, notices, "id", list(ids), _NAMES)
    return {row[0]: _of_row(row) for row in rows}


def _row(item: Notice) -> tuple[Any, ...]:
    facts = json.encode(dict(item.facts)).decode()
    return item.id, item.account, item.event, item.about, facts, instant(item.created_at)


def _of_row(row: Sequence[Any]) -> Notice:
    return Notice(
        id=row[0],
        account=row[1],
        event=Event(row[2]),
        about=row[3],
        facts=json.decode(row[4]),
        created_at=moment(row[5]),
    )
