"""Messages: written once, moved forward, listed newest first in constant time."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from estafette.model import (
    Attempt,
    Channel,
    Conflict,
    Direction,
    Message,
    Reason,
    Status,
    Unknown,
)
from estafette.model.fallback import Second
from estafette.model.ids import instant
from estafette.model.rules import WAITING, may_delete
from estafette.store import bulk, callbacks, fallbacks, recipients, refs, removal, services
from estafette.store.jobs import SCHEDULED
from estafette.store.schema import (
    idempotency,
    jobs,
    messages,
)
from estafette.store.times import instant_or_none, moment, moment_or_none

COLUMNS = tuple(column.name for column in messages.c)
FIELDS = ", ".join(f"messages.{name}" for name in COLUMNS)


class Accept(NamedTuple):
    """A message to write down together with its job, and the idempotency key it came under."""

    message: Message
    due_at: datetime
    order_key: str = ""
    idempotency_key: str = ""
    fingerprint: str = ""
    sticks: bool = False  #: from now on its sender is the one of its service for its recipient
    is_told: bool = False  #: whom it names is told that it is queued, too
    second: Second | None = None  #: the second way that it is to go, or goes
    refused: Attempt | None = None  #: what became of its first way, where that was closed

    @property
    def is_plain(self) -> bool:
        """Whether a message and a job are all that is written."""
        has_failed = self.message.status is Status.FAILED
        more = self.idempotency_key or self.sticks or self.is_told or self.second
        return not (more or has_failed)


def accept(conn: Connection, items: list[Accept]) -> list[Message]:
    """Write messages with their jobs. A key seen before gives the message written then.

    Raises Conflict where the same key came with another request.
    """
    known = _keyed(conn, items) if any(item.idempotency_key for item in items) else {}
    new = [item for item in items if known.get(_key(item), item.message.id) == item.message.id]
    bulk.insert(conn, messages, [_new_row(item.message) for item in new], columns=_NEW)
    recipients.file_at_once(conn, [item.message for item in new])
    bulk.insert(conn, jobs, [_job(item) for item in new if item.message.status in WAITING])
    _note(conn, new)
    if failed := [item.message for item in new if item.message.status is Status.FAILED]:
        _fail(conn, failed)
    if len(new) == len(items):
        return [item.message for item in items]
    return [
        item.message if item in new else get(conn, item.message.account, known[_key(item)])
        for item in items
    ]


def _fail(conn: Connection, failed: list[Message]) -> None:
    """Write down why messages failed at once, and owe that to those who want to be told."""
    rows = [(message.id, message.reason or Reason.OTHER) for message in failed]
    bulk.update(conn, messages, ("id", "reason"), rows, sets="reason = v.reason")
    facts = [
        callbacks.of(
            message, Status.FAILED, instant(message.created_at), reason=message.reason or ""
        )
        for message in failed
    ]
    callbacks.owe(conn, facts)


def accept_again(conn: Connection, items: list[Accept]) -> list[Message]:
    """As `accept`, for messages that may be written already: nobody answered who could tell."""
    ids = [item.message.id for item in items]
    there = {row[0] for row in bulk.select(conn, messages, "id", ids, ("id",))}
    accept(conn, [item for item in items if item.message.id not in there])
    return [item.message for item in items]


def accepting(items: Sequence[Accept]) -> list[bulk.Statement]:
    """What `accept` does on SQLite for what is plain, as statements."""
    rows = [_new_row(item.message) for item in items]
    due = [_job(item) for item in items if item.message.status in WAITING]
    return [
        *bulk.inserts(messages, rows, mark="?", columns=_NEW),
        *bulk.inserts(jobs, due, mark="?"),
    ]


def _note(conn: Connection, items: list[Accept]) -> None:
    """What is written besides for messages that go through a service, or may go a second way."""
    sticky = [item.message for item in items if item.sticks]
    if sticky:
        services.stick(conn, sticky)
    told = [item.message for item in items if item.is_told and item.message.callback_url]
    if told:
        queued = [callbacks.of(m, Status.QUEUED, instant(m.created_at)) for m in told]
        callbacks.owe(conn, queued)
    if any(item.second for item in items):
        fallbacks.add(conn, [(item.second, item.refused) for item in items if item.second])


def _key(item: Accept) -> tuple[str, str] | None:
    return (item.message.account, item.idempotency_key) if item.idempotency_key else None


def _keyed(conn: Connection, items: list[Accept]) -> dict[tuple[str, str] | None, str]:
    """Which message each idempotency key stands for, after writing down the new keys."""
    keyed = [item for item in items if item.idempotency_key]
    rows = [
        (m.account, item.idempotency_key, item.fingerprint, m.id, instant(m.created_at))
        for item in keyed
        for m in (item.message,)
    ]
    # In one order everywhere, or two processes with the same keys could wait for each other.
    bulk.insert(conn, idempotency, sorted(rows), conflict="DO NOTHING")
    found: dict[tuple[str, str] | None, str] = {}
    for item in keyed:
        row = conn.execute(_BY_KEY, {"account": item.message.account, "key": item.idempotency_key})
        fingerprint, message = row.one()
        if fingerprint != item.fingerprint:
            raise Conflict("this idempotency key was used with another request")
        found[_key(item)] = message
    return found


def keyed(conn: Connection, account: str, key: str, fingerprint: str) -> Message | None:
    """The message that an idempotency key stands for. Raises Conflict with another request."""
    row = conn.execute(_BY_KEY, {"account": account, "key": key}).first()
    if row is None:
        return None
    if row[0] != fingerprint:
        raise Conflict("this idempotency key was used with another request")
    return some(conn, [row[1]]).get(row[1])


_BY_KEY = text(
    "SELECT fingerprint, message FROM idempotency WHERE account = :account AND key = :key"
)


_NEW = (
    "id", "account", "lane", "channel", "direction", "sender", "recipient", "body", "media",
    "segments", "status", "callback_url", "redacted", "created_at", "updated_at", "expires_at", "door",
    "service", "content",
)  # fmt: skip


def _new_row(message: Message) -> tuple[Any, ...]:
    """A message that nothing has happened to: what comes later has its defaults."""
    created_at = instant(message.created_at)
    return (
        message.id,
        message.account,
        message.lane,
        message.channel,
        message.direction,
        message.sender,
        message.recipient,
        message.body,
        json.dumps(message.media) if message.media else "",
        message.segments,
        message.status,
        message.callback_url,
        message.redacted,
        created_at,
        created_at,
        instant(message.expires_at),
        message.door,
        message.service,
        json.dumps(message.content) if message.content else "",
    )


def _job(item: Accept) -> tuple[Any, ...]:
    message = item.message
    waits = SCHEDULED if message.status is Status.SCHEDULED else ""
    return (message.id, "send", message.lane, instant(item.due_at), 0, item.order_key, waits)


def to_row(message: Message) -> tuple[Any, ...]:
    """A message as its columns."""
    return (
        message.id,
        message.account,
        message.lane,
        message.channel,
        message.direction,
        message.sender,
        message.recipient,
        message.body,
        json.dumps(message.media) if message.media else "",
        message.segments,
        message.status,
        message.ref,
        message.reason or "",
        message.code,
        message.text,
        message.callback_url,
        message.redacted,
        instant(message.created_at),
        instant(message.updated_at),
        instant_or_none(message.sent_at),
        instant(message.expires_at),
        message.door,
        message.service,
        json.dumps(dict(message.content)) if message.content else "",
    )


def of_row(row: Sequence[Any]) -> Message:
    """A message from its columns."""
    return Message(
        id=row[0],
        account=row[1],
        lane=row[2],
        channel=Channel(row[3]),
        direction=Direction(row[4]),
        sender=row[5],
        recipient=row[6],
        body=row[7],
        media=tuple(json.loads(row[8])) if row[8] else (),
        segments=row[9],
        status=_status(row[10], row[19]),
        ref=row[11],
        reason=Reason(row[12]) if row[12] else None,
        code=row[13],
        text=row[14],
        callback_url=row[15],
        redacted=bool(row[16]),
        created_at=moment(row[17]),
        updated_at=moment(row[18]),
        sent_at=moment_or_none(row[19]),
        expires_at=moment(row[20]),
        door=row[21],
        service=row[22],
        content=json.loads(row[23]) if row[23] else {},
    )


def _status(kept: str, sent_at: int | None) -> Status:
    """A status never goes back: what was sent stays so while it waits on its second way."""
    if sent_at is not None and kept in (Status.QUEUED, Status.SENDING):
        return Status.SENT
    return Status(kept)


def get(conn: Connection, account: str, id: str, *, lock: bool = False) -> Message:
    """One message. Raises Unknown; another account's message is unknown too."""
    found = bulk.select(conn, messages, "id", [id], COLUMNS, lock=lock)
    if not found or found[0][1] != account:
        raise Unknown(f"no message {id}")
    return of_row(found[0])


