"""Contacts that are blocked: who they are, in the order of their addresses."""

from sqlalchemy import Connection, text

from estafette.model import Channel

_MINE = "account = :account AND channel = :channel AND blocked_at IS NOT NULL"


def is_there_any(conn: Connection, account: str, channel: Channel) -> bool:
    """Whether an account has blocked anybody on a channel."""
    asked = {"account": account, "channel": str(channel)}
    return conn.execute(_ANY, asked).first() is not None


_ANY = text(f"SELECT 1 FROM contacts WHERE {_MINE} LIMIT 1")  # noqa: S608


def holds(conn: Connection, account: str, channel: Channel, address: str) -> bool:
    """Whether an account has blocked this address."""
    asked = {"account": account, "channel": str(channel), "address": address}
    return conn.execute(_HOLDS, asked).first() is not None


_HOLDS = text(f"SELECT 1 FROM contacts WHERE {_MINE} AND address = :address")  # noqa: S608


def page(
    conn: Connection,
    account: str,
    channel: Channel,
    *,
    limit: int,
    after: str = "",
    before: str = "",
) -> list[str]:
    """Addresses that an account has blocked, in order, at most `limit`: those that follow `after`, or the
    last of those that come before `before`.
    """
    asked = {"account": account, "channel": str(channel), "limit": limit}
    asked |= {"after": after, "before": before}
    if not before:
        return [row[0] for row in conn.execute(_AFTER, asked)]
    return [row[0] for row in conn.execute(_BEFORE, asked)][::-1]


_AFTER = text(
    f"SELECT address FROM contacts WHERE {_MINE} AND address > :after"  # noqa: S608
    " ORDER BY address LIMIT :limit"
)
_BEFORE = text(
    f"SELECT address FROM contacts WHERE {_MINE} AND address < :before"  # noqa: S608
    " ORDER BY address DESC LIMIT :limit"
)
