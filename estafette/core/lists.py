"""Lists whose pages have numbers, for callers that know no cursors."""

from time import monotonic

from msgspec import Struct

from estafette.model import Account, Filter, Message
from estafette.store import Store, numbered

_AT_ONCE = 0.05  # seconds: what is counted faster is counted each time
_REMEMBERED = 4096
_TIMES = 10  # as long as counting took, the count is remembered


class Numbered(Struct, frozen=True):
    """A page of messages, newest first, and how many there are on all pages."""

    items: list[Message]
    total: int


class Lists:
    """Messages by the numbers of their pages."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._counted: dict[tuple[str, Filter], tuple[float, int]] = {}  # and until when

    async def messages(self, account: Account, filter: Filter, *, page: int, size: int) -> Numbered:
        """Page number `page`, from 0; beyond the last there is nothing.

        Where counting takes long, the total may be as old as ten times what that took.
        """
        skip = page * size
        items = await self._store.read(
            lambda conn: numbered.page(conn, account.sid, filter, limit=size, skip=skip)
        )
        if len(items) < size and (items or not skip):  # the last page tells by itself
            return Numbered(items, skip + len(items))
        total = await self._count(account.sid, filter)
        return Numbered(items, max(total, skip + len(items) if items else 0))

    async def _count(self, account: str, filter: Filter) -> int:
        until, known = self._counted.get((account, filter), (0.0, 0))
        began = monotonic()
        if began < until:
            return known
        found = await self._store.read(lambda conn: numbered.count(conn, account, filter))
        ended = monotonic()
        if ended - began > _AT_ONCE:
            if len(self._counted) >= _REMEMBERED:
                self._counted.clear()
            self._counted[(account, filter)] = (ended + _TIMES * (ended - began), found)
        return found
