"""The audit trail: who changed what. Lines are only added."""

from typing import Any

import msgspec
from sqlalchemy import Connection, Row, select

from estafette.model.ids import instant
from estafette.model.session import Change
from estafette.store.schema import audit
from estafette.store.times import moment

_PLAIN = ("id", "account", "actor", "name", "via", "event", "about")


def add(conn: Connection, change: Change) -> None:
    """Write down a line."""
    conn.execute(
        audit.insert().values(
            **{name: getattr(change, name) for name in _PLAIN},
            details=msgspec.json.encode(change.details).decode(),
            created_at=instant(change.created_at),
        )
    )


def page(
    conn: Connection, account: str, *, limit: int, after: str = "", group: str = ""
) -> list[Change]:
    """Lines of an account, newest first: those older than `after`, whose events begin with a group."""
    asked = select(audit).where(audit.c.account == account)
    if after:
        asked = asked.where(audit.c.id < after)
    if group:
        asked = asked.where(audit.c.event >= f"{group}.", audit.c.event < f"{group}/")
    return [_of_row(row) for row in conn.execute(asked.order_by(audit.c.id.desc()).limit(limit))]


def _of_row(row: Row[Any]) -> Change:
    return Change(
        **{name: getattr(row, name) for name in _PLAIN},
        details=msgspec.json.decode(row.details),
        created_at=moment(row.created_at),
    )
