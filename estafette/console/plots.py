"""The last hours as bars, one for each hour: where they stand, and what they stand for."""

from datetime import datetime
from typing import NamedTuple

from estafette.console.words import later as _
from estafette.model import Status
from estafette.model.pulse import Hour, Pulse

WIDTH, HEIGHT = 720, 96  #: of the picture, in its own units
_GAP = 6  # between bars
_LEAST = 2  # of what is not nothing


class Kind(NamedTuple):
    """Statuses that are shown as one."""

    name: str  #: the class of its bars
    title: str
    statuses: tuple[Status, ...]


#: From the foot of a bar to its top.
KINDS = (
    Kind("delivered", _("Delivered"), (Status.DELIVERED, Status.READ)),
    Kind("received", _("Received"), (Status.RECEIVED,)),
    Kind(
        "moving",
        _("Under way"),
        (Status.SCHEDULED, Status.QUEUED, Status.SENDING, Status.SENT),
    ),
    Kind("canceled", _("Canceled"), (Status.CANCELED,)),
    Kind("failed", _("Failed"), (Status.FAILED, Status.UNDELIVERED)),
)


class Piece(NamedTuple):
    """A part of a bar."""

    name: str
    x: int
    y: float
    width: int
    height: float


class Bar(NamedTuple):
    """An hour."""

    start: datetime
    counts: dict[str, int]  #: by the names of KINDS
    pieces: list[Piece]

    @property
    def total(self) -> int:
        """How many messages."""
        return sum(self.counts.values())


class Plot(NamedTuple):
    """The whole picture."""

    bars: list[Bar]
    kinds: list[Kind]  #: those of which there are any
    totals: dict[str, int]
    most: int  #: of one hour
    counted_at: datetime

    @property
    def total(self) -> int:
        """How many messages."""
        return sum(self.totals.values())


def plot(pulse: Pulse) -> Plot:
    """The picture of what was counted."""
    counted = [_counts(hour) for hour in pulse.hours]
    totals = {kind.name: sum(one[kind.name] for one in counted) for kind in KINDS}
    most = max((sum(one.values()) for one in counted), default=0)
    bars = [
        Bar(hour.start, counts, _pieces(number, counts, most))
        for number, (hour, counts) in enumerate(zip(pulse.hours, counted, strict=True))
    ]
    kinds = [kind for kind in KINDS if totals[kind.name]]
    return Plot(bars, kinds, totals, most, pulse.counted_at)


def _counts(hour: Hour) -> dict[str, int]:
    return {
        kind.name: sum(hour.counts.get(status, 0) for status in kind.statuses) for kind in KINDS
    }


def _pieces(number: int, counts: dict[str, int], most: int) -> list[Piece]:
    step = WIDTH // 24
    found: list[Piece] = []
    foot = float(HEIGHT)
    for name, count in counts.items():
        if count:
            height = round(max(_LEAST, (HEIGHT - len(counts) * _LEAST) * count / most), 1)
            foot = round(foot - height, 1)
            found.append(Piece(name, number * step + _GAP // 2, foot, step - _GAP, height))
    return found