def some(conn: Connection, ids: Sequence[str]) -> dict[str, Message]:
    """Those of these messages that are there, by id, whatever account they are of."""
    rows = bulk.select(conn, messages, "id", list(ids), COLUMNS)
    return {row[0]: of_row(row) for row in rows}


def by_ref(conn: Connection, account: str, ref: str) -> Message:
    """The message that a carrier calls `ref`. Raises Unknown."""
    found = refs.find(conn, ref) or refs.of_incoming(conn, ref)
    if found is None:
        raise Unknown(f"no message with ref {ref}")
    return get(conn, account, found)


def redact(conn: Connection, account: str, id: str, now: datetime) -> Message:
    """Forget its text: at once, or when a carrier has it if it is still to be sent."""
    get(conn, account, id, lock=True)
    conn.execute(_REDACT, {"id": id, "now": instant(now)})
    conn.execute(_NO_ANSWERS, {"id": id})
    fallbacks.redact(conn, id)
    callbacks.redact(conn, id)
    return get(conn, account, id)


_NO_ANSWERS = text("UPDATE attempts SET answer = '' WHERE message = :id AND answer <> ''")
_REDACT = text(
    "UPDATE messages SET redacted = TRUE, updated_at = :now,"
    " body = CASE WHEN status IN ('scheduled', 'queued', 'sending') THEN body ELSE '' END,"
    " content = CASE WHEN status IN ('scheduled', 'queued', 'sending') THEN content ELSE '' END"
    " WHERE id = :id"
)


