"""Whose message a carrier means: the ids that carriers gave to what they took."""

from collections.abc import Sequence

from sqlalchemy import Connection, TextClause, text

from estafette.store import bulk
from estafette.store.buckets import in_use
from estafette.store.schema import BUCKET, attempts, refs

Row = tuple[str, str, str, str]  # attempt, ref, connection, message

_HAS_REF = "ref <> ''"
_WHERE = f"WHERE ref = :ref AND {_HAS_REF} AND (:connection = '' OR connection = :connection)"


def _find(buckets: str) -> TextClause:
    return text(
        " UNION ALL ".join(
            f"SELECT message FROM {table} {_WHERE}"  # noqa: S608
            f" AND {BUCKET} IN ({in_use(table, _HAS_REF)}{buckets})"
            for table in ("attempts", "refs")
        )
    )


_FIND_RECENT, _FIND = _find(" LIMIT 2"), _find("")  # most of what is asked for is a few seconds old


def find(conn: Connection, ref: str, *, connection: str = "") -> str | None:
    """The message that a carrier, or the carrier of one connection, calls `ref`."""
    asked = {"ref": ref, "connection": connection}
    for sql in (_FIND_RECENT, _FIND):
        found: str | None = conn.execute(sql, asked).scalar()
        if found is not None:
            return found
    return None


def of_incoming(conn: Connection, ref: str) -> str | None:
    """The message that somebody wrote to us and that a carrier calls `ref`."""
    found: str | None = conn.execute(_INCOMING, {"ref": ref}).scalar()
    return found


# The table goes by connection first: their names are few.
_INCOMING = text(
    "SELECT message FROM incoming WHERE connection IN (SELECT name FROM connections) AND ref = :ref"
)


def add(conn: Connection, rows: Sequence[Row]) -> None:
    """Keep what a carrier gave besides the first id, as when it names each segment."""
    bulk.insert(conn, refs, rows, conflict="DO NOTHING")


def adopt(conn: Connection, message: str, ref: str, connection: str) -> None:
    """Keep by which id a carrier tells of a message to whose last offer it gave none."""
    attempt = conn.execute(_LAST, {"message": message, "connection": connection}).scalar()
    if attempt:
        add(conn, [(attempt, ref, connection, message)])
        conn.execute(_NAME, {"message": message, "ref": ref})


_LAST = text(
    "SELECT id FROM attempts WHERE message = :message AND connection = :connection"
    " ORDER BY id DESC LIMIT 1"
)
_NAME = text("UPDATE messages SET ref = :ref WHERE id = :message AND ref = ''")


def forget(conn: Connection, messages: Sequence[str]) -> None:
    """Forget what `add` kept for messages. Their attempts must be there still."""
    made = bulk.select(conn, attempts, "message", messages, ("id",))
    bulk.delete(conn, refs, "id", [row[0] for row in made])
