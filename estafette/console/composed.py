"""A message as somebody composes it: what was typed, how long it is, and the send that it becomes."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256

import msgspec
from msgspec import Struct

from estafette.console.choices import channel_of
from estafette.console.reasons import REASONS
from estafette.console.visit import Visit
from estafette.core.limits import LONGEST_BODY, LONGEST_ELSEWHERE
from estafette.core.url import is_url
from estafette.model import Channel, GatewayError, Reason
from estafette.model.filling import places
from estafette.model.template import HOLE, Template
from estafette.model.text import is_gsm7, segments, units
from estafette.model.times import utc

#: The field that is to blame for why a message was declined.
FIELD = {
    Reason.NO_SENDER: "from",
    Reason.BAD_SENDER: "from",
    Reason.FOREIGN_SENDER: "from",
    Reason.MIXED_CHANNELS: "from",
    Reason.UNKNOWN_SERVICE: "from",
    Reason.EMPTY_POOL: "from",
    Reason.QUEUE_FULL: "from",
    Reason.EMPTY_BODY: "body",
    Reason.NOTHING_TO_SAY: "body",
    Reason.BAD_BODY: "body",
    Reason.TOO_LONG: "body",
    Reason.BAD_MEDIA: "media",
    Reason.TOO_MANY_MEDIA: "media",
    Reason.BAD_CALLBACK: "callback_url",
    Reason.BAD_TIME: "send_at",
}


class Bad(GatewayError):
    """A field that cannot be used."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


class Typed(Struct, kw_only=True):
    """The fields of the form, as they were typed."""

    channel: Channel = Channel.SMS
    origin: str = ""  #: an address, or MG… and the id of a service
    to: str = ""
    body: str = ""
    media: str = ""  #: URLs, one a line
    kept: list[str] = []  #: the ids of files that were uploaded
    template: str = ""
    values: list[str] = []
    send_at: str = ""
    callback_url: str = ""
    fallback: str = ""
    fallback_after: str = ""
    token: str = ""

    @property
    def key(self) -> str:
        """The same form sent twice has the same; one that was changed meanwhile has another."""
        return f"console-{sha256(msgspec.json.encode(self)).hexdigest()}"


def typed(given: Mapping[str, str], values: list[str], kept: list[str], token: str) -> Typed:
    """What a form, or a link that fills it, says."""
    return Typed(
        channel=channel_of(given.get("channel", "")),
        origin=given.get("from", ""),
        to=given.get("to", ""),
        body=given.get("body", "").replace("\r\n", "\n"),
        media=given.get("media", ""),
        kept=kept,
        template=given.get("template", ""),
        values=values,
        send_at=given.get("send_at", ""),
        callback_url=given.get("callback_url", ""),
        fallback=given.get("fallback", ""),
        fallback_after=given.get("fallback_after", ""),
        token=given.get("token", "") or token,
    )


class Count(Struct, frozen=True):
    """How long a text is on a channel."""

    units: int
    most: int
    segments: int  #: 0 where the channel has none
    encoding: str
    strange: str  #: the first characters that make an SMS hold less

    @property
    def is_long(self) -> bool:
        """Whether it is too long to be sent."""
        return self.units > self.most


def counted(body: str, channel: Channel) -> Count:
    """Measure a text."""
    if channel is not Channel.SMS:
        return Count(units(body), LONGEST_ELSEWHERE, 0, "", "")
    plain = is_gsm7(body)
    strange = [] if plain else [char for char in dict.fromkeys(body) if not is_gsm7(char)]
    seen = "".join(char for char in strange if char.isprintable())[:8]
    return Count(units(body), LONGEST_BODY, segments(body), "GSM-7" if plain else "UCS-2", seen)


def previewed(template: Template, values: list[str]) -> str:
    """The text of a template with what was typed in its holes; holes that are empty stay."""
    known = {str(place): value for place, value in enumerate(values, 1) if value}
    usual = {**template.variables, **known}
    return HOLE.sub(lambda found: usual.get(found[1], found[0]), template.body)


def holes_of(template: Template) -> list[int]:
    """The numbers of its holes."""
    return list(range(1, places(template) + 1))


def check_media(visit: Visit, urls: Iterable[str]) -> None:
    """Refuse what is no address of a picture or file. Raises Bad."""
    if not all(map(is_url, urls)):
        raise Bad("media", visit.say("Addresses begin with https:// and stand on a line each."))


def check_callback(visit: Visit, url: str) -> None:
    """Refuse what cannot be told what became of a message. Raises Bad."""
    if url and not is_url(url):
        raise Bad("callback_url", visit.say(REASONS[Reason.BAD_CALLBACK]))


def time_of(visit: Visit, text: str) -> datetime | None:
    """When a message is to be sent, as a field has it, where who typed it is. Raises Bad."""
    try:
        return utc(datetime.fromisoformat(text), visit.zone) if text else None
    except (ValueError, OverflowError):
        raise Bad("send_at", visit.say("This is not a time.")) from None
