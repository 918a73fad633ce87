"""How often somebody may try to sign in: counted in memory, which is bounded."""

from collections import OrderedDict
from time import monotonic
from typing import NamedTuple

from estafette.model import TooMany

_REMEMBERED = 10_000  # of each kind


class Pace(NamedTuple):
    """So many tries at once, then one each so many seconds."""

    most: int
    each: float


#: The same name from the same place; a name from anywhere; a place with any name.
PAIR, NAME, PLACE = Pace(5, 30.0), Pace(50, 6.0), Pace(60, 3.0)


class Tries:
    """Counts what was tried. Whoever waits may try again: nobody is shut out for good.

    Who signed in from a place before is held up there by nobody who tries elsewhere.
    """

    def __init__(self) -> None:
        self._pairs = _Buckets(PAIR)
        self._names = _Buckets(NAME)
        self._places = _Buckets(PLACE)
        self._trusted: OrderedDict[str, None] = OrderedDict()

    def begin(self, name: str, place: str = "", *, is_shared: bool = False) -> None:
        """Somebody tries. Raises TooMany. `is_shared` says that many come from this place."""
        now, pair = monotonic(), f"{name}\0{place}"
        asked = [(self._pairs, pair)]
        if pair not in self._trusted:
            asked.append((self._names, name))
            if place and not is_shared:
                asked.append((self._places, place))
        wait = max(buckets.wait(key, now) for buckets, key in asked)
        if wait > 0:
            raise TooMany(wait)
        for buckets, key in asked:
            buckets.take(key, now)

    def succeed(self, name: str, place: str = "") -> None:
        """It was right."""
        pair = f"{name}\0{place}"
        self._pairs.forget(pair)
        self._trusted[pair] = None
        self._trusted.move_to_end(pair)
        if len(self._trusted) > _REMEMBERED:
            self._trusted.popitem(last=False)


class _Buckets:
    """What is left to each, and when that was so."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def _now(self, key: str, now: float) -> float:
        left, at = self._left.get(key, (float(self._pace.most), now))
        return min(float(self._pace.most), left + (now - at) / self._pace.each)

    def wait(self, key: str, now: float) -> float:
        """The seconds until this one may try."""
        return max(0.0, (1.0 - self._now(key, now)) * self._pace.each)

    def take(self, key: str, now: float) -> None:
        """It tries."""
        self._left[key] = (self._now(key, now) - 1.0, now)
        self._left.move_to_end(key)
        if len(self._left) > _REMEMBERED:
            self._left.popitem(last=False)

    def forget(self, key: str) -> None:
        """All is left to it again."""
        self._left.pop(key, None)
