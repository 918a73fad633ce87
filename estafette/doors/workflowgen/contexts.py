"""A context: the parameters of one run, as WorkflowGen declares them. No JSON, no XML, no HTTP."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
from msgspec import Struct

from estafette.actions import Action, inputs_of, outputs_of, secrets_of

#: The member that holds a value, by the type of the parameter.
MEMBER = {
    "TEXT": "textValue",
    "NUMERIC": "numericValue",
    "DATETIME": "dateTimeValue",
    "FILE": "fileValue",
}
DIRECTIONS = ("IN", "OUT", "INOUT")
PATHS = ("filePath", "fileOriginalPath", "path", "originalPath")  #: of a file on their machine

_APP = "APP_"
_WEB = re.compile(r"https?://", re.IGNORECASE)
_NO_TEXT = re.compile("[\0\ud800-\udfff]")
_DIGITS = 40  # that a number may have: Decimal would write out 1e999999


class BadContext(Exception):
    """It is no context that can be run. The text repeats names, and no values."""


class Parameter(Struct, frozen=True, kw_only=True):
    """One parameter. `value` is what an input of an action takes; `raw` is the member as it came."""

    name: str  #: as it came
    type: str
    direction: str
    value: str | None = None
    raw: Any = None

    @property
    def is_in(self) -> bool:
        """Whether the workflow gives it a value."""
        return self.direction != "OUT"

    @property
    def is_out(self) -> bool:
        """Whether the workflow waits for its value."""
        return self.direction != "IN"


def parameter(said: Mapping[str, Any]) -> Parameter:
    """One parameter from its members. Raises BadContext."""
    name = said.get("name")
    if not isinstance(name, str) or not name.strip():
        raise BadContext("a parameter has no name")
    name = name.strip()
    if _NO_TEXT.search(name):
        raise BadContext("U+0000 and lone surrogates are not text: a parameter's name has one")
    kind = _word(name, said, "dataType", MEMBER)
    direction = _word(name, said, "direction", DIRECTIONS)
    strange = [
        member for member in MEMBER.values() if member != MEMBER[kind] and _is_set(said.get(member))
    ]
    if strange:
        raise BadContext(f"{name[:64]}: a parameter of type {kind} has no {strange[0]}")
    if any(_is_set(said.get(member)) for member in PATHS):
        raise BadContext(f"{name[:64]}: {_NO_PATH}")
    raw = said.get(MEMBER[kind])
    value = None if raw is None or direction == "OUT" else _READ[kind](name[:64], raw)
    return Parameter(name=name, type=kind, direction=direction, value=value, raw=raw)


_NO_PATH = (
    "a file is not read from a path, which means nothing on this machine: leave the parameter out"
)


def _is_set(value: Any) -> bool:
    return value not in (None, "", {})


def _word(name: str, said: Mapping[str, Any], member: str, words: Iterable[str]) -> str:
    given = said.get(member)
    word = given.strip().upper() if isinstance(given, str) else ""
    if word not in words:
        raise BadContext(f"{name[:64]}: its {member} must be one of {', '.join(words)}")
    return word


def _text(name: str, raw: Any) -> str:
    if not isinstance(raw, str):
        raise BadContext(f"{name}: its textValue must be text")
    return raw


def _number(name: str, raw: Any) -> str:
    """A number without a sign of how it was written: 15551234567.0 is 15551234567."""
    if raw == "":
        return ""
    try:
        number = Decimal("none" if isinstance(raw, bool) else str(raw).strip())
    except InvalidOperation:
        number = Decimal("nan")
    if not number.is_finite() or abs(number.adjusted()) > _DIGITS:
        raise BadContext(f"{name}: its numericValue must be a number")
    text = f"{number:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def _moment(name: str, raw: Any) -> str:
    if raw == "":
        return ""
    try:
        datetime.fromisoformat(str(raw).strip())
    except ValueError:
        raise BadContext(f"{name}: its dateTimeValue must be a time of ISO 8601") from None
    return str(raw).strip()


def _file(name: str, raw: Any) -> str | None:
    """The URL of a file, for an action that has such an input."""
    if not isinstance(raw, Mapping):
        raise BadContext(f"{name}: its fileValue must be an object")
    if any(_is_set(raw.get(member)) for member in PATHS):
        raise BadContext(f"{name}: {_NO_PATH}")
    url = raw.get("url")
    if not _is_set(url):
        return None
    if not isinstance(url, str) or not _WEB.match(url):
        raise BadContext(f"{name}: {_NO_PATH}")
    return url


_READ = {"TEXT": _text, "NUMERIC": _number, "DATETIME": _moment, "FILE": _file}


class Context(Struct, frozen=True, kw_only=True):
    """What a workflow asks."""

    parameters: Sequence[Parameter]
    reply_to: str = ""
    process: str = ""  #: which run of the workflow this is, where that is told
    activity: str = ""  #: and which step of it


def resolved(action: Action, name: str) -> str:
    """The name that the action has for a parameter: exactly this, else this in capitals."""
    known = {**inputs_of(action), **outputs_of(action)}
    upper = name.upper()
    return upper if name not in known and (upper in known or upper.startswith(_APP)) else name


def members_of(action: Action, context: Context) -> dict[str, str | None]:
    """What goes in, by the action's own names. Raises BadContext."""
    seen: set[str] = set()
    found: dict[str, str | None] = {}
    for item in context.parameters:
        name = resolved(action, item.name)
        if name.upper() in seen:
            raise BadContext(f"the parameter {item.name[:64]} is there more than once")
        seen.add(name.upper())
        if item.is_in and item.is_out and name in secrets_of(action):
            raise BadContext(f"{item.name[:64]} is a secret and does not come back: declare it IN")
        if item.type == "FILE" and item.value is not None and name not in inputs_of(action):
            raise BadContext(f"{item.name[:64]}: {action.name} takes no file")
        if item.is_in:
            found[name] = item.value
    return found


def outputs(action: Action, outcome: Struct | None) -> dict[str, Any]:
    """What comes out, by the action's own names; empty values where there is nothing."""
    found = msgspec.to_builtins(outcome) if outcome is not None else {}
    return {name: found.get(name) for name in outputs_of(action)}


def answered(
    action: Action, context: Context, outcome: Mapping[str, Any]
) -> Iterable[tuple[Parameter, Any]]:
    """What is answered: each parameter that the workflow waits for, with the value of its member.

    None is a member that is left out: the action has no such output, or it has no value that the
    type could hold.
    """
    for item in context.parameters:
        if item.is_out:
            name = resolved(action, item.name)
            if name in outcome:
                yield item, _fitting(item.type, outcome[name])
            elif item.direction == "INOUT" and item.raw is not None:
                yield item, item.raw
            else:
                yield item, _fitting(item.type, None)


def _fitting(kind: str, value: Any) -> Any:
    """A value as this type holds it."""
    if kind == "TEXT":
        return _written(value)
    if kind == "NUMERIC":
        return _as_number(value)
    if kind == "DATETIME":
        return _as_moment(value)
    return None


def _written(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return msgspec.json.encode(value).decode()


def _as_number(value: Any) -> int | float | None:
    try:
        number = Decimal(_written(value))
    except InvalidOperation:
        return None
    if not number.is_finite() or abs(number.adjusted()) > _DIGITS:
        return None
    return int(number) if number == number.to_integral_value() else float(number)


def _as_moment(value: Any) -> str | None:
    try:
        at = datetime.fromisoformat(_written(value))
    except ValueError:
        return None
    return _written(value) if at.tzinfo else f"{_written(value)}Z"
