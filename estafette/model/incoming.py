"""What carriers tell us of their own accord, and what people write to our senders."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from estafette.model.message import Channel


class Incoming(Struct, frozen=True, kw_only=True):
    """What a person wrote to one of our senders, as a carrier tells it."""

    channel: Channel
    sender: str  #: the person's address
    recipient: str  #: our sender's address, or the carrier's own id for it
    body: str = ""
    media: tuple[str, ...] = ()  #: URLs at which the carrier has them
    ref: str = ""  #: the carrier's own id for it: told twice, it is kept once
    at: datetime | None = None  #: when it was written, where the carrier says so
    name: str = ""  #: what the person is called there
    user_id: str = ""  #: what the platform calls them beside, or in place of, their address
    content: Mapping[str, Any] = {}  #: what its kind has beside text and media


class Inward(Struct, frozen=True, kw_only=True):
    """One request of a carrier to `/in/<provider>/<connection>…`, as it came."""

    method: str
    url: str  #: whole, by our public address: what the carrier was given
    tail: str  #: of the path, after the name of the connection; without a slash at its beginning
    query: str
    headers: Mapping[str, str]  #: names in lower case
    body: bytes


class Approval(Struct, frozen=True, kw_only=True):
    """What became of the approval of a template, as a carrier tells it."""

    name: str
    language: str
    status: str  #: one of `model.template.TemplateStatus`
    category: str = ""  #: where that is told: one of `model.template.Category`
    reason: str = ""  #: why it was rejected, in the carrier's words
