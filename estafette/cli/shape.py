"""Messages as commands print them."""

from datetime import datetime
from typing import Any

from estafette.core.gateway import Timeline
from estafette.model import Callback, Direction, MediaItem, Message


def message(message: Message) -> dict[str, Any]:
    """A message for programs; times are ISO 8601, UTC."""
    failed = message.reason is not None
    return {
        "id": message.id,
        "status": message.status,
        "ref": message.ref or None,
        "channel": message.channel,
        "direction": message.direction,
        "from": message.sender,
        "to": message.recipient,
        "body": "" if message.redacted else message.body,
        "media": list(message.media),
        "segments": message.segments,
        "account": message.account,
        "service": message.service or None,
        "error": {"reason": message.reason, "code": message.code, "text": message.text}
        if failed
        else None,
        "created_at": iso(message.created_at),
        "updated_at": iso(message.updated_at),
        "sent_at": iso(message.sent_at),
        "expires_at": iso(message.expires_at),
    }


def media(item: MediaItem) -> dict[str, Any]:
    """One of the media of a message, as it is kept."""
    return {
        "id": item.id,
        "number": item.number,
        "type": item.content_type,
        "size": item.size,
        "created_at": iso(item.created_at),
    }


def callback(callback: Callback) -> dict[str, Any]:
    """A callback for programs. Its address is shown without what follows `?`."""
    return {
        "message": callback.message,
        "status": callback.status,
        "told": callback.told,
        "url": callback.url.partition("?")[0].partition("#")[0],
        "method": callback.method,
        "door": callback.door,
        "tries": callback.tries,
        "answer": callback.answer,
        "created_at": iso(callback.created_at),
        "due_at": iso(callback.due_at),
        "closed_at": iso(callback.closed_at),
    }


def timeline(message: Message, found: Timeline) -> list[dict[str, Any]]:
    """What became of a message, in the order of time."""
    began = "received" if message.direction is Direction.INBOUND else "accepted"
    events: list[dict[str, Any]] = [{"at": iso(message.created_at), "what": began}]
    for attempt in found.attempts:
        events.append(
            {
                "at": iso(attempt.started_at),
                "what": "attempt",
                "number": attempt.number,
                "id": attempt.id,
                "node": attempt.node,
                "connection": attempt.connection,
                "closed_at": iso(attempt.closed_at),
                "outcome": attempt.outcome,
                "ref": attempt.ref or None,
                "code": attempt.code,
                "text": attempt.text,
            }
        )
    for receipt, at in found.receipts:
        events.append(
            {
                "at": iso(at),
                "what": "receipt",
                "status": receipt.status,
                "reason": receipt.reason,
                "code": receipt.code,
                "text": receipt.text,
            }
        )
    for item in found.callbacks:
        events.append(
            {"at": iso(item.closed_at or item.created_at), "what": "callback"} | callback(item)
        )
    if told := found.feedback:
        outcome = "confirmed" if told.confirmed else "unconfirmed"
        events.append({"at": iso(told.updated_at), "what": "feedback", "outcome": outcome})
    if message.status == "canceled":
        events.append({"at": iso(message.updated_at), "what": "canceled"})
    return sorted(events, key=lambda event: str(event["at"]))


def iso(at: datetime | None) -> str | None:
    """`2026-01-02T03:04:05.678901Z`."""
    return None if at is None else at.isoformat(timespec="microseconds").replace("+00:00", "Z")
