"""Suppressions: who asked not to be written to, in the order of their addresses."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from estafette.model import Channel, Suppression
from estafette.model.ids import instant
from estafette.store import bulk
from estafette.store.schema import suppressions
from estafette.store.times import moment
from estafette.store.words import HIGHEST

_COLUMNS = ", ".join(column.name for column in suppressions.c)


def add(conn: Connection, items: Sequence[Suppression]) -> int:
    """Write down those that are not there yet; how many that were."""
    rows = [
        (i.account, i.recipient, i.channel, i.scope, i.source, instant(i.created_at)) for i in items
    ]
    # In one order everywhere, or two processes with the same rows could wait for each other.
    return bulk.insert(conn, suppressions, sorted(rows), conflict="DO NOTHING")


def remove(
    conn: Connection,
    account: str,
    recipient: str,
    *,
    channel: Channel | None = None,
    scopes: Sequence[str] | None = None,
) -> int:
    """Forget those of a recipient, of all channels and scopes unless some are named; how many."""
    c = suppressions.c
    mine = (c.account == account) & (c.recipient == recipient)
    if channel is not None:
        mine &= c.channel == channel
    if scopes is not None:
        mine &= c.scope.in_(scopes)
    return conn.execute(suppressions.delete().where(mine)).rowcount


def get(
    conn: Connection, account: str, recipient: str, channel: Channel, scope: str
) -> Suppression | None:
    """One, by all that names it."""
    found = page(conn, account, recipient=recipient, channel=channel, scope=scope, limit=1)
    return found[0] if found else None


def page(
    conn: Connection,
    account: str,
    *,
    recipient: str = "",
    channel: Channel | None = None,
    scope: str | None = None,
    begins: str = "",
    limit: int,
    after: tuple[str, str, str] | None = None,
) -> list[Suppression]:
    """At most `limit` of an account, by recipient, channel and scope; those behind `after`, and whose
    recipient `begins` so.
    """
    parts = ["account = :account"]
    values: dict[str, Any] = {"account": account, "limit": limit}
    for name, value in (("recipient", recipient or None), ("channel", channel), ("scope", scope)):
        if value is not None:
            parts.append(f"{name} = :{name}")
            values[name] = str(value)
    if begins:
        parts.append("recipient >= :begins AND recipient < :beyond")
        values |= {"begins": begins, "beyond": f"{begins}{HIGHEST}"}
    if after:
        parts.append("(recipient, channel, scope) > (:r, :c, :s)")
        values |= dict(zip("rcs", after, strict=True))
    sql = (
        f"SELECT {_COLUMNS} FROM suppressions WHERE {' AND '.join(parts)}"  # noqa: S608
        " ORDER BY recipient, channel, scope LIMIT :limit"
    )
    return [_of_row(row) for row in conn.execute(text(sql), values)]


def is_there_any(conn: Connection, account: str) -> bool:
    """Whether an account has a suppression at all."""
    return conn.execute(_ANY, {"account": account}).first() is not None


_ANY = text("SELECT 1 FROM suppressions WHERE account = :account LIMIT 1")


def holds(
    conn: Connection, account: str, recipient: str, channel: Channel, *, sender: str, service: str
) -> bool:
    """Whether somebody asked not to be written to by this sender, or through this service.

    Who wrote STOP to a service wrote it to each of its senders.
    """
    asked = {
        "account": account,
        "recipient": recipient,
        "channel": str(channel),
        "sender": sender,
        "service": service,
    }
    return conn.execute(_HOLDS, asked).first() is not None


_HOLDS = text(
    "SELECT 1 FROM suppressions"
    " WHERE account = :account AND recipient = :recipient AND channel = :channel"
    " AND (scope IN ('', :sender, :service)"
    " OR scope IN (SELECT service FROM members WHERE sender = :sender)) LIMIT 1"
)


def _of_row(row: Sequence[Any]) -> Suppression:
    return Suppression(
        account=row[0],
        recipient=row[1],
        channel=Channel(row[2]),
        scope=row[3],
        source=row[4],
        created_at=moment(row[5]),
    )
