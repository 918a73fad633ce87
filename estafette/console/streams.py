"""Bytes of strangers as an answer of the console: shown where that is safe, and never run."""

import re
from collections.abc import Awaitable, Callable
from urllib.parse import quote

from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from estafette.model import Busy, Unknown

#: Takes the pieces of a body as they come.
Sink = Callable[[bytes], Awaitable[None]]

#: A browser would take what strangers sent for ours: it runs nothing of it, and asks for nothing.
CAGE = {
    "content-security-policy": "sandbox; default-src 'none'",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "private, no-cache",  # what is deleted should be gone
}
_SHOWN = frozenset(
    {"image/jpeg", "image/png", "image/gif", "image/webp", "image/bmp", "image/avif"}
)
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


class _Enough(Exception):
    """All that was asked for was given."""


def is_shown(content_type: str) -> bool:
    """Whether a browser shows files of this type without running anything in them."""
    return content_type in _SHOWN or content_type.startswith(("audio/", "video/"))


def span(asked: str, size: int) -> tuple[int, int] | None:
    """The first and last byte that a `Range` header asks for; None where it asks for nothing that is there."""
    found = _RANGE.fullmatch(asked.replace(" ", ""))
    if not found or not (found[1] or found[2]) or size < 1:
        return None
    if not found[1]:
        return (max(0, size - int(found[2])), size - 1) if int(found[2]) else None
    first, last = int(found[1]), min(int(found[2] or size), size - 1)
    return (first, last) if first <= last else None


class Stream(Response):
    """The bytes of a file, or a part of them."""

    def __init__(
        self,
        pour: Callable[[Sink], Awaitable[None]],
        *,
        content_type: str,
        size: int,
        filename: str,
        tag: str,
        inline: bool,
        asked: str = "",
    ) -> None:
        """`asked` is the `Range` header, if one came."""
        super().__init__(status_code=200)
        self._pour = pour
        part = span(asked, size)
        self._first, self._last = part or (0, size - 1)
        how = "inline" if inline else "attachment"
        name = quote(filename.replace("/", "_")[:200], safe="", errors="replace")
        for key, value in {
            "content-type": content_type,
            "content-length": str(self._last - self._first + 1),
            "content-disposition": f"{how}; filename*=UTF-8''{name}",
            "etag": f'"{tag}"',
            "accept-ranges": "bytes",
            **CAGE,
        }.items():
            self.headers[key] = value
        if part:
            self.status_code = 206
            self.headers["content-range"] = f"bytes {self._first}-{self._last}/{size}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; what cannot be read is said, as long as nothing was sent."""
        at, has_begun = 0, False

        async def sink(piece: bytes) -> None:
            nonlocal at, has_begun
            wanted = piece[max(0, self._first - at) : self._last + 1 - at]
            at += len(piece)
            if wanted:
                if not has_begun:
                    has_begun = True
                    await send(self._start())
                await send({"type": "http.response.body", "body": wanted, "more_body": True})
            if at > self._last:
                raise _Enough

        try:
            await self._pour(sink)
        except _Enough:
            pass
        except (Unknown, Busy) as error:
            if has_begun:  # the connection ends before its time: that tells
                raise
            status = 404 if isinstance(error, Unknown) else 503
            await PlainTextResponse(str(error), status, CAGE)(scope, receive, send)
            return
        if not has_begun:
            await PlainTextResponse("its bytes are gone", 404, CAGE)(scope, receive, send)
            return
        await send({"type": "http.response.body", "body": b""})

    def _start(self) -> dict[str, object]:
        return {
            "type": "http.response.start",
            "status": self.status_code,
            "headers": self.raw_headers,
        }
