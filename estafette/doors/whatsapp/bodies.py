"""Bodies of requests: JSON as a rule, or a form whose values may be JSON texts."""

import re
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from estafette.doors.requests import read_parts
from estafette.doors.whatsapp.errors import Refusal

FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
#: What comes without a type, or as text, is JSON: some clients say no more.
JSON = frozenset({"", "application/json", "text/plain", "text/json", "application/octet-stream"})
DEEPEST = 32  # objects and lists in each other
_FEW = 64  # brackets that need not be looked at more closely
_MOST_FIELDS = 200
_NUL = re.compile(rb"\\u0000")
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"')


def read_fields(raw: bytes, content_type: str) -> dict[str, Any]:
    """The fields of a body; none where it is empty. Raises Refusal."""
    media_type = content_type.partition(";")[0].strip().lower()
    if not raw.strip():
        return {}
    if media_type in JSON or media_type.endswith("+json"):
        return _json(raw)
    if media_type == FORM:
        # curl says so of all that is given to it as data.
        return _json(raw) if raw.lstrip()[:1] in b"{[" else _form(raw)
    if media_type == MULTIPART:
        return _multipart(raw, content_type)
    raise Refusal(
        100,
        status=415,
        message=f"(#100) A body is JSON or a form, and not {content_type[:100]!r}.",
    )


def _json(raw: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise _malformed("the body is no JSON") from None
    if not isinstance(found, dict):
        raise _malformed("the body must be an object")
    if raw.count(b"{") + raw.count(b"[") > _FEW and _depth(raw) > DEEPEST:
        raise _malformed(f"the body is nested more than {DEEPEST} deep")
    if _NUL.search(raw) and _has_nul(found):
        raise _malformed("the body must not have U+0000")
    return found


def _form(raw: bytes) -> dict[str, Any]:
    try:
        pairs = parse_qsl(
            raw.decode().strip(),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError:
        raise _malformed("the body is no form in UTF-8") from None
    return _read(pairs)


def _multipart(raw: bytes, content_type: str) -> dict[str, Any]:
    try:
        pairs = [
            (name, value.decode()) for name, value in read_parts(raw, content_type, _MOST_FIELDS)
        ]
    except (ValueError, LookupError):
        raise _malformed("the body is no multipart form in UTF-8") from None
    return _read(pairs)


def _read(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """The fields of a form, the last of each name."""
    return {name: _value(value) for name, value in pairs}


def _value(text: str) -> Any:
    """An object or a list where it is one as JSON, else the text as it stands."""
    if "\0" in text:
        raise _malformed("the body must not have U+0000")
    if text.lstrip()[:1] not in ("{", "["):
        return text
    try:
        found = msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        return text
    raw = text.encode()
    if _depth(raw) > DEEPEST:
        raise _malformed(f"the body is nested more than {DEEPEST} deep")
    if _has_nul(found):
        raise _malformed("the body must not have U+0000")
    return found


def _depth(raw: bytes) -> int:
    """How deep objects and lists stand in each other in a JSON text."""
    deepest = depth = 0
    for char in _STRING.sub(b"", raw):
        if char in b"{[":
            depth += 1
            deepest = max(deepest, depth)
        elif char in b"}]":
            depth -= 1
    return deepest


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any("\0" in name or _has_nul(part) for name, part in value.items())
    return isinstance(value, list) and any(_has_nul(part) for part in value)


def _malformed(text: str) -> Refusal:
    return Refusal(100, message=f"(#100) Invalid parameter: {text}.")
