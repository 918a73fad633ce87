"""What can be said on WhatsApp: its kinds of message, each an object of its own. Pure.

A message keeps its object as `content[kind]`, under the name of the kind, beside `content["type"]`: a
text without more than its body keeps neither. `body` and `media` are what other channels' words
have for it: the text or caption, and links.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from estafette.model.errors import GatewayError

TEXT = "text"
MEDIA = ("audio", "document", "image", "sticker", "video")
KINDS = (*MEDIA, "contacts", "interactive", "location", "reaction", "template", TEXT)


class Unsaid(GatewayError):
    """Something cannot be said as it was asked for."""

    def __init__(self, code: int, field: str, text: str) -> None:
        super().__init__(f"{field} {text}")
        self.code = code  #: Meta's: 131008 for what is missing, 131009 for what is wrong, …
        self.field = field  #: the part that is to blame, such as `interactive.action.buttons`


class Said(Struct, frozen=True, kw_only=True):
    """One thing to say, as a message keeps it."""

    kind: str
    body: str = ""
    media: tuple[str, ...] = ()
    content: Mapping[str, Any] = {}


def read(kind: str, value: Any) -> Said:
    """What an object of this kind says. Raises Unsaid."""
    if kind not in KINDS:
        raise Unsaid(131051, "type", f"must be one of {', '.join(KINDS)}")
    if kind == TEXT:
        return Said(kind=kind, body=str(value.get("body") or ""))
    link = value.get("link") if kind in MEDIA else None
    return Said(
        kind=kind,
        body=str(value.get("caption") or "") if kind in MEDIA else "",
        media=(link,) if link else (),
        content={"type": kind, kind: value},
    )
