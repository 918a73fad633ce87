"""A message of ours as the Cloud API takes it, whichever door it came through."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from estafette.model.message import Message
from estafette.model.whatsapp.words import KINDS, MEDIA, TEXT

UPLOAD = "upload:"  #: begins the place of a file that was uploaded to us

#: What the end of a file's name tells of it; a name without an ending that is known is a picture's.
_ENDINGS = {
    **dict.fromkeys(("aac", "amr", "m4a", "mp3", "oga", "ogg", "opus"), "audio"),
    **dict.fromkeys(("3gp", "mp4"), "video"),
    **dict.fromkeys(("gif", "jpeg", "jpg", "png"), "image"),
    "webp": "sticker",
}
_END = re.compile(r"/[^/?#]*\.([A-Za-z0-9]{1,5})(?:[?#]|$)")
_CAPTIONED = ("document", "image", "video")
_FILES = ("document", "image", "video")  # that a header can be


def payload(message: Message) -> dict[str, Any]:
    """`type`, and under its name the object that says what the message says.

    A file is named by `link`, or by the `id` that it was asked for with; where the message has an
    upload instead of a link, its place stands as `id` in what other doors sent.
    """
    content = message.content
    kind = content.get("type")
    if "template" in content:
        return {"type": "template", "template": _template(message, content["template"])}
    if kind in KINDS and kind != TEXT and kind in content:
        return {"type": kind, kind: content[kind]}
    if message.media:
        kind = _kind(message)
        return {"type": kind, kind: _file(message, kind)}
    preview = {"preview_url": True} if content.get("preview_url") else {}
    return {"type": TEXT, TEXT: {"body": message.body, **preview}}


def shown(message: Message) -> str:
    """The kind of a message, in either direction and on any channel."""
    content = message.content
    if "template" in content:
        return "template"
    return str(content.get("type") or (_kind(message) if message.media else TEXT))


def files(content: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Each part of a message's content that names a file by its `link` or `id`, in their order."""
    kind = content.get("type")
    found = content.get(str(kind))
    if kind in MEDIA and isinstance(found, dict):
        yield found
    elif kind == "interactive" and isinstance(found, dict):
        yield from _headers([found, *_listed(found.get("action"), "cards")])
    template = content.get("template")
    for component in _listed(template, "components"):
        yield from _parameters(component)
        for card in _listed(component, "cards"):
            for part in _listed(card, "components"):
                yield from _parameters(part)


def _headers(parts: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for part in parts:
        header = part.get("header")
        found = header.get(str(header.get("type"))) if isinstance(header, dict) else None
        if isinstance(found, dict):
            yield found


def _parameters(component: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for parameter in _listed(component, "parameters"):
        kind = parameter.get("type")
        found = parameter.get(str(kind))
        if kind in _FILES and isinstance(found, dict):
            yield found


def _listed(parts: Any, name: str) -> list[dict[str, Any]]:
    found = parts.get(name) if isinstance(parts, dict) else None
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _kind(message: Message) -> str:
    """What the file of a message is, by what its door said, else by how its name ends."""
    told = message.content.get("kind")
    if told in MEDIA:
        return str(told)
    end = _END.search(_after_host(message.media[0]))
    if end is None:
        return "image"
    kind = _ENDINGS.get(end[1].lower(), "document")
    return "image" if kind == "sticker" and message.body else kind


def _after_host(url: str) -> str:
    _, _, rest = url.partition("://")
    _, slash, path = rest.partition("/")
    return slash + path


def _file(message: Message, kind: str) -> dict[str, Any]:
    name = message.content.get("filename")
    return {
        **_place(message.media[0]),
        **({"caption": message.body} if message.body and kind in _CAPTIONED else {}),
        **({"filename": name} if name and kind == "document" else {}),
    }


def _place(url: str) -> dict[str, str]:
    return {"id": url} if url.startswith(UPLOAD) else {"link": url}


def _template(message: Message, said: Mapping[str, Any]) -> dict[str, Any]:
    """A template by its name: with its components as they were sent, or made of what fills it."""
    language = said.get("language")
    code = language.get("code") if isinstance(language, Mapping) else language
    components = said.get("components")
    if components is None:
        components = [*_header(message, said), *_values(said)]
    found = {"name": said.get("name"), "language": {"code": code}}
    return {**found, "components": components} if components else found


def _header(message: Message, said: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    kind = said.get("kind")
    if kind in _FILES and message.media:
        shown = {"type": kind, kind: _place(message.media[0])}
        yield {"type": "header", "parameters": [shown]}


def _values(said: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    named = [
        {"type": "text", "parameter_name": name, "text": value}
        for name, value in (said.get("variables") or {}).items()
    ]
    ordered = [{"type": "text", "text": value} for value in said.get("values") or ()]
    if parameters := [*ordered, *named]:
        yield {"type": "body", "parameters": parameters}
