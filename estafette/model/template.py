"""A template: a text with holes, in the shapes that channels take. Pure."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from estafette.model.errors import GatewayError
from estafette.model.message import Channel

Types = Mapping[str, Mapping[str, Any]]

_HOLE = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
_TEXT, _MEDIA = "twilio/text", "twilio/media"
_WORDS = ("body", "title", "header_text", "label")  # where a shape may have its text

#: The shapes that every channel takes, the richest first.
_PLAIN = (_MEDIA, _TEXT)


class Template(Struct, frozen=True, kw_only=True):
    """A text with holes. `types` are its shapes by name; `variables` fill holes that nobody fills."""

    id: str
    account: str
    name: str
    language: str
    channel: str = ""  #: the one channel that it is for; empty for any
    kind: str = ""  #: what it shows beside text, in a word
    body: str = ""
    types: Types = {}
    variables: Mapping[str, str] = {}
    details: Mapping[str, Any] = {}  #: what doors keep with it, by their names
    status: str = ""
    created_at: datetime
    updated_at: datetime


class Filled(Struct, frozen=True):
    """What a template says once its holes are filled."""

    body: str
    media: tuple[str, ...]


class Unfilled(GatewayError):
    """A hole of a template is not filled."""


class Unfit(GatewayError):
    """A template has no shape that its channel takes."""


def shapes(template: Template) -> Types:
    """Its shapes by name: what was made with a body alone has that."""
    return template.types or {_TEXT: {"body": template.body}}


def words(shape: Mapping[str, Any]) -> str:
    """The text of a shape."""
    found = (shape.get(name) for name in _WORDS)
    return next((text for text in found if isinstance(text, str) and text), "")


def media(shape: Mapping[str, Any]) -> tuple[str, ...]:
    """The URLs of a shape's media."""
    found = shape.get("media") or ()
    listed = [found] if isinstance(found, str) else found
    return tuple(url for url in listed if isinstance(url, str))


def holes(text: str) -> list[str]:
    """The names of the holes in a text, each once, in their order."""
    return list(dict.fromkeys(_HOLE.findall(text)))


def render(text: str, variables: Mapping[str, str]) -> str:
    """The text with its holes filled; what fills them is not looked through for holes again.

    Raises Unfilled.
    """
    missing = [name for name in holes(text) if name not in variables]
    if missing:
        raise Unfilled(f"nothing fills {', '.join(missing)}")
    return _HOLE.sub(lambda found: variables[found[1]], text)


def fill(template: Template, channel: Channel, given: Mapping[str, str]) -> Filled:
    """What it says on a channel. Raises Unfilled, or Unfit where it has no shape for that."""
    shape = _shape_for(template, channel)
    variables = {**template.variables, **given}
    urls = tuple(render(url, variables) for url in media(shape))
    return Filled(render(words(shape), variables), urls)


def _shape_for(template: Template, channel: Channel) -> Mapping[str, Any]:
    if template.channel not in ("", channel):
        raise Unfit(f"it is for {template.channel}")
    known = shapes(template)
    rich = () if channel is Channel.SMS else tuple(name for name in known if name not in _PLAIN)
    for name in (*rich, *_PLAIN):
        if name in known and (words(known[name]) or media(known[name])):
            return known[name]
    raise Unfit(f"it has nothing to say on {channel}")
