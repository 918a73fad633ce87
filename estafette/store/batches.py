"""Batches and their rows.

Whoever carries a batch has a lease on it: a process that dies leaves it to the others.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Row, select, text

from estafette.model import Conflict, Cursor, Unknown
from estafette.model.batch import Asked, Batch, BatchRow, BatchStatus, Checked, Fault
from estafette.model.ids import instant
from estafette.model.listed import Listed
from estafette.store import bulk
from estafette.store.owned import page as page_of
from estafette.store.schema import batch_rows, batches, messages
from estafette.store.times import moment, moment_or_none

_CELLS = msgspec.json.Decoder(tuple[str, ...])
_FAULT = msgspec.json.Decoder(Fault)


class Gone(NamedTuple):
    """A row that was gone through."""

    number: int
    message: str  #: the id of what it became; empty where it became nothing
    fault: Fault | None


class Became(NamedTuple):
    """A row with what became of its message by now; `status` is empty where it became none, or where
    the message was deleted.
    """

    row: BatchRow
    status: str
    reason: str
    code: str
    text: str


def add(conn: Connection, batch: Batch) -> None:
    """Write a new one down."""
    conn.execute(
        batches.insert().values(
            id=batch.id,
            account=batch.account,
            title=batch.title,
            header=_packed(batch.header),
            asked=_packed(batch.asked),
            checked=_packed(batch.checked),
            status=batch.status,
            total=0,
            done=0,
            sent=0,
            failed=0,
            actor=batch.actor,
            node="",
            created_at=instant(batch.created_at),
            updated_at=instant(batch.updated_at),
        )
    )


def put_rows(conn: Connection, id: str, first: int, rows: Sequence[Sequence[str]]) -> None:
    """Write rows down, numbered from `first`."""
    values = [(id, number, _packed(cells), "", "") for number, cells in enumerate(rows, first)]
    bulk.insert(conn, batch_rows, values)


def get(conn: Connection, account: str, id: str, *, lock: bool = False) -> Batch:
    """One of them. Raises Unknown; another account's is unknown too."""
    asked = select(batches).where(batches.c.id == id, batches.c.account == account)
    row = conn.execute(asked.with_for_update() if lock else asked).first()
    if row is None:
        raise Unknown(f"no batch {id}")
    return _of(row)


def page(conn: Connection, account: str, *, limit: int, cursor: Cursor | None) -> Listed[Batch]:
    """Those of an account, newest first."""
    mine = select(batches).where(
        batches.c.account == account, batches.c.status != BatchStatus.LOADING
    )
    found = page_of(conn, mine, batches.c.id, limit=limit, cursor=cursor)
    return Listed([_of(row) for row in found.items], found.has_next, found.has_previous)


def save(conn: Connection, id: str, now: int, **parts: Any) -> None:
    """Write down anew what `parts` names: of `asked`, `checked` and columns of their own."""
    packed = {
        name: _packed(value) if name in ("asked", "checked") else value
        for name, value in parts.items()
    }
    conn.execute(batches.update().where(batches.c.id == id).values(**packed, updated_at=now))


def rows(
    conn: Connection, id: str, *, limit: int, after: int = 0, is_wrong: bool = False
) -> list[BatchRow]:
    """Its rows behind a number, in their order; only those that became nothing if `is_wrong`."""
    wrong = " AND error <> ''" if is_wrong else ""
    sql = (
        "SELECT number, given, message, error FROM batch_rows"  # noqa: S608
        f" WHERE batch = :batch AND number > :after{wrong} ORDER BY number LIMIT :limit"
    )
    found = conn.execute(text(sql), {"batch": id, "after": after, "limit": limit})
    return [_row(row) for row in found]


def became(conn: Connection, id: str, *, limit: int, after: int = 0) -> list[Became]:
    """Its rows behind a number, with what became of their messages."""
    found = rows(conn, id, limit=limit, after=after)
    ids = [row.message for row in found if row.message]
    names = ("id", "status", "reason", "code", "text")
    known: Mapping[str, tuple[str, ...]] = {
        row[0]: tuple(row[1:]) for row in bulk.select(conn, messages, "id", ids, names)
    }
    return [Became(row, *known.get(row.message, ("", "", "", ""))) for row in found]


def hold(conn: Connection, batch: Batch) -> None:
    """Raises Conflict where somebody changed or started it since it was read."""
    known = get(conn, batch.account, batch.id, lock=True)
    if (known.status, known.updated_at) != (batch.status, batch.updated_at):
        raise Conflict("the batch was changed meanwhile")


def judge(conn: Connection, batch: Batch, faults: Mapping[int, Fault | None]) -> None:
    """Keep what is wrong with rows, by their numbers. Raises Conflict, as `hold`."""
    hold(conn, batch)
    for number, fault in faults.items():
        values = {"batch": batch.id, "number": number, "error": _packed(fault) if fault else ""}
        conn.execute(_JUDGE, values)


_JUDGE = text("UPDATE batch_rows SET error = :error WHERE batch = :batch AND number = :number")


