"""Reading any kind of message."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from estafette.model.whatsapp.cards import read_contacts
from estafette.model.whatsapp.forms import Parts, read_json, tidy
from estafette.model.whatsapp.interactive import read_interactive
from estafette.model.whatsapp.plain import read_file, read_location, read_reaction, read_text
from estafette.model.whatsapp.template import read_template
from estafette.model.whatsapp.words import (
    KINDS,
    MEDIA,
    MISSING,
    TEXT,
    UNKNOWN_KIND,
    WRONG,
    Said,
    Unsaid,
)


def kind_named(name: Any) -> str:
    """The kind that a name stands for, in whatever case; text where there is none. Raises Unsaid."""
    kind = name.strip().lower() if isinstance(name, str) else name
    if kind is None or kind == "":
        return TEXT
    if kind not in KINDS:
        raise Unsaid(UNKNOWN_KIND, "type", f"must be one of: {', '.join(KINDS)}")
    return str(kind)


def read(kind: str, value: Any) -> Said:
    """What an object of a kind says; it may stand as JSON in a text. Raises Unsaid.

    Of a template only the form is looked at: what it says depends on the one that it names.
    """
    kind = kind_named(kind)
    found = read_json(tidy(value, kind), kind)
    if found is None or found in ({}, []):
        raise Unsaid(MISSING, kind, "is required")
    if kind == "contacts":
        return read_contacts(found)
    if not isinstance(found, dict):
        raise Unsaid(WRONG, kind, "must be an object")
    return _READ[kind](found)


_READ: Mapping[str, Callable[[Parts], Said]] = {
    TEXT: read_text,
    "location": read_location,
    "reaction": read_reaction,
    "interactive": read_interactive,
    "template": read_template,
    **{kind: partial(read_file, kind) for kind in MEDIA},
}
