"""The files that a custom connector is made of, written from the registry of actions."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from estafette.actions import Action, schema
from estafette.actions.twilio import models
from estafette.actions.twilio.paths import base
from estafette.doors.connectors.table import (
    ACTIONS,
    SUBSCRIBE,
    SUBSCRIBE_AT,
    UNSUBSCRIBE,
    UNSUBSCRIBE_AT,
    Failure,
    Subscription,
    SubscriptionRequest,
    action,
)

Shape = dict[str, Any]

_COLOUR = "#1f6feb"
_KINDS = ["application/json", "application/xml"]
_VERSION = "1.0"
_IMPORTANT = ("SendMessage", SUBSCRIBE)
#: What every operation may answer beside what it was asked for.
_FAILURES = {
    "400": "Bad request.",
    "401": "Wrong or missing credentials.",
    "403": "Not with these credentials.",
    "429": "Too many requests; see Retry-After.",
    "500": "Unknown internal error.",
    "503": "It cannot be written down at the moment; nothing was.",
    "default": "Operation failed.",
}
_IN_BODY = {"409": "The idempotency key came with another request.", "413": "The body is too large.",
            "415": "The body is neither JSON nor XML nor a form."}  # fmt: skip
#: Keys of JSON Schema that Swagger 2.0 has no word for.
_UNKNOWN = ("additionalProperties", "$defs", "x-config", "x-secret", "writeOnly")


def describe(public_url: str) -> Shape:
    """The definition, Swagger 2.0. It names the host that `public_url` has."""
    place = urlsplit(public_url)
    return {
        "swagger": "2.0",
        "info": {
            "title": "Estafette",
            "description": "Send, list and read messages, and start a flow when one arrives.",
            "version": _VERSION,
        },
        "host": place.netloc.rpartition("@")[2],
        "basePath": base(public_url),
        "schemes": [place.scheme],
        "consumes": _KINDS,
        "produces": _KINDS,
        "paths": _paths(),
        "definitions": dict(sorted(_definitions())),
        "securityDefinitions": {"basic": {"type": "basic"}},
        "security": [{"basic": []}],
    }


def properties() -> Shape:
    """The properties: what a connection is asked for."""
    return {
        "properties": {
            "connectionParameters": {
                "username": _parameter(
                    "Account ID", "SID of the account (AC…), or of a key (SK…)", 1
                ),
                "password": _parameter(
                    "Access Token", "Token of the account, or the key's secret", 2
                ),
            },
            "iconBrandColor": _COLOUR,
            "capabilities": [],
            "policyTemplateInstances": [],
        }
    }


def _parameter(title: str, about: str, place: int) -> Shape:
    return {
        "type": "securestring",
        "uiDefinition": {
            "displayName": title,
            "description": about,
            "tooltip": about,
            "constraints": {"tabIndex": place, "clearText": place == 1, "required": "true"},
        },
    }


# Operations --------------------------------------------------------------------------------------


def _paths() -> Shape:
    found: Shape = {}
    for method, path, name in ACTIONS:
        found.setdefault(path, {})[method.lower()] = _operation(name, method, path, action(name))
    found[SUBSCRIBE_AT] = {
        "x-ms-notification-content": {
            "description": "The message that arrived.",
            "schema": _ref(models.Message),
        },
        "post": _subscribe(),
    }
    found[UNSUBSCRIBE_AT] = {"delete": _unsubscribe()}
    return found


def _operation(name: str, method: str, path: str, found: Action) -> Shape:
    asked = _parameters(found, path) if method == "GET" else [_body(found.inputs)]
    more = {"404": "Not found."} if "{" in path else {}
    more |= _IN_BODY if method == "POST" else {}
    return {
        "summary": found.title,
        "description": found.summary,
        "operationId": name,
        **({"x-ms-visibility": "important"} if name in _IMPORTANT else {}),
        "parameters": asked,
        "responses": {
            "200": {"description": "Operation successful.", "schema": _ref(found.outputs)},
            **_failures(more),
        },
    }


def _subscribe() -> Shape:
    about = "Subscribed; the Location header holds the address to DELETE."
    return {
        "summary": "When a message is received",
        "description": "Starts a flow each time a message arrives on the account.",
        "operationId": SUBSCRIBE,
        "x-ms-trigger": "single",
        "x-ms-visibility": "important",
        "parameters": [_body(SubscriptionRequest)],
        "responses": {
            "201": {
                "description": about,
                "schema": _ref(Subscription),
                "headers": {
                    "Location": {"type": "string", "description": "The address to DELETE."}
                },
            },
            **_failures(_IN_BODY),
        },
    }


def _unsubscribe() -> Shape:
    return {
        "summary": "Stop receiving messages",
        "description": "Ends a subscription; the platform does so when a flow is changed or removed.",
        "operationId": UNSUBSCRIBE,
        "x-ms-visibility": "internal",
        "parameters": [
            {
                "name": "SubscriptionId",
                "in": "path",
                "type": "string",
                "required": True,
                "x-ms-summary": "Subscription ID",
                "x-ms-url-encoding": "single",
                "description": "Subscription identifier.",
            }
        ],
        "responses": {"204": {"description": "Ended."}, **_failures({"404": "Not found."})},
    }


def _failures(more: Mapping[str, str]) -> Shape:
    every = {**_FAILURES, **more}
    return {
        status: {"description": every[status], "schema": _ref(Failure)} for status in sorted(every)
    }


def _body(inputs: type[Struct]) -> Shape:
    name = inputs.__name__
    return {
        "name": name[0].lower() + name[1:],
        "in": "body",
        "required": True,
        "description": schema(inputs)["description"],
        "schema": _ref(inputs),
    }


def _parameters(found: Action, path: str) -> list[Shape]:
    """The inputs of an action: those that are holes of its path, and the rest after `?`."""
    return [
        {
            "name": name,
            "in": "path" if f"{{{name}}}" in path else "query",
            "required": f"{{{name}}}" in path,
            **_converted({**part, "x-ms-summary": part["title"]}, "title"),
        }
        for name, part in schema(found.inputs)["properties"].items()
    ]


# Models ------------------------------------------------------------------------------------------


def _definitions() -> Iterator[tuple[str, Shape]]:
    for method, _, name in ACTIONS:
        found = action(name)
        if method == "POST":
            yield from _models(found.inputs, found.needs)
        yield from _models(found.outputs)
    for struct in (Failure, SubscriptionRequest, Subscription):
        yield from _models(struct)


def _models(struct: type[Struct], needs: tuple[str, ...] = ()) -> Iterator[tuple[str, Shape]]:
    """A model, and those that it holds. What an answer need not hold is said in its description."""
    whole = schema(struct)
    for name, shape in ((struct.__name__, whole), *whole.get("$defs", {}).items()):
        needed = {"required": list(needs)} if needs and name == struct.__name__ else {}
        yield (
            name,
            {
                "type": "object",
                "title": name,
                "description": shape["description"],
                "properties": {
                    key: _converted(
                        {"x-ms-summary": part["title"], **part} if "title" in part else part
                    )
                    for key, part in shape["properties"].items()
                },
                **needed,
                "xml": {"name": name},
            },
        )


def _converted(shape: Any, *without: str) -> Any:
    """A JSON Schema in the words of Swagger 2.0."""
    if isinstance(shape, list):
        return [_converted(item) for item in shape]
    if not isinstance(shape, dict):
        return shape
    return {
        key: value.replace("#/$defs/", "#/definitions/") if key == "$ref" else _converted(value)
        for key, value in shape.items()
        if key not in (*_UNKNOWN, *without) and not (key == "default" and value in ("", []))
    }


def _ref(struct: type[Struct]) -> Shape:
    return {"$ref": f"#/definitions/{struct.__name__}"}
