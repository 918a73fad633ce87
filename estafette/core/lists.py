"""Lists whose pages have numbers, for callers that know no cursors."""

from msgspec import Struct

from estafette.core.counts import Counts
from estafette.model import Account, Filter, Message
from estafette.store import Store, numbered


class Numbered(Struct, frozen=True):
    """A page of messages, newest first, and how many there are on all pages."""

    items: list[Message]
    total: int


class Lists:
    """Messages by the numbers of their pages."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._counts: Counts[tuple[str, Filter]] = Counts()

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
        total = await self._counts.of(
            (account.sid, filter),
            lambda: self._store.read(lambda conn: numbered.count(conn, account.sid, filter)),
        )
        return Numbered(items, max(total, skip + len(items) if items else 0))
