"""Media of messages: which were fetched, and where their bytes lie.

A row whose place is empty stands for one that was deleted, or that nobody could fetch: it is not
fetched again. Bytes that no row names any more, or not yet, are named by a job of the kind `media`:
whoever takes it removes them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Connection

from estafette.model import MediaItem
from estafette.model.ids import instant
from estafette.store import bulk, jobs
from estafette.store.jobs import Job
from estafette.store.schema import jobs as jobs_table
from estafette.store.schema import media
from estafette.store.schema import messages as messages_table
from estafette.store.times import moment

KIND = "media"  #: of jobs: bytes to fetch for a message, or to remove from the place in `data`
_COLUMNS = tuple(column.name for column in media.c)


def of_message(conn: Connection, message: str) -> list[MediaItem]:
    """What is known of the media of a message, also of those that are gone, in their order."""
    return sorted(of_messages(conn, [message]), key=lambda item: item.number)


def of_messages(conn: Connection, ids: Sequence[str]) -> list[MediaItem]:
    """The same of several messages, in any order."""
    return list(map(_of_row, bulk.select(conn, media, "message", ids, _COLUMNS)))


def find(conn: Connection, id: str) -> MediaItem | None:
    """One that is there."""
    rows = bulk.select(conn, media, "id", [id], _COLUMNS, where="place <> ''")
    return _of_row(rows[0]) if rows else None


def expect(conn: Connection, id: str, place: str, lane: str, due_at: int) -> None:
    """Bytes are about to be written: unless `add` comes first, they are removed when it is time."""
    jobs.put(conn, [_removal(id, place, lane, due_at)])


def expect_no_more(conn: Connection, id: str) -> None:
    """None of these bytes were written."""
    bulk.delete_pairs(conn, jobs_table, [(id, KIND)])


def add(conn: Connection, item: MediaItem, lane: str, now: int) -> bool:
    """Write down what was fetched. False if its message is gone, or somebody was quicker: then its
    bytes are removed.
    """
    # Locked, so that it is not deleted meanwhile, which would leave this behind.
    is_there = bool(bulk.select(conn, messages_table, "id", [item.message], ("id",), lock=True))
    if is_there:
        bulk.insert(conn, media, [_row(item)], conflict="(message, number) DO NOTHING")
        is_there = bool(bulk.select(conn, media, "id", [item.id], ("id",)))
    if is_there:
        expect_no_more(conn, item.id)
    elif item.place:
        jobs.put(conn, [_removal(item.id, item.place, lane, now)])
    return is_there


def remove(conn: Connection, item: MediaItem, lane: str, now: int) -> bool:
    """Delete one of the media; its bytes are removed soon after. False if it was gone already."""
    gone = bulk.update(
        conn,
        media,
        ("k",),
        [(item.id,)],
        sets=f"place = '', updated_at = {now}",
        where="media.place <> ''",
        returning=("media.id",),
    )
    if gone:
        jobs.put(conn, [_removal(item.id, item.place, lane, now)])
    return bool(gone)


def remove_all(conn: Connection, messages: Sequence[str], now: int) -> None:
    """Delete all media of messages; their bytes are removed soon after."""
    items = [item for item in of_messages(conn, messages) if item.place]
    sets = f"place = '', updated_at = {now}"
    bulk.update(conn, media, ("k",), [(item.id,) for item in items], sets=sets)
    lanes = _lanes(conn, [item.message for item in items])
    jobs.put(conn, [_removal(i.id, i.place, lanes[i.message], now) for i in items])


def _lanes(conn: Connection, ids: Sequence[str]) -> dict[str, str]:
    return dict(bulk.select(conn, messages_table, "id", sorted(set(ids)), ("id", "lane")))


def forget(conn: Connection, lanes: Mapping[str, str]) -> None:
    """Remove what is known of the media of messages that are deleted, and then the bytes; `lanes`
    are theirs, by their ids.
    """
    items = of_messages(conn, list(lanes))
    bulk.delete(conn, media, "message", sorted({item.message for item in items}))
    jobs.put(conn, [_removal(i.id, i.place, lanes[i.message], 0) for i in items if i.place])


def fetch_job(message: str, lane: str, due_at: int) -> Job:
    """The work of fetching what a person sent."""
    return Job(message, KIND, lane, due_at)


def fetching(conn: Connection, ids: Sequence[str]) -> set[str]:
    """Those of these messages whose media a job is still to fetch."""
    where = f"kind = '{KIND}'"
    rows = bulk.select(conn, jobs_table, "message", ids, ("message",), where=where)
    return {row[0] for row in rows}


def _removal(id: str, place: str, lane: str, due_at: int) -> Job:
    return Job(id, KIND, lane, due_at, data=place)


def _row(item: MediaItem) -> tuple[Any, ...]:
    at = instant(item.created_at)
    return (
        item.id, item.account, item.message, item.number, item.url, item.content_type, item.size,
        item.place, at, at, item.sha256,
    )  # fmt: skip


def _of_row(row: Sequence[Any]) -> MediaItem:
    names = MediaItem.__struct_fields__
    item = MediaItem(**dict(zip(names, row, strict=True)))
    return replace(item, created_at=moment(row[8]), updated_at=moment(row[9]))
