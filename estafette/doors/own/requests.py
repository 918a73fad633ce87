"""Requests that we make, as they are shown."""

from collections.abc import Mapping

from msgspec import Struct

from estafette.model import attempt


class Request(Struct, frozen=True):
    """What was asked, with `…` for what is secret; of what leaves no process only the body."""

    method: str | None
    url: str | None
    headers: Mapping[str, str]
    body: str


def request(item: attempt.Request | None) -> Request | None:
    """A request as it is shown."""
    if item is None:
        return None
    return Request(item.method or None, item.url or None, item.headers, item.body)
