"""What a message may be, and what a file is by the end of its name."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote, urlsplit

from estafette.model import Channel

TEXT, IMAGE, DOCUMENT, AUDIO, VIDEO = TYPES = ("text", "image", "document", "audio", "video")

#: Clients send sounds and films as documents: these go out as what they are.
KIND: Final[Mapping[str, str]] = {
    "aac": AUDIO,
    "amr": AUDIO,
    "flac": AUDIO,
    "m4a": AUDIO,
    "mp3": AUDIO,
    "oga": AUDIO,
    "ogg": AUDIO,
    "opus": AUDIO,
    "wav": AUDIO,
    "wma": AUDIO,
    "3gp": VIDEO,
    "avi": VIDEO,
    "m4v": VIDEO,
    "mkv": VIDEO,
    "mov": VIDEO,
    "mp4": VIDEO,
    "mpeg": VIDEO,
    "mpg": VIDEO,
    "webm": VIDEO,
}

#: What only official WhatsApp takes here: these kinds, and templates.
GATED: Final = frozenset({AUDIO, VIDEO})
OFFICIAL: Final = Channel.WHATSAPP


def kind_of(type: str, url: str, filename: str = "") -> str:
    """What goes out: a document is an audio or a video where its address, or else its name, ends
    as one.
    """
    if type != DOCUMENT:
        return type
    ends = (_ending(unquote(urlsplit(url).path)), _ending(filename))
    return next((KIND[end] for end in ends if end in KIND), DOCUMENT)


def _ending(name: str) -> str:
    _, dot, end = name.rpartition("/")[2].rpartition(".")
    return end.strip().lower() if dot else ""
