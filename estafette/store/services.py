"""Services: pools of senders, and which sender of a pool each recipient knows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from estafette.model import Channel, Cursor, Message, Unknown
from estafette.model.ids import instant
from estafette.model.listed import Listed
from estafette.model.pool import Form, form_of
from estafette.model.service import DEFAULTS, MOST_NUMBERS, Member, NotAdmitted, Obstacle, Service
from estafette.store import bulk, owned
from estafette.store import senders as sender_rows
from estafette.store.schema import connections, members, senders, services, sticky
from estafette.store.times import moment


def add(conn: Connection, service: Service) -> None:
    """Write a service down."""
    owned.add(conn, services, owned.columns(service))


def get(conn: Connection, account: str, id: str, *, lock: bool = False) -> Service:
    """One service. Raises Unknown; another account's is unknown too."""
    return _service(owned.get(conn, services, account, id, lock=lock))


def save(conn: Connection, service: Service) -> None:
    """Write its name and settings down anew."""
    owned.save(conn, services, service.id, owned.columns(service))


def page(
    conn: Connection, account: str, *, limit: int, cursor: Cursor | None = None
) -> Listed[Service]:
    """The services of an account, newest first."""
    asked = owned.of_account(services, account)
    found = owned.page(conn, asked, services.c.id, limit=limit, cursor=cursor)
    return Listed([_service(row) for row in found.items], found.has_next, found.has_previous)


def remove(conn: Connection, account: str, id: str) -> None:
    """Delete a service and its pool; messages on their way stay. Raises Unknown."""
    owned.remove(conn, services, account, id)
    conn.execute(members.delete().where(members.c.service == id))
    conn.execute(sticky.delete().where(sticky.c.service == id))


def _service(row: Row[Any]) -> Service:
    return Service(**owned.fields(row, DEFAULTS))


def pool(conn: Connection, service: str) -> list[Member]:
    """The senders of a service that are not given back, in the order in which they were made."""
    rows = conn.execute(_POOL.where(members.c.service == service)).fetchall()
    return [_member(row) for row in rows]


_POOL = (
    select(
        senders,
        members.c.service.label("of_service"),
        members.c.created_at.label("joined_at"),
        members.c.updated_at.label("changed_at"),
        connections.c.parked_at.label("parked_at"),
    )
    .join(members, members.c.sender == senders.c.id)
    .join(connections, connections.c.name == senders.c.connection, isouter=True)
    .where(senders.c.released_at.is_(None))
    .order_by(senders.c.id)
)


def _member(row: Row[Any]) -> Member:
    return Member(
        service=row.of_service,
        sender=sender_rows.of_row(row),
        is_parked=row.parked_at is not None,
        created_at=moment(row.joined_at),
        updated_at=moment(row.changed_at),
    )


def join(conn: Connection, account: str, service: str, sender: str, now: datetime) -> Member:
    """Bring a sender of the account into a pool. Raises Unknown, NotAdmitted."""
    owned.get(conn, services, account, service, lock=True)
    # Locked, so that it does not come into two pools at once.
    asked = select(senders.c.id).where(
        senders.c.id == sender, senders.c.account == account, senders.c.released_at.is_(None)
    )
    if conn.execute(asked.with_for_update()).first() is None:
        raise Unknown(f"no sender {sender}")
    _admit(conn, service, sender)
    at = instant(now)
    row = {"service": service, "sender": sender, "created_at": at, "updated_at": at}
    conn.execute(members.insert().values(row))
    (made,) = (item for item in pool(conn, service) if item.sender.id == sender)
    return made


def _admit(conn: Connection, service: str, sender: str) -> None:
    found = conn.execute(select(members.c.service).where(members.c.sender == sender)).scalars()
    for other in found:
        raise NotAdmitted(Obstacle.DUPLICATE if other == service else Obstacle.ELSEWHERE)
    held = select(func.count()).select_from(members).where(members.c.service == service)
    if conn.execute(held).scalar_one() < MOST_NUMBERS:
        return
    numbers = (Form.NUMBER, Form.SHORT_CODE)
    new = sender_rows.get(conn, sender)
    count = sum(form_of(item.sender) in numbers for item in pool(conn, service))
    if new and form_of(new) in numbers and count >= MOST_NUMBERS:
        raise NotAdmitted(Obstacle.FULL)


def leave(conn: Connection, service: str, sender: str) -> None:
    """Take a sender out of a pool; recipients who knew it get to know another. Raises Unknown."""
    mine = (members.c.service == service) & (members.c.sender == sender)
    if not conn.execute(members.delete().where(mine)).rowcount:
        raise Unknown(f"no sender {sender} in {service}")
    conn.execute(sticky.delete().where(sticky.c.sender == sender, sticky.c.service == service))


def known(conn: Connection, service: str, channel: Channel, recipient: str) -> str:
    """The id of the sender that a recipient knows; empty where it knows none."""
    found = select(sticky.c.sender).where(
        sticky.c.service == service,
        sticky.c.channel == channel,
        sticky.c.recipient == recipient,
    )
    return str(conn.execute(found).scalar() or "")


def stick(conn: Connection, messages: Sequence[Message]) -> None:
    """Let recipients know the senders of these messages."""
    # One statement cannot write a row twice, and two processes should not wait in a circle.
    rows = {(m.service, m.channel, m.recipient): m.lane for m in messages}
    bulk.insert(
        conn,
        sticky,
        sorted((*key, sender) for key, sender in rows.items()),
        conflict="(service, channel, recipient) DO UPDATE SET sender = excluded.sender",
    )
