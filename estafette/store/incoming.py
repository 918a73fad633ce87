"""What people wrote to our senders: kept once, however often a carrier tells it."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, text

from estafette.model import Message
from estafette.model.ids import instant
from estafette.store import aliases, bulk, callbacks, encounters, jobs, media, recipients
from estafette.store.callbacks import Fact
from estafette.store.jobs import Job
from estafette.store.messages import COLUMNS, some, to_row
from estafette.store.schema import incoming, messages

Named = tuple[str, str]  #: a connection, and what its carrier calls a message


class Arrival(NamedTuple):
    """A message that somebody wrote, the connection that it came by, and what is told of it."""

    message: Message
    connection: str
    owed: Fact | None = None
    alias: str = ""  #: what the platform calls who wrote, where it told that beside their address


def keep(conn: Connection, items: list[Arrival]) -> list[Message]:
    """Write down what arrived, and what is owed about it. What is known by its ref stays as it is,
    and is given instead; nobody is told it again.
    """
    known = _known(conn, items)
    new = [item for item in items if known.get(_name(item), item.message.id) == item.message.id]
    bulk.insert(conn, messages, [to_row(item.message) for item in new], columns=COLUMNS)
    recipients.file_at_once(conn, [item.message for item in new])
    _name_people(conn, new)
    # The work of fetching first: what is owed about a message waits for its media.
    jobs.put(conn, [_fetch(item.message) for item in new if item.message.media])
    callbacks.owe(conn, [item.owed for item in new if item.owed])
    if new:
        now = max(item.message.updated_at for item in new)
        encounters.meet(conn, [encounters.of(item.message) for item in new], now)
    if len(new) == len(items):
        return [item.message for item in items]
    there = some(conn, sorted(set(known.values())))
    return [there.get(known.get(_name(item), ""), item.message) for item in items]


def _name_people(conn: Connection, items: Sequence[Arrival]) -> None:
    """Keep what platforms call those who wrote."""
    rows = [
        (
            item.message.account,
            str(item.message.channel),
            item.alias,
            item.message.sender,
            instant(item.message.updated_at),
        )
        for item in items
        if item.alias
    ]
    aliases.note(conn, rows)


def _fetch(message: Message) -> Job:
    return media.fetch_job(message.id, message.lane, instant(message.updated_at))


def _name(item: Arrival) -> Named:
    return item.connection, item.message.ref


def _known(conn: Connection, items: Sequence[Arrival]) -> Mapping[Named, str]:
    """Which message each ref stands for, after writing down the new ones."""
    rows = [(*_name(item), item.message.id) for item in items if item.message.ref]
    # In one order everywhere, or two processes with the same refs could wait for each other.
    bulk.insert(conn, incoming, sorted(rows), conflict="DO NOTHING")
    found = {}
    for connection, ref, _ in rows:
        asked = {"connection": connection, "ref": ref}
        found[(connection, ref)] = str(conn.execute(_BY_NAME, asked).scalar_one())
    return found


_BY_NAME = text("SELECT message FROM incoming WHERE connection = :connection AND ref = :ref")
