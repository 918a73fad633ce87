"""Accounts, and the keys that open them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from estafette.model import Account, AccountKind, Key, Unknown
from estafette.model.ids import instant
from estafette.store import bulk
from estafette.store.schema import accounts, keys
from estafette.store.times import moment


def add(conn: Connection, account: Account, token_sealed: str) -> None:
    """Write down a new account with its sealed token."""
    at = instant(account.created_at)
    conn.execute(
        accounts.insert().values(
            sid=account.sid,
            name=account.name,
            token_sealed=token_sealed,
            created_at=at,
            updated_at=at,
            kind=account.kind,
            balance=account.balance,
        )
    )


def hold(conn: Connection, sid: str) -> None:
    """Keep others who hold it waiting until this is committed."""
    bulk.select(conn, accounts, "sid", [sid], ("sid",), lock=True)


def get(conn: Connection, sid: str) -> tuple[Account, str]:
    """An account and its sealed token. Raises Unknown."""
    row = conn.execute(select(accounts).where(accounts.c.sid == sid)).first()
    if row is None:
        raise Unknown(f"no account {sid}")
    return _account(row), row.token_sealed


def all_of(conn: Connection) -> list[Account]:
    """Every account, the oldest first."""
    rows = conn.execute(select(accounts).order_by(accounts.c.created_at, accounts.c.sid))
    return [_account(row) for row in rows]


def tokens(conn: Connection) -> list[tuple[str, str]]:
    """The SID and the sealed token of every account."""
    return [(row.sid, row.token_sealed) for row in conn.execute(select(accounts))]


def set_token(conn: Connection, sid: str, token_sealed: str, at: int) -> None:
    """Give an account another token."""
    conn.execute(
        accounts.update()
        .where(accounts.c.sid == sid)
        .values(token_sealed=token_sealed, updated_at=at)
    )


def change(
    conn: Connection, sid: str, at: int, *, kind: AccountKind | None, balance: str | None
) -> Account:
    """Set what an account may do, or what it has. Raises Unknown."""
    asked = {"kind": kind, "balance": balance}
    given = {name: str(value) for name, value in asked.items() if value is not None}
    mine = accounts.c.sid == sid
    conn.execute(accounts.update().where(mine).values(updated_at=at, **given))
    return get(conn, sid)[0]


def _account(row: Row[Any]) -> Account:
    return Account(
        sid=row.sid,
        name=row.name,
        created_at=moment(row.created_at),
        updated_at=moment(row.updated_at),
        kind=AccountKind(row.kind or AccountKind.FULL),
        balance=row.balance,
    )


def add_key(conn: Connection, key: Key, secret_digest: str) -> None:
    """Write down a new key."""
    at = instant(key.created_at)
    conn.execute(
        keys.insert().values(
            sid=key.sid,
            account=key.account,
            label=key.label,
            secret_digest=secret_digest,
            created_at=at,
            updated_at=at,
        )
    )


def get_key(conn: Connection, sid: str) -> tuple[Key, str]:
    """A key that is not revoked, and the digest of its secret. Raises Unknown."""
    row = conn.execute(select(keys).where(keys.c.sid == sid, keys.c.revoked_at.is_(None))).first()
    if row is None:
        raise Unknown(f"no key {sid}")
    return _key(row), row.secret_digest


def has_digest(conn: Connection, digests: Sequence[str]) -> bool:
    """Whether one of these is of the secret of any key, revoked or not."""
    asked = select(keys.c.sid).where(keys.c.secret_digest.in_(digests)).limit(1)
    return conn.execute(asked).first() is not None


def key_with(conn: Connection, account: str, digests: Sequence[str]) -> Key | None:
    """A key of an account that is not revoked and whose secret has one of these digests."""
    mine = (keys.c.account == account) & keys.c.revoked_at.is_(None)
    row = conn.execute(select(keys).where(mine, keys.c.secret_digest.in_(digests))).first()
    return _key(row) if row else None


def keys_of(conn: Connection, account: str) -> list[Key]:
    """The keys of an account that are not revoked, the oldest first."""
    rows = conn.execute(
        select(keys)
        .where(keys.c.account == account, keys.c.revoked_at.is_(None))
        .order_by(keys.c.created_at, keys.c.sid)
    )
    return [_key(row) for row in rows]


def rename_key(conn: Connection, account: str, sid: str, label: str, at: int) -> Key:
    """Give a key another label. Raises Unknown."""
    _change_key(conn, account, sid, label=label, updated_at=at)
    return get_key(conn, sid)[0]


def revoke_key(conn: Connection, account: str, sid: str, at: int) -> None:
    """Make a key worthless. Raises Unknown."""
    _change_key(conn, account, sid, revoked_at=at)


def _change_key(conn: Connection, account: str, sid: str, **values: Any) -> None:
    mine = (keys.c.sid == sid) & (keys.c.account == account) & keys.c.revoked_at.is_(None)
    if not conn.execute(keys.update().where(mine).values(**values)).rowcount:
        raise Unknown(f"no key {sid}")


def _key(row: Row[Any]) -> Key:
    return Key(
        sid=row.sid,
        account=row.account,
        label=row.label,
        created_at=moment(row.created_at),
        updated_at=moment(row.updated_at),
    )
