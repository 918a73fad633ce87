"""A template: a text with holes, in the shapes that channels take. Pure. See `filling` for what it says."""

import re
from collections.abc import Container, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct

from estafette.model.errors import GatewayError
from estafette.model.media import TYPES
from estafette.model.message import Channel

Types = Mapping[str, Mapping[str, Any]]

LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[_-][A-Za-z0-9]{2,8})*")  #: `en`, `pt_BR`
LONGEST_NAME = 512  # characters; of a title, too
LONGEST_BODY = 1024  # characters

HOLE = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
PLACE = re.compile(r"[1-9][0-9]{0,2}")  # a hole that is filled by position
TEXT, MEDIA = "twilio/text", "twilio/media"
_WORDS = ("body", "title", "header_text", "label")  # where a shape may have its text

#: The shapes that every channel takes, the richest first.
_PLAIN = (MEDIA, TEXT)


class TemplateKind(StrEnum):
    """What a template shows: a text alone, or above it a picture, a file or a film."""

    TEXT = "text"
    IMAGE = "image"
    DOCUMENT = "document"
    VIDEO = "video"


#: What the end of a URL tells of the media there; any other is taken for a picture.
_ENDS = {
    **dict.fromkeys((".mp4", ".3gp", ".mov", ".webm"), TemplateKind.VIDEO),
    **dict.fromkeys(TYPES.values(), TemplateKind.DOCUMENT),
}
_END = re.compile(r"\.[A-Za-z0-9]+(?=$|[?#])")


class TemplateStatus(StrEnum):
    """What became of its approval. Every door maps from and to these words."""

    UNSUBMITTED = "unsubmitted"  #: nobody asked for it
    RECEIVED = "received"  #: it was asked for just now
    PENDING = "pending"  #: it is looked at
    APPROVED = "approved"
    REJECTED = "rejected"
    PAUSED = "paused"
    FAILED = "failed"
    DEACTIVATED = "deactivated"
    DELETED = "deleted"
    DISABLED = "disabled"
    IN_APPEAL = "in_appeal"
    LIMIT_EXCEEDED = "limit_exceeded"
    PENDING_DELETION = "pending_deletion"


class Category(StrEnum):
    """What it is for, as WhatsApp tells templates apart."""

    UTILITY = "UTILITY"
    MARKETING = "MARKETING"
    AUTHENTICATION = "AUTHENTICATION"


class Template(Struct, frozen=True, kw_only=True):
    """A text with holes. `types` are its shapes by name; `variables` fill holes that nobody fills."""

    id: str
    account: str
    name: str
    language: str
    channel: str = ""  #: the one that it was made for; empty for any
    kind: TemplateKind = TemplateKind.TEXT
    body: str = ""
    types: Types = {}
    variables: Mapping[str, str] = {}
    details: Mapping[str, Any] = {}  #: `approval` (name, category, at) and `title`
    status: TemplateStatus = TemplateStatus.UNSUBMITTED
    created_at: datetime
    updated_at: datetime

    @property
    def approval(self) -> Mapping[str, Any]:
        """Under which name and category its approval was asked for; empty where it was not."""
        found: Mapping[str, Any] = self.details.get("approval", {})
        return found

    @property
    def submitted_name(self) -> str:
        """What WhatsApp knows it by, with its language."""
        return str(self.approval.get("name") or self.name)

    @property
    def category(self) -> Category:
        """What it is for."""
        return Category(self.approval.get("category") or Category.UTILITY)

    @property
    def title(self) -> str:
        """What people call it."""
        return str(self.details.get("title") or self.name)

    @property
    def header(self) -> str:
        """The URL of the media that it shows where a message brings none; or nothing."""
        shape = shape_on(shapes(self), Channel.WHATSAPP) or {}
        return next(iter(media(shape)), "")


class Filled(Struct, frozen=True):
    """What a template says once its holes are filled."""

    body: str
    media: tuple[str, ...]
    content: Mapping[str, Any] = {}  #: what a message keeps of it: see `noted`


class Unfilled(GatewayError):
    """A hole of a template is not filled, or too many values were given."""

    def __init__(self, text: str = "", expected: int = 0) -> None:
        super().__init__(text)
        self.expected = expected  #: how many values it takes by position


