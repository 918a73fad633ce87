"""Files that were uploaded: what is known of them, and when their bytes are removed.

Each has a job of the kind `media` in the lane of its sender, as media of messages have: while its
bytes are written that removes them after a while, later on the day that it expires. A file that is
deleted, or has expired, can be named no more; its row and its bytes stay while a message that named
it before waits to be carried.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from msgspec.structs import replace
from sqlalchemy import Connection, text

from estafette.model.ids import first_id, instant
from estafette.model.upload import Upload
from estafette.store import bulk, jobs
from estafette.store.jobs import Job
from estafette.store.media import KIND
from estafette.store.schema import media
from estafette.store.schema import uploads as table
from estafette.store.times import moment

_COLUMNS = tuple(column.name for column in table.c)
_MINUTES = (
    15 * 60_000_000
)  # microseconds for who found a file and has yet to write its message down
_AN_HOUR = 60 * 60_000_000  # microseconds between looks whether a message still waits


class Source(NamedTuple):
    """Where the bytes of what a message names lie."""

    account: str
    content_type: str
    filename: str
    size: int
    place: str


def add(conn: Connection, upload: Upload) -> None:
    """Write down a file whose bytes are there; they go when it expires."""
    bulk.insert(conn, table, [_row(upload)])
    jobs.put(conn, [_removal(upload, instant(upload.expires_at))])


def find(conn: Connection, account: str, id: str, now: datetime) -> Upload | None:
    """One that can be named."""
    found = _get(conn, id)
    return found if found and found.account == account and found.expires_at > now else None


def source(conn: Connection, id: str) -> Source | None:
    """What a message names that was accepted: an upload, or one of the media of another message."""
    if found := _get(conn, id):
        return Source(found.account, found.content_type, found.filename, found.size, found.place)
    columns = ("account", "content_type", "''", "size", "place")
    rows = bulk.select(conn, media, "id", [id], columns, where="place <> ''")
    return Source(*rows[0]) if rows else None


def filenames(conn: Connection, ids: Sequence[str]) -> dict[str, str]:
    """What those of these files are called that have a name, by id."""
    rows = bulk.select(conn, table, "id", ids, ("id", "filename"), where="filename <> ''")
    return {row[0]: row[1] for row in rows}


def remove(conn: Connection, upload: Upload, now: datetime) -> bool:
    """Let nobody name it any more; its bytes go soon after. False where that was so before."""
    at = instant(now)
    gone = bulk.update(
        conn,
        table,
        ("k",),
        [(upload.id,)],
        sets=f"expires_at = {at}",
        where=f"uploads.expires_at > {at}",
        returning=("uploads.id",),
    )
    if gone:
        jobs.put(conn, [_removal(upload, at + _MINUTES)])
    return bool(gone)


def keep_until(conn: Connection, id: str, now: datetime) -> int | None:
    """When to ask again whether its bytes may be removed; None where they may be: its row is then.

    They may not while a message that names it waits to be carried: one that is offered copies it.
    """
    found = _get(conn, id)
    if found is None:
        return None
    if found.expires_at > now:
        return instant(found.expires_at)
    asked = {
        "account": found.account,
        "first": first_id(found.created_at),
        "name": f'%"{found.url}"%',
    }
    if conn.execute(_NAMED, asked).first():
        return instant(now) + _AN_HOUR
    bulk.delete(conn, table, "id", [id])
    return None


_NAMES = (
    "JOIN messages ON messages.id = {0}.message WHERE {0}.message >= :first"
    " AND messages.account = :account AND messages.media LIKE :name"
)
# One statement: what is taken up in between is in one of both, or in the other.
_NAMED = text(
    f"SELECT 1 FROM jobs {_NAMES.format('jobs')} AND jobs.kind = 'send'"  # noqa: S608
    f" UNION ALL SELECT 1 FROM attempts {_NAMES.format('attempts')}"
    " AND attempts.closed_at IS NULL LIMIT 1"
)


def _get(conn: Connection, id: str) -> Upload | None:
    rows = bulk.select(conn, table, "id", [id], _COLUMNS)
    return _of_row(rows[0]) if rows else None


def _removal(upload: Upload, due_at: int) -> Job:
    return Job(upload.id, KIND, upload.sender, due_at, data=upload.place)


def _row(upload: Upload) -> tuple[Any, ...]:
    known = [getattr(upload, name) for name in _COLUMNS]
    return (*known[:-2], instant(upload.created_at), instant(upload.expires_at))


def _of_row(row: Sequence[Any]) -> Upload:
    found = Upload(**dict(zip(_COLUMNS, row, strict=True)))
    return replace(found, created_at=moment(row[-2]), expires_at=moment(row[-1]))
