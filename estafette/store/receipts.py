"""Receipts: every fact that a carrier told, kept whatever it is worth, and what it moves."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from msgspec.structs import replace
from sqlalchemy import Connection, text

from estafette.model import Reason, Receipt, Status
from estafette.model.fallback import Why
from estafette.model.rules import advance
from estafette.store import bulk, callbacks, fallbacks, refs
from estafette.store.callbacks import Fact
from estafette.store.fallbacks import Failed
from estafette.store.schema import messages, receipts
from estafette.store.times import instant_or_none, moment, moment_or_none
from estafette.store.words import plain


class Told(NamedTuple):
    """A receipt, with the id of its own row and the connection that it came through."""

    id: str
    connection: str
    receipt: Receipt
    now: int


class Moved(NamedTuple):
    """A message whose status a receipt changed."""

    message: str
    status: Status


def record(conn: Connection, items: list[Told]) -> list[Moved | None]:
    """Keep receipts, and move their messages forward where they say something new.

    One without our id is matched by the carrier's; one that matches nothing yet is kept until
    the attempt that it belongs to is closed.
    """
    items = [_in_plain_words(item) for item in items]
    unnamed = [item for item in items if not item.receipt.message]
    by_ref = _messages_of(conn, unnamed)
    strange = any((i.connection, i.receipt.ref) not in by_ref for i in unnamed)
    if strange and conn.dialect.name == "postgresql":
        # Its ref may be on the way to the disk: see `hold_unknown`.
        conn.execute(_ALONE, {"key": _KEY})
        by_ref = _messages_of(conn, unnamed)
    named = [
        (item, item.receipt.message or by_ref.get((item.connection, item.receipt.ref), ""))
        for item in items
    ]
    bulk.insert(conn, receipts, [_row(item, message) for item, message in named])
    told = [_News(message, *item[1:]) for item, message in named if message]
    moved = _advance(conn, told)
    return [Moved(message, moved[message]) if message in moved else None for _, message in named]


def _in_plain_words(item: Told) -> Told:
    receipt = item.receipt
    said = (receipt.ref, receipt.code, receipt.text)
    kept = tuple(map(plain, said))
    if kept == said:
        return item
    ref, code, words = kept
    return item._replace(receipt=replace(receipt, ref=ref, code=code, text=words))


def match(conn: Connection, known: Mapping[tuple[str, str], str], *, now: int) -> None:
    """Give early receipts to the messages whose refs are known by now."""
    found = bulk.select(
        conn,
        receipts,
        "ref",
        [ref for _, ref in known],
        ("id", "connection", "ref", "status", "reason", "code", "text", "told_at"),
        where="message = '' AND connection <> ''",
    )
    mine = [(row, known[(row[1], row[2])]) for row in found if (row[1], row[2]) in known]
    if not mine:
        return
    pairs = [(row[0], message) for row, message in mine]
    bulk.update(conn, receipts, ("k", "found"), pairs, sets="message = v.found")
    told = [
        _News(message, row[1], replace(_receipt(row[3:]), ref=row[2]), now)
        for row, message in sorted(mine)
    ]
    _advance(conn, told)


def hold_unknown(conn: Connection) -> None:
    """Let nobody write down a receipt by a ref that is not known, until this is committed.

    Who writes down refs begins with this: neither might see what the other writes otherwise, and
    it is before all rows so that the two do not wait for each other. SQLite has one at a time.
    """
    if conn.dialect.name == "postgresql":
        conn.execute(_SHARE, {"key": _KEY})


_KEY = 0x657373  # any number that nobody else locks
_SHARE = text("SELECT pg_advisory_xact_lock_shared(:key)")
_ALONE = text("SELECT pg_advisory_xact_lock(:key)")


def of_message(conn: Connection, id: str) -> list[tuple[Receipt, datetime]]:
    """What carriers told of one message, with the time at which each came, the first first."""
    rows = conn.execute(_OF_MESSAGE, {"id": id}).fetchall()
    return [(_receipt(row), moment(row[5])) for row in rows]


_OF_MESSAGE = text(
    "SELECT status, reason, code, text, told_at, created_at"
    " FROM receipts WHERE message = :id AND message <> '' ORDER BY id"
)


def _receipt(row: Sequence[Any]) -> Receipt:
    status, reason, code, words, told_at, *_ = row
    return Receipt(
        status=Status(status),
        reason=Reason(reason) if reason else None,
        code=code,
        text=words,
        at=moment_or_none(told_at),
    )


def _row(item: Told, message: str) -> tuple[Any, ...]:
    receipt = item.receipt
    return (
        item.id, message, item.connection, receipt.ref, receipt.status, receipt.reason or "",
        receipt.code, receipt.text, instant_or_none(receipt.at), item.now,
    )  # fmt: skip


def _messages_of(conn: Connection, items: list[Told]) -> dict[tuple[str, str], str]:
    """The messages of refs, by connection and ref."""
    found: dict[tuple[str, str], str] = {}
    for item in items:
        message = refs.find(conn, item.receipt.ref, connection=item.connection)
        if message:
            found[(item.connection, item.receipt.ref)] = message
    return found


class _News(NamedTuple):
    """What was told of a message, through which connection."""

    message: str
    connection: str
    receipt: Receipt
    now: int


def _advance(conn: Connection, told: Sequence[_News]) -> dict[str, Status]:
    """Move messages by what was told of them, in that order; give those whose status changed."""
    # In one order everywhere, or two processes could wait for each other.
    ids = sorted({news.message for news in told})
    rows = bulk.select(
        conn, messages, "id", ids, ("id", "status", "account", "door", "callback_url", "ref"),
        lock=True,
    )  # fmt: skip
    stale = _stale(conn, told, {row[0]: row[5] for row in rows})
    now, change = {row[0]: Status(row[1]) for row in rows}, {}
    nameless = {row[0] for row in rows if not row[5]}
    for news in told:
        message, receipt = news.message, news.receipt
        if message not in now or news in stale:
            continue
        if receipt.ref and message in nameless:  # the answer that gave it was lost, or is to come
            refs.adopt(conn, message, receipt.ref, news.connection)
            nameless.remove(message)
        status = advance(now[message], receipt.status)
        if status is not now[message]:
            now[message] = status
            change[message] = (receipt, news.now)
    for message in _instead(conn, now, change):
        del change[message]
    bulk.update(
        conn,
        messages,
        ("k", "told", "reason", "code", "text", "updated_at"),
        [
            (message, now[message], receipt.reason or "", receipt.code, receipt.text, at)
            for message, (receipt, at) in change.items()
        ],
        sets=(
            "status = v.told, reason = v.reason, code = v.code, text = v.text,"
            " updated_at = v.updated_at, sent_at = COALESCE(messages.sent_at, v.updated_at),"
            " body = CASE WHEN messages.redacted THEN '' ELSE messages.body END,"
            " content = CASE WHEN messages.redacted THEN '' ELSE messages.content END"
        ),
    )
    told_of = [row for row in rows if row[0] in change]
    callbacks.owe(conn, [_owed(row, now[row[0]], *change[row[0]]) for row in told_of])
    return {message: now[message] for message in change}


def _stale(conn: Connection, told: Sequence[_News], known: Mapping[str, str]) -> list[_News]:
    """What was told of the first way of messages that go their second, and is no success.

    What names the ref that its message has is not.
    """
    odd = [
        one
        for one in told
        if one.message in known and not (one.receipt.ref and one.receipt.ref == known[one.message])
    ]
    seconds = fallbacks.some(conn, {one.message for one in odd}, taken=True) if odd else {}
    return [
        one
        for one in odd
        if one.message in seconds
        and one.receipt.status not in (Status.DELIVERED, Status.READ)
        and not fallbacks.is_on(conn, seconds[one.message], one.receipt.ref, one.connection)
    ]


def _instead(
    conn: Connection, now: Mapping[str, Status], change: Mapping[str, tuple[Receipt, int]]
) -> set[str]:
    """Those messages that were lost, and go their second way instead of failing."""
    lost = {
        message: Failed(Why(now[message]), now[message], receipt.reason, receipt.code, receipt.text)
        for message, (receipt, _) in change.items()
        if now[message] in (Status.FAILED, Status.UNDELIVERED)
    }
    if not lost:
        return set()
    at = max(change[message][1] for message in lost)
    return fallbacks.instead(conn, lost, at, among=fallbacks.UNDER_WAY)


def _owed(row: Sequence[Any], status: Status, receipt: Receipt, at: int) -> Fact:
    id, _, account, door, url, _ = row
    reason = receipt.reason or ""
    return Fact(id, status, account, door, url, at, reason, receipt.code, receipt.text)
