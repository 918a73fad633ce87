"""Second ways of messages: kept beside them, due when the first failed or took too long.

A row whose `taken_at` is empty waits. `due_at` is when the message is to be turned to it (see
`turns.py`); it is empty where that hangs on a failure, and when it is over.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import asdict
from sqlalchemy import Connection, text

from estafette.model import Attempt, Reason, Status
from estafette.model.fallback import Second, Way, Why
from estafette.model.ids import instant
from estafette.store import bulk
from estafette.store.schema import attempts, fallbacks, messages
from estafette.store.times import instant_or_none, moment, moment_or_none

NAMES = tuple(column.name for column in fallbacks.c)
#: Statuses in which a message may still be turned to its second way.
UNDER_WAY = (Status.SCHEDULED, Status.QUEUED, Status.SENDING, Status.SENT)


class _Data(Struct, frozen=True, kw_only=True):
    """What a row keeps as JSON."""

    first: Way
    way: Way
    body: str = ""
    order_key: str = ""
    valid_for: int
    failure: Mapping[str, Any] = {}
    last: str = ""


class Failed(NamedTuple):
    """How the first way of a message failed, and what the message comes to if there is no second."""

    why: Why
    status: Status = Status.FAILED
    reason: Reason | None = None
    code: str = ""
    text: str = ""


def add(conn: Connection, items: Sequence[tuple[Second, Attempt | None]]) -> None:
    """Write down second ways, each with the attempt that stands for a first way that was closed."""
    bulk.insert(conn, fallbacks, [_row(item) for item, _ in items])
    bulk.insert(conn, attempts, [_closed(attempt) for _, attempt in items if attempt])


def _closed(item: Attempt) -> tuple[Any, ...]:
    at = instant(item.started_at)
    return (
        item.id, item.message, item.lane, item.number, item.node, item.connection, at, at,
        item.outcome, item.ref, item.code, item.text, item.answer,
    )  # fmt: skip


def get(conn: Connection, message: str) -> Second | None:
    """The second way of a message, if it has one."""
    return some(conn, [message]).get(message)


def some(conn: Connection, ids: Collection[str], *, taken: bool = False) -> dict[str, Second]:
    """The second ways of those of these messages that have one; only those `taken`, if asked for."""
    where = "taken_at IS NOT NULL" if taken else ""
    rows = bulk.select(conn, fallbacks, "message", sorted(ids), NAMES, where=where)
    return {row[0]: of_row(row) for row in rows}


def instead(
    conn: Connection,
    failed: Mapping[str, Failed],
    now: int,
    *,
    among: Collection[Status],
    beside: Collection[str] = (),
) -> set[str]:
    """Have those of these messages that can go a second way do so, and not fail; which.

    Only such as are in one of the statuses `among`. They are locked, together with the messages
    `beside`: who locks several does so in one order.
    """
    ids = sorted(failed)
    rows = bulk.select(conn, fallbacks, "message", ids, ("message",), where=_UNUSED)
    if not rows:
        return set()
    having = {row[0] for row in rows}
    locked = bulk.select(
        conn, messages, "id", sorted({*having, *beside}), ("id", "status", "redacted"), lock=True
    )
    fit = sorted(row[0] for row in locked if row[0] in having and row[1] in among and not row[2])
    known = bulk.select(conn, fallbacks, "message", fit, NAMES, where=_UNUSED, lock=True)
    changed = [_noted(of_row(row), failed[row[0]]) for row in known]
    bulk.update(
        conn,
        fallbacks,
        ("k", "data", "why"),
        [(item.message, _data(item), item.why) for item in changed],
        sets=f"data = v.data, why = v.why, due_at = {now}",
    )
    return {item.message for item in changed}


_UNUSED = "taken_at IS NULL"


def _noted(item: Second, failed: Failed) -> Second:
    _, *parts = failed
    failure = dict(zip(("status", "reason", "code", "text"), parts, strict=True))
    return msgspec.structs.replace(item, why=failed.why, failure=failure)


def is_on(conn: Connection, item: Second, ref: str, connection: str) -> bool:
    """Whether a receipt with this ref, through this connection, is about the second way.

    What cannot be told apart counts for the first.
    """
    asked = {"message": item.message, "ref": ref}
    named = conn.execute(_NAMED, asked).fetchall() if ref else []
    if named:
        return item.owns(*named[0])
    rows = [row for row in conn.execute(_OFFERED, asked) if row[3] == connection]
    # Without a ref that is known, it is about what is not answered yet, if anything is not.
    silent = [row for row in rows if not row[2]] or rows
    return bool(silent) and all(item.owns(*row[:2]) for row in silent)


_NAMED = text(
    "SELECT id, lane FROM attempts WHERE message = :message AND (ref = :ref"
    " OR EXISTS (SELECT 1 FROM refs WHERE refs.id = attempts.id AND refs.ref = :ref))"
)
_OFFERED = text("SELECT id, lane, ref, connection FROM attempts WHERE message = :message")


def redact(conn: Connection, message: str) -> None:
    """Forget what was to be said on a second way that is not taken: it is over."""
    item = get(conn, message)
    if item is None or item.taken_at:
        return
    data = _data(msgspec.structs.replace(item, body=""))
    conn.execute(_REDACT, {"message": message, "data": data})


_REDACT = text("UPDATE fallbacks SET data = :data, due_at = NULL WHERE message = :message")


def redact_all(conn: Connection, ids: Collection[str]) -> None:
    """The same of messages that are complete, whichever way they went."""
    known = some(conn, ids).values()
    save(conn, [msgspec.structs.replace(item, body="", due_at=None) for item in known])


def forget(conn: Connection, ids: Collection[str]) -> list[Second]:
    """Remove the second ways of messages that are deleted; what they were."""
    known = some(conn, ids)
    bulk.delete(conn, fallbacks, "message", list(known))
    return list(known.values())


def save(conn: Connection, items: Sequence[Second]) -> None:
    """Write down anew what became of them."""
    bulk.update(
        conn,
        fallbacks,
        ("k", "data", "due_at", "taken_at", "why"),
        [(row[0], row[2], row[3], row[5], row[6]) for row in map(_row, items)],
        sets="data = v.data, due_at = v.due_at, taken_at = v.taken_at, why = v.why",
    )


def _row(item: Second) -> tuple[Any, ...]:
    return (
        item.message, item.account, _data(item), instant_or_none(item.due_at),
        instant(item.created_at), instant_or_none(item.taken_at), item.why or "",
    )  # fmt: skip


def _data(item: Second) -> str:
    known = asdict(item)
    data = _Data(**{name: known[name] for name in _Data.__struct_fields__})
    return msgspec.json.encode(data).decode()


def of_row(row: Sequence[Any]) -> Second:
    """A second way from its columns."""
    return Second(
        message=row[0],
        account=row[1],
        due_at=moment_or_none(row[3]),
        created_at=moment(row[4]),
        taken_at=moment_or_none(row[5]),
        why=Why(row[6]) if row[6] else None,
        **asdict(msgspec.json.decode(row[2], type=_Data)),
    )
