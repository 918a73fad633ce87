"""What is said, how it was asked for, and why it cannot be: the words of this package."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from estafette.model.errors import GatewayError

TEXT = "text"
MEDIA = ("audio", "document", "image", "sticker", "video")
KINDS = (*MEDIA, "contacts", "interactive", "location", "reaction", "template", TEXT)

# Meta's codes for what is wrong with a request.
REQUEST, MISSING, WRONG, UNKNOWN_KIND = 100, 131008, 131009, 131051


class Unsaid(GatewayError):
    """Something cannot be said as it was asked for."""

    def __init__(self, code: int, field: str, text: str) -> None:
        super().__init__(f"{field} {text}")
        self.code = code  #: Meta's: 131008 for what is missing, 131009 for what is wrong, …
        self.field = field  #: the part that is to blame, such as `interactive.action.buttons`
        self.text = text  #: what is wrong with it: a sentence that begins behind its name


class Said(Struct, frozen=True, kw_only=True):
    """One thing to say, as a message keeps it.

    `media` are the links in it. A file that was uploaded has an `id` instead, which whoever knows
    uploads turns into one of the media: `files` finds those parts.
    """

    kind: str
    body: str = ""
    media: tuple[str, ...] = ()
    content: Mapping[str, Any] = {}


class Asked(Struct, frozen=True, kw_only=True):
    """A whole request to say something to somebody."""

    said: Said
    to: str = ""  #: a number as it was written, or the id of a group
    user_id: str = ""  #: what the platform calls them, where no number was given
    is_group: bool = False
    context_id: str = ""  #: the message that it answers, in any form of an id
    tracker: str = ""  #: told again with each status
    identity: str = ""  #: the key that the person must still have
