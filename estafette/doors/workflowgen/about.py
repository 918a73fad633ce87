"""What an action looks like as an application of WorkflowGen, for who declares it there."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import msgspec
from starlette.responses import Response

from estafette.actions import Action, schema

_NUMBERS = ("integer", "number")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = "body{font:1rem/1.5 sans-serif;margin:2rem;max-width:60rem}td,th{text-align:left;padding:.2rem 1rem .2rem 0;vertical-align:top}"
_FORMATS = ("JSON", "XML ADO.NET DataSet")


def index(actions: Iterable[Action], url: str, accept: bytes) -> Response:
    """Every action, and where it is described."""
    listed = [
        {"name": item.name, "title": item.title, "url": f"{url}/{item.name}"} for item in actions
    ]
    rows = [
        f'<tr><td><a href="{escape(item["url"])}">{escape(item["name"])}</a>'
        f"<td>{escape(item['title'])}"
        for item in listed
    ]
    page = f"<h1>Actions</h1><table>{''.join(rows)}</table>"
    return _response({"actions": listed}, page, accept)


def page(action: Action, url: str, accept: bytes) -> Response:
    """One action: what to fill in, and its parameters."""
    shape = {
        "name": action.name,
        "title": action.title,
        "summary": action.summary,
        "type": "Web Procedure",
        "url": f"{url}/{action.name}",
        "context_formats": list(_FORMATS),
        "parameters": parameters(action),
    }
    return _response(shape, _written(shape), accept)


def parameters(action: Action) -> list[dict[str, Any]]:
    """The formal parameters of an action, in order."""
    return [*_of(action, action.inputs, "IN"), *_of(action, action.outputs, "OUT")]


def _of(action: Action, struct: Any, direction: str) -> Iterable[dict[str, Any]]:
    shape = schema(struct)
    needed: Sequence[str] = (*shape.get("required", ()), *action.needs)
    for name, said in shape.get("properties", {}).items():
        yield {
            "name": name,
            "data_type": "NUMERIC" if said.get("type") in _NUMBERS else "TEXT",
            "direction": direction,
            "required": direction == "IN" and name in needed,
            "description": said.get("description", ""),
        }


def _written(shape: dict[str, Any]) -> str:
    facts = [
        ("Type", shape["type"]),
        ("URL", shape["url"]),
        ("Context format", " or ".join(shape["context_formats"])),
    ]
    head = "".join(f"<tr><th>{name}<td>{escape(text)}" for name, text in facts)
    rows = "".join(
        f"<tr><td>{escape(item['name'])}<td>{item['data_type']}<td>{item['direction']}"
        f"<td>{'yes' if item['required'] else ''}<td>{escape(item['description'])}"
        for item in shape["parameters"]
    )
    return (
        f"<h1>{escape(shape['name'])}</h1><p>{escape(shape['summary'])}<table>{head}</table>"
        "<h2>Parameters</h2><table><tr><th>Name<th>Data type<th>Direction<th>Needed<th>Meaning"
        f"{rows}</table>"
    )


def _response(shape: Any, page: str, accept: bytes) -> Response:
    """A page for browsers, JSON for others."""
    headers = {"vary": "Accept", "x-content-type-options": "nosniff"}
    if b"text/html" not in accept.lower():
        body = msgspec.json.format(msgspec.json.encode(shape), indent=2)
        return Response(body, headers={**headers, "content-type": "application/json"})
    whole = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Estafette</title><style>{_STYLE}</style>{page}'
    headers |= {"content-security-policy": _POLICY, "content-type": "text/html; charset=utf-8"}
    return Response(whole.encode(), headers=headers)
