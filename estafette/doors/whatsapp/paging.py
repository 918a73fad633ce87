"""Pages of lists, with cursors before and behind them, as Graph has them."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from estafette.doors.whatsapp.errors import Refusal
from estafette.doors.whatsapp.requests import Call

_USUAL, _MOST = 25, 1000  # items of a page
_CURSORS = ("after", "before")


class Asked(NamedTuple):
    """Which page: behind one item, or before another."""

    limit: int
    after: str = ""
    before: str = ""


def asked_of(call: Call) -> Asked:
    """Which page a question asks for. Raises Refusal."""
    text = call.query.get("limit", "").strip()
    if text and not (text.isascii() and text.isdigit() and 0 < len(text) <= 9 and int(text)):
        raise Refusal(100, message="(#100) Param limit must be a whole number above 0.")
    limit = min(int(text or _USUAL), _MOST)
    return Asked(limit, *[_open(call.query.get(name, "")) for name in _CURSORS])


def page(
    call: Call,
    public_url: str,
    data: Sequence[Any],
    keys: Sequence[str],
    *,
    has_next: bool,
    has_previous: bool,
) -> dict[str, Any]:
    """A page of a list. `keys` are what its items are found by, in the same order."""
    if not data:
        return {"data": []}
    cursors = {"before": _cursor(keys[0]), "after": _cursor(keys[-1])}
    paging: dict[str, Any] = {"cursors": cursors}
    if has_next:
        paging["next"] = _url(call, public_url, "after", cursors["after"])
    if has_previous:
        paging["previous"] = _url(call, public_url, "before", cursors["before"])
    return {"data": list(data), "paging": paging}


def _url(call: Call, public_url: str, name: str, cursor: str) -> str:
    """The same question about the page beside this one; without a token."""
    kept = {key: value for key, value in call.query.items() if key not in _CURSORS}
    return f"{public_url}{call.request.scope['path']}?{urlencode({**kept, name: cursor})}"


def _cursor(key: str) -> str:
    return urlsafe_b64encode(key.encode()).decode().rstrip("=")


def _open(cursor: str) -> str:
    """What an item is found by. Raises Refusal for what is no cursor."""
    if not cursor:
        return ""
    try:
        found = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except ValueError:
        found = ""
    if not found or not found.isprintable():
        raise Refusal(100, message="(#100) The cursor is invalid.")
    return found
