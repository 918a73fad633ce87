"""What is to be told now: taken up, and written down when it was tried.

Whoever takes one up pushes its time into the future: a process that dies leaves it to the others.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from msgspec.structs import replace
from sqlalchemy import Connection, text

from estafette.model import Callback, CallbackStatus, Message
from estafette.model.notice import Notice
from estafette.store import bulk, callbacks, jobs, messages, notices, subscriptions
from estafette.store.callbacks import BEHIND, NAMES
from estafette.store.jobs import Job
from estafette.store.schema import callbacks as table

_COLUMNS = ", ".join(f"callbacks.{name}" for name in NAMES)


class Agenda(NamedTuple):
    """When the first callback to a host is due, in microseconds."""

    host: str
    due_at: int


def agenda(conn: Connection) -> list[Agenda]:
    """Every host that something is owed to, and when."""
    return [Agenda(*row) for row in conn.execute(_AGENDA) if row[1] < BEHIND]


_DUE = "callbacks WHERE due_at IS NOT NULL"
_AGENDA = text(
    f"WITH RECURSIVE hosts(x) AS (SELECT * FROM (SELECT min(host) FROM {_DUE}) AS first"  # noqa: S608
    f" UNION ALL SELECT (SELECT min(host) FROM {_DUE} AND host > hosts.x) FROM hosts"
    f" WHERE hosts.x IS NOT NULL) SELECT x, (SELECT min(due_at) FROM {_DUE} AND host = x)"
    " FROM hosts WHERE x IS NOT NULL"
)


def take(
    conn: Connection, rooms: Mapping[str, int], *, now: int, until: int, more: int = 0
) -> list[tuple[Callback, Message | Notice]]:
    """Take up what is due, to each host as many as there is room for; ours until `until`, and those
    that may be told to two addresses for `more` microseconds beyond. Each comes with what it tells
    of: a message or a notice. Where that is gone, it is given up.

    It counts as a try from here on, whatever becomes of it. What is owed to a subscription comes
    with it, and goes where that wants it by now; it comes without where that was removed.
    """
    taken: list[Callback] = []
    sql = _TAKE_POSTGRESQL if conn.dialect.name == "postgresql" else _TAKE
    for host, room in rooms.items():
        rows = conn.execute(sql, {"host": host, "now": now, "room": room})
        ready = map(callbacks.of_row, rows)
        taken += [replace(item, tries=item.tries + 1) for item in ready]
    bulk.update(
        conn,
        table,
        _KEY,
        [(item.message, item.said, item.hook) for item in taken],
        sets=(
            f"due_at = {until} + CASE WHEN callbacks.fallback_url = '' THEN 0 ELSE {more} END,"
            " tries = callbacks.tries + 1"
        ),
        where=_THIS,
    )
    taken = _to_subscriptions(conn, taken)
    known: dict[str, Message | Notice] = {
        **messages.some(conn, sorted({item.message for item in taken if not item.event})),
        **notices.some(conn, sorted({item.said for item in taken if item.event})),
    }
    found = [(item, known.get(_told_of(item))) for item in taken]
    if gone := [item for item, about in found if about is None]:
        close(conn, [_over(item, now) for item in gone])
    return [(item, about) for item, about in found if about is not None]


def about(conn: Connection, callback: Callback) -> tuple[Callback, Message | Notice] | None:
    """A callback with its subscription, and what it tells of; None where that is gone."""
    hooks = subscriptions.some(conn, [callback.hook] if callback.hook else [])
    known = replace(callback, subscription=hooks.get(callback.hook))
    found: Message | Notice | None
    if callback.event:
        found = notices.some(conn, [callback.said]).get(callback.said)
    else:
        found = messages.some(conn, [callback.message]).get(callback.message)
    return (known, found) if found else None


def _told_of(item: Callback) -> str:
    return item.said if item.event else item.message


def _over(item: Callback, now: int) -> "Result":
    given_up, why = CallbackStatus.GIVEN_UP, "what it tells of is gone"
    return Result(item.message, item.said, given_up, None, why, now, item.hook)


_KEY = ("message", "said", "to_hook")
_THIS = "callbacks.status = v.said AND callbacks.hook = v.to_hook"


def _to_subscriptions(conn: Connection, taken: list[Callback]) -> list[Callback]:
    """Each with its subscription, at the address that this has by now."""
    known = subscriptions.some(conn, {item.hook for item in taken if item.hook})
    if not known:
        return taken
    moved = [i for i in taken if i.hook in known and known[i.hook].url != i.url]
    bulk.update(
        conn,
        table,
        (*_KEY, "url", "host"),
        [
            (i.message, i.said, i.hook, known[i.hook].url, callbacks.host_of(known[i.hook].url))
            for i in moved
        ],
        sets="url = v.url, host = v.host",
        where=_THIS,
    )
    return [
        replace(item, url=known[item.hook].url, subscription=known[item.hook])
        if item.hook in known
        else item
        for item in taken
    ]


_TAKE_SQL = f"SELECT {_COLUMNS} FROM callbacks WHERE host = :host AND due_at <= :now ORDER BY due_at LIMIT :room"  # noqa: S608
_TAKE = text(_TAKE_SQL)
_TAKE_POSTGRESQL = text(f"{_TAKE_SQL} FOR UPDATE SKIP LOCKED")


DISABLED = "its subscription is disabled"


class Result(NamedTuple):
    """What a try came to. `due_at` is None when that was the last; `hook` as in Callback."""

    message: str
    said: str
    told: CallbackStatus
    due_at: int | None
    answer: str
    now: int
    hook: str = ""
    response: str = ""  #: what the address answered, as JSON, where that is kept
    is_heard: bool | None = None  #: whether the address took it; None where it was not asked
    worn_at: int | None = None  #: a subscription that has failed since then is disabled


def close(conn: Connection, items: list[Result]) -> list[None]:
    """Write down what tries came to; what waited behind one that is over is due now. What is owed to
    a subscription that has failed for too long is given up.
    """
    bulk.update(
        conn,
        table,
        (*_KEY, "told", "due_at", "answer", "closed_at", "response"),
        [
            (
                i.message, i.said, i.hook, i.told, i.due_at, i.answer,
                None if i.due_at else i.now, i.response,
            )
            for i in sorted(items, key=lambda item: (item.message, item.said, item.hook))
        ],
        sets=(
            "told = v.told, due_at = v.due_at, answer = v.answer, closed_at = v.closed_at,"
            " response = v.response"
        ),
        where=f"{_THIS} AND callbacks.due_at IS NOT NULL",
    )  # fmt: skip
    over = sorted({item.message for item in items if item.due_at is None})
    release(conn, over, items[0].now)
    _wear(conn, items)
    return [None] * len(items)


def _wear(conn: Connection, items: list[Result]) -> None:
    """Keep since when subscriptions fail that are disabled for that, and disable them."""
    worn = [item for item in items if item.worn_at is not None and item.is_heard is not None]
    if not worn:
        return
    heard = {item.hook for item in worn if item.is_heard}
    subscriptions.heard(conn, heard)
    since = {i.hook: i.worn_at for i in worn if i.hook not in heard and i.worn_at is not None}
    now = items[0].now
    if disabled := subscriptions.failed(conn, since, now):
        callbacks.give_up(conn, disabled, now, DISABLED)


def fetched(conn: Connection, job: Job, now: int) -> None:
    """The media of a message are there, or never will be: what waited for that is due now."""
    jobs.done(conn, job)
    release(conn, [job.message], now)


def release(conn: Connection, ids: Sequence[str], now: int) -> None:
    """The first to each address about each message that is not over is due now, if it waited."""
    first: dict[tuple[str, str], Any] = {}
    names = ("message", "status", "hook", "created_at", "number", "due_at")
    for row in bulk.select(conn, table, "message", ids, names, where="due_at IS NOT NULL"):
        place = (row[0], row[2])
        if place not in first or _place(row) < _place(first[place]):
            first[place] = row
    bulk.update(
        conn,
        table,
        _KEY,
        sorted(tuple(row[:3]) for row in first.values() if row[5] == BEHIND),
        sets=f"due_at = {now}",
        where=f"{_THIS} AND callbacks.due_at = {BEHIND}",
    )


def _place(row: Any) -> tuple[Any, ...]:
    return row[3], row[4], row[1]
