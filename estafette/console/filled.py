"""A form as somebody filled it in, and what is wrong with it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from estafette.console.visit import Visit
from estafette.model import Unknown


@dataclass
class Filled:
    """What stands in the fields of a form, and the error at each that is wrong."""

    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, visit: Visit, *secrets: str) -> "Filled":
        """What was sent, without the fields that must not be shown again."""
        names = [name for name in visit.form if name != "csrf" and name not in secrets]
        return cls({name: visit.text(name) for name in names})

    def wrong(self, name: str, text: str) -> None:
        """Something is wrong with a field; what was found first is told."""
        self.errors.setdefault(name, text)

    def value(self, name: str, usual: Any = "") -> Any:
        """What stands in a field."""
        return self.values.get(name, usual)

    def error(self, name: str) -> str:
        """What is wrong with a field; empty for nothing."""
        return self.errors.get(name, "")

    def rest(self, *known: str) -> Mapping[str, str]:
        """What is wrong with fields that have no place of their own."""
        return {name: text for name, text in self.errors.items() if name not in known}


def read_hole(visit: Visit, name: str = "id") -> str:
    """The id that the path has in a hole. Raises Unknown for what is none."""
    return _id(visit.holes[name])


def read_chosen(visit: Visit, name: str) -> str:
    """The id that was chosen. Raises Unknown for what is none."""
    return _id(visit.text(name))


def _id(text: str) -> str:
    if not _ID.fullmatch(text):
        raise Unknown(f"there is no {text[:40]!r}")
    return text.lower()


_ID = re.compile(r"[0-9a-fA-F]{32}")


def read_text(visit: Visit, filled: Filled, name: str, most: int) -> str:
    """A line of text of at most so many characters; what is wrong with it is noted."""
    text = visit.text(name)
    if len(text) > most:
        filled.wrong(name, visit.say("At most %(most)s characters.", most=most))
    elif not text.isprintable():
        filled.wrong(name, visit.say("Here is a character that cannot be kept."))
    return text


def read_whole(visit: Visit, filled: Filled, name: str, least: int, most: int) -> int:
    """A whole number between two others; what is wrong with it is noted."""
    text = visit.text(name)
    found = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
    if not least <= found <= most:
        asked = visit.say("A whole number from %(least)s to %(most)s.", least=least, most=most)
        filled.wrong(name, asked)
    return found


def read_number(visit: Visit, filled: Filled, name: str, most: float) -> float | None:
    """A number from 0, or none where nothing was typed; what is wrong with it is noted."""
    text = visit.text(name).replace(",", ".")
    if not text:
        return None
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found <= most:
        filled.wrong(name, visit.say("A number from 0 to %(most)s.", most=int(most)))
    return found
