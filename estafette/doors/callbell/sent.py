"""Messages as answers show them: to a send, and to who asks what became of one."""

from collections.abc import Container
from datetime import datetime
from typing import Any, Final

from estafette.doors.callbell.payloads import STATUS, metadata, status_payload
from estafette.doors.callbell.shapes import contact_shape, conversation_shape
from estafette.doors.callbell.wire import at
from estafette.model import Message
from estafette.model.contact import Card

CONTACT, CONVERSATION = "contact", "conversation"
ALL: Final = frozenset({CONTACT, CONVERSATION})  #: what `fields` may ask for


def message_shape(
    message: Message,
    card: Card | None,
    shown: Container[str],
    until: datetime | None,
    *,
    public_url: str,
) -> dict[str, Any]:
    """The answer to a send: with what is `shown` of the contact, and until when the 24-hour window is
    open where that is known.
    """
    shape: dict[str, Any] = {"uuid": message.id, "status": STATUS[message.status]}
    return shape | _beside(message, card, shown, until, public_url)


def status_shape(
    message: Message, card: Card | None, until: datetime | None, *, public_url: str
) -> dict[str, Any]:
    """What became of a message, and why in the words of its carrier."""
    shape: dict[str, Any] = {
        "uuid": message.id,
        "status": STATUS[message.status],
        "messageStatusPayload": status_payload(
            message, message.status, message.code, message.text, message.reason
        ),
    }
    return shape | _beside(message, card, ALL, until, public_url)


def _beside(
    message: Message,
    card: Card | None,
    shown: Container[str],
    until: datetime | None,
    public_url: str,
) -> dict[str, Any]:
    shape: dict[str, Any] = {}
    if said := metadata(message):
        shape["metadata"] = said
    if card and CONVERSATION in shown:
        shape[CONVERSATION] = conversation_shape(card, public_url=public_url)
    if card and CONTACT in shown:
        shape[CONTACT] = contact_shape(card, public_url=public_url)
    if until:
        shape["window_open_until"] = at(until)
    return shape
