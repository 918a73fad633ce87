"""Whether anything happened: a digest of what moves last, so that those who look need not read it all.

Nothing is written for it, and nothing is counted: each part is read from one end of an index.
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, text

_NEWEST = 100  # messages whose state is looked at; what happens to older ones shows in what follows
_LATEST = 30  # offers, receipts and callbacks


def of_account(conn: Connection, account: str) -> str:
    """Changes with whatever happens to the messages of an account.

    Offers and receipts do not name their account: those of others change it too. What people do to
    messages that are older than the newest hundred changes it only where somebody is told of that.
    """
    asked = {"account": account, "newest": _NEWEST, "latest": _LATEST}
    return _digest(row for sql in _OF_ACCOUNT for row in conn.execute(sql, asked))


def of_message(conn: Connection, account: str, id: str) -> str:
    """Changes with whatever happens to one message, its offers, receipts and callbacks."""
    asked = {"account": account, "id": id}
    return _digest(row for sql in _OF_MESSAGE for row in conn.execute(sql, asked))


def _digest(rows: Iterable[Any]) -> str:
    whole = sha256()
    for row in rows:
        whole.update(repr(tuple(row)).encode())
    return whole.hexdigest()[:24]


_STATE = "id, status, ref, reason, code, redacted, updated_at, sent_at"
_TOLD = "message, status, hook, event, told, tries, due_at, closed_at, created_at"
_OFFER = "id, closed_at, outcome, ref"

_OF_ACCOUNT = tuple(
    map(
        text,
        (
            f"SELECT {_STATE} FROM messages WHERE account = :account"  # noqa: S608
            " ORDER BY id DESC LIMIT :newest",
            f"SELECT {_OFFER} FROM attempts ORDER BY id DESC LIMIT :latest",  # noqa: S608
            "SELECT max(id) FROM receipts",
            f"SELECT {_TOLD} FROM callbacks WHERE account = :account"  # noqa: S608
            " ORDER BY created_at DESC, message DESC, status DESC, hook DESC LIMIT :latest",
        ),
    )
)
_OF_MESSAGE = tuple(
    map(
        text,
        (
            f"SELECT {_STATE}, media, segments, expires_at FROM messages"  # noqa: S608
            " WHERE id = :id AND account = :account",
            f"SELECT {_OFFER} FROM attempts WHERE message = :id ORDER BY id",  # noqa: S608
            "SELECT id, status, told_at FROM receipts"
            " WHERE message = :id AND message <> '' ORDER BY id",
            f"SELECT {_TOLD} FROM callbacks WHERE message = :id"  # noqa: S608
            " ORDER BY status, hook",
            "SELECT id, size, place FROM media WHERE message = :id ORDER BY number",
            "SELECT confirmed, updated_at FROM feedback WHERE message = :id",
        ),
    )
)
