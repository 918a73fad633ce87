"""Subscriptions: addresses that are told what happens in an account."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select

from estafette.model import Cursor, Subscription, Unknown
from estafette.model.ids import instant
from estafette.model.listed import Listed
from estafette.store import bulk, owned
from estafette.store.schema import subscriptions
from estafette.store.times import instant_or_none, moment, moment_or_none

Doors = str | Sequence[str]  #: the name of a door, or those of several


def add(conn: Connection, item: Subscription, sealed: str = "") -> None:
    """Write one down, with its secret, sealed."""
    owned.add(conn, subscriptions, {**_columns(item), "secret_sealed": sealed})


def get(
    conn: Connection, account: str, id: str, *, door: Doors = "", lock: bool = False
) -> Subscription:
    """One of them. Raises Unknown; another account's, or one of no such door, is unknown too."""
    found = _subscription(owned.get(conn, subscriptions, account, id, lock=lock))
    if door and found.door not in _each(door):
        raise Unknown(f"no subscription {id}")
    return found


def save(conn: Connection, item: Subscription, sealed: str | None = None) -> None:
    """Write it down anew; its secret stays unless there is another."""
    values = _columns(item)
    if sealed is not None:
        values["secret_sealed"] = sealed
    owned.save(conn, subscriptions, item.id, values)


def remove(conn: Connection, account: str, id: str, *, door: Doors = "") -> None:
    """Delete one. Raises Unknown. What it is owed is given up when its time comes."""
    get(conn, account, id, door=door)
    owned.remove(conn, subscriptions, account, id)


def sealed(conn: Connection, id: str) -> str | None:
    """The secret of one, sealed; empty where it has none, None where there is no such."""
    rows = bulk.select(conn, subscriptions, "id", [id], ("secret_sealed",))
    return str(rows[0][0]) if rows else None


def page(
    conn: Connection, account: str, door: Doors, *, limit: int, cursor: Cursor | None = None
) -> Listed[Subscription]:
    """Those of an account that a door tells, or any of several, newest first."""
    found = owned.page(conn, _of(account, door), subscriptions.c.id, limit=limit, cursor=cursor)
    items = [_subscription(row) for row in found.items]
    return Listed(items, found.has_next, found.has_previous)


def all_of(conn: Connection, account: str, door: Doors) -> list[Subscription]:
    """As `page`, all of them."""
    asked = _of(account, door).order_by(subscriptions.c.id.desc())
    return [_subscription(row) for row in conn.execute(asked)]


def some(conn: Connection, ids: Collection[str]) -> dict[str, Subscription]:
    """Those of these subscriptions that are there, by id, whatever account they are of."""
    if not ids:
        return {}
    rows = conn.execute(select(subscriptions).where(subscriptions.c.id.in_(ids)))
    return {row.id: _subscription(row) for row in rows}


class Address(NamedTuple):
    """Who is told, where, and in whose words."""

    id: str
    door: str
    events: tuple[str, ...]
    url: str
    channel: str = ""
    sender: str = ""


def addresses(conn: Connection, accounts: Sequence[str]) -> Mapping[str, list[Address]]:
    """Who is told what happens in these accounts, by account; the first added first. Who failed to
    hear for too long is not told.
    """
    found: dict[str, list[Address]] = {}
    names = ("account", "id", "door", "event", "url", "channel", "sender")
    for account, id, door, event, *rest in bulk.select(
        conn, subscriptions, "account", accounts, names, where="disabled_at IS NULL"
    ):
        found.setdefault(account, []).append(Address(id, door, tuple(event.split(",")), *rest))
    return {account: sorted(items) for account, items in found.items()}


def heard(conn: Connection, ids: Collection[str]) -> None:
    """These took what they were told: they do not fail."""
    bulk.update(
        conn, subscriptions, ("k",), [(id,) for id in sorted(ids)],
        sets="failing_since = NULL", where="subscriptions.failing_since IS NOT NULL",
    )  # fmt: skip


def failed(conn: Connection, since: Mapping[str, int], now: int) -> list[str]:
    """These did not take what they were told; who has failed since the time that stands beside it,
    or longer, is told nothing more. Gives those that are disabled with this, by id.
    """
    rows = sorted(since.items())
    bulk.update(
        conn, subscriptions, ("k",), [(id,) for id, _ in rows],
        sets=f"failing_since = {now}", where="subscriptions.failing_since IS NULL",
    )  # fmt: skip
    found = bulk.update(
        conn, subscriptions, ("k", "failing_since"), rows,
        sets=f"disabled_at = {now}",
        where="subscriptions.disabled_at IS NULL AND subscriptions.failing_since <= v.failing_since",
        returning=("subscriptions.id",),
    )  # fmt: skip
    return [row[0] for row in found]


def _of(account: str, door: Doors) -> Any:
    return owned.of_account(subscriptions, account).where(subscriptions.c.door.in_(_each(door)))


def _each(door: Doors) -> Sequence[str]:
    return [door] if isinstance(door, str) else door


def _columns(item: Subscription) -> dict[str, Any]:
    return {
        "id": item.id,
        "account": item.account,
        "door": item.door,
        "event": item.event,
        "url": item.url,
        "details": owned.packed(item.details),
        "created_at": instant(item.created_at),
        "updated_at": instant(item.updated_at),
        "failing_since": instant_or_none(item.failing_since),
        "disabled_at": instant_or_none(item.disabled_at),
        "channel": item.channel,
        "sender": item.sender,
    }


def _subscription(row: Row[Any]) -> Subscription:
    return Subscription(
        id=row.id,
        account=row.account,
        door=row.door,
        event=row.event,
        url=row.url,
        details=owned.unpacked(row.details),
        has_secret=bool(row.secret_sealed),
        created_at=moment(row.created_at),
        updated_at=moment(row.updated_at),
        failing_since=moment_or_none(row.failing_since),
        disabled_at=moment_or_none(row.disabled_at),
        channel=row.channel,
        sender=row.sender,
    )
