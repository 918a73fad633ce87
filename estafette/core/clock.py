"""The time. Everything in the core is handed a clock, so that a test can move it."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The time now, aware, UTC."""
    return datetime.now(UTC)
