"""Turns messages to their second way when it is due: at most one does so, whole or not at all.

Nobody is waited for: what another has in hand is looked at again a second later. So it is while a
message is being offered, because what becomes of that is not known yet.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from msgspec import json
from msgspec.structs import replace
from sqlalchemy import Connection, TextClause, bindparam, text

from estafette.model import Channel, Status
from estafette.model.fallback import WAY, Second, Why
from estafette.model.text import segments
from estafette.store import bulk, callbacks, encounters, fallbacks, jobs, messages, suppressions
from estafette.store.callbacks import Fact
from estafette.store.jobs import Job
from estafette.store.receipts import Moved
from estafette.store.schema import BUCKET_DIGITS
from estafette.store.schema import fallbacks as table
from estafette.store.schema import jobs as jobs_table
from estafette.store.schema import recipients as filed
from estafette.store.times import moment

_AGAIN_IN = timedelta(seconds=1)


class Turned(NamedTuple):
    """What a look came to."""

    turned: list[str]  #: messages that wait to be offered on their second way now
    failed: list[Moved]  #: messages whose first way failed, and that may not go the second


class _Found(NamedTuple):
    """What is known of a message whose second way is due, while nobody else can change it."""

    id: str
    status: str
    redacted: bool
    account: str
    door: str
    callback_url: str
    service: str
    body: str
    content: str


_FIELDS = ", ".join(_Found._fields)


def next_due(conn: Connection) -> int | None:
    """When the next second way is due, in microseconds; None where none is."""
    found: int | None = conn.execute(_NEXT).scalar()
    return found


_NEXT = text("SELECT min(due_at) FROM fallbacks WHERE due_at IS NOT NULL")


def take_up(conn: Connection, *, now: int, most: int) -> Turned:
    """Turn up to `most` messages to their second way that are due for that, the earliest first."""
    asked = {"now": now, "most": most}
    rows = conn.execute(text(_DUE + _locks(conn)), asked).fetchall()
    due = {row[0]: fallbacks.of_row(row) for row in rows}
    if not due:
        return Turned([], [])
    ours = _jobs(conn, due, lock=True)
    found = {row[0]: _Found(*row) for row in _some(conn, _MESSAGES + _locks(conn), due)}
    # Whoever takes up a job has to lock its message: from here on what is seen stays so.
    there = _jobs(conn, due)
    busy = {job.message for job in there if job not in ours}
    busy |= {row[0] for row in _some(conn, _OPEN, due)}
    return _decide(conn, due, found, busy, ours, now)


def _decide(
    conn: Connection,
    due: dict[str, Second],
    found: dict[str, _Found],
    busy: set[str],
    ours: list[Job],
    now: int,
) -> Turned:
    """What becomes of each; it is written down."""
    known = {row[0] for row in _some(conn, _KNOWN, due)}
    turned, failed, changed = [], [], []
    for id, item in due.items():
        message = found.get(id)
        if id not in known:
            fallbacks.forget(conn, [id])
        elif message is None or (message.status in fallbacks.UNDER_WAY and id in busy):
            changed.append(replace(item, due_at=moment(now) + _AGAIN_IN))
        elif message.status not in fallbacks.UNDER_WAY:
            changed.append(replace(item, due_at=None))
        elif message.redacted or _is_suppressed(conn, item, message):
            changed.append(replace(item, due_at=None))
            failed += _fail(conn, item, message, now)
        else:
            mine = [job for job in ours if job.message == id]
            changed.append(_turn(conn, item, message, mine, now))
            turned.append(id)
    fallbacks.save(conn, changed)
    # They are written to by another sender, or at another address.
    met = map(encounters.of, messages.some(conn, turned).values())
    encounters.meet(conn, met, moment(now))
    return Turned(turned, failed)


def _turn(
    conn: Connection, item: Second, message: _Found, withdrawn: Sequence[Job], now: int
) -> Second:
    """Have a message wait to be offered on its second way, and for nothing else."""
    bulk.delete_pairs(conn, jobs_table, [(job.message, job.kind) for job in withdrawn])
    way, body = item.way, item.body or message.body
    content = json.decode(message.content) if message.content else {}
    values = {
        "id": item.message,
        "lane": way.lane,
        "channel": str(way.channel),
        "sender": way.sender,
        "recipient": way.recipient,
        "body": body,
        "content": json.encode({**content, WAY: 2}).decode(),
        "segments": segments(body) if way.channel is Channel.SMS else 1,
        "now": now,
        "expires_at": now + item.valid_for * 1_000_000,
    }
    conn.execute(_ONTO, values)
    # What was scheduled is told to be queued when it is offered first.
    data = next((job.data for job in withdrawn if job.data == jobs.SCHEDULED), "")
    jobs.put(conn, [Job(item.message, "send", way.lane, now, 0, item.order_key, data)])
    if way.recipient != item.first.recipient:
        row = (item.account, item.message[:BUCKET_DIGITS], way.recipient, item.message)
        bulk.insert(conn, filed, [row], conflict="DO NOTHING")
    last: str | None = conn.execute(_LAST, {"id": item.message}).scalar()
    why = item.why or Why.LATE
    return replace(item, taken_at=moment(now), due_at=None, why=why, last=last or "")


def _is_suppressed(conn: Connection, item: Second, message: _Found) -> bool:
    """Whether its recipient asked not to be written to on the second way."""
    way = item.way
    return suppressions.holds(
        conn, item.account, way.recipient, way.channel, sender=way.lane, service=message.service
    )


def _fail(conn: Connection, item: Second, message: _Found, now: int) -> list[Moved]:
    """Let a message come to what its first way came to, if that failed."""
    failure = item.failure
    if not failure:
        return []
    status, reason = Status(failure["status"]), failure["reason"] or ""
    words = {"reason": reason, "code": failure["code"], "text": failure["text"]}
    conn.execute(_LOST, {"id": message.id, "status": status, "now": now, **words})
    fact = Fact(
        message.id, status, message.account, message.door, message.callback_url, now, **words
    )
    callbacks.owe(conn, [fact])
    return [Moved(message.id, status)]


def _jobs(conn: Connection, ids: Collection[str], *, lock: bool = False) -> list[Job]:
    """What is to be done about messages on their way, and, with `lock`, is in nobody's hands."""
    rows = _some(conn, _JOBS + (_locks(conn) if lock else ""), ids)
    return [Job(*row) for row in rows]


