"""Requests and answers, in JSON, XML and forms: which members were said, and how they are shown."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from estafette.actions import BadInputs, Failed, schema
from estafette.actions.twilio.failures import failed
from estafette.doors import xmls
from estafette.doors.callers import CHALLENGE, header
from estafette.doors.connectors.table import Failure
from estafette.doors.requests import TooLarge, read_body

LARGEST = xmls.LARGEST  #: bytes of a request body
JSON, XML, FORM = "application/json", "application/xml", "application/x-www-form-urlencoded"
_KINDS = (
    (re.compile(r"(application|text)/(.+\+)?json"), JSON),
    (re.compile(r"(application|text)/(.+\+)?xml"), XML),
    (re.compile(re.escape(FORM)), FORM),
)
_QUALITY = re.compile(r";\s*q\s*=\s*([0-9.]+)")
_CONDITION = re.compile(r"DateSent([<>])(.*)", re.DOTALL)
_MOST_PARAMETERS = 1000

_encode = msgspec.json.Encoder().encode


# In ----------------------------------------------------------------------------------------------


async def read(request: Request) -> bytes:
    """The bytes of a body. Raises Failed for one that is too long."""
    try:
        return await read_body(request, LARGEST)
    except TooLarge:
        raise failed(20413, str(LARGEST)) from None


def kind_of(request: Request) -> str:
    """In which form the body is: JSON where it does not say. Raises Failed for any other."""
    text = header(request, b"content-type").decode("latin-1")
    said = text.partition(";")[0].strip().lower()
    for form, kind in _KINDS:
        if form.fullmatch(said):
            return kind
    if said:
        raise Failed("20415", f"A body is {JSON}, {XML} or {FORM}, not {said[:80]}", 415)
    return JSON


def members(body: bytes, kind: str, inputs: type[Struct]) -> dict[str, Any]:
    """The members of a body by the names of the inputs. Raises Failed.

    `MediaUrl` is `media_url`, as the connector's first version wrote it.
    """
    said = _READ[kind](body, inputs)
    known = _known(inputs)
    found: dict[str, Any] = {}
    for name, value in said.items():
        ours = known.get(_bare(name), name)
        if ours in found:
            raise failed(20001, f"{ours} is said more than once")
        found[ours] = value
    return found


def query(raw: bytes, inputs: type[Struct]) -> dict[str, str]:
    """What follows `?`, by the names of the inputs. What is empty is as if it were left out, and
    what is no input is passed over: gateways on the way add their own. Raises Failed.

    `DateSent>=2026-11-01` is the name `DateSent>` and a value; here the sign goes to the value.
    """
    known = _known(inputs)
    found: dict[str, str] = {}
    for name, value in _pairs(raw):
        condition = _CONDITION.fullmatch(name)
        if condition and "datesent" in known:
            since = f"{condition[1]}={condition[2] or value}"
            found["DateSent"] = f"{found.get('DateSent', '')} {since}".strip()
        elif value and _bare(name) in known:
            found[known[_bare(name)]] = value
    return found


def _json(body: bytes, inputs: type[Struct]) -> dict[str, Any]:
    try:
        said = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise failed(20001, f"The body is not JSON: {error}") from None
    if not isinstance(said, dict):
        raise failed(20001, "The body is not a JSON object")
    return said


def _xml(body: bytes, inputs: type[Struct]) -> dict[str, Any]:
    try:
        root = xmls.parse(body)
        if xmls.name_of(root) != inputs.__name__:
            raise failed(20001, f"The root of the body must be <{inputs.__name__}>")
        return xmls.members(root, items_of(inputs))
    except xmls.BadXml as error:
        raise failed(20001, f"The body is not XML that can be taken: {error}") from None


def _form(body: bytes, inputs: type[Struct]) -> dict[str, Any]:
    lists = {_bare(name) for name in items_of(inputs)}
    found: dict[str, Any] = {}
    for name, value in _pairs(body):
        if not value:
            continue
        if _bare(name) in lists:
            found.setdefault(name, []).append(value)
        elif name in found:
            raise failed(20001, f"{name[:64]} is said more than once")
        else:
            found[name] = value
    return found


_READ = {JSON: _json, XML: _xml, FORM: _form}


def _pairs(raw: bytes) -> Iterable[tuple[str, str]]:
    try:
        return parse_qsl(
            raw.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS
        )
    except UnicodeDecodeError:
        raise failed(20001, "The request is not valid UTF-8") from None
    except ValueError:
        raise failed(20001, f"The request has more than {_MOST_PARAMETERS} parameters") from None


@cache
def _known(inputs: type[Struct]) -> Mapping[str, str]:
    """The names of inputs, by how they are whatever the case and the strokes."""
    return {_bare(name): name for name in schema(inputs)["properties"]}


def _bare(name: str) -> str:
    return name.replace("_", "").lower()


@cache
def items_of(struct: type[Struct]) -> Mapping[str, str]:
    """What XML calls the items of each list in a model, by the name of the list."""
    whole = schema(struct)
    found: dict[str, str] = {}
    for shape in (whole, *whole.get("$defs", {}).values()):
        for name, part in shape["properties"].items():
            if item := _item(part):
                found |= {name: item, "".join(map(str.capitalize, name.split("_"))): item}
    return found


def _item(part: Mapping[str, Any]) -> str:
    if part.get("type") != "array":
        return ""
    inner = part["items"]
    return str(inner["$ref"]).rpartition("/")[2] if "$ref" in inner else str(inner["xml"]["name"])


# Out ---------------------------------------------------------------------------------------------


def wants_xml(request: Request) -> bool:
    """Whether the answer is to be XML: as Accept has it, or else as the request is."""
    wanted = header(request, b"accept").decode("latin-1").lower()
    best: tuple[float, str] = (0.0, "")
    for part in wanted.split(","):
        name = part.partition(";")[0].strip()
        kind = next((kind for form, kind in _KINDS[:2] if form.fullmatch(name)), "")
        quality = _quality(part)
        if kind and quality > best[0]:
            best = (quality, kind)
    if best[1]:
        return best[1] == XML
    sent = header(request, b"content-type").decode("latin-1").partition(";")[0].strip().lower()
    return bool(_KINDS[1][0].fullmatch(sent))


def _quality(part: str) -> float:
    found = _QUALITY.search(part)
    try:
        return float(found[1]) if found else 1.0
    except ValueError:
        return 0.0


def answer(shape: Struct, status: int = 200, *, as_xml: bool) -> Response:
    """A model: in XML, its root has the model's name."""
    if as_xml:
        name = type(shape).__name__
        body = xmls.write(name, msgspec.to_builtins(shape), items_of(type(shape)))
        return Response(body, status, media_type=f"{XML}; charset=utf-8")
    return Response(_encode(shape), status, media_type=JSON)


def refusal(error: Failed, *, as_xml: bool) -> Response:
    """A failure in Twilio's shape."""
    shape = Failure(
        code=int(error.code),
        message=error.text,
        more_info=f"https://www.twilio.com/docs/errors/{error.code}",
        status=error.status,
    )
    response = answer(shape, error.status, as_xml=as_xml)
    if error.status == 401:
        response.raw_headers.append(CHALLENGE)
    if error.retry_after is not None:
        seconds = str(max(1, round(error.retry_after)))
        response.raw_headers.append((b"retry-after", seconds.encode()))
    return response


def of_bad(error: BadInputs) -> Failed:
    """What was no input of an action."""
    return failed(20001, str(error))
