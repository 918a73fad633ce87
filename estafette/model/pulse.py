"""How many messages there were of late, hour by hour."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from estafette.model.message import Status

HOURS = 24  #: the current one, and those before it


class Hour(Struct, frozen=True):
    """What was written down in one hour, by the status that it has now."""

    start: datetime
    counts: Mapping[Status, int]


class Pulse(Struct, frozen=True):
    """The last hours, the oldest first, as they were counted."""

    counted_at: datetime
    hours: list[Hour]