def _some(conn: Connection, sql: str, ids: Iterable[str]) -> Sequence[Any]:
    return conn.execute(_with_ids(sql), {"ids": sorted(ids)}).fetchall()


def _with_ids(sql: str) -> TextClause:
    return text(sql).bindparams(bindparam("ids", expanding=True))


def _locks(conn: Connection) -> str:
    return " FOR UPDATE SKIP LOCKED" if conn.dialect.name == "postgresql" else ""


_DUE = (
    f"SELECT {', '.join(fallbacks.NAMES)} FROM {table.name} WHERE due_at <= :now"  # noqa: S608
    " ORDER BY due_at LIMIT :most"
)
_JOBS = (
    f"SELECT {', '.join(Job._fields)} FROM jobs"  # noqa: S608
    " WHERE message IN :ids AND kind IN ('send', 'settle')"
)
_MESSAGES = f"SELECT {_FIELDS} FROM messages WHERE id IN :ids"  # noqa: S608
_KNOWN = "SELECT id FROM messages WHERE id IN :ids"
_OPEN = "SELECT message FROM attempts WHERE message IN :ids AND closed_at IS NULL"
_LAST = text("SELECT max(id) FROM attempts WHERE message = :id")
# One that was sent keeps its time: it is shown as sent until it comes to more.
_ONTO = text(
    "UPDATE messages SET status = 'queued', lane = :lane, channel = :channel, sender = :sender,"
    " recipient = :recipient, body = :body, content = :content, segments = :segments, ref = '',"
    " reason = '', code = '', text = '', updated_at = :now, expires_at = :expires_at"
    " WHERE id = :id"
)
_LOST = text(
    "UPDATE messages SET status = :status, reason = :reason, code = :code, text = :text,"
    " updated_at = :now, body = CASE WHEN redacted THEN '' ELSE body END,"
    " content = CASE WHEN redacted THEN '' ELSE content END WHERE id = :id"
)
