"""What somebody wrote, in the words of this API: whichever carrier brought it."""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from typing import Any

from estafette.doors.whatsapp.envelope import contact, number_of, seconds, user_id
from estafette.doors.whatsapp.statuses import error_of
from estafette.model import Callback, MediaItem, Message
from estafette.model.ids import digits, wamid
from estafette.model.whatsapp import MEDIA, TEXT

#: Kinds that carriers may tell without saying which it is, by their objects.
_BY_OBJECT = ("location", "button", "interactive", "contacts", "reaction", "order")
_BESIDE = ("referral", "group_id", "identity")  # what a message of any kind may have
_FLAGS = ("voice", "animated", "filename")  # what an object of media may have, as it was told
_UNKNOWN, _NOT_FETCHED = 131051, 131052
UNSUPPORTED, SYSTEM, EDIT = "unsupported", "system", "edit"


def value(callback: Callback, message: Message) -> dict[str, Any]:
    """The part of an update that tells a message. What comes from WhatsApp itself has no contacts."""
    told = {"messages": list(_messages(callback, message))}
    if message.content.get("type") == SYSTEM:
        return told
    return {"contacts": [contact(callback, message)], **told}


def _messages(callback: Callback, message: Message) -> Iterator[dict[str, Any]]:
    """The message; one for each of its media where it has several, as others' may, each with an id that
    names the same message to us.
    """
    content = message.content
    about = _about(callback, message)
    number = 0
    for number, url in enumerate(message.media):
        item = callback.facts.get("media", {}).get(number)
        yield {**about, "id": wamid(message.id, number), **_media(message, number, url, item)}
    if not message.media:
        kind = _kind(message)
        # A file that somebody else has is told as it was told: there is nothing that could be fetched.
        is_lost = kind in MEDIA and "id" not in (content.get(kind) or {})
        parts = _unfetched(kind) if is_lost else _object(message, kind)
        yield {**about, **parts, **_part(content, "errors")}


def _about(callback: Callback, message: Message) -> dict[str, Any]:
    """Who wrote it, when, and what it refers to."""
    content = message.content
    about: dict[str, Any] = {}
    if number := number_of(message):
        about["from"] = number
    if content.get("type") != SYSTEM:
        about["from_user_id"] = user_id(callback, message)
    about |= {"id": wamid(message.id), "timestamp": seconds(message.created_at)}
    context = content.get("context")
    if isinstance(context, Mapping) and context:
        about["context"] = {name: item for name, item in context.items() if name != "ref"}
    for name in _BESIDE:
        about |= _part(content, name)
    return about


def _kind(message: Message) -> str:
    """Which kind it is, where it is not for its media to say."""
    told = message.content.get("type")
    if isinstance(told, str) and told:
        return told
    return next((kind for kind in _BY_OBJECT if kind in message.content), TEXT)


def _object(message: Message, kind: str) -> dict[str, Any]:
    """The object of a kind that is no media, as its carrier told it."""
    if kind == TEXT:
        return {"type": TEXT, TEXT: {"body": message.body}}
    shape = {"type": kind, **_part(message.content, kind)}
    if kind == UNSUPPORTED and "errors" not in message.content:
        return {**shape, "errors": [error_of(_UNKNOWN)]}
    return shape


def _media(message: Message, number: int, url: str, item: MediaItem | None) -> dict[str, Any]:
    """What one of the media says; where it was edited, what it says now."""
    edit = message.content.get(EDIT)
    if message.content.get("type") != EDIT or not isinstance(edit, Mapping):
        return _file(message, message.content if number == 0 else {}, url, item)
    inner = edit.get("message")
    inner = inner if isinstance(inner, Mapping) else {}
    rest = {name: inner[name] for name in ("id", "context") if name in inner}
    now = {**rest, **_file(message, inner, url, item)}
    return {"type": EDIT, EDIT: {**edit, "message": now}}


def _file(
    message: Message, said_of: Mapping[str, Any], url: str, item: MediaItem | None
) -> dict[str, Any]:
    """The object of a file; what could not be fetched is not supported. `said_of` is what its carrier told."""
    told = str(said_of.get("type"))
    told = told if told in MEDIA else ""
    if item is None:
        return _unfetched(told or "media")
    kind = told or _kind_of(item.content_type)
    found = said_of.get(kind)
    said = found if isinstance(found, Mapping) else {}
    shape = {
        "mime_type": _mime_type(item, said.get("mime_type")),
        "sha256": b64encode(bytes.fromhex(item.sha256)).decode(),
        "id": digits(item.id),
        "url": url,
        **{name: said[name] for name in _FLAGS if said.get(name) is not None},
    }
    if caption := message.body or said.get("caption"):
        shape["caption"] = caption
    if kind == "audio":
        shape.setdefault("voice", False)
    if kind == "sticker":
        shape.setdefault("animated", False)
    return {"type": kind, kind: shape}


def _unfetched(kind: str) -> dict[str, Any]:
    error = error_of(_NOT_FETCHED, "The file that came with it could not be fetched.")
    return {"type": UNSUPPORTED, UNSUPPORTED: {"type": kind}, "errors": [error]}


def _kind_of(content_type: str) -> str:
    """What a file is to this API."""
    if content_type == "image/webp":
        return "sticker"
    family = content_type.partition("/")[0]
    return family if family in ("image", "audio", "video") else "document"


def _mime_type(item: MediaItem, told: Any) -> str:
    """What the file is; with the parameters, such as codecs, that its carrier told of it."""
    is_same = isinstance(told, str) and told.partition(";")[0].strip() == item.content_type
    return told if is_same else item.content_type


def _part(content: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {name: content[name]} if content.get(name) else {}
