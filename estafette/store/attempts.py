"""Attempts: a row before the offer leaves, and its end when the answer is known."""

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from estafette.model import Attempt, Message, Offer, Outcome, Reason, Status
from estafette.model.fallback import Why
from estafette.store import bulk, callbacks, fallbacks, jobs, receipts, refs
from estafette.store.fallbacks import Failed
from estafette.store.messages import FIELDS, of_row
from estafette.store.schema import attempts, messages
from estafette.store.times import moment, moment_or_none


def start(
    conn: Connection,
    taken: Sequence[jobs.Job],
    ids: Sequence[str],
    *,
    node: str,
    connection: str,
    now: int,
) -> list[Offer]:
    """Turn jobs into offers: the attempts are written, the messages are `sending`.

    A message that was canceled, deleted or turned to another lane meanwhile gives none.
    """
    found = bulk.update(
        conn,
        messages,
        ("k", "lane"),
        [(job.message, job.lane) for job in taken],
        sets=f"status = 'sending', updated_at = {now}",
        where=f"messages.status IN {WAITING} AND messages.lane = v.lane",
        returning=(FIELDS,),
    )
    ready = {row[0]: of_row(row) for row in found}
    made = [
        (Offer(id, job.tries + 1, ready[job.message], job.order_key), job)
        for id, job in zip(ids, taken, strict=True)
        if job.message in ready
    ]
    bulk.insert(
        conn,
        attempts,
        [
            (
                offer.id,
                job.message,
                job.lane,
                offer.number,
                node,
                connection,
                now,
                None,
                "",
                "",
                "",
                "",
                "",
            )
            for offer, job in made
        ],
    )
    return [offer for offer, _ in made]


# A message that is scheduled comes to be queued when its time has come, and is offered with that.
WAITING = "('queued', 'scheduled')"


class Closing(NamedTuple):
    """How an attempt ended, what the message becomes, and the work that follows."""

    attempt: str
    message: str
    connection: str
    now: int
    outcome: Outcome
    status: Status
    ref: str = ""
    more_refs: tuple[str, ...] = ()
    reason: Reason | None = None
    code: str = ""
    text: str = ""
    next_jobs: tuple[jobs.Job, ...] = ()
    owed: callbacks.Fact | None = None  #: what is told of `status`, to whomever it is
    way: str = ""  #: its lane and recipient: the message goes no further if it has others by now
    answer: str = ""


def close(conn: Connection, items: list[Closing]) -> list[bool | None]:
    """Write down how offers ended, with what follows from it; whether that is told to somebody,
    None for what did not fail because it goes its second way.

    An end that was written down before stays, as when a node was taken for dead and answers after
    all; only that a carrier took the message is believed over what was supposed meanwhile.
    """
    asked = items
    receipts.hold_unknown(conn)
    ended = bulk.update(
        conn,
        attempts,
        ("k", "closed_at", "outcome", "ref", "code", "text", "answer"),
        [(i.attempt, i.now, i.outcome, i.ref, i.code, i.text, i.answer) for i in items],
        sets="closed_at = v.closed_at, outcome = v.outcome, ref = v.ref, code = v.code,"
        " text = v.text, answer = v.answer",
        where=_OPEN,
        returning=("attempts.id",),
    )
    if len(ended) < len(items):
        ids = {row[0] for row in ended}
        items = [item for item in items if item.attempt in ids]
        if not items:
            return [False] * len(asked)
    turned = _instead(conn, items)
    forward = [item for item in items if item.message not in turned] if turned else items
    _forward(conn, forward)
    refs.add(
        conn,
        [(i.attempt, ref, i.connection, i.message) for i in items for ref in i.more_refs if ref],
    )
    told = _owe(conn, [item.owed for item in forward if item.owed])
    jobs.put(conn, [job for item in items for job in item.next_jobs])
    receipts.match(
        conn,
        {
            (item.connection, ref): item.message
            for item in items
            for ref in (item.ref, *item.more_refs)
            if ref
        },
        now=items[0].now,
    )
    return [None if item.message in turned else item.message in told for item in asked]


def _instead(conn: Connection, items: list[Closing]) -> set[str]:
    """Those messages that were refused, and go their second way instead of failing."""
    refused = {
        item.message: Failed(Why.REFUSED, Status.FAILED, item.reason, item.code, item.text)
        for item in items
        if item.status is Status.FAILED
    }
    if not refused:
        return set()
    beside = [item.message for item in items]
    return fallbacks.instead(conn, refused, items[0].now, among=(Status.SENDING,), beside=beside)


