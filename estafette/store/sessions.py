"""Who is signed in to the console, and the links that sign in once. Kept by digests alone."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, select

from estafette.model import Unknown
from estafette.model.ids import instant
from estafette.model.session import Session, role_of
from estafette.store.schema import links, sessions, users
from estafette.store.times import moment


class Link(NamedTuple):
    """A way in that works once."""

    id: str  #: the digest of what stands in it
    account: str
    holder: str  #: a user, or empty for the account itself
    created_at: datetime
    expires_at: datetime


class Holder(NamedTuple):
    """Who had a session."""

    account: str
    user: str  #: empty for the account itself


def add(conn: Connection, made: Session) -> None:
    """Write down that somebody is signed in."""
    conn.execute(
        sessions.insert().values(
            id=made.id,
            account=made.account,
            holder=made.holder,
            agent=made.agent,
            created_at=instant(made.created_at),
            seen_at=instant(made.seen_at),
            expires_at=instant(made.expires_at),
        )
    )


def find(conn: Connection, id: str) -> Session:
    """Who is signed in under this digest, with the role that they have now. Raises Unknown."""
    row = conn.execute(_FIND.where(sessions.c.id == id)).first()
    if row is None or (row.holder and row.email is None):
        raise Unknown("nobody is signed in with this")
    return _of_row(row)


_FIND = select(sessions, users.c.email, users.c.role, users.c.name.label("called")).select_from(
    sessions.outerjoin(users, users.c.id == sessions.c.holder)
)


def of_account(conn: Connection, account: str) -> list[Session]:
    """Everybody who is signed in to an account, the latest first."""
    mine = _FIND.where(sessions.c.account == account).order_by(sessions.c.created_at.desc())
    return [_of_row(row) for row in conn.execute(mine) if not row.holder or row.email is not None]


def seen(conn: Connection, id: str, now: int, expires: int) -> None:
    """They asked for something; the session lasts until `expires`. Both in microseconds since 1970."""
    mine = sessions.update().where(sessions.c.id == id)
    conn.execute(mine.values(seen_at=now, expires_at=expires))


def remove(conn: Connection, id: str) -> list[Holder]:
    """Sign somebody out; who that was, if they were signed in."""
    return _ended(conn, sessions.c.id == id)


def remove_all(conn: Connection, account: str, holder: str, but: str = "") -> list[Holder]:
    """Sign a user out everywhere, or with an empty holder, whoever showed the account's own token."""
    mine = (sessions.c.account == account) & (sessions.c.holder == holder)
    return _ended(conn, mine & (sessions.c.id != but))


def remove_one(conn: Connection, account: str, id: str) -> list[Holder]:
    """Sign out who is signed in to this account under this digest. Raises Unknown."""
    gone = _ended(conn, (sessions.c.account == account) & (sessions.c.id == id))
    if not gone:
        raise Unknown("nobody is signed in with this")
    return gone


def remove_links(conn: Connection, account: str, holder: str) -> None:
    """Forget the links that sign in as a user, or with an empty holder, as the account itself."""
    conn.execute(links.delete().where(links.c.account == account, links.c.holder == holder))


def tidy(conn: Connection, now: int) -> list[Holder]:
    """Forget sessions and links whose time is over; whose sessions that were."""
    conn.execute(links.delete().where(links.c.expires_at <= now))
    return _ended(conn, sessions.c.expires_at <= now)


def _ended(conn: Connection, which: ColumnElement[bool]) -> list[Holder]:
    gone = sessions.delete().where(which).returning(sessions.c.account, sessions.c.holder)
    return [Holder(row.account, row.holder) for row in conn.execute(gone)]


def add_link(conn: Connection, link: Link) -> None:
    """Write down a link."""
    conn.execute(
        links.insert().values(
            id=link.id,
            account=link.account,
            holder=link.holder,
            created_at=instant(link.created_at),
            expires_at=instant(link.expires_at),
        )
    )


def look(conn: Connection, id: str, now: int) -> Link:
    """A link that works still; it stays. Raises Unknown."""
    row = conn.execute(select(links).where(links.c.id == id, links.c.expires_at > now)).first()
    if row is None:
        raise Unknown(_USED)
    at, until = moment(row.created_at), moment(row.expires_at)
    return Link(row.id, row.account, row.holder, at, until)


_USED = "this link was used, or its time is over"


def use_link(conn: Connection, id: str, now: int) -> tuple[str, str]:
    """Whose link this is, as account and user; it works no more. Raises Unknown."""
    row = conn.execute(links.delete().where(links.c.id == id).returning(*links.c)).first()
    if row is None or row.expires_at <= now:
        raise Unknown(_USED)
    return row.account, row.holder


def _of_row(row: Row[Any]) -> Session:
    return Session(
        id=row.id,
        account=row.account,
        holder=row.holder,
        role=role_of(row.role if row.holder else "owner"),
        name=(row.called or row.email) if row.holder else "",
        agent=row.agent,
        created_at=moment(row.created_at),
        seen_at=moment(row.seen_at),
        expires_at=moment(row.expires_at),
    )
