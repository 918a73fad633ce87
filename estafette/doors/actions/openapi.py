"""All actions as OpenAPI 3.1, made of what declares them."""

from collections.abc import Iterable
from typing import Any

import msgspec

from estafette.actions import LONGEST_LOOK, Action, schema
from estafette.doors.actions import wire
from estafette.doors.actions.bodies import items_of
from estafette.doors.actions.errors import Failure
from estafette.doors.callers import SCHEMES

VERSION = "0.1"  #: of this API
_PLACE = "#/components/schemas/"

Shape = dict[str, Any]

_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The same key with the same request gives the same answer.",
    "schema": {"type": "string", "maxLength": 255},
}
_OUTCOME = {
    "X-Action-Outcome": {
        "description": "Whether it was done: also where a failure is answered with 200.",
        "schema": {"type": "string", "enum": ["done", "failed"]},
    }
}


def encoded(actions: Iterable[Action], public_url: str) -> bytes:
    """The document, as it is answered."""
    return msgspec.json.encode(describe(list(actions), public_url))


def describe(actions: list[Action], public_url: str) -> Shape:
    """The document."""
    components: Shape = {}
    _add(components, "Failure", schema(Failure))
    _add(components, "Listed", schema(wire.Listed))
    _add(components, "Described", schema(wire.Described))
    for action in actions:
        _add(components, f"{action.name}.inputs", _named(wire.inputs_schema(action), action.inputs))
        _add(components, f"{action.name}.outputs", _named(schema(action.outputs), action.outputs))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Estafette: actions",
            "version": VERSION,
            "description": "What a workflow may ask of the gateway.",
        },
        "servers": [{"url": public_url or "/"}],
        "security": [{"basic": []}, {"bearer": []}],
        "paths": {
            "/v1/actions": {
                "get": _get("listActions", "List the actions.", "Listed"),
                "post": _step(),
            },
            "/v1/actions/{name}": {
                "get": {
                    **_get("showAction", "Show one action.", "Described"),
                    "parameters": [
                        {
                            "name": "name",
                            "in": "path",
                            "required": True,
                            "schema": {"type": "string"},
                        }
                    ],
                }
            },
            **{f"/v1/actions/{action.name}": {"post": _run(action)} for action in actions},
            **{
                f"/v1/actions/{action.name}/{{id}}": {"get": _look(action)}
                for action in actions
                if action.look
            },
        },
        "components": {
            "schemas": components,
            "securitySchemes": SCHEMES,
        },
    }


def _get(id: str, summary: str, answer: str) -> Shape:
    return {
        "operationId": id,
        "summary": summary,
        "responses": {
            "200": {"description": "Done.", "content": _json(answer)},
            "default": _failure(),
        },
    }


def _run(action: Action) -> Shape:
    kinds = (
        "application/json",
        "application/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    )
    inputs = _ref(f"{action.name}.inputs")
    outputs = _ref(f"{action.name}.outputs")
    by_inputs: list[Shape] = [{}] if action.proof else []
    return {
        "operationId": action.name,
        "summary": action.title,
        "description": action.summary,
        "parameters": [
            *(
                {
                    "name": name,
                    "in": "query",
                    **({"description": shape["description"]}),
                    "schema": {key: part for key, part in shape.items() if key != "description"},
                }
                for name, shape in wire.options_schema(action).items()
            ),
            *([_KEY] if action.keyed else []),
        ],
        "requestBody": {
            "required": True,
            "content": {kind: {"schema": _rooted(inputs, action, kind)} for kind in kinds},
        },
        "responses": {
            "200": {
                "description": "What came of it.",
                "headers": _OUTCOME,
                "content": {kind: {"schema": _rooted(outputs, action, kind)} for kind in kinds[:2]},
            },
            "default": _told(action) if action.tells else _failure(),
        },
        "security": [{"basic": []}, {"bearer": []}, *by_inputs],
    }


def _step() -> Shape:
    """A whole step of a flow."""
    flag, text = {"type": "boolean", "default": False}, {"type": "string", "maxLength": 200}
    members = {
        "id": text,
        "alias": text,
        "type": {**text, "examples": ["WHATSAPP"]},
        "action": {**text, "examples": ["SEND_MESSAGE"]},
        "allow_failure": flag,
        "mask_output": flag,
        "params": {"type": "object", "description": "The inputs of the action."},
    }
    shape = {"type": "object", "properties": members, "required": ["type", "action", "params"]}
    flow = {"type": "object", "properties": {"actions": {"type": "object"}}}
    return {
        "operationId": "runStep",
        "summary": "Run a whole step of a flow, which names its action itself.",
        "parameters": [_KEY],
        "requestBody": {"required": True, "content": {"application/json": {"schema": shape}}},
        "responses": {
            "200": {
                "description": "Its outputs, under the id of the step.",
                "content": {"application/json": {"schema": flow}},
            },
            "default": _failure(),
        },
    }


def _look(action: Action) -> Shape:
    """The same outputs as they are later."""
    wait = {"type": "number", "minimum": 0, "maximum": LONGEST_LOOK, "default": 0}
    return {
        "operationId": f"{action.name}.look",
        "summary": "The outputs as they are now.",
        "parameters": [
            {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
            {
                "name": "wait",
                "in": "query",
                "description": "Seconds that may pass until they are final.",
                "schema": wait,
            },
        ],
        "responses": {
            "200": {
                "description": "What came of it by now.",
                "content": _json(f"{action.name}.outputs", "application/xml"),
            },
            "default": _failure(),
        },
    }


def _told(action: Action) -> Shape:
    """A failure that has the outputs as its body; what was never run has the usual shape."""
    shape = {"anyOf": [_ref(f"{action.name}.outputs"), _ref("Failure")]}
    content = {kind: {"schema": shape} for kind in ("application/json", "application/xml")}
    return {"description": "It was not done.", "headers": _OUTCOME, "content": content}


def _failure() -> Shape:
    return {"description": "It was not done.", "content": _json("Failure", "application/xml")}


def _json(name: str, *others: str) -> Shape:
    return {kind: {"schema": _ref(name)} for kind in ("application/json", *others)}


def _ref(name: str) -> Shape:
    return {"$ref": f"{_PLACE}{name}"}


def _rooted(shape: Shape, action: Action, kind: str) -> Shape:
    """The same, with the name of its root where that is XML."""
    return {**shape, "xml": {"name": action.name}} if kind.endswith("/xml") else shape


def _named(shape: Shape, struct: type[msgspec.Struct]) -> Shape:
    """A schema that says of each list what XML calls an item."""
    items = items_of(struct)
    if not items:
        return shape
    properties = {
        name: {**part, "xml": {"wrapped": True}} if name in items else part
        for name, part in shape.get("properties", {}).items()
    }
    return {**shape, "properties": properties}


def _add(components: Shape, name: str, shape: Shape) -> None:
    """Put a schema among the components, and what it defines beside it."""
    prefix = f"{name}." if shape.get("$defs") else ""
    whole = msgspec.json.encode(shape).replace(b'"#/$defs/', f'"{_PLACE}{prefix}'.encode())
    read = msgspec.json.decode(whole)
    for part, definition in read.pop("$defs", {}).items():
        components[f"{prefix}{part}"] = definition
    components[name] = read
