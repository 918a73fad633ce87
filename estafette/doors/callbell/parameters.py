"""Reading what a body may have: all that is wrong with it is told at once."""

from collections.abc import Mapping, Sequence
from typing import Any

from estafette.doors.callbell.errors import EMPTY, NO_STRING, Refusal

MOST_TAGS = 100
LONGEST_TAG = 100
NO_FLAG = "must be boolean"
NO_LIST = "must be a list of strings"
_NUL = "must not hold the character NUL"


class Parameters:
    """The parameters of one body. What is null counts as left out."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self._body = body
        self._faults: dict[str, list[str]] = {}

    def wrong(self, name: str, *texts: str) -> None:
        """Say what is wrong with one of them."""
        self._faults.setdefault(name, []).extend(texts)

    def is_wrong(self, name: str) -> bool:
        """Whether anything is wrong with this one."""
        return name in self._faults

    def check(self) -> None:
        """Raises Refusal with all that is wrong, if anything is."""
        if self._faults:
            raise Refusal(400, self._faults)

    def text(self, name: str, most: int, *, required: bool = False) -> str | None:
        """A text of at most so many characters; None where it is left out."""
        found = self._body.get(name)
        if found is None and not required:
            return None
        if found is None or (required and isinstance(found, str) and not found.strip()):
            self.wrong(name, EMPTY)
            return None
        if not isinstance(found, str):
            self.wrong(name, NO_STRING)
            return None
        if fault := text_fault(found, most):
            self.wrong(name, fault)
            return None
        return found

    def flag(self, name: str) -> bool:
        """Whether it is true."""
        found = self._body.get(name)
        if found is not None and not isinstance(found, bool):
            self.wrong(name, NO_FLAG)
        return found is True

    def word(self, name: str, words: Sequence[str]) -> str | None:
        """One of some words; None where it is left out."""
        found = self.text(name, 100)
        if found is not None and found not in words:
            self.wrong(name, f"must be one of {', '.join(words)}")
            return None
        return found

    def names(self, name: str) -> tuple[str, ...] | None:
        """A list of names, or a text with commas between them; each once. None where it is left
        out.
        """
        found = self._body.get(name)
        if found is None:
            return None
        items = found.split(",") if isinstance(found, str) else found
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            self.wrong(name, NO_LIST)
            return None
        if fault := next(filter(None, (text_fault(item, LONGEST_TAG) for item in items)), None):
            self.wrong(name, fault)
            return None
        once: dict[str, str] = {}
        for item in items:
            if item.strip():
                once.setdefault(item.strip().casefold(), item.strip())
        if len(once) > MOST_TAGS:
            self.wrong(name, f"must have at most {MOST_TAGS} entries")
            return None
        return tuple(once.values())


def text_fault(text: str, most: int) -> str | None:
    """What is wrong with a text; None for nothing."""
    if "\0" in text:
        return _NUL
    return f"must have at most {most} characters" if len(text) > most else None
