"""Requests, read as leniently as clients write them."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from starlette.requests import Request

from estafette.doors.callers import header
from estafette.doors.requests import TooLarge, read_body
from estafette.doors.whatsapp.bodies import read_fields
from estafette.doors.whatsapp.errors import Refusal
from estafette.model import Account, Credential

LARGEST = 1_000_000  # bytes of a body that is no file
VERSION = re.compile(r"/v[0-9]+\.[0-9]+(?=/)")


class Call(NamedTuple):
    """One request, once it is read and its caller known."""

    credential: Credential
    request: Request  #: for what reads the body by itself, such as an upload
    holes: Mapping[str, str]  #: what stands in the holes of the path
    query: Mapping[str, str]  #: the last of each name, without the token
    body: Mapping[str, Any]  #: empty where there is none, or where the operation reads it itself
    idempotency_key: str = ""

    @property
    def account(self) -> Account:
        """Who asks."""
        return self.credential.account


class Answered(NamedTuple):
    """An answer that is not a plain 200 of JSON."""

    shape: Any
    status: int = 200
    headers: Mapping[str, str] = {}


SUCCESS = {"success": True}


def read_query(raw: bytes) -> dict[str, str]:
    """The query of a request."""
    return dict(parse_qsl(raw.decode("latin-1"), keep_blank_values=True))


async def read_object(request: Request) -> dict[str, Any]:
    """The body, JSON or a form; empty where there is none. Raises Refusal."""
    try:
        raw = await read_body(request, LARGEST)
    except TooLarge:
        text = f"(#100) A body has at most {LARGEST} bytes."
        raise Refusal(100, status=413, message=text) from None
    return read_fields(raw, header(request, b"content-type").decode("latin-1"))
