"""Bytes of media as an answer, piece by piece as they are read."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from estafette.doors.callers import header
from estafette.model import Busy, Unknown

#: Takes the pieces of a body as they come.
Sink = Callable[[bytes], Awaitable[None]]

#: What strangers sent is shown, and never run: a browser would take it for ours.
_CAGE = [
    (b"x-content-type-options", b"nosniff"),
    (
        b"content-security-policy",
        b"sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'",
    ),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"cache-control", b"private, no-cache"),  # what is deleted should be gone
]


class Shown(NamedTuple):
    """What is said of bytes beside them."""

    content_type: str
    size: int
    filename: str  #: ASCII, without quotes
    tag: str  #: the same for the same bytes; ASCII, without quotes


class Streamed(Response):
    """The bytes of one, to GET and HEAD."""

    def __init__(
        self,
        pour: Callable[[Sink], Awaitable[None]],
        shown: Shown,
        refuse: Callable[[Unknown | Busy], ASGIApp],
    ) -> None:
        """`refuse` makes the answer where they cannot be read."""
        self._pour = pour
        self._refuse = refuse
        self.background = None
        self.body = b""
        self.status_code = 200
        self._tag = f'"{shown.tag}"'.encode()
        self.raw_headers = [
            (b"content-type", shown.content_type.encode("latin-1")),
            (b"content-length", str(shown.size).encode()),
            (b"content-disposition", f'inline; filename="{shown.filename}"'.encode("latin-1")),
            (b"etag", self._tag),
            *_CAGE,
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; what cannot be read is a refusal, as long as nothing was sent."""
        known = header(Request(scope), b"if-none-match")
        if self._tag in known.replace(b"W/", b"").replace(b" ", b"").split(b","):
            headers = [head for head in self.raw_headers if head[0] != b"content-length"]
            await send({"type": "http.response.start", "status": 304, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        if scope["method"] == "HEAD":
            await send(start)
            await send({"type": "http.response.body", "body": b""})
            return
        has_begun = False

        async def sink(piece: bytes) -> None:
            nonlocal has_begun
            if not has_begun:
                has_begun = True
                await send(start)
            await send({"type": "http.response.body", "body": piece, "more_body": True})

        try:
            await self._pour(sink)
            if not has_begun:
                raise Unknown("its bytes are gone")
        except (Unknown, Busy) as error:
            if has_begun:  # the connection ends before its time: that tells
                raise
            await self._refuse(error)(scope, receive, send)
            return
        await send({"type": "http.response.body", "body": b""})
