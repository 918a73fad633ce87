"""Other names of people: what a platform calls somebody, and the address by which messages name them."""

from collections.abc import Sequence

from sqlalchemy import Connection, text

from estafette.store import bulk
from estafette.store.schema import aliases

Row = tuple[str, str, str, str, int]  #: account, channel, alias, address, and when that was told


def note(conn: Connection, rows: Sequence[Row]) -> None:
    """Whom these stand for from now on. What is known already costs no write."""
    latest = {row[:3]: row for row in rows}
    # In one order everywhere: nobody waits in a circle.
    bulk.insert(conn, aliases, [latest[key] for key in sorted(latest)], conflict=_MOVE)


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


def alias(conn: Connection, account: str, channel: str, address: str) -> str | None:
    """What the platform calls whoever has this address, as it was told last; None where it never was."""
    asked = {"account": account, "channel": channel, "address": address}
    found: str | None = conn.execute(_ALIAS, asked).scalar()
    return found


_ALIAS = text(
    "SELECT alias FROM aliases WHERE account = :account AND channel = :channel"
    " AND address = :address ORDER BY updated_at DESC, alias LIMIT 1"
)
