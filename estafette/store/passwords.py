"""What users sign in with, as digests."""

from typing import NamedTuple

from sqlalchemy import Connection, select

from estafette.store import bulk
from estafette.store.schema import accounts, passwords, users


class Kept(NamedTuple):
    """A user who has a password, or has none yet."""

    account: str
    user: str
    name: str
    digest: str  #: empty where they have none


def of_email(conn: Connection, email: str, limit: int) -> list[Kept]:
    """The users of all accounts with this address, those of the oldest account first."""
    asked = (
        select(users.c.account, users.c.id, users.c.name, users.c.email, passwords.c.digest)
        .select_from(
            users.join(accounts, accounts.c.sid == users.c.account).outerjoin(
                passwords, passwords.c.holder == users.c.id
            )
        )
        .where(users.c.email == email)
        .order_by(accounts.c.created_at, accounts.c.sid, users.c.id)
    )
    return [
        Kept(row.account, row.id, row.name or row.email, row.digest or "")
        for row in conn.execute(asked.limit(limit))
    ]


def get(conn: Connection, account: str, holder: str) -> str:
    """The digest of a user's password; empty where they have none."""
    asked = select(passwords.c.digest).where(
        passwords.c.holder == holder, passwords.c.account == account
    )
    return conn.execute(asked).scalar() or ""


def put(conn: Connection, account: str, holder: str, digest: str, at: int) -> None:
    """Give a user a password in place of the one before."""
    names = ("holder", "account", "digest", "updated_at")
    row = (holder, account, digest, at)
    bulk.insert(conn, passwords, [row], columns=names, conflict=_ANEW)


_ANEW = "(holder) DO UPDATE SET digest = excluded.digest, updated_at = excluded.updated_at"


def remove(conn: Connection, holder: str) -> None:
    """A user has no password any more."""
    conn.execute(passwords.delete().where(passwords.c.holder == holder))


def holders(conn: Connection, account: str) -> set[str]:
    """The users of an account who have a password."""
    asked = select(passwords.c.holder).where(passwords.c.account == account)
    return set(conn.execute(asked).scalars())
