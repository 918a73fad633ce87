"""What a message has beside text and attachments, as webhooks show it: a place, cards, a choice.

What carriers give stands in a message's content under the name of its kind, in the words of
WhatsApp's own API. Nothing is taken for granted there: what does not fit is left out.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from estafette.doors.callbell.wire import bare
from estafette.model import Message
from estafette.model.ids import read_id

_MAP = "https://maps.google.com/?q="


def said(message: Message) -> str:
    """The text of a message; of a choice, what was chosen. Empty where it is forgotten."""
    if message.redacted or message.body:
        return "" if message.redacted else message.body
    found = _choice(message.content) or _part(message.content, "interactive", "list_reply")
    return _text(found, "title")


def shown(message: Message) -> dict[str, Any]:
    """What a message has beside its text: an object for each kind that there is."""
    if message.redacted:
        return {}
    found = {name: read(message.content) for name, read in KINDS.items()}
    return {name: shape for name, shape in found.items() if shape}


def _part(content: Any, *path: str) -> Mapping[str, Any]:
    """The object that stands there; an empty one where there is none."""
    for name in path:
        content = content.get(name) if isinstance(content, Mapping) else None
    return content if isinstance(content, Mapping) else {}


def _text(part: Mapping[str, Any], name: str) -> str:
    found = part.get(name)
    return found if isinstance(found, str) else ""


def _list(part: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = part.get(name)
    items = found if isinstance(found, list | tuple) else []
    return [item for item in items if isinstance(item, Mapping)]


def _location(content: Mapping[str, Any]) -> dict[str, Any]:
    part = _part(content, "location")
    x, y = _degrees(part.get("latitude")), _degrees(part.get("longitude"))
    if x is None or y is None:
        return {}
    named = {name: _text(part, name) for name in ("name", "address") if _text(part, name)}
    return {"coordinates": {"x": x, "y": y}, "googleMapsLocation": f"{_MAP}{x},{y}", **named}


def _degrees(found: Any) -> float | None:
    """A coordinate, which some carriers give as text."""
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        return None
    try:
        degrees = float(found)
    except (ValueError, OverflowError):
        return None
    return degrees if -180 <= degrees <= 180 else None


def _cards(content: Mapping[str, Any]) -> dict[str, Any]:
    cards = [
        {
            "name": _text(_part(card, "name"), "formatted_name"),
            "phones": [
                {name: _text(phone, name) for name in ("phone", "wa_id", "type")}
                for phone in _list(card, "phones")
            ],
        }
        for card in _list(content, "contacts")
    ]
    return {"contactsInfo": cards} if cards else {}


def _choice(content: Mapping[str, Any]) -> dict[str, str]:
    """The button that was pressed: its title, and what stands behind it."""
    reply, button = _part(content, "interactive", "button_reply"), _part(content, "button")
    if reply:
        return {"title": _text(reply, "title"), "behind": _text(reply, "id")}
    if "payload" in button:
        return {"title": _text(button, "text"), "behind": _text(button, "payload")}
    return {}


def _button(content: Mapping[str, Any]) -> dict[str, Any]:
    chosen = _choice(content)
    if not chosen:
        return {}
    option = {
        "type": "text",
        "title": chosen["title"],
        "postback_url": "",
        "postback_text": chosen["behind"],
    }
    metadata = {"type": "quick_reply", "content": {"text": chosen["title"]}, "options": [option]}
    return {"metadata": metadata}


def _row(content: Mapping[str, Any]) -> dict[str, Any]:
    row = _part(content, "interactive", "list_reply")
    if not row:
        return {}
    item = {
        "id": _text(row, "id"),
        "header": _text(row, "title"),
        "description": _text(row, "description") or None,
    }
    section = {"title": "", "subtitle": None, "items": [item]}
    metadata = {"header": "", "body": _text(row, "title"), "buttons": [], "sections": [section]}
    return {"metadata": json.dumps(metadata, ensure_ascii=False)}


def _context(content: Mapping[str, Any]) -> dict[str, Any]:
    """The message that this one answers."""
    part = _part(content, "context")
    id = _text(part, "id")
    return {"uuid": read_id(id) or id, "from": bare(_text(part, "from"))} if id else {}


def _forward(content: Mapping[str, Any]) -> dict[str, Any]:
    part = _part(content, "context")
    many = part.get("frequently_forwarded") is True
    if not many and part.get("forwarded") is not True:
        return {}
    return {"forwarded": True, "frequentlyForwarded": many}


#: What reads each kind; an empty object where a message has none of it.
KINDS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "messageLocation": _location,
    "messageContactCard": _cards,
    "messageReplyButton": _button,
    "messageInteractiveList": _row,
    "messageContext": _context,
    "messageForward": _forward,
}
