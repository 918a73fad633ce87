"""What is asked for, read from JSON, from XML or from a form: members by their names."""

import json
import re
from collections.abc import Iterable
from email.message import Message
from functools import cache
from math import isfinite
from typing import Any, NoReturn, get_args, get_origin
from urllib.parse import parse_qsl, unquote_plus

from msgspec import Struct

from estafette.actions import Action, inputs_of, schema
from estafette.doors import xmls
from estafette.doors.actions.errors import BAD, Refusal

LARGEST = 1 << 20  # bytes of a body
MOST_FIELDS = 1000

JSON, XML, FORM = "json", "xml", "form"
TYPES = {
    "application/json": JSON,
    "text/json": JSON,
    "application/xml": XML,
    "text/xml": XML,
    "application/x-www-form-urlencoded": FORM,
    "multipart/form-data": FORM,
}
_SUFFIXES = {"+json": JSON, "+xml": XML}

#: What a body begins with where its kind has to be guessed.
_BEGINS = {
    b"{": JSON,
    b"[": JSON,
    b"<": XML,
    b"\xff\xfe": XML,
    b"\xfe\xff": XML,
    b"\0<": XML,
}
_MARK = b"\xef\xbb\xbf"  # that some put before UTF-8
_LOOKS_LIKE_A_FORM = re.compile(rb"[A-Za-z0-9_.%-]+=[^\s{<]*")
_ENCODED = re.compile(r"%7b", re.IGNORECASE)  # a { that was encoded once more
_NAME = re.compile(rb';\s*name=(?:"([^"]*)"|([^\s;"]+))', re.IGNORECASE)
_PAYLOAD = "payload"


def kind_of(content_type: str, raw: bytes) -> str:
    """JSON, XML or FORM: as the header has it; else as the body looks. Raises Refusal (415).

    What only a form's header says, and begins as JSON or XML do, is that: some clients send that
    header of their own accord.
    """
    media = media_type(content_type)
    said = TYPES.get(media) or next(
        (kind for suffix, kind in _SUFFIXES.items() if media.endswith(suffix)), ""
    )
    if said and media != "application/x-www-form-urlencoded":
        return said
    start = raw.removeprefix(_MARK).lstrip()
    seen = next((kind for mark, kind in _BEGINS.items() if start.startswith(mark)), "")
    if seen or said:
        return seen or said
    if not start:
        return JSON
    if _LOOKS_LIKE_A_FORM.match(start):
        return FORM
    raise Refusal(BAD, "Send JSON, XML or a form, and say which by Content-Type.", status=415)


def media_type(header: str) -> str:
    """A Content-Type without its parameters."""
    return header.partition(";")[0].strip().lower()


def read(action: Action, kind: str, raw: bytes, content_type: str) -> dict[str, Any]:
    """The members of a body. Raises Refusal."""
    if kind == XML:
        found = _xml(action, raw)
    elif kind == FORM:
        found = _form(action, raw, content_type)
    else:
        found = read_json(raw)
    if kind != JSON:
        types = inputs_of(action)
        found = {name: _or_none(value, types.get(name, str)) for name, value in found.items()}
    return found


def _or_none(value: Any, type_: Any) -> Any:
    """What is empty is left out, where it could not be an empty text."""
    return None if value == "" and str not in (type_, *get_args(type_)) else value


# JSON --------------------------------------------------------------------------------------------


def read_json(raw: bytes) -> dict[str, Any]:
    """An object of which no member stands twice. Raises Refusal."""
    try:
        text = raw.removeprefix(_MARK).decode()
        said = (
            json.loads(
                text,
                object_pairs_hook=_once,
                parse_constant=_no_number,
                parse_float=_number,
            )
            if text.strip()
            else {}
        )
    except UnicodeDecodeError:
        raise Refusal(BAD, "The body is not in UTF-8.") from None
    except (ValueError, RecursionError) as error:
        at = f" at character {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        raise Refusal(BAD, f"The body is not JSON{at}.") from None
    if not isinstance(said, dict):
        raise Refusal(BAD, "The body is not a JSON object: its members are the inputs.")
    return said


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise Refusal(BAD, f"{name[:64]} stands more than once.")
        found[name] = value
    return found


