"""Counts that are remembered for a while where counting takes long."""

from collections.abc import Awaitable, Callable, Hashable
from time import monotonic
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)

_AT_ONCE = 0.05  # seconds: what is counted faster is counted each time
_REMEMBERED = 4096
_TIMES = 10  # as long as counting took, the count is remembered


class Counts(Generic[Key]):
    """How many there are of what, by what was asked."""

    def __init__(self) -> None:
        self._counted: dict[Key, tuple[float, int]] = {}  # and until when

    async def of(self, key: Key, count: Callable[[], Awaitable[int]]) -> int:
        """The count; it may be as old as ten times what counting took."""
        until, known = self._counted.get(key, (0.0, 0))
        began = monotonic()
        if began < until:
            return known
        found = await count()
        ended = monotonic()
        if ended - began > _AT_ONCE:
            if len(self._counted) >= _REMEMBERED:
                self._counted.clear()
            self._counted[key] = (ended + _TIMES * (ended - began), found)
        return found

    def forget(self) -> None:
        """Count anew what is asked next."""
        self._counted.clear()
