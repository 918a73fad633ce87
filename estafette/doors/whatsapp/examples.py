"""Examples of what the headers of templates show: files that are uploaded in two steps, for a handle."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, ClassVar

import msgspec
from starlette.requests import ClientDisconnect

from estafette.core.core import Core
from estafette.doors.whatsapp.errors import Refusal, unknown
from estafette.doors.whatsapp.requests import Call
from estafette.model import Channel
from estafette.model.ids import digits
from estafette.model.media import type_named
from estafette.model.upload import Unfit, type_of

_SESSION = "upload:"
_LARGEST = 1 << 40  # bytes: how large a file of each type may be is looked at as it comes
_LONGEST_NAME = 200  # characters


class Session(msgspec.Struct, frozen=True, array_like=True):
    """What was said of a file before it comes. Its id says all of it: nothing is kept meanwhile."""

    type: str
    size: int
    name: str

    @property
    def id(self) -> str:
        """The session as one word."""
        return _SESSION + urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")


class Examples:
    """Each method answers one operation."""

    TABLE: ClassVar[list[tuple[str, str, str]]] = [
        ("POST", "/{app}/uploads", "begin"),
        ("GET", f"/{_SESSION}{{session}}", "show"),
        ("POST", f"/{_SESSION}{{session}}", "load"),
    ]

    def __init__(self, core: Core) -> None:
        self._core = core

    async def begin(self, call: Call) -> dict[str, Any]:
        """Say which file is to come: its type, its size in bytes, and its name."""
        if not call.holes["app"].isascii() or not call.holes["app"].isdigit():
            raise unknown(call.holes["app"], "post")
        asked = {**call.query, **call.body}
        kind = type_named(str(asked.get("file_type") or ""))
        if not kind:
            raise Refusal(100, "file_type is required, such as image/png")
        try:
            type_of(kind)
        except Unfit as error:
            raise Refusal(100, f"file_type {error}") from None
        size = str(asked.get("file_length") or "")
        if not size.isascii() or not size.isdigit() or not 0 < int(size[:20]) < _LARGEST:
            raise Refusal(100, "file_length is required, in bytes")
        name = str(asked.get("file_name") or "")
        if not name.isprintable() or len(name) > _LONGEST_NAME:
            raise Refusal(100, f"file_name must have at most {_LONGEST_NAME} printable characters")
        return {"id": Session(kind, int(size), name).id}

    async def show(self, call: Call) -> dict[str, Any]:
        """How far it has come: it has to come whole, so there is nothing to go on with."""
        return {"id": _session(call).id, "file_offset": 0}

    async def load(self, call: Call) -> dict[str, str]:
        """Keep the file, whose bytes are the body: it is on disk when this answers its handle."""
        session = _session(call)
        if call.request.headers.get("file_offset", "0") != "0":
            raise Refusal(100, "file_offset must be 0: a file has to come whole")
        sender = await self._core.senders.choose(call.account.sid, Channel.WHATSAPP)
        if sender is None:
            raise Refusal(100, "there is no WhatsApp number to upload it for")
        size = 0
        try:
            async with self._core.uploads.begun(call.account, sender) as loading:
                async for piece in call.request.stream():
                    size += len(piece)
                    if size > session.size:
                        break
                    await loading.write(piece, session.type)
                if size != session.size:
                    raise Refusal(
                        100, f"the body must have {session.size} bytes, as was said before"
                    )
                kept = await loading.end(session.type, session.name)
        except Unfit as error:
            raise Refusal(100, f"{error.field} {error}") from None
        except ClientDisconnect:
            raise Refusal(100, "the body ended too early") from None
        return {"h": f"4::{digits(kept.id)}"}

    load.reads = True  # type: ignore[attr-defined]


def _session(call: Call) -> Session:
    """The session that a path names. Raises Refusal."""
    text = call.holes["session"]
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        found = msgspec.json.decode(raw, type=Session)
        type_of(found.type)
    except (ValueError, msgspec.MsgspecError, Unfit):
        raise unknown(_SESSION + text, call.request.method.lower()) from None
    return found
