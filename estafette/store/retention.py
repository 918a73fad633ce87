"""What is old is forgotten, a few at a time: see core/sweeper.py for when.

Only messages that are complete and of which nothing is owed or to be done any more, and that are
counted: what accounts used stays known.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, text

from estafette.model import Status
from estafette.model.ids import first_id, instant
from estafette.model.rules import FINAL, NO_RECEIPT_AFTER
from estafette.store import batches, bulk, removal, settings
from estafette.store.schema import attempts, audit, callbacks, jobs
from estafette.store.schema import messages as table

NAME = "retention"  #: of the row among the settings of an account
_BATCHED = 500  # rows of a batch at a time
_AUDITED = 500  # lines of an audit trail at a time


class Rule(NamedTuple):
    """What an account has set, as it is written down, and when."""

    account: str
    value: str
    updated_at: int


class Reach(NamedTuple):
    """Which messages are meant: those of an account that are older than a time."""

    account: str
    until: datetime
    now: datetime


class Part(NamedTuple):
    """Some of the messages of an account, in the order of their age."""

    ids: list[str]  #: those that are complete
    last: str | None  #: the last that was looked at; None at the end


def rules(conn: Connection) -> list[Rule]:
    """What accounts have set."""
    return [Rule(*row) for row in conn.execute(_RULES, {"name": NAME})]


_RULES = text("SELECT account, value, updated_at FROM settings WHERE name = :name ORDER BY account")


def look(conn: Connection, reach: Reach, *, after: str, limit: int, redacted: bool) -> Part:
    """The next `limit` messages behind `after`: which of them are complete; without those whose
    text is forgotten already, unless `redacted`.
    """
    beyond = first_id(reach.until)
    asked = {"account": reach.account, "after": after, "beyond": beyond}
    last: str | None = conn.execute(_LAST, {**asked, "skip": limit - 1}).scalar()
    asked["last"] = last or beyond
    found = conn.execute(_COMPLETE if redacted else _TELLING, {**asked, **_times(reach)})
    return Part(list(found.scalars()), last)


def _times(reach: Reach) -> dict[str, int]:
    """For what was scheduled its age counts from when it was sent."""
    return {
        "until": instant(reach.until),
        "silent": instant(reach.now - NO_RECEIPT_AFTER),
    }


_IS_FINAL = f"status IN ({', '.join(repr(str(status)) for status in sorted(FINAL))})"
_IS_OLD = (
    f"({_IS_FINAL} OR (status = '{Status.SENT}' AND sent_at <= :silent))"
    " AND (sent_at IS NULL OR sent_at < :until)"
)
_WINDOW = "account = :account AND id > :after AND id < :beyond"
_LAST = text(
    f"SELECT id FROM messages WHERE {_WINDOW} ORDER BY id LIMIT 1 OFFSET :skip"  # noqa: S608
)
_FOUND = f"SELECT id FROM messages WHERE {_WINDOW} AND id <= :last AND {_IS_OLD}"  # noqa: S608
_COMPLETE = text(f"{_FOUND} ORDER BY id")
_TELLING = text(f"{_FOUND} AND NOT redacted ORDER BY id")


def delete(conn: Connection, reach: Reach, ids: Sequence[str], rule: str) -> int | None:
    """Remove these messages with all that is known of them, but for those of which something is
    owed still; how many, or None where the account has another rule by now.
    """
    if settings.get(conn, reach.account, NAME) != rule:
        return None
    free = _free(conn, reach, ids)
    removal.delete(conn, free)
    return len(free)


def redact(conn: Connection, reach: Reach, ids: Sequence[str], rule: str) -> int | None:
    """As `delete`, but forget only what they said and their media."""
    if settings.get(conn, reach.account, NAME) != rule:
        return None
    free = _free(conn, reach, ids)
    removal.redact(conn, free, reach.now)
    return len(free)


def _free(conn: Connection, reach: Reach, ids: Sequence[str]) -> list[str]:
    """Those that are complete still, locked, and of which nothing is owed or to be done."""
    times = _times(reach)
    where = _IS_OLD.replace(":silent", str(times["silent"])).replace(":until", str(times["until"]))
    locked = bulk.select(conn, table, "id", ids, ("id",), where=where, lock=True)
    found = [row[0] for row in locked]
    busy: set[str] = set()
    for used, is_open in (
        (callbacks, "due_at IS NOT NULL"),
        (jobs, ""),
        (attempts, "closed_at IS NULL"),
    ):
        rows = bulk.select(conn, used, "message", found, ("message",), where=is_open)
        busy.update(row[0] for row in rows)
    return [id for id in found if id not in busy]


def forget_changes(conn: Connection, account: str, until: datetime) -> int:
    """Remove the next lines of an account's audit trail that are older; how many."""
    asked = {"account": account, "beyond": first_id(until), "most": _AUDITED}
    old = list(conn.execute(_OLD_CHANGES, asked).scalars())
    bulk.delete(conn, audit, "id", old)
    return len(old)


def forget_batches(conn: Connection, account: str, until: datetime) -> int:
    """Remove the next rows of an account's batches that ended before a time, and each batch once it
    has no rows; how many of both. The messages that they became are none of them.
    """
    asked = {"account": account, "until": instant(until)}
    batch = conn.execute(_OLD_BATCH, asked).scalar()
    if batch is None:
        return 0
    if not batches.clear(conn, batch, _BATCHED):
        batches.remove(conn, batch)
    return 1


_OLD_BATCH = text(
    "SELECT id FROM batches WHERE account = :account AND closed_at < :until ORDER BY id LIMIT 1"
)
_OLD_CHANGES = text(
    "SELECT id FROM audit WHERE account = :account AND id < :beyond ORDER BY id LIMIT :most"
)


def take_turn(conn: Connection, mine: int, until: int, now: int) -> int:
    """Be the one process that forgets, until a time in microseconds; `mine` is until when it was so
    before. 0 where another is.
    """
    asked = {"until": until, "now": now, "mine": mine}
    return until if conn.execute(_TAKE_TURN, asked).rowcount else 0


def leave_turn(conn: Connection, mine: int) -> None:
    """Let another have it at once."""
    conn.execute(_LEAVE_TURN, {"mine": mine})


_TAKE_TURN = text(
    "INSERT INTO marks (name, value) VALUES ('retention_turn', :until)"
    " ON CONFLICT (name) DO UPDATE SET value = excluded.value"
    " WHERE marks.value < :now OR marks.value = :mine"
)
_LEAVE_TURN = text("UPDATE marks SET value = 0 WHERE name = 'retention_turn' AND value = :mine")
