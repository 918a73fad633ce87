"""What is counted and timed, for Prometheus. Spans are in seconds.

Counting here is cheap: numbers gather in this process and go to the library a few times a second,
because its counters, shared by several processes, cost as much as a row in the database.
"""

import asyncio
from bisect import bisect_left
from collections import Counter as Tally
from collections import defaultdict

from prometheus_client import Counter, Histogram

from estafette.model import CallbackStatus, Channel, Outcome, Status

_SPANS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_FLUSH_IN = 0.25  # seconds that what was counted may be behind

_ACCEPTED = Counter(
    "estafette_accepted", "Messages written down and answered with success.", ["channel"]
)
_REACHED = Counter("estafette_messages", "Messages that came to a status.", ["status"])
_ACCEPT = Histogram(
    "estafette_accept_seconds", "From a checked request to its commit.", buckets=_SPANS
)
_ATTEMPT = Histogram(
    "estafette_attempt_seconds",
    "One offer to a carrier, until its answer.",
    ["connection", "outcome"],
    buckets=_SPANS,
)

_CALLED_BACK = Counter(
    "estafette_callbacks", "Tries to tell a callback, by where they left it.", ["told"]
)

_accepted: Tally[Channel] = Tally()
_reached: Tally[Status] = Tally()
_accept_spans: list[float] = []
_attempt_spans: dict[tuple[str, Outcome], list[float]] = defaultdict(list)
_flushes: set[asyncio.TimerHandle] = set()


def accepted(channel: Channel, status: Status, seconds: float) -> None:
    """A message was written down in its first status."""
    _accepted[channel] += 1
    _reached[status] += 1
    _accept_spans.append(seconds)
    _flush_soon()


def reached(status: Status, count: int = 1) -> None:
    """Messages came to a status."""
    _reached[status] += count
    _flush_soon()


def attempted(connection: str, outcome: Outcome, seconds: float) -> None:
    """An offer was answered, or given up."""
    _attempt_spans[(connection, outcome)].append(seconds)
    _flush_soon()


def called_back(told: CallbackStatus) -> None:
    """A callback was told, given up, or is to be told again."""
    _CALLED_BACK.labels(told).inc()


def _flush_soon() -> None:
    if not _flushes:
        _flushes.add(asyncio.get_running_loop().call_later(_FLUSH_IN, flush))


def _observe(histogram: Histogram, spans: list[float]) -> None:
    """As `observe` for each span; the library has no word for many at once."""
    counts = Tally(bisect_left(_SPANS, span) for span in spans)
    for place, count in counts.items():
        histogram._buckets[place].inc(count)  # noqa: SLF001
    histogram._sum.inc(sum(spans))  # noqa: SLF001


def flush() -> None:
    """Hand over what was counted so far."""
    _flushes.clear()
    for channel, count in _accepted.items():
        _ACCEPTED.labels(channel).inc(count)
    for status, count in _reached.items():
        _REACHED.labels(status).inc(count)
    _observe(_ACCEPT, _accept_spans)
    for (connection, outcome), spans in _attempt_spans.items():
        _observe(_ATTEMPT.labels(connection, outcome), spans)
    _accepted.clear()
    _reached.clear()
    _accept_spans.clear()
    _attempt_spans.clear()
