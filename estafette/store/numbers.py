"""Numbers: those that accounts hold as senders, and those that can be taken."""

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection as Conn
from sqlalchemy import Row, Select, delete, select, text

from estafette.model import Conflict, Cursor, Sender, Unknown
from estafette.model.address import e164
from estafette.model.number import Held, Number, NumberKind, friendly, kind_of, pattern
from estafette.store.schema import inventory, members, senders, sticky
from estafette.store.senders import add as add_sender
from estafette.store.senders import of_row, save

_SLICE = 500  # rows looked through at a time
_AT_ONCE = 500  # addresses in one question
_LOCK = 0x6E756D  # any number: on PostgreSQL, who holds it is the one who takes a number
_PLACE = ("address", "country", "kind", "connection")


class Holding(msgspec.Struct, frozen=True):
    """Some numbers in the order of the list, and whether more stand on either side."""

    items: list[Sender]
    has_next: bool
    has_previous: bool


def kind(sender: Sender) -> NumberKind:
    """What kind of number a sender's is: as it was when it was taken, or as its digits say."""
    known = sender.details.get("number", {}).get("kind")
    return NumberKind(known) if known else kind_of(sender.address)


def page(
    conn: Conn, account: str, held: Held, *, limit: int, cursor: Cursor | None = None
) -> Holding:
    """At most `limit` numbers that an account holds, newest first."""
    back = cursor is not None and cursor.before
    found = []
    for sender in _walk(conn, account, cursor):
        if _fits(sender, held):
            found.append(sender)
            if len(found) > limit:
                break
    more, found = len(found) > limit, found[:limit]
    if back:
        return Holding(found[::-1], has_next=True, has_previous=more)
    return Holding(found, has_next=more, has_previous=cursor is not None)


def _walk(conn: Conn, account: str, cursor: Cursor | None) -> Iterator[Sender]:
    back = cursor is not None and cursor.before
    order = senders.c.id if back else senders.c.id.desc()
    last = cursor.id if cursor else None
    while True:
        asked = _mine(account).order_by(order).limit(_SLICE)
        if last is not None:
            asked = asked.where(senders.c.id > last if back else senders.c.id < last)
        rows = conn.execute(asked).fetchall()
        yield from (of_row(row) for row in rows)
        if len(rows) < _SLICE:
            return
        last = rows[-1].id


def _mine(account: str) -> Select[Any]:
    """The account's senders that may be numbers; names are left out afterwards."""
    return select(senders).where(
        senders.c.account == account,
        senders.c.channel == "sms",
        senders.c.released_at.is_(None),
        senders.c.address.like("+%"),
    )


def _fits(sender: Sender, held: Held) -> bool:
    if e164(sender.address) is None:
        return False
    if held.title and held.title != (sender.title or friendly(sender.address)):
        return False
    if held.kind is not None and held.kind is not kind(sender):
        return False
    asked = pattern(held.contains) if held.contains else None
    return asked is None or asked.search(sender.address) is not None


def get(conn: Conn, account: str, id: str) -> Sender:
    """A number that an account holds. Raises Unknown; another account's is unknown too."""
    row = conn.execute(_mine(account).where(senders.c.id == id)).first()
    if row is None or e164(row.address) is None:
        raise Unknown(f"no number {id}")
    return of_row(row)


def find(conn: Conn, account: str, address: str) -> Sender:
    """A number that an account holds, by its address. Raises Unknown."""
    row = conn.execute(_mine(account).where(senders.c.address == address)).first()
    if row is None or e164(row.address) is None:
        raise Unknown(f"no number {address}")
    return of_row(row)


def take(conn: Conn, sender: Sender) -> None:
    """Write down a number as a sender. Raises Conflict where anybody holds it already."""
    if conn.dialect.name == "postgresql":
        conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    if held(conn, [sender.address]):
        raise Conflict(f"{sender.address} is taken")
    add_sender(conn, sender)


