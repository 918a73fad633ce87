"""What an action looks like from outside, and how a request says what it wants."""

import re
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct

from estafette.actions import LONGEST_LOOK, Action, schema
from estafette.doors.actions.answers import Options
from estafette.doors.actions.bodies import JSON, XML
from estafette.doors.actions.errors import BAD, Refusal

Shape = dict[str, Any]

_WORDS = {"true": True, "false": False}
_SECONDS = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6})?")
_LONGEST = 200  # characters of the name of a connection


class Described(Struct, frozen=True):
    """An action: what it takes, what it gives, and how it may be run."""

    name: str
    title: str
    summary: str
    error_mode: str  #: where a failure shows if nothing else is asked: `outputs` or `http`
    idempotency: bool  #: whether an Idempotency-Key counts
    credentials: list[str]  #: inputs that may stand in for the Authorization header
    inputs: Shape  #: JSON Schema
    outputs: Shape  #: JSON Schema
    options: dict[str, Shape]  #: of the query: JSON Schema, by name
    #: Where the same outputs are as they are later, `{id}` one that a run gave; empty for nowhere.
    look: str = ""


class Listed(Struct, frozen=True):
    """Every action."""

    items: list[Described]
    next: None = None  #: they are always all there


def described(action: Action) -> Described:
    """An action as it is shown."""
    return Described(
        name=action.name,
        title=action.title,
        summary=action.summary,
        error_mode=action.errors,
        idempotency=action.keyed,
        credentials=list(action.proof or ()),
        inputs=inputs_schema(action),
        outputs=schema(action.outputs),
        options=options_schema(action),
        look=f"/v1/actions/{action.name}/{{id}}" if action.look else "",
    )


def inputs_schema(action: Action) -> Shape:
    """The JSON Schema of the inputs, with those that are needed."""
    found = schema(action.inputs)
    needed = sorted({*found.get("required", ()), *action.needs})
    return {**found, "required": needed} if needed else found


def options_schema(action: Action) -> dict[str, Shape]:
    """What may follow `?`, by name."""
    modes = ["outputs", "http"] if action.failed else ["http"]
    return {
        "on_error": {
            "type": "string",
            "enum": modes,
            "default": action.errors,
            "description": "Whether a failure is told in the outputs, or as an HTTP error.",
        },
        "allow_failure": {
            "type": "boolean",
            "default": False,
            "description": "Answer 200 also where it would be an HTTP error, with the same body.",
        },
        "mask_output": {
            "type": "boolean",
            "default": False,
            "description": "Keep the outputs out of the log. The answer has them all the same.",
        },
        "connection": {
            "type": "string",
            "maxLength": _LONGEST,
            "description": "The name or the id of a connection to go through.",
        },
    }


def _query(raw: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(raw.decode(), keep_blank_values=True, errors="strict")
    except ValueError:
        raise Refusal(BAD, "What follows ? is not a query in UTF-8.") from None


def read_wait(raw: bytes) -> float:
    """How many seconds a look may wait, by what follows `?`. Raises Refusal."""
    wait = 0.0
    for name, value in _query(raw):
        if name != "wait":
            raise Refusal(BAD, f"There is no option {name[:64]}: wait.")
        if not _SECONDS.fullmatch(value) or float(value) > LONGEST_LOOK:
            raise Refusal(BAD, f"wait must be 0 to {LONGEST_LOOK:g} seconds.")
        wait = float(value)
    return wait


def read_options(raw: bytes) -> Options:
    """What follows `?`. Raises Refusal."""
    found: Shape = {}
    for name, value in _query(raw):
        if name not in Options.__struct_fields__:
            names = ", ".join(Options.__struct_fields__)
            raise Refusal(BAD, f"There is no option {name[:64]}: {names}.")
        if name in found:
            raise Refusal(BAD, f"The option {name} stands more than once.")
        found[name] = _option(name, value)
    return Options(**found)


def _option(name: str, value: str) -> Any:
    if name == "connection":
        if len(value) > _LONGEST or "\0" in value:
            raise Refusal(BAD, f"connection has at most {_LONGEST} characters.")
        return value
    if name == "on_error":
        if value not in ("outputs", "http"):
            raise Refusal(BAD, "on_error must be outputs or http.")
        return value
    if value.lower() not in _WORDS:
        raise Refusal(BAD, f"{name} must be true or false.")
    return _WORDS[value.lower()]


#: The media types that are answered, and the form of each.
ANSWERED = {"application/json": JSON, "text/json": JSON, "application/xml": XML, "text/xml": XML}


def answered_in(accept: str, kind: str) -> str:
    """The media type of the answer to a request of this kind; a form is answered in JSON.

    What is preferred in Accept counts; where that leaves it open, or has nothing that we speak,
    the answer is as the request.
    """
    usual = "application/xml" if kind == XML else "application/json"
    best, best_weight = usual, 0.0
    for item in accept.lower().split(","):
        media, *parameters = (part.strip() for part in item.split(";"))
        weight = _weight(parameters)
        found = usual if media in ("*/*", "application/*") else media
        if found == "text/*":
            found = f"text/{usual.rpartition('/')[2]}"
        if found in ANSWERED and (
            weight > best_weight or (weight == best_weight and found == usual)
        ):
            best, best_weight = found, weight
    return best


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0


def encoded(shape: Struct) -> bytes:
    """JSON."""
    return msgspec.json.encode(shape)
