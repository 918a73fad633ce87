"""What is asked of this door: JSON bodies that are objects, and queries."""

import re
from collections.abc import Mapping
from math import ceil
from typing import Any, NamedTuple, TypeVar
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request

from estafette.doors.callbell.errors import Refusal, blame
from estafette.doors.requests import TooLarge, read_body
from estafette.model import Account, Credential

T = TypeVar("T")

LARGEST = 1_000_000  # bytes of a body
PER_PAGE = 20
_DIGITS = re.compile(r"[0-9]{1,9}")


class Call(NamedTuple):
    """One request, once it is read and its caller known."""

    credential: Credential
    holes: Mapping[str, str]  #: what stands in the holes of the path
    query: Mapping[str, str]  #: the last of each name
    body: Mapping[str, Any]  #: empty where there is none
    idempotency_key: str

    @property
    def account(self) -> Account:
        """Who asks."""
        return self.credential.account

    @property
    def page(self) -> int:
        """The number of the page that is asked for, from 1. Raises Refusal."""
        text = self.query.get("page") or "1"
        if not _DIGITS.fullmatch(text) or int(text) < 1:
            raise blame(page="must be a number from 1")
        return int(text)


class Answered(NamedTuple):
    """An answer that is not a plain 200 of JSON; no shape for none."""

    shape: Any = None
    status: int = 200
    headers: Mapping[str, str] = {}


def page_of(
    items: list[T], page: int, *, per_page: int = PER_PAGE
) -> tuple[list[T], dict[str, Any]]:
    """The items of a page, and its `meta`; past the end there are none."""
    first = (page - 1) * per_page
    return items[first : first + per_page], meta(page, len(items), per_page=per_page)


def meta(page: int, count: int, *, per_page: int = PER_PAGE) -> dict[str, Any]:
    """Which page this is, and how many there are."""
    return {"page": page, "pages": max(1, ceil(count / per_page))}


def read_query(raw: bytes) -> dict[str, str]:
    """The query of a request."""
    return dict(parse_qsl(raw.decode("latin-1"), keep_blank_values=True))


async def read_object(request: Request) -> Mapping[str, Any]:
    """The body, a JSON object; empty where there is none. Raises Refusal."""
    try:
        raw = await read_body(request, LARGEST)
    except TooLarge:
        raise Refusal(413, f"a body has at most {LARGEST} bytes") from None
    if not raw.strip():
        return {}
    try:
        found = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refusal(400, f"invalid JSON: {error}") from None
    if not isinstance(found, dict):
        raise Refusal(400, "invalid JSON: the body must be an object")
    return found


def key(text: str) -> str:
    """An idempotency key. Raises Refusal."""
    if len(text) > 255 or not (text.isascii() and (text.isprintable() or not text)):
        raise Refusal(400, "an Idempotency-Key has at most 255 printable characters")
    return text
