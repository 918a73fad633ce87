"""Times as we keep them: aware, and in UTC."""

from datetime import UTC, datetime, tzinfo


def utc(at: datetime, zone: tzinfo = UTC) -> datetime:
    """A time in UTC; one that names no zone is of `zone`. Raises OverflowError for one that UTC has no
    year for.
    """
    return (at.replace(tzinfo=zone) if at.tzinfo is None else at).astimezone(UTC)
