"""Senders with their lanes, and the connections that carry them."""

import json
import secrets
from typing import Any

from sqlalchemy import Column, ColumnElement, Row, exists, select, true
from sqlalchemy import Connection as Conn

from estafette.model import Channel, Conflict, Connection, Hook, Sender, Unknown
from estafette.model.ids import instant
from estafette.store import bulk
from estafette.store.schema import connections, inventory, jobs, lanes, senders
from estafette.store.times import instant_or_none, moment, moment_or_none

_NAMED = 5  # of what is in the way, in one sentence


def add(conn: Conn, sender: Sender) -> None:
    """Write down a sender and its lane. Raises Conflict where the account has the address."""
    if find(conn, sender.account, sender.channel, sender.address):
        raise Conflict(f"{sender.channel} {sender.address} is a sender already")
    conn.execute(senders.insert().values(**_columns(sender)))
    conn.execute(lanes.insert().values(id=sender.id, node="", leased_until=0, next_at=0))


def add_once(conn: Conn, sender: Sender) -> None:
    """Write down a sender that nobody holds, and its lane, unless they are there already."""
    row = tuple(_columns(sender).values())
    bulk.insert(conn, senders, [row], columns=tuple(_columns(sender)), conflict="DO NOTHING")
    bulk.insert(conn, lanes, [(sender.id, "", 0, 0)], conflict="DO NOTHING")


def save(conn: Conn, sender: Sender) -> None:
    """Write down its settings anew. Raises Unknown."""
    changed = senders.update().where(senders.c.id == sender.id).values(**_columns(sender))
    if not conn.execute(changed).rowcount:
        raise Unknown(f"no sender {sender.id}")


def find(conn: Conn, account: str, channel: Channel, address: str) -> Sender | None:
    """An account's sender by its address."""
    row = conn.execute(
        select(senders).where(
            senders.c.account == account,
            senders.c.channel == channel,
            senders.c.address == address,
            senders.c.released_at.is_(None),
        )
    ).first()
    return of_row(row) if row else None


def get(conn: Conn, id: str) -> Sender | None:
    """A sender by its id, given back or not."""
    row = conn.execute(select(senders).where(senders.c.id == id)).first()
    return of_row(row) if row else None


def inbound(
    conn: Conn, connection: str, channel: Channel, address: str, account: str = ""
) -> Sender | None:
    """The sender that a carrier means: by its address, or by the carrier's own id for it.

    Without a connection, that of any. Where accounts share it: that of `account`, or, without
    one, the one that was added first.
    """
    every = select(connections.c.name)
    through = senders.c.connection.in_(every if not connection else [connection])
    mine = through & (senders.c.channel == channel) & senders.c.released_at.is_(None)
    if account:
        mine &= senders.c.account == account
    for name in (senders.c.address, senders.c.ref):
        asked = select(senders).where(mine, name == address).order_by(senders.c.id).limit(1)
        if address and (row := conn.execute(asked).first()):
            return of_row(row)
    return None


def held_by_another(conn: Conn, account: str, channel: Channel, ref: str) -> bool:
    """Whether an account other than this one holds a sender that its carrier knows by this id."""
    row = conn.execute(
        select(senders.c.id)
        .where(
            senders.c.channel == channel,
            senders.c.ref == ref,
            senders.c.account != account,
            senders.c.released_at.is_(None),
        )
        .limit(1)
    ).first()
    return row is not None


def all_of(conn: Conn, account: str = "", *, released: bool = False) -> list[Sender]:
    """The senders of an account, or of all, in the order in which they were added.

    With `released` also those that were given back: what they had to send is still sent.
    """
    asked = select(senders).order_by(senders.c.id)
    if not released:
        asked = asked.where(senders.c.released_at.is_(None))
    if account:
        asked = asked.where(senders.c.account == account)
    return [of_row(row) for row in conn.execute(asked)]


def accounts_on(conn: Conn, connection: str) -> list[str]:
    """The accounts that have senders on a connection."""
    mine = (senders.c.connection == connection) & senders.c.released_at.is_(None)
    return list(conn.execute(select(senders.c.account).where(mine).distinct()).scalars())


def _columns(sender: Sender) -> dict[str, Any]:
    plain = ("id", "account", "channel", "address", "ref", "title", "connection", "window")
    return {
        **{name: getattr(sender, name) for name in (*plain, "max_per_second", "in_order")},
        "inbound_url": sender.inbound.url,
        "inbound_method": sender.inbound.method,
        "fallback_url": sender.fallback.url,
        "fallback_method": sender.fallback.method,
        "application": sender.application,
        "details": json.dumps(dict(sender.details)) if sender.details else "",
        "created_at": instant(sender.created_at),
        "updated_at": instant(sender.updated_at),
        "released_at": instant_or_none(sender.released_at),
    }


