"""What this door serves, as OpenAPI 3.1 and as a page: both made of the rows and their types."""

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from hashlib import sha256
from html import escape
from typing import Any

import msgspec
from msgspec import NODEFAULT

from estafette.doors.callers import SCHEMES
from estafette.doors.own.errors import Problem
from estafette.doors.own.wire import Row

VERSION = "0.1"  #: of this API
_REFS = "#/components/schemas/{name}"
_HOLE = re.compile(r"\{(\w+)\}")
_HOLES = {
    "id": "Its id.",
    "about": "The id of the message, in any form; or of the contact, the user or the team.",
    "name": "Its name, or its id: ac_ and 32 hex digits.",
    "sid": "SK and 32 hex digits.",
    "recipient": "The address.",
    "sender": "The id of a sender.",
    "provider": "Its name, such as twilio.",
    "said": "The status, or the id of the notice, that was told.",
}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The same key with the same request gives the same message.",
    "schema": {"type": "string", "maxLength": 255},
}
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 2.5rem; text-transform: capitalize; } h3 { margin: 1.5rem 0 .3rem; font-size: 1rem; }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; } b { font-weight: 600; }
table { border-collapse: collapse; } td, th { text-align: left; padding: .15rem .8rem .15rem 0;
vertical-align: top; } @media (prefers-color-scheme: dark) { :root { color-scheme: dark; } }
"""
_DIGEST = b64encode(sha256(_STYLE.encode()).digest()).decode()

#: What the page may load: nothing but its own style.
POLICY = f"default-src 'none'; style-src 'sha256-{_DIGEST}'"

Shape = dict[str, Any]


def describe(table: Iterable[Row], about: Mapping[str, str], public_url: str) -> Shape:
    """The OpenAPI document. `about` has the docstring of each operation, by part and name."""
    rows = list(table)
    kinds = [kind for row in rows for kind in (row.answer, row.body) if kind is not None]
    schemas, components = msgspec.json.schema_components([*kinds, Problem], ref_template=_REFS)
    shapes = dict(zip(map(repr, kinds), schemas, strict=False))
    paths: dict[str, Shape] = {}
    for row, (name, text) in zip(rows, about.items(), strict=True):
        operation = _operation(row, name, text, shapes, schemas[-1])
        paths.setdefault(row.path, {})[row.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Estafette",
            "version": VERSION,
            "description": "The gateway's own API: see the docs for what has no shape.",
        },
        "servers": [{"url": public_url or "/"}],
        "security": [{"basic": []}, {"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": SCHEMES,
        },
    }


def _operation(row: Row, name: str, text: str, shapes: Mapping[str, Shape], bad: Shape) -> Shape:
    part, _, _ = name.partition(".")
    done: Shape = {"description": "Done."}
    if row.answer is not None:
        done["content"] = {row.gives: {"schema": shapes[repr(row.answer)]}}
    status = row.status if row.answer is not None else 204
    problem = {"application/json": {"schema": bad}}
    found: Shape = {
        "operationId": name,
        "tags": [part.lower()],
        "summary": " ".join(text.split()),
        "parameters": list(_parameters(row)),
        "responses": {
            str(status): done,
            "default": {"description": "It was not done.", "content": problem},
        },
    }
    if row.body is not None:
        found["requestBody"] = {
            "required": not row.optional,
            "content": {"application/json": {"schema": shapes[repr(row.body)]}},
        }
        if row.takes not in found["requestBody"]["content"]:
            found["requestBody"]["content"][row.takes] = {"schema": {"type": "string"}}
    return found


def _parameters(row: Row) -> Iterable[Shape]:
    for name in _HOLE.findall(row.path):
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "description": _HOLES[name],
            "schema": {"type": "string"},
        }
    if row.query is not None:
        for field in msgspec.structs.fields(row.query):
            found: Shape = {
                "name": field.encode_name,
                "in": "query",
                "required": field.default is NODEFAULT,
                "schema": _flat(field.type),
            }
            if text := found["schema"].pop("description", ""):
                found["description"] = text
            yield found
    if row.keyed:
        yield _KEY


def _flat(kind: Any) -> Shape:
    """The schema of a parameter, whole: a parameter that is absent is not null."""
    schema, components = msgspec.json.schema_components([kind], ref_template=_REFS)
    (shape,) = schema
    parts = [part for part in shape.get("anyOf", [shape]) if part != {"type": "null"}]
    (part,) = parts
    whole = components[part["$ref"].rpartition("/")[2]] if "$ref" in part else part
    return {name: value for name, value in whole.items() if name not in ("title", "default")}


def page(described: Shape) -> str:
    """The same for people."""
    parts: dict[str, list[str]] = {}
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            text = _section(method.upper(), path, operation)
            parts.setdefault(operation["tags"][0], []).append(text)
    body = "".join(f"<h2>{escape(tag)}</h2>{''.join(texts)}" for tag, texts in parts.items())
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Estafette: its own API</title>'
        f"<style>{_STYLE}</style></head><body><h1>Estafette: its own API</h1>"
        "<p>JSON both ways. Credentials: HTTP Basic with <code>AC…:token</code> or"
        " <code>SK…:secret</code>, or <code>Authorization: Bearer SK….secret</code>."
        ' For programs: <a href="/api/openapi.json">openapi.json</a>.</p>'
        f"{body}<h2>Shapes</h2>{_schemas(described)}</body></html>"
    )


def _section(method: str, path: str, operation: Shape) -> str:
    rows = [
        (item["name"], item["in"], item.get("description", _kind(item["schema"])))
        for item in operation["parameters"]
    ]
    if "requestBody" in operation:
        rows.append(("body", "JSON", _content(operation["requestBody"])))
    status, answer = next(iter(operation["responses"].items()))
    rows.append(("answer", status, _content(answer) if "content" in answer else "empty"))
    return (
        f"<h3><code>{method} {escape(path)}</code></h3><p>{escape(operation['summary'])}</p>"
        + _rows(rows)
    )


def _schemas(described: Shape) -> str:
    texts = []
    for name, shape in described["components"]["schemas"].items():
        rows = [
            (key, _kind(value), str(value.get("description", "")))
            for key, value in shape.get("properties", {}).items()
        ]
        about = escape(str(shape.get("description", "")))
        words = escape(", ".join(map(str, shape.get("enum", []))))
        heading = f'<h3 id="{escape(name)}"><code>{escape(name)}</code></h3>'
        texts.append(f"{heading}<p>{about} {words}</p>{_rows(rows)}")
    return "".join(texts)


def _rows(rows: Iterable[tuple[str, str, str]]) -> str:
    lines = "".join(
        f"<tr><td><code>{escape(name)}</code></td><td>{escape(kind)}</td><td>{escape(text)}</td></tr>"
        for name, kind, text in rows
    )
    return f"<table>{lines}</table>" if lines else ""


def _content(part: Shape) -> str:
    return " or ".join(_kind(shape["schema"]) for shape in part["content"].values())


def _kind(shape: Shape) -> str:
    """A schema in a few words."""
    if "$ref" in shape:
        return str(shape["$ref"].rpartition("/")[2])
    if "anyOf" in shape:
        return " or ".join(map(_kind, shape["anyOf"]))
    if "enum" in shape:
        return " or ".join(map(str, shape["enum"]))
    if shape.get("type") == "array":
        return f"list of {_kind(shape['items'])}" if "items" in shape else "list"
    return str(shape.get("type", "anything"))
