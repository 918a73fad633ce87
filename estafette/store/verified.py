"""Verified recipients: whom a trial account may write to."""

from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Row, select

from estafette.model import Conflict, Cursor, Unknown, Verification
from estafette.model.ids import instant
from estafette.model.number import friendly
from estafette.store.schema import verified
from estafette.store.times import moment


class Verifications(Struct, frozen=True):
    """Some of them in the order of the list, and whether more stand on either side."""

    items: list[Verification]
    has_next: bool
    has_previous: bool


_PRETENDED = "sandbox"  # the source of what nobody was asked about


def find(conn: Connection, account: str, address: str) -> Verification | None:
    """What is known of a recipient; None where the account may not write to it."""
    mine = (verified.c.account == account) & (verified.c.address == address)
    row = conn.execute(select(verified).where(mine)).first()
    return _verification(row) if row else None


def add(conn: Connection, made: Verification) -> None:
    """Write one down, in place of one that was pretended. Raises Conflict where there is another."""
    known = find(conn, made.account, made.address)
    if known and (made.is_pretended or not known.is_pretended):
        raise Conflict(f"{made.address} is verified already")
    if known:
        remove(conn, made.account, known.id)
    conn.execute(
        verified.insert().values(
            account=made.account,
            address=made.address,
            id=made.id,
            title=made.title,
            source=_PRETENDED if made.is_pretended else "",
            created_at=instant(made.created_at),
            updated_at=instant(made.updated_at),
        )
    )


def page(
    conn: Connection,
    account: str,
    *,
    address: str = "",
    title: str | None = None,
    limit: int,
    cursor: Cursor | None = None,
) -> Verifications:
    """At most `limit` of an account, newest first; of this address, or called so.

    One without a name is called as its number is written.
    """
    back = cursor is not None and cursor.before
    asked = select(verified).where(verified.c.account == account)
    asked = asked.order_by(verified.c.id if back else verified.c.id.desc())
    if address:
        asked = asked.where(verified.c.address == address)
    if cursor:
        asked = asked.where(verified.c.id > cursor.id if back else verified.c.id < cursor.id)
    if title is None:
        asked = asked.limit(limit + 1)
    found = [_verification(row) for row in conn.execute(asked)]
    if title is not None:
        found = [item for item in found if (item.title or friendly(item.address)) == title]
    more, found = len(found) > limit, found[:limit]
    if back:
        return Verifications(found[::-1], has_next=True, has_previous=more)
    return Verifications(found, has_next=more, has_previous=cursor is not None)


def get(conn: Connection, account: str, id: str) -> Verification:
    """One of an account. Raises Unknown."""
    mine = (verified.c.account == account) & (verified.c.id == id)
    row = conn.execute(select(verified).where(mine)).first()
    if row is None:
        raise Unknown(f"no verified recipient {id}")
    return _verification(row)


def rename(conn: Connection, account: str, id: str, title: str, at: int) -> Verification:
    """Give one another name. Raises Unknown."""
    mine = (verified.c.account == account) & (verified.c.id == id)
    conn.execute(verified.update().where(mine).values(title=title, updated_at=at))
    return get(conn, account, id)


def remove(conn: Connection, account: str, id: str) -> Verification:
    """Take one back, and give what it was. Raises Unknown."""
    gone = get(conn, account, id)
    mine = (verified.c.account == account) & (verified.c.address == gone.address)
    conn.execute(verified.delete().where(mine))
    return gone


def _verification(row: Row[Any]) -> Verification:
    return Verification(
        id=row.id,
        account=row.account,
        address=row.address,
        title=row.title,
        is_pretended=row.source == _PRETENDED,
        created_at=moment(row.created_at),
        updated_at=moment(row.updated_at),
    )
