"""Lists of messages: newest first, a page at a time, each page in constant time.

Without a time filter the order is that of the ids, which is that of acceptance; with one it is
that of `sent_at`. A page continues from the last message of the one before: what was added or
deleted meanwhile shifts nothing.
"""

from typing import Any

from sqlalchemy import Connection, TextClause, text

from estafette.model import Cursor, Filter, Message, Page, Status
from estafette.model.ids import instant
from estafette.store import recipients
from estafette.store.messages import FIELDS, get, of_row, page_of
from estafette.store.schema import BUCKET_DIGITS
from estafette.store.times import instant_or_none

Where = tuple[list[str], dict[str, Any]]


def page(
    conn: Connection, account: str, filter: Filter, *, limit: int, cursor: Cursor | None = None
) -> Page:
    """At most `limit` messages of an account. Raises Unknown for a cursor that is not its own."""
    parts, values = narrow(account, filter)
    if filter.sent_from or filter.sent_until:
        rows = _by_time(conn, parts, values, limit + 1, cursor)
    elif filter.recipient:
        rows = _by_recipient(conn, parts, values, limit + 1, cursor)
    else:
        rows = _by_id(conn, parts, values, limit + 1, cursor)
    return page_of(rows, limit, cursor)


def narrow(account: str, filter: Filter) -> Where:
    """The conditions of a filter, and their values."""
    parts: list[str] = ["account = :account"]
    values: dict[str, Any] = {"account": account}
    if filter.status:
        parts.append(_in_status(filter.status))
        values["status"] = str(filter.status)
    for name in ("recipient", "sender", "lane", "channel", "direction"):
        value = getattr(filter, name)
        if value:
            parts.append(f"{name} = :{name}")
            values[name] = str(value)
    bounds = {
        "from": instant_or_none(filter.sent_from),
        "until": instant_or_none(filter.sent_until),
    }
    for name, sign in (("from", ">="), ("until", "<=")):
        if bounds[name] is not None:
            parts.append(f"sent_at {sign} :{name}")
            values[name] = bounds[name]
    return parts, values


def _in_status(status: Status) -> str:
    """What was sent, and waits on its second way, is shown as sent."""
    match status:
        case Status.SENT:
            kept = "CASE WHEN messages.sent_at IS NULL THEN :status ELSE '{}' END"
            return f"status IN (:status, {kept.format('queued')}, {kept.format('sending')})"
        case Status.QUEUED | Status.SENDING:
            return "status = :status AND messages.sent_at IS NULL"
        case _:
            return "status = :status"


def _by_id(
    conn: Connection, parts: list[str], values: dict[str, Any], limit: int, cursor: Cursor | None
) -> list[Message]:
    sign, order = ("<", "DESC") if cursor is None or not cursor.before else (">", "ASC")
    if cursor:
        parts = [*parts, f"id {sign} :cursor"]
        values = {**values, "cursor": cursor.id}
    return _rows(conn, parts, {**values, "limit": limit}, f"id {order}")


def _by_time(
    conn: Connection, parts: list[str], values: dict[str, Any], limit: int, cursor: Cursor | None
) -> list[Message]:
    sign, order = ("<", "DESC") if cursor is None or not cursor.before else (">", "ASC")
    if cursor:
        at = cursor.sent_at or get(conn, values["account"], cursor.id).sent_at
        parts = [*parts, f"(sent_at, id) {sign} (:at, :cursor)"]
        values = {**values, "at": instant(at) if at else 0, "cursor": cursor.id}
    parts = [*parts, "sent_at IS NOT NULL"]
    return _rows(conn, parts, {**values, "limit": limit}, f"sent_at {order}, id {order}")


def _by_recipient(
    conn: Connection, parts: list[str], values: dict[str, Any], limit: int, cursor: Cursor | None
) -> list[Message]:
    """What is not filed yet, and bucket after bucket of what is, until the page is full."""
    back = cursor is not None and cursor.before
    if cursor:
        values = {**values, "cursor": cursor.id}
    found: dict[str, Any] = {}
    if conn.dialect.name == "sqlite":
        sql = _to(recipients.UNFILED, parts, "messages.id", cursor)
        found = {row[0]: row for row in conn.execute(sql, {**values, "limit": limit})}
    filed: dict[str, Any] = {}
    start = cursor.id[:BUCKET_DIGITS] if cursor else ("" if back else "~")
    sql = _to(recipients.FILED, parts, "recipients.message", cursor)
    for bucket in recipients.buckets(conn, values, start, back=back):
        asked = {**values, "bucket": bucket, "limit": limit - len(filed)}
        filed.update((row[0], row) for row in conn.execute(sql, asked))
        if len(filed) >= limit:
            break
    found.update(filed)
    return [of_row(found[id]) for id in sorted(found, reverse=not back)[:limit]]


def _to(source: str, parts: list[str], id: str, cursor: Cursor | None) -> TextClause:
    sign, order = (">", "ASC") if cursor and cursor.before else ("<", "DESC")
    parts = [f"messages.{part}" for part in parts] + ([f"{id} {sign} :cursor"] if cursor else [])
    where = " AND ".join(parts)
    return text(f"SELECT {FIELDS} FROM {source} AND {where} ORDER BY {id} {order} LIMIT :limit")


def _rows(conn: Connection, parts: list[str], values: dict[str, Any], order: str) -> list[Message]:
    sql = f"SELECT {FIELDS} FROM messages WHERE {' AND '.join(parts)} ORDER BY {order} LIMIT :limit"
    return [of_row(row) for row in conn.execute(text(sql), values)]
