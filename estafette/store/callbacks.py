"""Callbacks: owed with the status that they tell, told in order, kept for whoever asks.

Of one message only the first that is not over is ever due; what follows waits behind it. Who tells
them takes them from `outbox.py`.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from sqlalchemy import Connection, text

from estafette.model import After, Callback, CallbackStatus, Hook, Message, Reason, Status
from estafette.store import bulk, media
from estafette.store.schema import callbacks
from estafette.store.times import moment, moment_or_none

NAMES = tuple(column.name for column in callbacks.c)
_COLUMNS = ", ".join(f"callbacks.{name}" for name in NAMES)
BEHIND = 2**60  # when what waits behind another is due: long after us all


class Fact(NamedTuple):
    """A message with an address to tell came to a status."""

    message: str
    status: Status
    account: str
    door: str
    url: str
    at: int
    reason: str = ""
    code: str = ""
    text: str = ""
    method: str = ""
    fallback_url: str = ""
    fallback_method: str = ""
    hook: str = ""


def of(message: Message, status: Status, at: int, **words: str) -> Fact:
    """What is owed when this message comes to a status."""
    return Fact(
        message.id, status, message.account, message.door, message.callback_url, at, **words
    )


def owe(conn: Connection, facts: Sequence[Fact]) -> None:
    """Write down what is to be told, each status of a message once.

    That one was received is told when its media are fetched: the job for that comes first.
    """
    if not facts:
        return
    waiting = set(_pending(conn, sorted({fact.message for fact in facts})))
    received = [fact.message for fact in facts if fact.status is Status.RECEIVED]
    if received:
        waiting |= media.fetching(conn, received)
    rows = []
    for fact in sorted(facts, key=_order):  # in one order everywhere: nobody waits in a circle
        due_at = BEHIND if fact.message in waiting else fact.at
        waiting.add(fact.message)
        rows.append(
            (
                fact.message, fact.status, fact.account, fact.door, fact.url, host_of(fact.url),
                fact.reason, fact.code, fact.text, NUMBER.get(fact.status, 1), fact.at,
                CallbackStatus.WAITING, due_at, 0, "", None,
                fact.method, fact.fallback_url, fact.fallback_method, fact.hook,
            )
        )  # fmt: skip
    bulk.insert(conn, callbacks, rows, conflict="DO NOTHING")


NUMBER = {
    Status.QUEUED: -1,
    Status.SENT: 0,
    Status.READ: 2,
}  # of what is written down in the same moment


def _order(fact: Fact) -> tuple[str, int, int]:
    return fact.message, fact.at, NUMBER.get(fact.status, 1)


def _pending(conn: Connection, ids: Sequence[str]) -> list[str]:
    found = bulk.select(
        conn, callbacks, "message", ids, ("message",), where="due_at IS NOT NULL", lock=True
    )
    return [row[0] for row in found]


@lru_cache(1024)
def host_of(url: str) -> str:
    """Whom the address belongs to: host and port."""
    return urlsplit(url).netloc.rpartition("@")[2].lower()


def of_message(conn: Connection, id: str) -> list[Callback]:
    """What was and is to be told of one message, the first first."""
    rows = bulk.select(conn, callbacks, "message", [id], NAMES)
    return sorted(map(of_row, rows), key=lambda item: (item.created_at, NUMBER.get(item.status, 1)))


def page(
    conn: Connection,
    account: str,
    *,
    told: CallbackStatus | None,
    limit: int,
    after: After | None = None,
) -> list[Callback]:
    """Callbacks of an account, newest first, at most `limit`."""
    parts = ["account = :account"]
    values: dict[str, Any] = {"account": account, "limit": limit}
    if told:
        parts.append("told = :told")
        values["told"] = told
    if after:
        parts.append("(created_at, message, status) < (:at, :message, :status)")
        values |= after._asdict()
    sql = (
        f"SELECT {_COLUMNS} FROM callbacks WHERE {' AND '.join(parts)}"  # noqa: S608
        " ORDER BY created_at DESC, message DESC, status DESC LIMIT :limit"
    )
    return [of_row(row) for row in conn.execute(text(sql), values)]


def replay(conn: Connection, message: str, status: Status | None, now: int) -> list[Status]:
    """Have what is over told once more, as if it were new; which that is, in order."""
    over = [item for item in of_message(conn, message) if item.due_at is None]
    again = [item.status for item in over if status in (None, item.status)]
    bulk.update(
        conn,
        callbacks,
        ("message", "said", "due_at"),
        # The first at once; what is behind it when it is over.
        [(message, said, now if not place else BEHIND) for place, said in enumerate(again)],
        sets="told = 'waiting', due_at = v.due_at, tries = 0, closed_at = NULL, answer = ''",
        where="callbacks.status = v.said",
    )
    return again


def forget(conn: Connection, message: str) -> None:
    """Remove what was and is to be told of a message that is deleted."""
    bulk.delete(conn, callbacks, "message", [message])


def owed(conn: Connection) -> int:
    """How many wait to be told, for the first time or again."""
    return int(conn.execute(_OWED).scalar_one())


_OWED = text("SELECT count(*) FROM callbacks WHERE due_at IS NOT NULL")


def of_row(row: Sequence[Any]) -> Callback:
    """A callback from its columns."""
    return Callback(
        message=row[0],
        status=Status(row[1]),
        account=row[2],
        door=row[3],
        url=row[4],
        reason=Reason(row[6]) if row[6] else None,
        code=row[7],
        text=row[8],
        created_at=moment(row[10]),
        told=CallbackStatus(row[11]),
        due_at=None if row[12] is None else moment(min(row[12], _LAST)),
        tries=row[13],
        answer=row[14],
        closed_at=moment_or_none(row[15]),
        method=row[16] or "POST",
        fallback=Hook(row[17], row[18] or "POST"),
        hook=row[19],
    )


_LAST = 253_000_000_000_000_000  # the year 9987: what waits behind another has no time of its own
