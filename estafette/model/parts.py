"""The parts that an SMS goes out in, one by one: where each ends, and how full it is. Pure."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from estafette.model.graphemes import clusters
from estafette.model.text import (
    EXTENSION,
    SEPTETS_ALONE,
    SEPTETS_EACH,
    UNITS_ALONE,
    UNITS_EACH,
    is_gsm7,
    units,
)

GSM7, UCS2 = "GSM-7", "UCS-2"
_MOST_STRANGE = 20  # characters that are named


class Part(Struct, frozen=True):
    """One of them."""

    text: str
    size: int  #: in septets, or in UTF-16 units
    room: int  #: how many it could hold


class Parts(Struct, frozen=True, kw_only=True):
    """A text as it goes out."""

    encoding: str
    items: Sequence[Part]
    #: The characters that the GSM alphabet lacks, each once: with one of them a part holds less than half.
    strange: Sequence[str]

    @property
    def size(self) -> int:
        """Of all of it."""
        return sum(part.size for part in self.items)


def divided(body: str) -> Parts:
    """The parts of a text, at least one. Where `text.segments` counts otherwise, which only very long
    characters can bring about, the bill has its number.
    """
    is_plain = is_gsm7(body)
    alone, each = (SEPTETS_ALONE, SEPTETS_EACH) if is_plain else (UNITS_ALONE, UNITS_EACH)
    sizes = _septets(body) if is_plain else ((one, units(one)) for one in clusters(body))
    characters = list(sizes)
    total = sum(size for _, size in characters)
    items = [Part(body, total, alone)] if total <= alone else list(_filled(characters, each))
    strange = [] if is_plain else [one for one in dict.fromkeys(clusters(body)) if not is_gsm7(one)]
    return Parts(encoding=GSM7 if is_plain else UCS2, items=items, strange=strange[:_MOST_STRANGE])


def _septets(body: str) -> Iterator[tuple[str, int]]:
    return ((char, 2 if char in EXTENSION else 1) for char in body)


def _filled(characters: Sequence[tuple[str, int]], each: int) -> Iterator[Part]:
    text, used = "", 0
    for character, size in characters:
        if text and used + size > each:
            yield Part(text, used, each)
            text, used = "", 0
        text, used = text + character, used + size
    yield Part(text, used, each)