class Unfit(GatewayError):
    """A template has no shape that its channel takes, or lacks the media that it shows."""


class Malformed(GatewayError):
    """A template cannot be as it was asked for."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(f"{field} {text}")
        self.field = field  #: the part that is to blame


def shapes(template: Template) -> Types:
    """Its shapes by name: what was made with a body alone has that."""
    return template.types or {TEXT: {"body": template.body}}


def shape_of(kind: TemplateKind, body: str, media_url: str = "") -> Types:
    """The one shape of what has a kind, a text, and perhaps media that it usually shows."""
    if kind is TemplateKind.TEXT:
        return {TEXT: {"body": body}}
    return {MEDIA: {"body": body, "media": [media_url] if media_url else []}}


def is_plain(template: Template) -> bool:
    """Whether it has one shape that every channel takes, with one of the media at the most."""
    found = shapes(template)
    has_one = len(found) == 1 and not found.keys() - {*_PLAIN}
    return has_one and all(len(media(shape)) <= 1 for shape in found.values())


def words(shape: Mapping[str, Any]) -> str:
    """The text of a shape."""
    found = (shape.get(name) for name in _WORDS)
    return next((text for text in found if isinstance(text, str) and text), "")


def media(shape: Mapping[str, Any]) -> tuple[str, ...]:
    """The URLs of a shape's media."""
    found = shape.get("media") or ()
    listed = found if isinstance(found, list | tuple) else [found]
    return tuple(url for url in listed if isinstance(url, str))


def body_of(types: Types) -> str:
    """The text of shapes as WhatsApp shows it; else the first that any of them has."""
    shown = shape_on(types, Channel.WHATSAPP) or {}
    return words(shown) or next((text for text in map(words, types.values()) if text), "")


def kind_of(types: Types) -> TemplateKind:
    """What shapes show on WhatsApp, going by the ends of their URLs."""
    urls = media(shape_on(types, Channel.WHATSAPP) or {})
    if not urls:
        return TemplateKind.TEXT
    end = _END.search(urls[0])
    return _ENDS.get(end[0].lower(), TemplateKind.IMAGE) if end else TemplateKind.IMAGE


def holes(text: str) -> list[str]:
    """The names of the holes in a text, each once, in their order."""
    return list(dict.fromkeys(HOLE.findall(text)))


def render(text: str, variables: Mapping[str, str]) -> str:
    """The text with its holes filled; what fills them is not looked through for holes again.

    Raises Unfilled.
    """
    missing = [name for name in holes(text) if name not in variables]
    if missing:
        raise Unfilled(f"nothing fills {', '.join(missing)}")
    return HOLE.sub(lambda found: variables[found[1]], text)


def check(template: Template, fields: Container[str]) -> None:
    """Refuse what could not be sent by its name, or filled by position. Raises Malformed.

    `fields` are those to look at: name, title, language, body.
    """
    for field, text in (("name", template.name), ("title", template.title)):
        is_good = text.strip() and text.isprintable() and len(text) <= LONGEST_NAME
        if field in fields and not is_good:
            raise Malformed(field, f"must be 1 to {LONGEST_NAME} printable characters")
    if "language" in fields and not LANGUAGE.fullmatch(template.language):
        raise Malformed("language", "must be a code such as en or pt_BR")
    if "body" in fields:
        _check_body(template.body)


def _check_body(body: str) -> None:
    if not body.strip() or len(body) > LONGEST_BODY or not _is_text(body):
        raise Malformed("body", f"must be text of 1 to {LONGEST_BODY} characters")
    if named := [name for name in holes(body) if not PLACE.fullmatch(name)]:
        raise Malformed("body", f"has a hole {named[0][:40]}: holes are {{{{1}}}}, {{{{2}}}}, …")


def _is_text(text: str) -> bool:
    """Whether it can be written down."""
    return "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def shape_on(types: Types, channel: Channel) -> Mapping[str, Any] | None:
    """The shape that a channel shows: the richest that it takes."""
    rich = () if channel is Channel.SMS else tuple(name for name in types if name not in _PLAIN)
    for name in (*rich, *_PLAIN):
        if name in types and (words(types[name]) or media(types[name])):
            return types[name]
    return None
