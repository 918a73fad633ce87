"""Lists of messages by the numbers of their pages, and how many messages there are.

Ids are counted and skipped in an index; the rows are read of one page only. Who can, should page by
cursor instead (store/listing.py): that takes the same time for every page.
"""

from collections import defaultdict
from typing import Any

from sqlalchemy import Connection, text

from estafette.model import Filter, Message
from estafette.store import recipients
from estafette.store.messages import some
from estafette.store.narrow import narrow
from estafette.store.schema import BUCKET_DIGITS


def page(conn: Connection, account: str, filter: Filter, *, limit: int, skip: int) -> list[Message]:
    """At most `limit` messages of an account after the first `skip` of them, newest first."""
    named = ids(conn, account, filter, limit=limit, skip=skip)
    found = some(conn, named)
    return [found[id] for id in named if id in found]


def ids(conn: Connection, account: str, filter: Filter, *, limit: int, skip: int) -> list[str]:
    """The ids of the messages on such a page."""
    parts, values = narrow(account, filter, conn.dialect.name)
    if filter.recipient and not _by_time(filter):
        return _ids_to(conn, parts, values, limit, skip)
    return _ids(conn, parts, values, limit, skip, by_time=_by_time(filter))


def count(conn: Connection, account: str, filter: Filter) -> int:
    """How many messages there are on all pages."""
    parts, values = narrow(account, filter, conn.dialect.name)
    if filter.recipient and not _by_time(filter):
        unfiled = _unfiled(conn, parts, values)
        return sum(
            _filed(conn, parts, values, bucket)
            for bucket in recipients.buckets(conn, values, "~", back=False)
        ) + sum(map(len, unfiled.values()))
    sql = f"SELECT count(*) FROM messages WHERE {_where(parts, by_time=_by_time(filter))}"
    return int(conn.execute(text(sql), values).scalar_one())


def _by_time(filter: Filter) -> bool:
    return bool(filter.sent_from or filter.sent_until)


def _where(parts: list[str], *, by_time: bool) -> str:
    return " AND ".join([*parts, "sent_at IS NOT NULL"] if by_time else parts)


def _ids(
    conn: Connection,
    parts: list[str],
    values: dict[str, Any],
    limit: int,
    skip: int,
    *,
    by_time: bool,
) -> list[str]:
    order = "sent_at DESC, id DESC" if by_time else "id DESC"
    sql = (
        f"SELECT id FROM messages WHERE {_where(parts, by_time=by_time)}"
        f" ORDER BY {order} LIMIT :limit OFFSET :skip"
    )
    return list(conn.execute(text(sql), {**values, "limit": limit, "skip": skip}).scalars())


def _ids_to(
    conn: Connection, parts: list[str], values: dict[str, Any], limit: int, skip: int
) -> list[str]:
    """Bucket after bucket, those that lie wholly before the page being counted only."""
    unfiled = _unfiled(conn, parts, values)
    filed = set(recipients.buckets(conn, values, "~", back=False))
    found: list[str] = []
    for bucket in sorted(filed | set(unfiled), reverse=True):
        loose = unfiled.get(bucket, [])
        size = len(loose) + (_filed(conn, parts, values, bucket) if bucket in filed else 0)
        if skip >= size:
            skip -= size
            continue
        most = skip + limit - len(found)
        here = {*loose, *_newest(conn, parts, values, bucket, most)}
        found += sorted(here, reverse=True)[skip:most]
        skip = 0
        if len(found) >= limit:
            break
    return found


def _filed(conn: Connection, parts: list[str], values: dict[str, Any], bucket: str) -> int:
    sql = text(f"SELECT count(*) FROM {recipients.FILED} AND {' AND '.join(parts)}")
    return int(conn.execute(sql, {**values, "bucket": bucket}).scalar_one())


def _newest(
    conn: Connection, parts: list[str], values: dict[str, Any], bucket: str, limit: int
) -> list[str]:
    sql = text(
        f"SELECT messages.id FROM {recipients.FILED} AND {' AND '.join(parts)}"
        " ORDER BY recipients.message DESC LIMIT :limit"
    )
    return list(conn.execute(sql, {**values, "bucket": bucket, "limit": limit}).scalars())


def _unfiled(conn: Connection, parts: list[str], values: dict[str, Any]) -> dict[str, list[str]]:
    """What the files of recipients do not have yet, by bucket."""
    found: dict[str, list[str]] = defaultdict(list)
    if conn.dialect.name != "sqlite":
        return found
    sql = text(
        f"SELECT messages.id FROM {recipients.UNFILED} AND {' AND '.join(parts)} AND NOT EXISTS ("
        "SELECT 1 FROM recipients WHERE recipients.account = messages.account"
        f" AND recipients.bucket = substr(messages.id, 1, {BUCKET_DIGITS})"
        " AND recipients.recipient = messages.recipient AND recipients.message = messages.id)"
    )
    for id in conn.execute(sql, values).scalars():
        found[id[:BUCKET_DIGITS]].append(id)
    return found
