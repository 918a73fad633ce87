"""Work due at a time, by lane. A job leaves its table when it is taken up.

Kinds: `send` (offer the message), `receipts` (a carrier inside this process has something to
tell), `settle` (nobody said what became of the message; decide), `media` (bytes to fetch or to
remove: see store/media.py). The last stays in the table until it is done: nothing else stands for it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from estafette.model.ids import instant, moment
from estafette.store import bulk
from estafette.store.schema import jobs

#: The data of a job that waits for the time that a message is scheduled for.
SCHEDULED = "scheduled"


class Job(NamedTuple):
    """Work due. `tries` counts the offers made so far; `order_key` is empty where any order does."""

    message: str
    kind: str
    lane: str
    due_at: int
    tries: int = 0
    order_key: str = ""
    data: str = ""


def put(conn: Connection, items: Sequence[Job]) -> None:
    """Write down work. The same work for the same message is written once, due at the new time;
    what is to be told of it is added to what was.
    """
    # One statement cannot write a row twice: the last one counts.
    last = {(job.message, job.kind): job for job in items}
    bulk.insert(conn, jobs, list(last.values()), conflict=_ANEW)


_ANEW = (
    "(message, kind) DO UPDATE SET lane = excluded.lane, tries = excluded.tries,"
    " order_key = excluded.order_key,"
    " due_at = CASE WHEN jobs.kind = 'receipts' AND jobs.due_at < excluded.due_at"
    " THEN jobs.due_at ELSE excluded.due_at END,"
    # Both are lists in JSON with something in them.
    " data = CASE WHEN jobs.kind = 'receipts'"
    " THEN substr(jobs.data, 1, length(jobs.data) - 1) || ',' || substr(excluded.data, 2)"
    " ELSE excluded.data END"
)


def take(
    conn: Connection, lane: str, kind: str, now: int, limit: int, *, busy: Iterable[str] = ()
) -> list[Job]:
    """Take up to `limit` jobs of a lane that are due, the earliest first.

    Of the jobs with one order key only the first is taken, and none whose key is `busy`.
    """
    sql = _TAKE_POSTGRESQL if conn.dialect.name == "postgresql" else _TAKE
    asked = {"lane": lane, "kind": kind, "now": now, "limit": limit}
    kept = set(busy)
    if kept or _has_order(conn, lane):
        return _take_in_order(conn, asked, kept)
    rows = conn.execute(sql, asked).fetchall()
    return sorted((Job(*row) for row in rows), key=lambda job: (job.due_at, job.message))


def offered_at(conn: Connection, message: str) -> datetime | None:
    """When a message is to be offered next; None where it waits for nothing."""
    due_at: int | None = conn.execute(_OFFERED_AT, {"id": message}).scalar()
    return None if due_at is None else moment(due_at)


_OFFERED_AT = text("SELECT due_at FROM jobs WHERE message = :id AND kind = 'send'")

_JOB = "message, kind, lane, due_at, tries, order_key, data"
_DUE = (
    "SELECT message FROM jobs WHERE lane = :lane AND kind = :kind AND due_at <= :now"
    " ORDER BY due_at, message LIMIT :limit"
)
_TAKE = text(f"DELETE FROM jobs WHERE kind = :kind AND message IN ({_DUE}) RETURNING {_JOB}")  # noqa: S608
# An array is made once. A plan for IN may ask anew for each row, and what is locked by then is
# skipped: it would take more than the limit.
_TAKE_POSTGRESQL = text(
    "DELETE FROM jobs WHERE kind = :kind AND message = ANY(ARRAY("  # noqa: S608
    f"{_DUE} FOR UPDATE SKIP LOCKED)) RETURNING {_JOB}"
)


def _has_order(conn: Connection, lane: str) -> bool:
    return conn.execute(_ANY_IN_ORDER, {"lane": lane}).first() is not None


_ANY_IN_ORDER = text("SELECT 1 FROM jobs WHERE lane = :lane AND order_key <> '' LIMIT 1")


def _take_in_order(conn: Connection, asked: dict[str, Any], busy: set[str]) -> list[Job]:
    """The first job of each key, in the order of acceptance, whatever waits behind it."""
    taken: list[Job] = []
    for row in conn.execute(_FIRST_OF_EACH, {**asked, "limit": asked["limit"] + len(busy)}):
        job = Job(*row)
        if job.order_key not in busy and len(taken) < asked["limit"]:
            taken.append(job)
    bulk.delete_pairs(conn, jobs, [(job.message, job.kind) for job in taken])
    return taken


_FIRST_OF_EACH = text(
    f"SELECT {_JOB} FROM jobs WHERE lane = :lane AND kind = :kind AND due_at <= :now"  # noqa: S608
    " AND (order_key = '' OR NOT EXISTS (SELECT 1 FROM jobs AS earlier"
    " WHERE earlier.lane = jobs.lane AND earlier.order_key = jobs.order_key"
    " AND earlier.kind = jobs.kind AND earlier.message < jobs.message"
    " AND NOT (earlier.data <> '' AND earlier.due_at > :now)))"  # scheduled, and for later
    " ORDER BY due_at, message LIMIT :limit"
)


def lease(conn: Connection, lane: str, kind: str, *, now: int, until: int, limit: int) -> list[Job]:
    """Up to `limit` jobs of a lane that are due; they stay, and are due again at `until`."""
    sql = _LEASE_POSTGRESQL if conn.dialect.name == "postgresql" else _LEASE
    asked = {"lane": lane, "kind": kind, "now": now, "until": until, "limit": limit}
    return [Job(*row) for row in conn.execute(sql, asked)]


_PUSH = "UPDATE jobs SET due_at = :until, tries = tries + 1 WHERE kind = :kind AND message"
_LEASE = text(f"{_PUSH} IN ({_DUE}) RETURNING {_JOB}")
_LEASE_POSTGRESQL = text(f"{_PUSH} = ANY(ARRAY({_DUE} FOR UPDATE SKIP LOCKED)) RETURNING {_JOB}")


def postpone(conn: Connection, job: Job, due_at: int) -> None:
    """A leased job is due again at another time, unless it is gone."""
    conn.execute(_POSTPONE, {"message": job.message, "kind": job.kind, "due_at": due_at})


_POSTPONE = text("UPDATE jobs SET due_at = :due_at WHERE message = :message AND kind = :kind")


def done(conn: Connection, job: Job) -> None:
    """A leased job is done."""
    bulk.delete_pairs(conn, jobs, [(job.message, job.kind)])


class Due(NamedTuple):
    """When the first job of a kind is due in a lane, in microseconds."""

    lane: str
    kind: str
    due_at: int


def agenda(conn: Connection, node: str) -> list[Due]:
    """What is next in each lane that a node drives, due or not."""
    return [Due(*row) for row in conn.execute(_AGENDA, {"node": node}) if row[2] is not None]


_AGENDA = text(
    "SELECT lanes.id, kinds.kind, (SELECT min(due_at) FROM jobs"
    " WHERE jobs.lane = lanes.id AND jobs.kind = kinds.kind)"
    " FROM lanes, (SELECT 'send' AS kind UNION ALL SELECT 'receipts' UNION ALL SELECT 'settle'"
    " UNION ALL SELECT 'media')"
    " AS kinds WHERE lanes.node = :node"
)


class Backlog(NamedTuple):
    """How much waits to be offered, and for how many seconds the first has been due.

    What is scheduled for later is not counted.
    """

    depth: int
    age: float


def backlog(conn: Connection, now: datetime) -> Backlog:
    """What waits in all lanes."""
    row = conn.execute(_BACKLOG, {"now": instant(now)}).one()
    return Backlog(row[0], 0.0 if row[1] is None else max(0, instant(now) - row[1]) / 1e6)


_BACKLOG = text(
    "SELECT count(*), min(CASE WHEN due_at <= :now THEN due_at END) FROM jobs"
    " WHERE kind = 'send' AND (data = '' OR due_at <= :now)"
)