_OPEN = (
    "(attempts.closed_at IS NULL OR (v.outcome = 'accepted' AND attempts.outcome <> 'accepted'))"
)


def _forward(conn: Connection, items: list[Closing]) -> None:
    """Move the messages on, unless a receipt was quicker. What is redacted loses its text here."""
    bulk.update(
        conn,
        messages,
        ("k", "told", "ref", "reason", "code", "text", "sent_at", "updated_at", "way"),
        [
            (
                i.message,
                i.status,
                i.ref,
                i.reason or "",
                i.code if i.status is Status.FAILED else "",
                i.text if i.status is Status.FAILED else "",
                i.now if i.outcome is Outcome.ACCEPTED else None,
                i.now,
                i.way,
            )
            for i in sorted(items, key=attrgetter("message"))  # as in `receipts`
        ],
        sets=(
            f"status = CASE WHEN {_SENDING} THEN v.told ELSE messages.status END,"
            f" reason = CASE WHEN {_SENDING} THEN v.reason ELSE messages.reason END,"
            f" code = CASE WHEN {_SENDING} THEN v.code ELSE messages.code END,"
            f" text = CASE WHEN {_SENDING} THEN v.text ELSE messages.text END,"
            " ref = CASE WHEN v.ref <> '' THEN v.ref ELSE messages.ref END,"
            " updated_at = v.updated_at, sent_at = COALESCE(messages.sent_at, v.sent_at),"
            f" body = CASE WHEN {_FORGOTTEN} THEN '' ELSE messages.body END,"
            f" content = CASE WHEN {_FORGOTTEN} THEN '' ELSE messages.content END"
        ),
        where="(v.way = '' OR v.way = messages.lane || ' ' || messages.recipient)",
    )


_FORGOTTEN = "messages.redacted AND v.told IN ('sent', 'failed')"


def _owe(conn: Connection, facts: list[callbacks.Fact]) -> set[str]:
    """What is to be told, unless a receipt was quicker and has more to say; of which messages."""
    facts = callbacks.spread(conn, facts)
    ids = sorted({fact.message for fact in facts})
    found = dict(map(tuple, bulk.select(conn, messages, "id", ids, ("id", "status"))))
    # That it was written down stays true, whatever a receipt said of it.
    true = [
        fact
        for fact in facts
        if found.get(fact.message) == fact.said
        or (fact.said == Status.QUEUED and fact.message in found)
    ]
    callbacks.put(conn, true)
    return set(ids)


# Queued: its offer was given up for lost, and was taken after all.
_SENDING = "(messages.status = 'sending' OR (messages.status = 'queued' AND v.told = 'sent'))"


def open_of(conn: Connection, lane: str) -> list[tuple[Attempt, Message]]:
    """The attempts of a lane whose end nobody wrote down, with their messages."""
    rows = bulk.select(conn, attempts, "lane", [lane], _NAMES, where="closed_at IS NULL")
    found = [of_attempt(row) for row in rows]
    ids = [attempt.message for attempt in found]
    named = tuple(column.name for column in messages.c)
    known = {row[0]: of_row(row) for row in bulk.select(conn, messages, "id", ids, named)}
    return [(attempt, known[attempt.message]) for attempt in found if attempt.message in known]


def of_message(conn: Connection, id: str) -> list[Attempt]:
    """All offers of one message, the first first."""
    rows = conn.execute(_OF_MESSAGE, {"id": id}).fetchall()
    return [of_attempt(row) for row in rows]


def carried(conn: Connection, connection: str, messages: Iterable[str]) -> set[str]:
    """Which of these messages were offered to the carrier of a connection."""
    asked = {"connection": connection}
    return {id for id in messages if conn.execute(_CARRIED, {**asked, "id": id}).first()}


_CARRIED = text("SELECT 1 FROM attempts WHERE message = :id AND connection = :connection LIMIT 1")

_NAMES = tuple(column.name for column in attempts.c)
_OF_MESSAGE = text(f"SELECT {', '.join(_NAMES)} FROM attempts WHERE message = :id ORDER BY id")  # noqa: S608


def of_attempt(row: Sequence[Any]) -> Attempt:
    """An attempt from its columns."""
    return Attempt(
        id=row[0],
        message=row[1],
        lane=row[2],
        number=row[3],
        node=row[4],
        connection=row[5],
        started_at=moment(row[6]),
        closed_at=moment_or_none(row[7]),
        outcome=Outcome(row[8]) if row[8] else None,
        ref=row[9],
        code=row[10],
        text=row[11],
        answer=row[12],
    )