def cancel(conn: Connection, account: str, id: str, now: datetime) -> Message:
    """Call it back. Raises Conflict when it was offered to a carrier already."""
    # The job first, as who takes it up does: in the other order each could wait for the other.
    taken = conn.execute(text("DELETE FROM jobs WHERE message = :id AND kind = 'send'"), {"id": id})
    message = get(conn, account, id, lock=True)
    if message.status not in (Status.SCHEDULED, Status.QUEUED) or not taken.rowcount:
        raise Conflict(f"message {id} is {message.status}")
    conn.execute(
        text(
            "UPDATE messages SET status = 'canceled', updated_at = :now,"
            " body = CASE WHEN redacted THEN '' ELSE body END,"
            " content = CASE WHEN redacted THEN '' ELSE content END WHERE id = :id"
        ),
        {"id": id, "now": instant(now)},
    )
    callbacks.owe(conn, [callbacks.of(message, Status.CANCELED, instant(now))])
    return get(conn, account, id)


class GivenUp(NamedTuple):
    """A message that is offered no more, and when it would have been, in microseconds."""

    message: Message
    due_at: int


def give_up(
    conn: Connection, account: str, id: str, now: datetime, *, code: str, words: str
) -> GivenUp:
    """Fail a message that waits to be offered, with this code and text.

    Raises Conflict where it does not wait, as while it is offered.
    """
    # The job first, as in `cancel`.
    due_at = conn.execute(_NO_OFFER, {"id": id}).scalar()
    message = get(conn, account, id, lock=True)
    if message.status not in WAITING or due_at is None:
        raise Conflict(f"message {id} is {message.status}")
    reason, at = Reason.OTHER, instant(now)
    conn.execute(_GIVE_UP, {"id": id, "now": at, "reason": reason, "code": code, "text": words})
    fact = callbacks.of(message, Status.FAILED, at, reason=reason, code=code, text=words)
    callbacks.owe(conn, [fact])
    return GivenUp(get(conn, account, id), due_at)


_NO_OFFER = text("DELETE FROM jobs WHERE message = :id AND kind = 'send' RETURNING due_at")
_GIVE_UP = text(
    "UPDATE messages SET status = 'failed', reason = :reason, code = :code, text = :text,"
    " updated_at = :now, body = CASE WHEN redacted THEN '' ELSE body END,"
    " content = CASE WHEN redacted THEN '' ELSE content END WHERE id = :id"
)


def remove(conn: Connection, account: str, id: str, now: datetime) -> None:
    """Delete a message that is complete. Raises Conflict while it is under way."""
    message = get(conn, account, id, lock=True)
    if not may_delete(message, now):
        raise Conflict(f"message {id} is {message.status}")
    delete(conn, id)


def delete(conn: Connection, id: str) -> None:
    """Remove a message and all that is known of it."""
    removal.delete(conn, [id])
