"""Our words in the shapes of this door: ids of 32 hex digits, keys in camelCase, times in UTC to the
second.
"""

from datetime import UTC, datetime

from estafette.model.ids import read_id

DOOR = "callbell"


def at(time: datetime | None) -> str | None:
    """`2020-11-13T21:08:53Z`; None where there is no time."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if time else None


def bare(number: str) -> str:
    """A number as webhooks and lists of messages show it: without its `+`."""
    return number.removeprefix("+")


def uuid(text: object) -> str | None:
    """The 32 hex digits of an id in either of its forms; None for what is none."""
    return read_id(text) if isinstance(text, str) else None
