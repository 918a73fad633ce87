"""Texts, files, places and reactions."""

from estafette.model.text import units
from estafette.model.whatsapp.forms import Parts, degrees, file, flag, need, text
from estafette.model.whatsapp.words import WRONG, Said, Unsaid

LONGEST_TEXT = 4096  #: UTF-16 units
LONGEST_CAPTION = 1024  #: characters
_LONGEST_NAME, _LONGEST_EMOJI = 1000, 32  # characters; an emoji may be made of many

#: What a file may come with, beside its id or link.
_CAPTIONED = ("document", "image", "video")


def read_text(parts: Parts) -> Said:
    """A text. Raises Unsaid."""
    body = text(parts, "body", "text")
    if units(body) > LONGEST_TEXT:
        raise Unsaid(WRONG, "text.body", f"must have at most {LONGEST_TEXT} characters")
    shows = flag(parts, "preview_url", "text")
    return Said(kind="text", body=body, content={"preview_url": True} if shows else {})


def read_file(kind: str, parts: Parts) -> Said:
    """A sound, a document, a picture, a sticker or a film. Raises Unsaid."""
    link = file(parts, kind)
    caption = text(parts, "caption", kind, most=LONGEST_CAPTION, needed=False)
    if caption and kind not in _CAPTIONED:
        raise Unsaid(WRONG, f"{kind}.caption", f"goes with {', '.join(_CAPTIONED)}, and no other")
    text(parts, "filename", kind, most=_LONGEST_NAME, needed=False)
    if kind == "audio":
        flag(parts, "voice", kind)
    media = (link,) if link else ()
    return Said(kind=kind, body=caption, media=media, content={"type": kind, kind: parts})


def read_location(parts: Parts) -> Said:
    """A place. Raises Unsaid."""
    spot = f"{degrees(parts, 'latitude', 'location', 90)}, {degrees(parts, 'longitude', 'location', 180)}"
    names = [
        text(parts, name, "location", most=_LONGEST_NAME, needed=False)
        for name in ("name", "address")
    ]
    body = ", ".join(name for name in names if name) or spot
    return Said(kind="location", body=body, content={"type": "location", "location": parts})


def read_reaction(parts: Parts) -> Said:
    """A reaction to a message; an empty emoji takes it back. Raises Unsaid."""
    text(parts, "message_id", "reaction")
    emoji = need(parts, "emoji", "reaction")
    if not isinstance(emoji, str) or len(emoji) > _LONGEST_EMOJI:
        raise Unsaid(WRONG, "reaction.emoji", "must be one emoji, or an empty text to take it back")
    return Said(kind="reaction", body=emoji, content={"type": "reaction", "reaction": parts})
