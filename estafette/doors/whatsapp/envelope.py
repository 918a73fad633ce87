"""One update as webhooks are told it: whose it is, whom it is about, and what is in it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from estafette.model import Callback, Direction, Message
from estafette.model.address import is_person

GROUP = "group"  #: what `recipient_type` says of what was sent to a group


def update(callback: Callback, message: Message, value: Mapping[str, Any]) -> dict[str, Any]:
    """The whole body: one entry with one change. `value` is what it has beside our sender's names."""
    ours = message.recipient if message.direction is Direction.INBOUND else message.sender
    metadata = {
        "display_phone_number": bare(ours),
        "phone_number_id": callback.facts.get("phone_id", ""),
    }
    whole = {"messaging_product": "whatsapp", "metadata": metadata, **value}
    change = {"value": whole, "field": "messages"}
    entry = {"id": callback.facts.get("waba", ""), "changes": [change]}
    return {"object": "whatsapp_business_account", "entry": [entry]}


def contact(callback: Callback, message: Message) -> dict[str, Any]:
    """Whom it is about. `wa_id` is there where their number is known."""
    known = callback.card.contact if callback.card else None
    content = message.content
    is_theirs = message.direction is Direction.INBOUND
    name = content.get("name") if is_theirs else None
    profile = {"name": name or (known.name if known else "")}
    if is_theirs and isinstance(content.get("username"), str):
        profile["username"] = content["username"]
    number = number_of(message)
    shown = {"wa_id": number} if number else {}
    return {"profile": profile, **shown, "user_id": user_id(callback, message)}


def user_id(callback: Callback, message: Message) -> str:
    """What WhatsApp calls them, or we do in its place."""
    told = message.content.get("user_id")
    if isinstance(told, str) and is_person(told):
        return told
    return callback.card.contact.user_id if callback.card else ""


def number_of(message: Message) -> str:
    """The digits of their number; empty where they hide it, and of a group."""
    theirs = message.sender if message.direction is Direction.INBOUND else message.recipient
    return bare(theirs) if theirs.startswith("+") else ""


def bare(address: str) -> str:
    """A number as this API has them."""
    return address.removeprefix("+")


def seconds(at: datetime) -> str:
    """A time as this API has them: whole seconds, as text."""
    return str(int(at.timestamp()))