def change(conn: Conn, account: str, id: str, change: Callable[[Sender], Sender]) -> Sender:
    """Write down a number as `change` makes it of what it is. Raises Unknown."""
    made = change(get(conn, account, id))
    save(conn, made)
    return made


def release(conn: Conn, account: str, id: str, at: int) -> Sender:
    """Give a number back: it leaves its pools, and its address may be taken again. Raises Unknown.

    What waits to be sent from it is still sent.
    """
    sender = get(conn, account, id)
    done = senders.update().where(senders.c.id == id)
    conn.execute(done.values(released_at=at, updated_at=at))
    for table in (members, sticky):
        conn.execute(delete(table).where(table.c.sender == id))
    return sender


def held(conn: Conn, addresses: Sequence[str]) -> set[str]:
    """Which of these numbers somebody holds."""
    found: set[str] = set()
    for start in range(0, len(addresses), _AT_ONCE):
        part = addresses[start : start + _AT_ONCE]
        asked = select(senders.c.address).where(
            senders.c.address.in_(part),
            senders.c.channel == "sms",
            senders.c.released_at.is_(None),
        )
        found.update(conn.execute(asked).scalars())
    return found


# What can be taken ------------------------------------------------------------------------------


def put(conn: Conn, numbers: Collection[Number], at: int) -> int:
    """Write numbers into the inventory, anew where they are in it; give how many were new."""
    new = 0
    for number in numbers:
        values = {"details": _details(number), "connection": number.connection}
        values |= {"country": number.country, "kind": str(number.kind)}
        mine = inventory.c.address == number.address
        if not conn.execute(inventory.update().where(mine).values(values)).rowcount:
            conn.execute(inventory.insert().values(address=number.address, created_at=at, **values))
            new += 1
    return new


def remove(conn: Conn, address: str) -> None:
    """Take a number out of the inventory; who holds it keeps it. Raises Unknown."""
    if not conn.execute(inventory.delete().where(inventory.c.address == address)).rowcount:
        raise Unknown(f"{address} is not in the inventory")


def stock(
    conn: Conn, country: str = "", kind: str = "", *, begin: str = "", after: str = ""
) -> list[Number]:
    """The next numbers of the inventory after an address, in the order of their digits.

    `begin`: only those that begin so.
    """
    asked = select(inventory).where(inventory.c.address > after)
    if country:
        asked = asked.where(inventory.c.country == country)
    if kind:
        asked = asked.where(inventory.c.kind == kind)
    if begin:
        asked = asked.where(inventory.c.address >= begin, inventory.c.address < f"{begin}:")
    rows = conn.execute(asked.order_by(inventory.c.address).limit(_SLICE))
    return [_number(row) for row in rows]


def stocked(conn: Conn, addresses: Sequence[str]) -> set[str]:
    """Which of these numbers are in the inventory."""
    found: set[str] = set()
    for start in range(0, len(addresses), _AT_ONCE):
        part = addresses[start : start + _AT_ONCE]
        asked = select(inventory.c.address).where(inventory.c.address.in_(part))
        found.update(conn.execute(asked).scalars())
    return found


def in_stock(conn: Conn, address: str) -> Number | None:
    """A number of the inventory."""
    row = conn.execute(select(inventory).where(inventory.c.address == address)).first()
    return _number(row) if row else None


def kinds(conn: Conn) -> list[tuple[str, str]]:
    """The countries and kinds of which the inventory has numbers."""
    rows = conn.execute(select(inventory.c.country, inventory.c.kind).distinct())
    return [(row[0], row[1]) for row in rows]


def _details(number: Number) -> str:
    said = msgspec.to_builtins(number)
    return json.dumps(
        {key: value for key, value in said.items() if key not in _PLACE and value != ""}
    )


def _number(row: Row[Any]) -> Number:
    said = {**json.loads(row.details or "{}"), **{name: getattr(row, name) for name in _PLACE}}
    return msgspec.convert(said, Number)
