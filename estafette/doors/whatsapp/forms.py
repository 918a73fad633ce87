"""A file in a multipart body, read piece by piece: no more than a piece is ever in memory."""

import re
from collections.abc import AsyncIterator
from urllib.parse import unquote

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from estafette.doors.callers import header
from estafette.doors.whatsapp.errors import Refusal

_FILE = "file"
_MOST_PARTS = 32
_LONGEST_FIELD = 1000  # bytes
_MOST_AROUND = 1 << 20  # bytes of a body that are none of its file
_STARRED = re.compile(rb"filename\*\s*=\s*utf-8''([^;\s]+)", re.IGNORECASE)
_PLAIN = frozenset({b"", b"7bit", b"8bit", b"binary"})  # what a part may say that it is packed as


class Form:
    """The parts of one request, in whatever order they come."""

    def __init__(self, request: Request) -> None:
        """Raises Refusal where the body is no form of this kind."""
        self.fields: dict[str, str] = {}  #: whole once all pieces of the file were read
        self.has_file = False
        self.filename = ""
        self.content_type = ""  #: as its part says; known with its first piece
        self._request = request
        self._parts, self._around = 0, 0
        self._headers: dict[bytes, bytes] = {}
        self._name, self._value = b"", b""
        self._part: str | None = None
        self._field = b""
        self._pieces: list[bytes] = []
        self._is_whole = False
        kind, options = parse_options_header(header(request, b"content-type"))
        boundary = options.get(b"boundary", b"")
        if kind != b"multipart/form-data" or not boundary:
            raise _bad("the body must be multipart/form-data, with a boundary")
        try:
            self._parser = MultipartParser(boundary, {
                "on_part_begin": self._begin,
                "on_header_field": self._header_name,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_headers_finished": self._headers_end,
                "on_part_data": self._data,
                "on_part_end": self._end,
                "on_end": self._whole,
            })  # fmt: skip
        except FormParserError:
            raise _bad("the boundary of the body is too long") from None

    async def file(self) -> AsyncIterator[bytes]:
        """The pieces of the file; at their end the whole body was read.

        Raises Refusal for what is no form, and ClientDisconnect where they hung up.
        """
        async for chunk in self._request.stream():
            try:
                self._parser.write(chunk)
            except FormParserError:
                raise _bad("the body is no multipart/form-data") from None
            piece = b"".join(self._pieces)
            self._pieces.clear()
            self._around += len(chunk) - len(piece)
            if self._around > _MOST_AROUND:
                raise _bad("the body has too much in it beside its file")
            if piece:
                yield piece
        if not self._is_whole:
            raise _bad("the body ends before its last boundary")

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > _MOST_PARTS:
            raise _bad("the body has too many parts")
        self._headers = {}

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name, self._value = b"", b""

    def _headers_end(self) -> None:
        told = self._headers.get(b"content-disposition", b"")
        _, options = parse_options_header(told)
        self._part, self._field = _text(options.get(b"name", b"")), b""
        if self._headers.get(b"content-transfer-encoding", b"").strip().lower() not in _PLAIN:
            raise _bad("a part of the body is packed: send its bytes as they are")
        if self._part == _FILE:
            if self.has_file:
                raise _bad("the body has more than one file")
            self.has_file = True
            self.filename = _filename(told, options.get(b"filename", b""))
            self.content_type = self._headers.get(b"content-type", b"").decode("latin-1")

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._part == _FILE:
            self._pieces.append(data[start:end])
        elif len(self._field) <= _LONGEST_FIELD:
            self._field += data[start:end]

    def _end(self) -> None:
        if self._part and self._part != _FILE:
            self.fields[self._part] = _text(self._field[:_LONGEST_FIELD])

    def _whole(self) -> None:
        self._is_whole = True


def _filename(told: bytes, plain: bytes) -> str:
    """The name of a file, without the folders that some clients give, and without what is not shown."""
    starred = _STARRED.search(told)
    name = unquote(starred[1].decode("latin-1")) if starred and not plain else _text(plain)
    name = name.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in name if letter.isprintable())


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _bad(details: str) -> Refusal:
    return Refusal(100, details)