def _number(text: str) -> float:
    found = float(text)
    if not isfinite(found):
        raise ValueError(text)
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(text)


# XML ---------------------------------------------------------------------------------------------


def _xml(action: Action, raw: bytes) -> dict[str, Any]:
    try:
        root = xmls.parse(raw)
        if xmls.name_of(root).lower() != action.name.lower():
            raise Refusal(BAD, f"The root of the document must be <{action.name}>.")
        return xmls.members(root, items_of(action.inputs))
    except xmls.BadXml as error:
        raise Refusal(BAD, f"The body cannot be read: {error}.") from None


@cache
def items_of(struct: type[Struct]) -> dict[str, str]:
    """What XML calls an item of each list in inputs or outputs, by the name of the list."""
    whole = schema(struct)
    return {
        name: _item(option["items"])
        for part in (whole, *whole.get("$defs", {}).values())
        for name, option in _parts_of(part)
        if isinstance(option.get("items"), dict)
    }


def _parts_of(shape: dict[str, Any]) -> Iterable[tuple[str, dict[str, Any]]]:
    """The members of a shape, and of those that stand in it, with each type that they may have."""
    for name, part in shape.get("properties", {}).items():
        for option in part.get("anyOf", [part]):
            yield name, option
            yield from _parts_of(option)


def _item(shape: dict[str, Any]) -> str:
    named = shape.get("xml", {}).get("name") or shape.get("$ref", "").rpartition("/")[2]
    return str(named or "item")


# Forms -------------------------------------------------------------------------------------------


def _form(action: Action, raw: bytes, content_type: str) -> dict[str, Any]:
    pairs = list(
        _parts(raw, content_type)
        if media_type(content_type) == "multipart/form-data"
        else _urlencoded(raw)
    )
    if [name for name, _ in pairs] == [_PAYLOAD]:
        return read_json(_payload(pairs[0][1]).encode())
    types = inputs_of(action)
    found: dict[str, Any] = {}
    for name, value in pairs:
        if _is_list(types.get(name)):
            found.setdefault(name, []).append(value)
        elif name in found:
            raise Refusal(BAD, f"{name[:64]} stands more than once.")
        else:
            found[name] = value
    return found


def _payload(text: str) -> str:
    """The JSON in the only field of a form; WorkflowGen encodes it before the form does."""
    return unquote_plus(text, errors="replace") if _ENCODED.match(text.strip()) else text


def _urlencoded(raw: bytes) -> Iterable[tuple[str, str]]:
    try:
        return parse_qsl(
            raw.removeprefix(_MARK).decode().strip(),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError:
        raise Refusal(BAD, "The body is not a form in UTF-8.") from None


def _parts(raw: bytes, content_type: str) -> Iterable[tuple[str, str]]:
    """The fields of multipart/form-data (RFC 7578); a file counts as the text in it."""
    header = Message()
    header["content-type"] = content_type
    boundary = (header.get_boundary() or "").encode("utf-8", "replace")
    parts = (b"\r\n" + raw).split(b"\r\n--" + boundary)
    if not boundary or len(parts) < 2 or not parts[-1].startswith(b"--"):
        raise Refusal(BAD, "The body does not have the parts that its Content-Type tells of.")
    if len(parts) > MOST_FIELDS + 2:
        raise Refusal(BAD, f"A form has at most {MOST_FIELDS} fields.")
    for part in parts[1:-1]:
        head, gap, value = part.partition(b"\r\n\r\n")
        name = _NAME.search(head)
        if not gap or name is None:
            raise Refusal(BAD, "A part of the form has no name.")
        try:
            yield (name[1] if name[1] is not None else name[2]).decode(), value.decode()
        except UnicodeDecodeError:
            raise Refusal(BAD, "A part of the form is not text in UTF-8.") from None


def _is_list(type_: Any) -> bool:
    """Whether only a list can be meant: what may also be a text is one in a form."""
    if (get_origin(type_) or type_) in (list, tuple):
        return True
    options = get_args(type_)
    return str not in options and any(map(_is_list, options))
