"""Errands: written down before they are promised, taken up when they are due.

Whoever takes one up pushes its time into the future: a process that dies leaves it to the others.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from estafette.model import Errand, ErrandStep
from estafette.model.ids import instant
from estafette.store.schema import errands
from estafette.store.times import moment, moment_or_none

_COLUMNS = ", ".join(column.name for column in errands.c)


def put(conn: Connection, errand: Errand) -> None:
    """Write down a new one, due at once."""
    at = instant(errand.created_at)
    conn.execute(
        errands.insert().values(
            id=errand.id, account=errand.account, door=errand.door, step=errand.step,
            sealed=errand.sealed, created_at=at, due_at=at, tries=0, answer="",
        )
    )  # fmt: skip


def next_due(conn: Connection) -> int | None:
    """When the first is due, in microseconds; None where there is none."""
    found = conn.execute(_NEXT).scalar_one()
    return None if found is None else int(found)


_NEXT = text("SELECT min(due_at) FROM errands WHERE due_at IS NOT NULL")


def take(conn: Connection, room: int, *, now: int, run_until: int, tell_until: int) -> list[Errand]:
    """Take up at most `room` that are due: ours until then, by the step they are at.

    It counts as a try from here on, whatever becomes of it.
    """
    sql = _TAKE_POSTGRESQL if conn.dialect.name == "postgresql" else _TAKE
    taken = [_of(row) for row in conn.execute(sql, {"now": now, "room": room})]
    for errand in taken:
        until = run_until if errand.step is ErrandStep.RUN else tell_until
        conn.execute(_OURS, {"id": errand.id, "until": until, "tries": errand.tries + 1})
    return taken


_TAKE_SQL = f"SELECT {_COLUMNS} FROM errands WHERE due_at <= :now ORDER BY due_at, id LIMIT :room"  # noqa: S608
_TAKE = text(_TAKE_SQL)
_TAKE_POSTGRESQL = text(f"{_TAKE_SQL} FOR UPDATE SKIP LOCKED")
_OURS = text("UPDATE errands SET due_at = :until, tries = :tries WHERE id = :id")


def done(conn: Connection, id: str, sealed: str, now: int) -> None:
    """It was done: what it came to is to be told now. Nothing where somebody else was faster."""
    conn.execute(_DONE, {"id": id, "sealed": sealed, "now": now})


_DONE = text(
    "UPDATE errands SET step = 'tell', sealed = :sealed, due_at = :now, tries = 0, answer = ''"
    " WHERE id = :id AND step = 'run'"
)


def later(conn: Connection, id: str, due_at: int | None, answer: str) -> None:
    """A try failed: the next is at `due_at`, or there is none."""
    conn.execute(_LATER, {"id": id, "due_at": due_at, "answer": answer})


_LATER = text("UPDATE errands SET due_at = :due_at, answer = :answer WHERE id = :id")


def told(conn: Connection, id: str) -> None:
    """Whoever waited has it: forget it."""
    conn.execute(errands.delete().where(errands.c.id == id))


def page(conn: Connection, *, given_up: bool | None, limit: int, after: str = "") -> list[Errand]:
    """Errands of all accounts, newest first, at most `limit`; those given up, others, or all."""
    which = {None: "", True: " AND due_at IS NULL", False: " AND due_at IS NOT NULL"}[given_up]
    if after:
        which += " AND id < :after"
    sql = f"SELECT {_COLUMNS} FROM errands WHERE 1 = 1{which} ORDER BY id DESC LIMIT :limit"  # noqa: S608
    return [_of(row) for row in conn.execute(text(sql), {"limit": limit, "after": after})]


def again(conn: Connection, id: str, now: int) -> bool:
    """Have one that was given up told once more, as if it were new; whether there was one."""
    return bool(conn.execute(_AGAIN, {"id": id, "now": now}).rowcount)


_AGAIN = text(
    "UPDATE errands SET due_at = :now, created_at = :now, tries = 0, answer = ''"
    " WHERE id = :id AND due_at IS NULL"
)


def _of(row: Sequence[Any]) -> Errand:
    return Errand(
        id=row[0],
        account=row[1],
        door=row[2],
        step=ErrandStep(row[3]),
        sealed=row[4],
        created_at=moment(row[5]),
        due_at=moment_or_none(row[6]),
        tries=row[7],
        answer=row[8],
    )
