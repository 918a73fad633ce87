"""Other names of people: what a platform calls somebody, and the address by which messages name them."""

from collections.abc import Sequence

from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from estafette.store import bulk
from estafette.store.schema import aliases

Row = tuple[str, str, str, str, int]  #: account, channel, alias, address, and when that was told


def note(conn: Connection, rows: Sequence[Row]) -> None:
    """Whom these stand for from now on. What is known already costs no write."""
    latest = {row[:3]: row for row in rows}
    # In one order everywhere: nobody waits in a circle.
    ordered = [latest[key] for key in sorted(latest)]
    if bulk.insert(conn, aliases, ordered, conflict=_MOVE):
        for row in ordered:
            _join(conn, row)


def _join(conn: Connection, row: Row) -> None:
    """Who was known by that name alone is one with who has the address: their opt-outs count for it, and
    their contact moves there, unless it has one.
    """
    asked = dict(zip(("account", "channel", "alias", "address"), row, strict=False))
    conn.execute(_OPT_OUTS, asked)
    try:
        with conn.begin_nested():
            conn.execute(_CONTACT, asked)
    except IntegrityError:
        pass  # another process has just made one there: they stay two


_OPT_OUTS = text(
    "INSERT INTO suppressions (account, recipient, channel, scope, source, created_at)"
    " SELECT account, :address, channel, scope, source, created_at FROM suppressions"
    " WHERE account = :account AND channel = :channel AND recipient = :alias ON CONFLICT DO NOTHING"
)
_CONTACT = text(
    "UPDATE contacts SET address = :address"
    " WHERE account = :account AND channel = :channel AND address = :alias AND NOT EXISTS"
    " (SELECT 1 FROM contacts AS other WHERE other.account = :account"
    " AND other.channel = :channel AND other.address = :address)"
)


_MOVE = (
    "(account, channel, alias) DO UPDATE SET address = excluded.address,"
    " updated_at = excluded.updated_at WHERE aliases.address <> excluded.address"
)


def address(conn: Connection, account: str, channel: str, alias: str) -> str | None:
    """The address of whom a platform calls this; None where nobody is known to be that."""
    asked = {"account": account, "channel": channel, "alias": alias}
    found: str | None = conn.execute(_ADDRESS, asked).scalar()
    return found


_ADDRESS = text(
    "SELECT address FROM aliases WHERE account = :account AND channel = :channel AND alias = :alias"
)


def names(conn: Connection, account: str, channel: str, address: str) -> list[str]:
    """All that the platform called whoever has this address."""
    asked = {"account": account, "channel": channel, "address": address}
    return list(conn.execute(_NAMES, asked).scalars())


_NAMES = text(
    "SELECT alias FROM aliases WHERE account = :account AND channel = :channel"
    " AND address = :address ORDER BY updated_at DESC, alias"
)


def alias(conn: Connection, account: str, channel: str, address: str) -> str | None:
    """What the platform calls whoever has this address, as it was told last; None where it never was."""
    return next(iter(names(conn, account, channel, address)), None)