def of_row(row: Row[Any]) -> Sender:
    """A sender from its columns."""
    return Sender(
        id=row.id,
        account=row.account,
        channel=Channel(row.channel),
        address=row.address,
        ref=row.ref,
        title=row.title,
        connection=row.connection,
        window=row.window,
        max_per_second=row.max_per_second,
        in_order=bool(row.in_order),
        inbound=Hook(row.inbound_url, row.inbound_method or "POST"),
        fallback=Hook(row.fallback_url, row.fallback_method or "POST"),
        application=row.application,
        details=json.loads(row.details) if row.details else {},
        created_at=moment(row.created_at),
        updated_at=moment(row.updated_at),
        released_at=moment_or_none(row.released_at),
    )


def add_connection(conn: Conn, connection: Connection, settings_sealed: str) -> None:
    """Write down a connection with its sealed settings. Raises Conflict for a name in use."""
    if conn.execute(select(connections).where(connections.c.name == connection.name)).first():
        raise Conflict(f"a connection is named {connection.name} already")
    conn.execute(
        connections.insert().values(
            name=connection.name,
            provider=connection.provider,
            settings_sealed=settings_sealed,
            receipt_wait=connection.receipt_wait,
            on_unclear=connection.on_unclear,
            parked_text="",
            id=connection.id or secrets.token_hex(16),
            created_at=instant_or_none(connection.created_at) or 0,
            updated_at=instant_or_none(connection.updated_at) or 0,
        )
    )


def save_connection(conn: Conn, connection: Connection, settings_sealed: str) -> None:
    """Write down its settings anew, and let its jobs go on. Raises Unknown."""
    is_same = connections.c.id == connection.id if connection.id else true()
    _change(
        conn,
        connection.name,
        is_same,
        updated_at=instant_or_none(connection.updated_at) or 0,
        settings_sealed=settings_sealed,
        receipt_wait=connection.receipt_wait,
        on_unclear=connection.on_unclear,
        parked_at=None,
        parked_text="",
    )


def park(conn: Conn, name: str, at: int, text: str) -> None:
    """Hold all jobs of a connection: its settings are wrong. The first reason stays."""
    mine = (connections.c.name == name) & connections.c.parked_at.is_(None)
    conn.execute(connections.update().where(mine).values(parked_at=at, parked_text=text))


def resume(conn: Conn, name: str) -> None:
    """Let the jobs of a connection go on. Raises Unknown."""
    _change(conn, name, parked_at=None, parked_text="")


def _change(conn: Conn, name: str, *more: ColumnElement[bool], **values: Any) -> None:
    mine = connections.update().where(connections.c.name == name, *more)
    changed = mine.values(**values)
    if not conn.execute(changed).rowcount:
        raise Unknown(f"no connection {name}")


def remove_connection(conn: Conn, name: str) -> None:
    """Forget a connection. Raises Unknown, or Conflict while something goes through it."""
    mine = connections.c.name == name
    if not conn.execute(select(connections.c.name).where(mine).with_for_update()).first():
        raise Unknown(f"no connection {name}")
    through = senders.c.connection == name
    if use := _use(conn, senders.c.address, through & senders.c.released_at.is_(None)):
        raise Conflict(f"{name} is used by the senders {use}")
    waits = exists().where(jobs.c.lane == senders.c.id)
    if use := _use(conn, senders.c.address, through & waits):
        raise Conflict(f"{name} has still to carry messages of senders given back: {use}")
    if use := _use(conn, inventory.c.address, inventory.c.connection == name):
        raise Conflict(f"{name} carries for numbers in the inventory: {use}")
    conn.execute(connections.delete().where(mine))


def _use(conn: Conn, address: Column[str], where: ColumnElement[bool]) -> str:
    """Some of the addresses that there are; empty where there are none."""
    found = list(conn.execute(select(address).where(where).limit(_NAMED + 1)).scalars())
    more = ", …" if len(found) > _NAMED else ""
    return ", ".join(found[:_NAMED]) + more


def all_connections(conn: Conn) -> list[tuple[Connection, str]]:
    """Every connection, without its settings, and the settings sealed."""
    rows = conn.execute(select(connections).order_by(connections.c.name))
    return [(_connection(row), row.settings_sealed) for row in rows]


def _connection(row: Row[Any]) -> Connection:
    return Connection(
        name=row.name,
        provider=row.provider,
        receipt_wait=row.receipt_wait,
        on_unclear=row.on_unclear,
        parked_at=moment_or_none(row.parked_at),
        parked_text=row.parked_text,
        id=row.id,
        created_at=moment(row.created_at),
        updated_at=moment(row.updated_at),
    )
