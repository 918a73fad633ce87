"""The parts of what a message says, as a page draws them, and how objects of WhatsApp's are read for that."""

from collections.abc import Mapping
from typing import Any, NamedTuple

FEW = 20  #: of whatever there may be many


class File(NamedTuple):
    """One of the media of a message."""

    path: str  #: where the console shows it
    family: str  #: `image`, `audio`, `video` or `file`
    name: str = ""
    is_sticker: bool = False


class Button(NamedTuple):
    """Something to touch."""

    label: str  #: empty where it has no words of its own
    does: str  #: `reply`, `row`, `link`, `call`, `copy`, `locate`, or another name of an action
    value: str = ""  #: what is told when it is touched, or where it leads
    about: str = ""


class Section(NamedTuple):
    """A part of a list."""

    title: str
    rows: tuple[Button, ...]


class Place(NamedTuple):
    """A place on the earth."""

    latitude: float
    longitude: float
    name: str = ""
    address: str = ""


class Person(NamedTuple):
    """A card of somebody."""

    name: str
    lines: tuple[str, ...] = ()


class Panel(NamedTuple):
    """One of several pictures with words that lie side by side."""

    text: str
    files: tuple[File, ...] = ()
    buttons: tuple[Button, ...] = ()


class Saying(NamedTuple):
    """All that is drawn of one message."""

    kind: str
    head: str = ""
    text: str = ""
    foot: str = ""
    files: tuple[File, ...] = ()
    buttons: tuple[Button, ...] = ()
    menu: str = ""  #: what opens the sections
    sections: tuple[Section, ...] = ()
    place: Place | None = None
    people: tuple[Person, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()  #: of a form that was filled in, or of an order
    panels: tuple[Panel, ...] = ()
    about: str = ""  #: the message that it answers or is about, by our id
    is_forwarded: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing of it would be seen."""
        return not any(
            (self.head, self.text, self.foot, self.files, self.buttons, self.sections, self.panels)
        ) and not any((self.place, self.people, self.facts))


def part_of(whole: Any, name: str) -> Mapping[str, Any]:
    """An object in an object; an empty one where there is none."""
    found = whole.get(name) if isinstance(whole, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def list_of(whole: Any, name: str) -> list[Mapping[str, Any]]:
    """The first objects of a list in an object."""
    found = whole.get(name) if isinstance(whole, Mapping) else None
    items = found if isinstance(found, list | tuple) else []
    return [item for item in items if isinstance(item, Mapping)][:FEW]


def text_of(whole: Any, name: str) -> str:
    """A text in an object; an empty one where there is none."""
    found = whole.get(name) if isinstance(whole, Mapping) else None
    return found if isinstance(found, str) else ""
