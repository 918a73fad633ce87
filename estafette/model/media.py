"""Media: pictures, documents and sounds that go with messages, and what we take of them. Sizes are bytes."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from estafette.model.message import Channel, Direction

_KILO = 1024
_MEGA = 1024 * _KILO

#: A picture of these may be large where others may not.
_PICTURES = frozenset({"image/jpeg", "image/png", "image/gif"})
_LARGEST_PICTURE = 5 * _MEGA
_LARGEST_OTHER = 500 * _KILO
_LARGEST_ELSEWHERE = 16 * _MEGA  # on WhatsApp, and of what people send to us
_LARGEST_DOCUMENT = 100 * _MEGA  # on WhatsApp
_LARGEST_TOGETHER = 5 * _MEGA  # of one message on its way out

#: Every type below these is taken.
_FAMILIES = ("image/", "audio/", "video/")

#: The types that are taken beside the families, and how their files end.
TYPES = {
    "application/msword": ".doc",
    "application/pdf": ".pdf",
    "application/rtf": ".rtf",
    "application/vcard": ".vcf",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.ms-powerpoint": ".ppt",
    "application/vnd.oasis.opendocument.presentation": ".odp",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "application/vnd.oasis.opendocument.text": ".odt",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "text/calendar": ".ics",
    "text/csv": ".csv",
    "text/directory": ".vcf",
    "text/plain": ".txt",
    "text/rtf": ".rtf",
    "text/vcard": ".vcf",
    "text/x-vcard": ".vcf",
}

#: How files of the families end, where it is not the second half of their type.
_ENDINGS = {
    "audio/mp4": ".m4a",
    "audio/mpeg": ".mp3",
    "image/jpeg": ".jpg",
    "image/svg+xml": ".svg",
    "video/3gpp": ".3gp",
    "video/quicktime": ".mov",
}

#: Other names that servers give to what has a name.
_ALIASES = {
    "audio/mp3": "audio/mpeg",
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/x-png": "image/png",
}

#: What the files of some types begin with.
_BEGINNINGS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
)
BEGINNING = 12  #: bytes of a file that are enough to tell its type

_NAME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789!#$&-^_.+/")


class MediaItem(Struct, frozen=True, kw_only=True):
    """One of the media of a message, fetched."""

    id: str  #: 32 hex digits that nobody can guess
    account: str
    message: str
    number: int  #: which of the message's media: 0 for the first
    url: str  #: where it was fetched
    content_type: str
    size: int  #: bytes
    place: str  #: where its bytes lie; empty where there are none (any more)
    created_at: datetime
    updated_at: datetime
    sha256: str = ""  #: of its bytes, in hex; empty for what was fetched before that was kept


class Fault(StrEnum):
    """Why one of the media cannot be had."""

    FETCH = "fetch"  #: its address does not give it
    TYPE = "type"  #: it is not of a type that is taken
    SIZE = "size"  #: it is too large


#: What programs know these faults as, by channel.
CODE = {
    (Channel.SMS, Fault.FETCH): "21620",
    (Channel.SMS, Fault.TYPE): "12300",
    (Channel.SMS, Fault.SIZE): "30019",
}
_ELSEWHERE = {Fault.FETCH: "63019", Fault.TYPE: "63021", Fault.SIZE: "63021"}
CODE |= {
    (channel, fault): code
    for channel in Channel
    for fault, code in _ELSEWHERE.items()
    if channel is not Channel.SMS
}


def type_named(header: str) -> str:
    """The type that a `content-type` header names, in lower case; empty where it names none."""
    name = header.partition(";")[0].strip().lower()
    kind, slash, rest = name.partition("/")
    if not (kind and slash and rest) or "/" in rest or not _NAME.issuperset(name):
        return ""
    return _ALIASES.get(name, name)


def is_taken(content_type: str) -> bool:
    """Whether media of this type are taken at all."""
    return content_type in TYPES or content_type.startswith(_FAMILIES)


def type_found(content_type: str, beginning: bytes) -> str:
    """The type of a file that is said to be of one, by its first bytes.

    A picture is what it begins as, whatever it is called. One that is said to be a JPEG, PNG or
    GIF and begins as no picture is nothing, which is an empty text.
    """
    if not content_type.startswith("image/"):
        return content_type
    for start, kind in _BEGINNINGS:
        if beginning.startswith(start):
            return kind
    if beginning.startswith(b"RIFF") and beginning[8:12] == b"WEBP":
        return "image/webp"
    return "" if content_type in _PICTURES else content_type


def largest(content_type: str, channel: Channel, direction: Direction) -> int:
    """How large one of the media may be."""
    if channel is Channel.WHATSAPP and content_type in TYPES:
        return _LARGEST_DOCUMENT
    if channel is not Channel.SMS or direction is Direction.INBOUND:
        return _LARGEST_ELSEWHERE
    return _LARGEST_PICTURE if content_type in _PICTURES else _LARGEST_OTHER


def is_too_much(sizes: Iterable[int], channel: Channel, direction: Direction) -> bool:
    """Whether media that may go each by itself are too large together."""
    if channel is not Channel.SMS or direction is Direction.INBOUND:
        return False
    return sum(sizes) > _LARGEST_TOGETHER


def ending(content_type: str) -> str:
    """How the names of files of a type end, with the dot; empty where nobody knows."""
    known = TYPES.get(content_type) or _ENDINGS.get(content_type)
    rest = content_type.partition("/")[2]
    return known or (f".{rest}" if rest.isalnum() else "")
