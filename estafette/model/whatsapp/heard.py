"""What people write on WhatsApp: its kinds of message, each an object as the Cloud API tells it."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from estafette.model.whatsapp.forms import (
    Parts,
    degrees,
    each,
    flag,
    is_link,
    need,
    one,
    read_json,
    some,
    text,
    tidy,
    word,
)
from estafette.model.whatsapp.words import MEDIA, MISSING, TEXT, UNKNOWN_KIND, WRONG, Unsaid

REPLIES = ("button_reply", "list_reply", "nfm_reply", "call_permission_reply")
_EDITED = "edit"
_UNSUPPORTED = "unsupported"
#: What may come without an object: its files or errors say enough.
_BARE = frozenset({TEXT, _UNSUPPORTED, *MEDIA})
#: Why something cannot be shown, where nothing else is said.
_UNKNOWN = {
    "code": UNKNOWN_KIND,
    "title": "Message type unknown",
    "message": "Message type unknown",
    "error_data": {"details": "Message type is currently not supported."},
}


class Heard(Struct, frozen=True, kw_only=True):
    """One thing that was said, as a message keeps it."""

    body: str = ""
    media: tuple[str, ...] = ()
    content: Mapping[str, Any] = {}


def hear(
    kind: str,
    value: Any,
    *,
    body: str = "",
    media: tuple[str, ...] = (),
    beside: Mapping[str, Any] | None = None,
) -> Heard:
    """What an object of a kind says, with its text and files where they stand outside of it.

    `beside` is what any kind may come with: `context`, `referral`, `errors`, `group_id`. A file is a URL
    under `url` or `link`. Raises Unsaid.
    """
    kind = heard_kind(kind)
    found = _object(kind, value)
    _READ[kind](found, kind)
    around = {name: part for name, part in _beside(beside or {}).items() if part}
    if kind == _UNSUPPORTED:
        around.setdefault("errors", [_UNKNOWN])
    if not found and not (body or media or around) and kind != TEXT:
        raise Unsaid(MISSING, kind, "is required")
    inner = _edited(found) if kind == _EDITED else (kind, found)
    files, types = _files(*inner)
    if kind == TEXT and not (body or media or text(found, "body", TEXT, needed=False)):
        raise Unsaid(MISSING, "body", "is required, or media")
    shown = found if kind not in (TEXT, "contacts") else found.get("contacts")
    content = {
        **({} if kind == TEXT else {"type": kind}),
        **({kind: shown} if shown and kind != TEXT else {}),
        **around,
        **({"media_types": types} if types and not media else {}),
    }
    return Heard(body=body or _words(*inner), media=media or files, content=content)


def heard_kind(name: str) -> str:
    """The kind that a name stands for, in whatever case. Raises Unsaid."""
    kind = name.strip().lower()
    if kind not in KINDS:
        raise Unsaid(UNKNOWN_KIND, "type", f"must be one of: {', '.join(KINDS)}")
    return kind


def _object(kind: str, value: Any) -> Parts:
    found = read_json(tidy(value, kind), kind) if value is not None else None
    if kind == "contacts" and isinstance(found, list):
        found = {"contacts": found}
    if found is None:
        if kind not in _BARE:
            raise Unsaid(MISSING, kind, "is required")
        return {}
    if not isinstance(found, dict):
        raise Unsaid(WRONG, kind, "must be an object")
    return found


def _beside(beside: Mapping[str, Any]) -> Parts:
    found: Parts = {
        name: tidy(part, name) for name, part in beside.items() if part not in (None, [], {})
    }
    some(found, "context", "")
    some(found, "referral", "")
    text(found, "group_id", "", most=256, needed=False)
    for index, error in enumerate(each(found, "errors", "")):
        need(error, "code", f"errors[{index}]")
    return found


def _file(parts: Parts, kind: str) -> None:
    for name in ("id", "mime_type", "sha256", "caption", "filename", "url", "link"):
        text(parts, name, kind, needed=False)
    for name in ("url", "link"):
        if parts.get(name) and not is_link(parts[name]):
            raise Unsaid(WRONG, f"{kind}.{name}", "must begin with http:// or https://")
    for name in ("voice", "animated"):
        flag(parts, name, kind)


def _text(parts: Parts, kind: str) -> None:
    text(parts, "body", kind, needed=False)


def _place(parts: Parts, kind: str) -> None:
    degrees(parts, "latitude", kind, 90)
    degrees(parts, "longitude", kind, 180)
    for name in ("name", "address", "url"):
        text(parts, name, kind, needed=False)


def _cards(parts: Parts, kind: str) -> None:
    for index, card in enumerate(each(parts, kind, "", least=1)):
        text(one(card, "name", f"{kind}[{index}]"), "formatted_name", f"{kind}[{index}].name")


def _reaction(parts: Parts, kind: str) -> None:
    """One without an emoji was taken back."""
    text(parts, "message_id", kind)
    if not text(parts, "emoji", kind, needed=False):
        parts.pop("emoji", None)


def _reply(parts: Parts, kind: str) -> None:
    reply = word(parts, "type", kind, REPLIES)
    said = one(parts, reply, kind)
    if reply in ("button_reply", "list_reply"):
        text(said, "id", f"{kind}.{reply}")
        text(said, "title", f"{kind}.{reply}", needed=False)
    elif reply == "nfm_reply":
        _response(said, f"{kind}.{reply}")


def _response(said: Parts, at: str) -> None:
    """What a form was filled in with: JSON in a text, whichever way it was given."""
    filled = need(said, "response_json", at)
    if isinstance(filled, dict):
        said["response_json"] = msgspec.json.encode(filled).decode()
    text(said, "response_json", at)
    text(said, "name", at, needed=False)
    text(said, "body", at, needed=False)


def _button(parts: Parts, kind: str) -> None:
    text(parts, "text", kind, needed="payload" not in parts)
    text(parts, "payload", kind, needed=False)


def _order(parts: Parts, kind: str) -> None:
    text(parts, "catalog_id", kind, needed=False)
    text(parts, "text", kind, needed=False)
    each(parts, "product_items", kind)


def _system(parts: Parts, kind: str) -> None:
    text(parts, "body", kind, needed="type" not in parts)
    text(parts, "type", kind, needed=False)


def _edit(parts: Parts, kind: str) -> None:
    text(parts, "original_message_id", kind)
    said = one(parts, "message", kind)
    inner = text(said, "type", f"{kind}.message", needed=False) or TEXT
    if inner not in (TEXT, *MEDIA):
        raise Unsaid(WRONG, f"{kind}.message.type", f"must be one of: {', '.join((TEXT, *MEDIA))}")
    _READ[inner](one(said, inner, f"{kind}.message"), inner)


def _revoke(parts: Parts, kind: str) -> None:
    text(parts, "original_message_id", kind)


def _any(parts: Parts, kind: str) -> None:
    """Nobody knows what it is: that is what it says."""


def _edited(parts: Parts) -> tuple[str, Parts]:
    """The kind and the object that an edit puts in the place of what was there."""
    said = parts["message"]
    kind = str(said.get("type") or TEXT)
    return kind, said[kind]


def _files(kind: str, parts: Parts) -> tuple[tuple[str, ...], list[str]]:
    """The URL of a file, taken out of its object, and its type where that is told."""
    if kind not in MEDIA:
        return (), []
    urls = [url for name in ("url", "link") if (url := parts.pop(name, ""))]
    kept = parts.get("mime_type", "").partition(";")[0].strip().lower()
    return tuple(urls[:1]), [kept] if urls and kept else []


def _words(kind: str, parts: Parts) -> str:
    """The text of what was said, or what stands for it where only text is shown."""
    if kind in MEDIA:
        return str(parts.get("caption", ""))
    if kind == "interactive":
        reply = parts[parts["type"]]
        found = reply.get("title") or reply.get("body") or ""
        return found if isinstance(found, str) else ""
    name = {"button": "text", "order": "text", "reaction": "emoji"}.get(kind, "body")
    found = parts.get(name, "") if kind not in ("contacts", "location", _UNSUPPORTED) else ""
    return found if isinstance(found, str) else ""


_READ: Mapping[str, Callable[[Parts, str], None]] = {
    TEXT: _text,
    **dict.fromkeys(MEDIA, _file),
    "location": _place,
    "contacts": _cards,
    "interactive": _reply,
    "button": _button,
    "reaction": _reaction,
    "order": _order,
    "system": _system,
    _EDITED: _edit,
    "revoke": _revoke,
    _UNSUPPORTED: _any,
}
KINDS = tuple(_READ)  #: that people write
