"""What is counted and timed, for Prometheus. Spans are in seconds."""

from prometheus_client import Counter, Histogram

from estafette.model import Channel, Outcome, Status

_SPANS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

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

_accepted_on = {channel: _ACCEPTED.labels(channel) for channel in Channel}
_reached = {status: _REACHED.labels(status) for status in Status}
_attempts: dict[tuple[str, Outcome], Histogram] = {}


def accepted(channel: Channel, seconds: float) -> None:
    """A message was written down."""
    _accepted_on[channel].inc()
    _reached[Status.QUEUED].inc()
    _ACCEPT.observe(seconds)


def reached(status: Status) -> None:
    """A message came to a status."""
    _reached[status].inc()


def attempted(connection: str, outcome: Outcome, seconds: float) -> None:
    """An offer was answered, or given up."""
    key = (connection, outcome)
    if key not in _attempts:
        _attempts[key] = _ATTEMPT.labels(connection, outcome)
    _attempts[key].observe(seconds)
