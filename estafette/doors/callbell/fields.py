"""Custom fields of contacts: what a request may set, by the kinds that the account has defined."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from estafette.doors.callbell.errors import NO_OBJECT
from estafette.doors.callbell.parameters import text_fault
from estafette.model.desk import Field, FieldKind

MOST = 200  # fields in one request
LONGEST_NAME = 255
LONGEST = 5_000  # characters of what one holds
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>.]+(?:\.[^@\s,;<>.]+)+")


class BadFields(Exception):
    """What is wrong with them, a sentence each."""

    def __init__(self, *texts: str) -> None:
        super().__init__(*texts)
        self.texts = texts


def read_fields(given: object, kinds: Mapping[str, Field]) -> dict[str, Any]:
    """The fields to be set, as they are kept: texts, numbers, flags and lists of texts.

    One that the account has not defined may hold any of these. An empty text or null clears any.
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
        return ""
    for item in value if isinstance(value, list) else [value]:
        if not isinstance(item, str | int | float):
            raise ValueError(f"{name} must be a string, a number or a list of these")
        if fault := text_fault(str(item), LONGEST):
            raise ValueError(f"{name} {fault}")
    return KINDS[field.kind](name, value, field) if field else value


def _text(name: str, value: Any, field: Field) -> Any:
    if isinstance(value, list):
        raise ValueError(f"{name} must be a string")
    return value


def _email(name: str, value: Any, field: Field) -> Any:
    if not isinstance(value, str) or not _EMAIL.fullmatch(value.strip()):
        raise ValueError(f"{name} must be an e-mail address")
    return value.strip()


def _number(name: str, value: Any, field: Field) -> Any:
    is_text = isinstance(value, str) and _NUMBER.fullmatch(value.strip())
    if isinstance(value, bool) or not (is_text or isinstance(value, int | float)):
        raise ValueError(f"{name} must be a number")
    return value


def _date(name: str, value: Any, field: Field) -> Any:
    try:
        text = value.strip() if isinstance(value, str) else ""
        return value if date.fromisoformat(text) else value
    except ValueError:
        pass
    try:
        return value if datetime.fromisoformat(text) else value
    except ValueError:
        raise ValueError(f"{name} must be a date such as 1990-05-15") from None


def _option(name: str, value: Any, field: Field) -> Any:
    if value not in field.options:
        raise ValueError(f"{name} must be one of {', '.join(field.options)}")
    return value


def _options(name: str, value: Any, field: Field) -> Any:
    """A list of options; also as JSON text, in which such a field is shown."""
    items = _listed(value)
    if not isinstance(items, list) or any(item not in field.options for item in items):
        raise ValueError(f"{name} must be a list of some of {', '.join(field.options)}")
    return list(dict.fromkeys(items))


def _listed(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value) if value.startswith("[") else [value]
    except (ValueError, RecursionError):
        return None


#: What reads a value for each kind; raises ValueError with a sentence.
KINDS: Mapping[FieldKind, Callable[[str, Any, Field], Any]] = {
    FieldKind.TEXT: _text,
    FieldKind.EMAIL: _email,
    FieldKind.NUMBER: _number,
    FieldKind.DATE: _date,
    FieldKind.DROPDOWN: _option,
    FieldKind.CHECKBOX: _options,
}
