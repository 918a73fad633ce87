"""What became of a message in this door's words: its status, and the object that says why.

The object has the parts that clients look for, whichever carrier they were written for: `type` and
`payload` with a time or a reason, and of a failure also the list of errors that WhatsApp gives.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from estafette.doors.callbell.wire import bare
from estafette.model import Message, Reason, Status
from estafette.model.meta import code_of

STATUS: Mapping[Status, str] = {
    Status.SCHEDULED: "enqueued",
    Status.QUEUED: "enqueued",
    Status.SENDING: "enqueued",
    Status.SENT: "sent",
    Status.DELIVERED: "delivered",
    Status.READ: "read",
    Status.UNDELIVERED: "failed",
    Status.FAILED: "failed",
    Status.CANCELED: "failed",
    Status.RECEIVED: "received",
}

_CANCELED = "it was called back"


def metadata(message: Message) -> dict[str, Any]:
    """What its sender wanted to have echoed; empty where that is nothing."""
    found = message.content.get("metadata")
    return dict(found) if isinstance(found, Mapping) else {}


def status_payload(
    message: Message,
    status: Status,
    code: str = "",
    text: str = "",
    reason: Reason | None = None,
    *,
    at: datetime | None = None,
) -> dict[str, Any]:
    """`messageStatusPayload` of a message that came to this status, at `at` where that is known.
    `code` and `text` are the carrier's own words about a failure, `reason` is ours.
    """
    word = STATUS[status]
    shape: dict[str, Any] = {
        "id": message.ref or message.id,
        "type": word,
        "destination": bare(message.recipient),
    }
    moment = int((at or message.updated_at).timestamp())
    if word == "enqueued":
        kind = "template" if "template" in message.content else "session"
        return {**shape, "payload": {"type": kind, "whatsappMessageId": message.ref or message.id}}
    if word != "failed":
        return {**shape, "payload": {"ts": moment}}
    number = _number(code, reason)
    said = _CANCELED if status is Status.CANCELED else _said(text, reason, code)
    error = {
        "code": number,
        "title": said,
        "message": said,
        "error_data": {"details": text or said},
    }
    one = {
        "id": shape["id"],
        "status": word,
        "timestamp": str(moment),
        "recipient_id": shape["destination"],
        "errors": [error],
    }
    return {
        **shape,
        "payload": {"code": number, "reason": said, "ts": moment},
        "messaging": {"value": {"statuses": [one]}},
    }


def _number(code: str, reason: Reason | None) -> int | str:
    """The carrier's own code, a number where it is one; where it gave none, what WhatsApp has for such
    a failure.
    """
    if not code:
        return code_of(reason)
    return int(code) if code.isascii() and code.isdigit() and len(code) < 16 else code


def _said(text: str, reason: Reason | None, code: str) -> str:
    """In words: the carrier's where there are any, else ours."""
    if text:
        return text
    ours = (reason or Reason.OTHER).value.replace("_", " ")
    return f"{ours} ({code})" if code else ours
