"""Requests and answers as people read them: a line, headers, and a body laid out."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from estafette.model.attempt import Request

_FORM = "application/x-www-form-urlencoded"
_MOST = 20_000  # characters that are shown


def of_request(request: Request) -> str:
    """A request."""
    line = f"{request.method} {request.url}".strip()
    return _joined(line, request.headers, laid_out(request.body, request.headers))


def of_answer(answer: Mapping[str, Any]) -> str:
    """An answer as an attempt keeps it."""
    status, headers = answer.get("status"), answer.get("headers") or {}
    body = answer.get("body")
    text = body if isinstance(body, str) else _pretty(body) if body is not None else ""
    return _joined(f"HTTP {status}" if status else "", headers, text)


def laid_out(body: str, headers: Mapping[str, str]) -> str:
    """A body: of a form a line for each field, of JSON its parts below each other."""
    kind = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
    if kind.startswith(_FORM):
        return "\n".join(f"{name}={value}" for name, value in parse_qsl(body, True))
    try:
        return _pretty(json.loads(body))
    except (ValueError, RecursionError):
        return body


def _pretty(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _joined(line: str, headers: Mapping[str, str], body: str) -> str:
    head = "\n".join(
        [*filter(None, [line]), *(f"{key}: {value}" for key, value in headers.items())]
    )
    return "\n\n".join(filter(None, [head, body]))[:_MOST]
