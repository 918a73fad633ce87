"""Custom fields of contacts: what a request may set, by the kinds that the account has defined."""

import json
from collections.abc import Mapping
from typing import Any

from estafette.doors.callbell.errors import NO_OBJECT
from estafette.doors.callbell.parameters import text_fault
from estafette.doors.callbell.shapes import field_text
from estafette.model.desk import Field, FieldKind, fits

MOST = 200  # fields in one request
LONGEST_NAME = 255
LONGEST = 5_000  # characters of what one holds

#: What is said where a value does not fit.
WANTED: Mapping[FieldKind, str] = {
    FieldKind.TEXT: "must be string",
    FieldKind.EMAIL: "must be an e-mail address",
    FieldKind.NUMBER: "must be a number",
    FieldKind.DATE: "must be a date such as 1990-05-15",
    FieldKind.DROPDOWN: "must be one of {}",
    FieldKind.CHECKBOX: "must be a list of some of {}",
}


class BadFields(Exception):
    """What is wrong with them, a sentence each."""

    def __init__(self, *texts: str) -> None:
        super().__init__(*texts)
        self.texts = texts


def read_fields(given: object, kinds: Mapping[str, Field]) -> dict[str, Any]:
    """The fields to be set, as they are kept: texts, numbers, flags and lists of texts.

    One that the account has not defined may hold any of these. An empty text
    clears any, and null drops it.
    Raises BadFields.
    """
    if not isinstance(given, dict):
        raise BadFields(NO_OBJECT)
    if len(given) > MOST:
        raise BadFields(f"must have at most {MOST} entries")
    found: dict[str, Any] = {}
    faults = []
    for name, value in given.items():
        try:
            found[name] = _read(name, value, kinds.get(name))
        except ValueError as error:
            faults.append(str(error))
    if faults:
        raise BadFields(*faults)
    return found


def _read(name: str, value: Any, field: Field | None) -> Any:
    if fault := text_fault(name, LONGEST_NAME):
        raise ValueError(f"the name of a field {fault}")
    if not name.strip():
        raise ValueError("the name of a field must be present and not empty")
    if value is None or value == "":
        return value
    for item in value if isinstance(value, list) else [value]:
        if not isinstance(item, str | int | float):
            raise ValueError(f"{name} must be a string, a number or a list of these")
        if fault := text_fault(str(item), LONGEST):
            raise ValueError(f"{name} {fault}")
    return _fitting(name, value, field) if field else value


def _fitting(name: str, value: Any, field: Field) -> Any:
    """As a field of this kind keeps it: a checkbox has a list, all others have a text."""
    if field.kind is FieldKind.CHECKBOX:
        items = _listed(value)
        found: Any = list(dict.fromkeys(items)) if _are_texts(items) else items
    else:
        found = field_text(value) if not isinstance(value, list) else value
    if fits(field, found):
        return found
    raise ValueError(f"{name} {WANTED[field.kind].format(', '.join(field.options))}")


def _listed(value: Any) -> Any:
    """The options that are meant: also JSON, in which such a field is shown, or one by itself."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value) if value.startswith("[") else [value]
    except (ValueError, RecursionError):
        return None


def _are_texts(items: Any) -> bool:
    return isinstance(items, list) and all(isinstance(item, str) for item in items)
