"""XML both ways: an object is an element with children, a scalar is text, a list is a wrapper.

Names that XML has no way to write are spelled `_x0020_`, as .NET does, and read back so.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

LARGEST = 1 << 20  # bytes of a document
DEEPEST = 32  # elements within each other

_DECLARATION = "<?xml version='1.0' encoding='UTF-8'?>\n"
_ITEM = "item"  # of a list whose items have no name of their own
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_YES = ("true", "1")

# What XML 1.0 (§2.2) has no way to write, what is markup, and the return that parsers make a
# line feed of (§2.11).
_MARKED = re.compile('[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff&<>"\r]')
_MARKS = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;"}
_NO_CHARACTER = "\ufffd"

_MARKS_OF_ORDER = {
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
    b"<\0": "utf-16-le",
    b"\0<": "utf-16-be",
}
_DECLARED = re.compile(r"<\?xml\s[^>]*?encoding\s*=\s*[\"']([^\"']*)[\"']")
_ENCODINGS = ("utf-8", "utf-16", "us-ascii")

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_NO_PART = re.compile(r"[^A-Za-z0-9_.-]|^[0-9.-]|_(?=x(?:[0-9A-Fa-f]{4}){1,2}_)")
_SPELLED = re.compile(r"_x((?:[0-9A-Fa-f]{4}){1,2})_")


class BadXml(Exception):
    """It is not XML that can be taken; its text says why, and repeats nothing of it but names."""


# In ----------------------------------------------------------------------------------------------


class _Tree(TreeBuilder):
    """Builds elements, and no deeper ones than it may."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self._depth += 1
        if self._depth > DEEPEST:
            raise BadXml(f"there are more than {DEEPEST} elements within each other")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)


def parse(data: bytes) -> Element:
    """The root of a document in UTF-8 or UTF-16. Raises BadXml.

    It has no DTD, no entities but the five of XML, at most DEEPEST levels and LARGEST bytes.
    """
    if len(data) > LARGEST:
        raise BadXml(f"a document has at most {LARGEST} bytes")
    parser = DefusedXMLParser(target=_Tree(), forbid_dtd=True)
    try:
        parser.feed(_decoded(data))
        root: Element = parser.close()
    except DefusedXmlException:
        raise BadXml("a document type and entities are not taken") from None
    except ParseError as error:
        raise BadXml(f"it is not XML: {error}") from None
    return root


def _decoded(data: bytes) -> str:
    """Its text. The bytes say which encoding it is; what is declared only has to be one we take."""
    encoding = next((_MARKS_OF_ORDER[m] for m in _MARKS_OF_ORDER if data.startswith(m)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise BadXml(f"it is not {encoding[:6].upper().rstrip('-')}") from None
    declared = _DECLARED.match(text)
    if declared and declared[1].lower() not in _ENCODINGS:
        raise BadXml(f"the encoding {declared[1][:40]} is not taken: use UTF-8")
    return text


def name_of(element: Element) -> str:
    """Its name without a namespace, as it was before it was spelled for XML."""
    return _SPELLED.sub(_unspelled, element.tag.rpartition("}")[2])


def members(element: Element, items: Mapping[str, str] | None = None) -> dict[str, Any]:
    """An object: its members are the children, by name. Raises BadXml.

    `items` has the names of lists, wherever they stand, and what an item of each is called. A list
    may also be its items without a wrapper: the same name again. What is no list stands once. An
    empty element is an empty text, and `xsi:nil` is None. Other types are not guessed: they are
    text.
    """
    if (element.text or "").strip():
        raise BadXml(f"<{name_of(element)}> has text where elements are meant")
    return _object(element, items or {})


def _object(element: Element, items: Mapping[str, str]) -> dict[str, Any]:
    _check(element)
    found: dict[str, Any] = {}
    for child in element:
        name = name_of(child)
        if name in items:
            found.setdefault(name, []).extend(_list(child, items[name], items))
        elif name in found:
            raise BadXml(f"<{name[:64]}> stands more than once in <{name_of(element)[:64]}>")
        else:
            found[name] = _value(child, items)
    return found


def _list(element: Element, item: str, items: Mapping[str, str]) -> Iterable[Any]:
    """The items of a wrapper; or the element itself, where it wraps none."""
    if len(element) and all(name_of(child) == item for child in element):
        _check(element)
        return [
            list(_list(child, items[item], items)) if item in items else _value(child, items)
            for child in element
        ]
    if not len(element) and not (element.text or "").strip():
        return []
    return [_value(element, items)]


def _value(element: Element, items: Mapping[str, str]) -> Any:
    if element.get(_NIL) in _YES:
        return None
    if len(element):
        return _object(element, items)
    _check(element)
    return element.text or ""


def _check(element: Element) -> None:
    """What would be lost is refused: an attribute without a namespace, and text between elements."""
    said = next((name for name in element.keys() if not name.startswith("{")), None)  # noqa: SIM118
    if said:
        raise BadXml(f"the attribute {said[:64]} is not taken: make it an element")
    if len(element):
        texts = [element.text, *(child.tail for child in element)]
        if any(text and text.strip() for text in texts):
            raise BadXml(f"<{name_of(element)[:64]}> has text between elements")


def _unspelled(found: re.Match[str]) -> str:
    number = int(found[1], 16)
    is_character = number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF
    return chr(number) if is_character else found[0]


# Out ---------------------------------------------------------------------------------------------


def write(
    root: str, value: Any, items: Mapping[str, str] | None = None, *, has_nulls: bool = False
) -> bytes:
    """A document in UTF-8, of what JSON could say.

    `items` has the names of lists, wherever they stand, and what an item of each is called. None is
    left out, or an empty element where it `has_nulls`. What XML cannot hold becomes U+FFFD.
    """
    parts: list[str] = [_DECLARATION]
    _put(parts.append, root, value, items or {}, has_nulls=has_nulls)
    return "".join(parts).encode()


def escaped(text: str) -> str:
    """Text as it may stand in a document, in an attribute too."""
    return _MARKED.sub(lambda found: _MARKS.get(found[0], _NO_CHARACTER), text)


def _put(
    put: Callable[[str], None], name: str, value: Any, items: Mapping[str, str], *, has_nulls: bool
) -> None:
    if isinstance(value, Mapping):
        inner = [(key, part) for key, part in value.items() if part is not None or has_nulls]
    elif isinstance(value, Sequence) and not isinstance(value, str):
        inner = [(items.get(name, _ITEM), part) for part in value]
    else:
        _put_text(put, spelled(name), _text(value))
        return
    tag = spelled(name)
    put(f"<{tag}>" if inner else f"<{tag}/>")
    for key, part in inner:
        _put(put, key, part, items, has_nulls=has_nulls)
    if inner:
        put(f"</{tag}>")


def _put_text(put: Callable[[str], None], tag: str, text: str) -> None:
    put(f"<{tag}>{escaped(text)}</{tag}>" if text else f"<{tag}/>")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def spelled(name: str) -> str:
    """A name as XML can write it. A name of nothing is `_`."""
    if _PLAIN.fullmatch(name) and "_x" not in name:
        return name
    return _NO_PART.sub(_spelled, name) or "_"


def _spelled(found: re.Match[str]) -> str:
    number = ord(found[0])
    return f"_x{number:04X}_" if number <= 0xFFFF else f"_x{number:08X}_"
