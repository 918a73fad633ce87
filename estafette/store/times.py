"""Times as the tables keep them: microseconds since 1970, UTC."""

from datetime import datetime

from estafette.model.ids import instant, moment

__all__ = ["instant_or_none", "moment", "moment_or_none"]


def moment_or_none(micros: int | None) -> datetime | None:
    """The aware time of a column that may be empty."""
    return None if micros is None else moment(micros)


def instant_or_none(at: datetime | None) -> int | None:
    """The column of a time that may be absent."""
    return None if at is None else instant(at)
