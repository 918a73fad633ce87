"""Colleagues, and what they look after."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from estafette.model.desk import User
from estafette.model.ids import instant
from estafette.store import nouns
from estafette.store.nouns import STATUSES, USERS
from estafette.store.schema import conversations, crews, links, passwords, sessions, users


def by_email(conn: Connection, account: str, email: str) -> User | None:
    """An account's user by an address in lower case."""
    found = nouns.some(conn, USERS, account, email=email)
    return found[0] if found else None


def by_emails(conn: Connection, account: str, emails: Sequence[str]) -> dict[str, User]:
    """Those of these addresses that are users', by address."""
    asked = select(users).where(users.c.account == account, users.c.email.in_(emails))
    return {row.email: nouns.of_row(User, row) for row in conn.execute(asked)}


def remove(conn: Connection, user: User, at: datetime) -> None:
    """Delete one, who then is in no team, looks after nothing, and cannot sign in."""
    nouns.remove(conn, USERS, user.account, user.id)
    for way_in in (sessions, links, passwords):
        conn.execute(way_in.delete().where(way_in.c.holder == user.id))
    conn.execute(crews.delete().where(crews.c.member == user.id))
    unassign(conn, user.account, "assignee", user.id, at)


def drop_status(conn: Connection, account: str, id: str, at: datetime) -> list[User]:
    """Delete a custom status; the users who had it, as they are then. Raises Unknown."""
    had = [user.id for user in nouns.some(conn, USERS, account, status=id)]
    nouns.remove(conn, STATUSES, account, id)
    if not had:
        return []
    mine = (users.c.account == account) & (users.c.status == id)
    time = instant(at)
    conn.execute(users.update().where(mine).values(status="", status_at=time, updated_at=time))
    return [nouns.get(conn, USERS, account, user) for user in had]


def unassign(conn: Connection, account: str, column: str, id: str, at: datetime) -> None:
    """Take a user, a team or a funnel off all conversations."""
    mine = (conversations.c.account == account) & (conversations.c[column] == id)
    changed = {column: "", "updated_at": instant(at)}
    conn.execute(conversations.update().where(mine).values(**changed))
