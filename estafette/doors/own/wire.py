"""What every operation shares: how requests are read, and what a list is."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Annotated, Any, Generic, NamedTuple, Protocol, TypeVar
from urllib.parse import parse_qsl, urlencode

import msgspec
from msgspec import UNSET, Meta, Struct

from estafette.doors.own.errors import Refusal
from estafette.doors.urls import is_url
from estafette.model import Account, Key
from estafette.model.ids import read_id

LARGEST = 2 << 20  # bytes of a request body
USUAL, MOST = 50, 1000  # items of a page

Limit = Annotated[int, Meta(ge=1, le=MOST, description="How many at the most.")]
After = Annotated[str, Meta(description="Where the page begins: `next` of the page before has it.")]

At = Annotated[datetime, Meta(tz=True)]  #: a time in an answer
#: A time in a request; one without a zone is UTC.
GivenAt = Annotated[datetime, Meta(extra_json_schema={"format": "date-time"})]

T = TypeVar("T")


class Named(Protocol):
    """What has an id."""

    @property
    def id(self) -> str:
        """32 hex digits."""


Owned = TypeVar("Owned", bound=Named)

_AT = re.compile(r" - at `(?:key in )?\$\.?([^`]*)`$")
_NAMED = re.compile(r"(?:unknown|required) field `([^`]+)`")
_UNPLUSSED = re.compile(r" \d+")


class Row(Struct, frozen=True, kw_only=True):
    """One operation: where it is asked for, with what, and what it answers."""

    method: str
    path: str
    name: str  #: of the function that answers it; its first sentence says what it does
    answer: Any = None  #: the type of the answer; None for an empty one
    status: int = 200
    query: Any = None  #: the type of what follows `?`; None where nothing may
    body: Any = None  #: the type of the body; None where there is none
    keyed: bool = False  #: whether it may carry an Idempotency-Key
    optional: bool = False  #: whether the body may be left out
    largest: int = LARGEST  #: bytes of the body at the most
    takes: str = "application/json"  #: another media type that the body may have, taken as it is
    gives: str = "application/json"  #: the media type of the answer


class Call(Struct, frozen=True, kw_only=True):
    """One request, read."""

    account: Account
    key: Key | None  #: what was shown, where it was not the account's own token
    holes: dict[str, str]  #: what stands in the holes of the path
    path: str
    said: list[tuple[str, str]]  #: what follows `?`, as it came
    query: Any
    body: Any
    raw: bytes  #: the body as it came
    idempotency_key: str
    content_type: str = ""  #: of the body, in small letters, without its parameters

    def next(self, after: str | None) -> str | None:
        """The path of the page that begins behind this; None where there is none."""
        if after is None:
            return None
        said = [(name, value) for name, value in self.said if name != "after"]
        return f"{self.path}?{urlencode([*said, ('after', after)])}"


class Page(Struct, Generic[T], frozen=True):
    """A part of a list."""

    items: Sequence[T]
    next: str | None  #: the path of the page that follows


class Answered(NamedTuple):
    """An answer of another status than its row has."""

    shape: Any
    status: int


class PageQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which part of a list is asked for."""

    limit: Limit = USUAL
    after: After = ""


def read_query(raw: bytes, kind: Any) -> tuple[list[tuple[str, str]], Any]:
    """What follows `?`: as it came, and as the operation has it. Raises Refusal."""
    try:
        said = parse_qsl(raw.decode(), keep_blank_values=True, errors="strict")
    except ValueError:
        raise Refusal("bad_request", "what follows ? is not a query in UTF-8") from None
    # A number whose + was not written as %2B, as nearly everybody forgets once.
    said = [(name, f"+{v[1:]}" if _UNPLUSSED.fullmatch(v) else v) for name, v in said]
    for name, value in said:
        if "\0" in value or "\0" in name:
            raise Refusal("bad_request", "U+0000 is not text")
        if kind is None:
            raise Refusal("bad_request", f"there is no parameter {name} here", field=name)
    if kind is None:
        return said, None
    return said, _convert(dict(said), kind)


def _convert(said: dict[str, str], kind: Any) -> Any:
    try:
        return msgspec.convert(said, kind, strict=False)
    except msgspec.ValidationError as error:
        raise _wrong(error) from None


def read_body(raw: bytes, kind: Any) -> Any:
    """A body as the operation has it. Raises Refusal."""
    try:
        if b"\\u0000" in raw and _has_nul(msgspec.json.decode(raw)):
            raise Refusal("bad_request", "U+0000 is not text")
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError as error:
        raise _wrong(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refusal("bad_json", f"the body is not JSON: {error}") from None


def _has_nul(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_has_nul(part) for pair in value.items() for part in pair)
    if isinstance(value, list):
        return any(map(_has_nul, value))
    return isinstance(value, str) and "\0" in value


def _wrong(error: msgspec.ValidationError) -> Refusal:
    """What does not fit the types, with the field that is to blame."""
    text = str(error)
    place, name = _AT.search(text), _NAMED.search(text)
    parts = [place[1] if place else "", name[1] if name else ""]
    field = ".".join(part for part in parts if part) or None
    said = _AT.sub("", text)
    return Refusal("bad_request", f"{field}: {said}" if place else said, field=field)


def read_service(text: str) -> str:
    """The 32 hex digits of a service, or nothing. Raises Refusal for what is neither."""
    id = read_id(text.removeprefix("MG")) if text else ""
    if id is None:
        raise Refusal("bad_request", f"{text[:40]} is not the id of a service", field="service")
    return id


def check_url(url: str, field: str) -> str:
    """The address, or nothing. Raises Refusal for what is neither."""
    if url and not is_url(url):
        raise Refusal("bad_request", f"{field}: {url[:100]} is not a URL", field=field)
    return url


def listed(call: Call, found: Sequence[Owned], shape: Callable[[Owned], T]) -> Page[T]:
    """A page of a list that is there whole, newest first by its ids, each item as `shape` has it."""
    after = call.query.after.lower()
    newest = sorted(found, key=attrgetter("id"), reverse=True)
    behind = [item for item in newest if not after or item.id < after]
    items, last = cut(behind, call.query.limit)
    return Page([shape(item) for item in items], call.next(last.id if last else None))


def given(asked: Struct) -> dict[str, Any]:
    """The fields of a body that were given."""
    found = {name: getattr(asked, name) for name in asked.__struct_fields__}
    return {name: value for name, value in found.items() if value is not UNSET}


def cut(found: Sequence[T], limit: int) -> tuple[Sequence[T], T | None]:
    """The items of a page, from one more than asked for; and the last where others follow."""
    return (found[:limit], found[limit - 1]) if len(found) > limit else (found, None)
