"""Files that are uploaded to be sent later: what is known of them, and which are taken. Sizes are bytes."""

from datetime import datetime

from msgspec import Struct

from estafette.model.errors import BadValue
from estafette.model.media import type_found

_KILO = 1024
_MEGA = 1024 * _KILO

#: What the URL of a file that was uploaded begins with, among the media of a message; its id follows.
UPLOAD = "upload:"
DAYS = 30  #: an upload is kept for so long

_LARGEST_STICKER = 100 * _KILO  # one that does not move

#: The types that are taken, and how large a file of each may be.
LARGEST = {
    **dict.fromkeys(("audio/aac", "audio/amr", "audio/mp4", "audio/mpeg", "audio/ogg"), 16 * _MEGA),
    **dict.fromkeys(
        (
            "application/msword",
            "application/pdf",
            "application/vnd.ms-excel",
            "application/vnd.ms-powerpoint",
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "text/plain",
        ),
        100 * _MEGA,
    ),
    **dict.fromkeys(("image/jpeg", "image/png"), 5 * _MEGA),
    "image/webp": 500 * _KILO,
    **dict.fromkeys(("video/3gpp", "video/mp4"), 16 * _MEGA),
}
LARGEST_OF_ALL = max(LARGEST.values())

#: Other names that clients give to them.
_ALIASES = {"video/3gp": "video/3gpp", "audio/x-m4a": "audio/mp4", "audio/m4a": "audio/mp4"}
BEGINNING = 21  #: bytes of a file that are enough to judge it

# Meta's numbers for a parameter that will not do, and for a file that cannot be used.
_BAD_PARAMETER, _BAD_FILE = 100, 131053


class Unfit(BadValue):
    """A file that is not taken."""

    def __init__(self, text: str, *, code: int = _BAD_FILE) -> None:
        super().__init__("file", text)
        self.code = code  #: the number that Meta has for it


class Upload(Struct, frozen=True, kw_only=True):
    """One file that was uploaded."""

    id: str  #: 32 hex digits that nobody can guess
    account: str
    sender: str  #: the id of the sender that it was uploaded for
    content_type: str
    filename: str  #: as it was given; empty where it was not
    size: int  #: bytes
    sha256: str  #: of its bytes, in hex
    place: str  #: where its bytes lie
    created_at: datetime
    expires_at: datetime  #: from then on, or once it is deleted, nobody can name it any more

    @property
    def url(self) -> str:
        """What stands for it among the media of a message."""
        return UPLOAD + self.id


def type_of(named: str) -> str:
    """The type under the name that we have for it. Raises Unfit where files of it are not taken."""
    kind = _ALIASES.get(named, named)
    if kind not in LARGEST:
        raise Unfit(
            f"must be of one of these types: {', '.join(sorted(LARGEST))}; it is"
            f" {kind or 'of none'}",
            code=_BAD_PARAMETER,
        )
    return kind


def type_shown(kind: str, beginning: bytes) -> str:
    """The type of a file of one of these types, by its first bytes: a picture is what it begins as.

    Raises Unfit for what is no picture and says that it is, and for a picture of another type.
    """
    if not kind.startswith("image/"):
        return kind
    shown = type_found("image/png", beginning)
    if not shown:
        raise Unfit(f"is no {kind}: its bytes are those of no picture")
    if shown not in LARGEST:
        raise Unfit(f"is no {kind}: it is {shown}")
    return shown


def check_size(size: int, kind: str, beginning: bytes = b"") -> None:
    """Raise Unfit where a file of so many bytes is too large; the type is empty while nobody knows it."""
    most = LARGEST.get(kind, LARGEST_OF_ALL)
    if kind == "image/webp" and beginning and not _moves(beginning):
        most = _LARGEST_STICKER
    if size > most:
        raise Unfit(f"is too large: {kind or 'it'} has at most {most} bytes")


def _moves(beginning: bytes) -> bool:
    """Whether a WebP is animated: its extended header says so."""
    return beginning[12:16] == b"VP8X" and len(beginning) > 20 and bool(beginning[20] & 2)