def is_any_running(conn: Connection) -> bool:
    """Whether there is anything to carry."""
    return conn.execute(_ANY).first() is not None


_ANY = text("SELECT 1 FROM batches WHERE status = 'running' LIMIT 1")


def lease(
    conn: Connection, node: str, *, now: int, until: int, most: int, only: str = ""
) -> list[Batch]:
    """Take up running batches that nobody else carries: ours until then. `only` names a single one."""
    this = " AND id = :only" if only else ""
    end = " FOR UPDATE SKIP LOCKED" if conn.dialect.name == "postgresql" else ""
    asked = {"now": now, "node": node, "most": most, "only": only}
    taken = [row[0] for row in conn.execute(text(_LEASE.format(this) + end), asked)]
    for id in taken:
        conn.execute(_OURS, {"id": id, "node": node, "until": until})
    found = conn.execute(select(batches).where(batches.c.id.in_(taken)).order_by(batches.c.id))
    return [_of(row) for row in found]


_LEASE = (
    "SELECT id FROM batches WHERE status = 'running'"
    " AND (node = :node OR leased_until IS NULL OR leased_until < :now){} ORDER BY id LIMIT :most"
)
_OURS = text("UPDATE batches SET node = :node, leased_until = :until WHERE id = :id")


def renew(conn: Connection, node: str, until: int) -> None:
    """Keep what this node carries for longer."""
    conn.execute(_RENEW, {"node": node, "until": until})


_RENEW = text("UPDATE batches SET leased_until = :until WHERE node = :node AND status = 'running'")


def release(conn: Connection, node: str) -> None:
    """Leave what this node carries to others at once."""
    conn.execute(_RELEASE, {"node": node})


_RELEASE = text("UPDATE batches SET leased_until = NULL, node = '' WHERE node = :node")


def record(conn: Connection, id: str, node: str, gone: Sequence[Gone], now: int) -> bool:
    """Keep what became of the rows that follow those gone through before; whether the batch is still
    this node's. What another node took over is left to it.
    """
    counts = {
        "id": id,
        "node": node,
        "now": now,
        "before": gone[0].number - 1,
        "done": gone[-1].number,
        "sent": sum(bool(item.message) for item in gone),
        "failed": sum(not item.message for item in gone),
    }
    if not conn.execute(_COUNT, counts).rowcount:
        return False
    conn.execute(
        _BECAME,
        [
            {
                "batch": id,
                "number": item.number,
                "message": item.message,
                "error": _packed(item.fault) if item.fault else "",
            }
            for item in gone
        ],
    )
    return True


_COUNT = text(
    "UPDATE batches SET done = :done, sent = sent + :sent, failed = failed + :failed,"
    " updated_at = :now WHERE id = :id AND node = :node AND done = :before"
)
_BECAME = text(
    "UPDATE batch_rows SET message = :message, error = :error"
    " WHERE batch = :batch AND number = :number"
)


def finish(conn: Connection, id: str, node: str, now: int) -> None:
    """All its rows were gone through."""
    conn.execute(_FINISH, {"id": id, "node": node, "now": now})


_FINISH = text(
    "UPDATE batches SET status = 'done', closed_at = :now, updated_at = :now, leased_until = NULL"
    " WHERE id = :id AND node = :node AND status = 'running'"
)


def stale(conn: Connection, before: int) -> list[str]:
    """Batches that were never started, and were touched last before this time."""
    return [row[0] for row in conn.execute(_STALE, {"before": before})]


_STALE = text(
    "SELECT id FROM batches WHERE status IN ('draft', 'loading') AND updated_at < :before LIMIT 100"
)


def clear(conn: Connection, id: str, most: int) -> bool:
    """Remove some of its rows, the last first; whether there were any."""
    return bool(conn.execute(_CLEAR, {"batch": id, "most": most}).rowcount)


_CLEAR = text(
    "DELETE FROM batch_rows WHERE batch = :batch AND number IN"
    " (SELECT number FROM batch_rows WHERE batch = :batch ORDER BY number DESC LIMIT :most)"
)


def remove(conn: Connection, id: str) -> None:
    """Remove one whose rows are removed."""
    conn.execute(batches.delete().where(batches.c.id == id))


def _packed(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _row(row: Sequence[Any]) -> BatchRow:
    return BatchRow(
        number=row[0],
        cells=_CELLS.decode(row[1]),
        message=row[2],
        fault=_FAULT.decode(row[3]) if row[3] else None,
    )


def _of(row: Row[Any]) -> Batch:
    return Batch(
        id=row.id,
        account=row.account,
        title=row.title,
        header=_CELLS.decode(row.header),
        asked=msgspec.json.decode(row.asked, type=Asked),
        checked=msgspec.json.decode(row.checked, type=Checked),
        status=BatchStatus(row.status),
        total=row.total,
        done=row.done,
        sent=row.sent,
        failed=row.failed,
        actor=row.actor,
        created_at=moment(row.created_at),
        updated_at=moment(row.updated_at),
        closed_at=moment_or_none(row.closed_at),
    )
