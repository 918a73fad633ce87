"""Documents in, documents out: a context in JSON or as a DataSet in XML, or plain inputs."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn
from xml.etree.ElementTree import Element, tostring

import msgspec
from msgspec import Struct

from estafette.doors import xmls
from estafette.doors.workflowgen.contexts import (
    MEMBER,
    BadContext,
    Context,
    Parameter,
    parameter,
)
from estafette.doors.workflowgen.errors import Refusal

JSON = "application/json"
XML = "application/xml; charset=utf-8"

_XSD = "http://www.w3.org/2001/XMLSchema"
_DECLARATION = '<?xml version="1.0" encoding="utf-8"?>\n'
_CHOOSE = (
    "this is an ADO Recordset, which is not taken: choose JSON or XML ADO.NET DataSet as the context"
    " format of the application"
)


class Given(Struct, frozen=True, kw_only=True):
    """What was asked: a context, or the plain inputs of an action."""

    context: Context | None
    inputs: Mapping[str, Any] = {}
    root: Any = None  #: of a context in XML: the element itself


def read(document: bytes, *, is_xml: bool) -> Given:
    """What a document says. Raises Refusal."""
    try:
        return _read_xml(xmls.parse(document)) if is_xml else _read_json(document)
    except (BadContext, xmls.BadXml) as error:
        raise Refusal(400, str(error)) from None


def _read_json(document: bytes) -> Given:
    try:
        said = json.loads(document, object_pairs_hook=_once, parse_constant=_no_number)
    except UnicodeDecodeError:
        raise BadContext("the body is not in UTF-8") from None
    except (ValueError, RecursionError) as error:
        at = f" at character {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        raise BadContext(f"the body is not JSON{at}") from None
    if not isinstance(said, dict):
        raise Refusal(400, "the body must be a JSON object")
    if "parameters" not in said:
        return Given(context=None, inputs=said)
    listed, reply_to = said["parameters"], said.get("replyToUrl") or ""
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise BadContext("parameters must be a list of objects")
    if not isinstance(reply_to, str):
        raise BadContext("replyToUrl must be text")
    return Given(context=Context(parameters=[*map(parameter, listed)], reply_to=reply_to.strip()))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise BadContext("a member of an object is there more than once")
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(text)


def _read_xml(root: Element) -> Given:
    name = xmls.name_of(root)
    if name == "xml" and any(xmls.name_of(child) in ("data", "Schema") for child in root):
        raise Refusal(415, _CHOOSE)
    if name != "NewDataSet":
        raise BadContext(f"the root is {name[:64]}: a context in XML is a NewDataSet")
    listed, sessions = [], []
    for child in root:
        if child.tag == f"{{{_XSD}}}schema":
            continue
        if xmls.name_of(child) == "parameter":
            listed.append(parameter(_members(child)))
        elif xmls.name_of(child) == "session":
            sessions.append(child)
    if len(sessions) > 1:
        raise BadContext("there is more than one session")
    session = _texts(sessions[0]) if sessions else {}
    context = Context(
        parameters=listed,
        reply_to=session.get("replyTo", "").strip(),
        process=session.get("processInstanceId", "").strip(),
        activity=session.get("activityInstanceId", "").strip(),
    )
    return Given(context=context, root=root)


def _members(element: Element) -> dict[str, str]:
    names = [xmls.name_of(child) for child in element]
    if len(set(names)) != len(names):
        raise BadContext("a parameter has an element twice")
    return _texts(element)


def _texts(element: Element) -> dict[str, str]:
    return {xmls.name_of(child): child.text or "" for child in element if not len(child)}


def write(given: Given, values: Iterable[tuple[Parameter, Any]]) -> bytes:
    """The context that answers one, in the same format."""
    if given.root is None:
        listed = [_as_json(item, value) for item, value in values]
        return msgspec.json.format(msgspec.json.encode({"parameters": listed}), indent=1)
    root: Element = given.root
    space = root.tag.rpartition("}")[0][1:]
    said = {"xmlns": space} if space else {}
    said |= {name: text for name, text in root.attrib.items() if not name.startswith("{")}
    start = "".join(f' {name}="{xmls.escaped(text)}"' for name, text in said.items())
    lines = [_DECLARATION, f"<NewDataSet{start}>\n"]
    for item, value in values:
        lines.append("  <parameter>\n")
        for name, part in _as_json(item, value).items():
            lines.append(f"    <{name}>{xmls.escaped(str(part))}</{name}>\n")
        lines.append("  </parameter>\n")
    for child in root:
        if xmls.name_of(child) == "session":
            lines.append(f"  {_whole(child)}\n")
    return "".join([*lines, "</NewDataSet>\n"]).encode()


def _whole(session: Element) -> str:
    """The session as it came, with all that is in it."""
    return tostring(session, "unicode", short_empty_elements=False).rstrip()


def _as_json(item: Parameter, value: Any) -> dict[str, Any]:
    shown = {"name": item.name, "dataType": item.type, "direction": item.direction}
    return shown if value is None else {**shown, MEMBER[item.type]: value}


def write_error(refusal: Refusal, *, is_xml: bool) -> bytes:
    """An error of the exchange, as the request was written."""
    if is_xml:
        return xmls.write("Failure", refusal.shape())
    return msgspec.json.encode(refusal.shape())
