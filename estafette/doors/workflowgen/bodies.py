"""Where the document stands in a request: it may be the body itself, or a field of a form."""

import re
from collections.abc import Collection
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote

from estafette.doors.requests import read_parts
from estafette.doors.workflowgen.errors import Refusal

_BEGINS = ("{", "<")
_SPELLED = re.compile(r"\s*%(?:7b|3c)", re.IGNORECASE)  # as `{` and `<` in a URL
_DECLARATION = re.compile(r"\s*<\?xml\s[^>]*\?>")
_MARK = "\ufeff"  # of the order of bytes
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")  # UTF-16
_MOST_FIELDS = 200


class Body(NamedTuple):
    """A document, or the fields of a form that holds none."""

    document: bytes
    fields: dict[str, str]

    @property
    def is_xml(self) -> bool:
        """Whether it is XML, or was meant to be: what is asked in XML is answered in XML."""
        return self.document.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<", *_WIDE))


def read(raw: bytes, content_type: str, inputs: Collection[str]) -> Body:
    """What a body holds, whatever its type is called. Raises Refusal.

    A form that names one of `inputs` is the inputs themselves, even where a value looks like a
    document.
    """
    if raw.startswith(_WIDE):
        return Body(raw, {})
    start = raw.removeprefix(_MARK.encode()).lstrip()
    if start[:1] in (b"{", b"<"):
        return Body(start, {})
    if start[:1] == b"[":
        raise Refusal(400, "the body is a JSON list: an object is needed")
    fields = _fields(raw, content_type)
    if any(name in inputs or name.upper() in inputs for name, _ in fields):
        return Body(b"", _once(fields))
    found = [text for _, value in fields if (text := _document(value))]
    if len(found) != 1:
        raise Refusal(
            400,
            "a context is needed: as the body, or as the one field of a form that begins with"
            f" {{ or <; there are {len(found)}",
        )
    return Body(found[0].encode(), {})


def _document(value: str) -> str:
    """A value that begins as a document does; empty for others."""
    text = unquote(value) if _SPELLED.match(value) else value
    text = text.removeprefix(_MARK).lstrip()
    # What a text declares of its bytes is true no more once it stood in a form.
    return _DECLARATION.sub("", text, count=1).lstrip() if text.startswith(_BEGINS) else ""


def _once(fields: list[tuple[str, str]]) -> dict[str, str]:
    found = dict(fields)
    if len(found) != len(fields):
        raise Refusal(400, "a field of the form is there more than once")
    return found


def _fields(raw: bytes, content_type: str) -> list[tuple[str, str]]:
    try:
        if content_type.partition(";")[0].strip().lower() == "multipart/form-data":
            parts = read_parts(raw, content_type, _MOST_FIELDS)
            return [(name, _text(content)) for name, content in parts]
        return parse_qsl(
            raw.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
        )
    except (ValueError, LookupError):
        raise Refusal(400, "the body is no JSON, no XML and no form in UTF-8") from None


def _text(content: bytes) -> str:
    return content.decode("utf-16" if content.startswith(_WIDE[:2]) else "utf-8")
