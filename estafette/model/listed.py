"""A page of any list."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from msgspec import Struct

from estafette.model.message import Cursor

T = TypeVar("T")


class Listed(Struct, Generic[T], frozen=True):
    """What a list gives: some items, and whether more stand on either side."""

    items: Sequence[T]
    has_next: bool = False
    has_previous: bool = False


def page_of(found: Sequence[T], limit: int, cursor: Cursor | None) -> Listed[T]:
    """A page from what was found, newest first, or oldest first where the cursor looks back.

    It is one more than `limit` where there are more.
    """
    more, items = len(found) > limit, found[:limit]
    if cursor and cursor.before:
        return Listed(items[::-1], has_next=True, has_previous=more)
    return Listed(items, has_next=more, has_previous=cursor is not None)


def cut(items: Sequence[T], limit: int, cursor: Cursor | None, id: Callable[[T], str]) -> Listed[T]:
    """A page of a list that is there whole, newest first by its ids."""
    found = sorted(items, key=id, reverse=True)
    if cursor and cursor.before:
        found = [item for item in reversed(found) if id(item) > cursor.id]
    elif cursor:
        found = [item for item in found if id(item) < cursor.id]
    return page_of(found[: limit + 1], limit, cursor)
