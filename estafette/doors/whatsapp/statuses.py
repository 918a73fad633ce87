"""What became of a message that was sent, in the words of this API."""

from typing import Any

from estafette.doors.whatsapp.envelope import GROUP, contact, number_of, seconds, user_id
from estafette.model import Callback, Message, Status
from estafette.model.ids import wamid
from estafette.model.meta import STATUS, code_of, title_of

DOCS = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"
_FAILED = "failed"
_PRICED = (Status.SENT, Status.DELIVERED)


def value(callback: Callback, message: Message) -> dict[str, Any] | None:
    """The part of an update that tells a status; None for those that nobody is told of."""
    word = STATUS.get(callback.status)
    if word is None:
        return None
    shape: dict[str, Any] = {
        "id": wamid(message.id),
        "status": word,
        "timestamp": seconds(callback.created_at),
        **_recipient(callback, message),
        **_echoed(message),
    }
    if callback.status in _PRICED:
        shape["pricing"] = _pricing(callback.facts.get("category", ""))
    if word == _FAILED:
        code = code_of(callback.reason, callback.code)
        shape["errors"] = [error_of(code, _words(callback))]
    return {"contacts": [contact(callback, message)], "statuses": [shape]}


def _recipient(callback: Callback, message: Message) -> dict[str, Any]:
    """Whom it went to. Of a group nobody tells us who had it: the group stands for who is in it."""
    theirs = user_id(callback, message)
    if message.content.get("recipient_type") == GROUP:
        return {
            "recipient_id": message.recipient,
            "recipient_user_id": theirs,
            "recipient_type": GROUP,
            "recipient_participant_user_id": theirs,
        }
    number = number_of(message)
    known = {"recipient_id": number} if number else {}
    return {**known, "recipient_user_id": theirs}


def _echoed(message: Message) -> dict[str, Any]:
    """What its sender wanted to have said again."""
    names = {"tracker": "biz_opaque_callback_data", "identity": "recipient_identity_key_hash"}
    found = {name: message.content.get(ours) for ours, name in names.items()}
    return {name: text for name, text in found.items() if text}


def _pricing(category: str) -> dict[str, Any]:
    """What it would cost: nothing for an answer, the price of its category for a template."""
    return {
        "billable": bool(category),
        "pricing_model": "PMP",
        "type": "regular" if category else "free_customer_service",
        "category": category or "service",
    }


def _words(callback: Callback) -> str:
    """Why it failed: the carrier's words where there are any, else ours."""
    if callback.text:
        return callback.text
    reason = callback.reason.value.replace("_", " ") if callback.reason else ""
    return " ".join(part for part in (reason, callback.code and f"({callback.code})") if part)


def error_of(code: int, details: str = "") -> dict[str, Any]:
    """One error, as updates have them."""
    title = title_of(code)
    return {
        "code": code,
        "title": title,
        "message": title,
        "error_data": {"details": details or title},
        "href": DOCS,
    }
