"""What is typed of a contact: as a form has it, and as the core keeps it."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from estafette.console.visit import Visit
from estafette.console.words import later as _
from estafette.model.contact import Contact
from estafette.model.desk import Field, FieldKind, fits
from estafette.model.message import Channel

NOBODY = "0" * 32  #: the id of no contact
_LONGEST = 2000  # characters of one field


class Typed(Struct, frozen=True, kw_only=True):
    """What a form of a contact holds. `fields` are by their names; None is nothing."""

    channel: Channel
    address: str
    name: str = ""
    email: str = ""
    note: str = ""
    tags: tuple[str, ...] = ()
    agreed: bool = False  #: that they may be written to
    fields: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)  #: by what is to blame

    def value(self, name: str) -> Any:
        """What a field of the account holds; an empty text where there is nothing."""
        found = self.fields.get(name)
        return "" if found is None else found


def typed_of(contact: Contact, known: Sequence[Field]) -> Typed:
    """The form of a contact as it is."""
    names = {one.name for one in known}
    return Typed(
        channel=contact.channel,
        address=contact.address,
        name=contact.name,
        email=contact.email,
        note=contact.note,
        tags=contact.tags,
        agreed=contact.opt_in_at is not None,
        fields={name: value for name, value in contact.fields.items() if name in names},
    )


def values_of(visit: Visit, known: Sequence[Field]) -> tuple[dict[str, Any], dict[str, str]]:
    """What the account's fields are to hold, and what is wrong with that, by `field-<id>`."""
    values: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for one in known:
        name = f"field-{one.id}"
        if one.kind is FieldKind.CHECKBOX:
            chosen = visit.texts(name)
            values[one.name] = chosen or None
        else:
            chosen = [text] if (text := visit.text(name)) else []
            values[one.name] = text or None
        held = values[one.name]
        if held is not None and (not fits(one, held) or sum(map(len, chosen)) > _LONGEST):
            wrong[name] = visit.say(_WRONG[one.kind]) if one.kind in _WRONG else _too_long(visit)
    return values, wrong


def _too_long(visit: Visit) -> str:
    return visit.say("It has %(most)s characters at the most.", most=_LONGEST)


_WRONG: Mapping[FieldKind, str] = {
    FieldKind.EMAIL: _("This is not an e-mail address."),
    FieldKind.NUMBER: _("This is not a number."),
    FieldKind.DATE: _("This is not a date: write it as 2026-03-31."),
    FieldKind.DROPDOWN: _("Choose one of the list."),
    FieldKind.CHECKBOX: _("Choose some of the list."),
}
