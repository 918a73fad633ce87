"""Those who look at messages while things happen: one look at the database for all of them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from time import monotonic

from sqlalchemy import Connection

from estafette.model import GatewayError
from estafette.store import Store, watch

EVERY = 1.0  #: seconds from one look to the next, however many watch
HEARTBEAT = 15.0  #: seconds after which it is said that nothing happened
_REMEMBERED_FOR = 5.0  # seconds that something is looked at without being asked for
_REMEMBERED = 1024  # accounts


@dataclass
class _Watched:
    """What is watched of an account."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    at: float = float("-inf")  #: of the last look
    tokens: dict[str, str] = field(default_factory=dict)  #: by message; the whole under ""
    asked: dict[str, float] = field(default_factory=dict)  #: when each was asked for last


class Watch:
    """Tells whether something happened; nothing is done while nobody asks."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._watched: dict[str, _Watched] = {}
        self._over = asyncio.Event()

    async def token(self, account: str, message: str = "") -> str:
        """A text that changes whenever something of the account's messages did, or of one of them,
        its receipts or its callbacks. It may be a second old.
        """
        watched = self._of(account)
        watched.asked[message] = monotonic()
        async with watched.lock:
            if message not in watched.tokens or monotonic() - watched.at >= EVERY:
                watched.asked[message] = monotonic()  # it may have waited for long
                await self._look(account, watched)
            return watched.tokens[message]

    async def _look(self, account: str, watched: _Watched) -> None:
        """See everything that is watched of an account at once."""
        now = monotonic()
        watched.asked = {id: at for id, at in watched.asked.items() if now - at < _REMEMBERED_FOR}
        asked = list(watched.asked)

        def look(conn: Connection) -> dict[str, str]:
            return {
                id: watch.of_message(conn, account, id) if id else watch.of_account(conn, account)
                for id in asked
            }

        watched.tokens = await self._store.read(look)
        watched.at = now

    def _of(self, account: str) -> _Watched:
        found = self._watched.get(account)
        if found is None:
            if len(self._watched) >= _REMEMBERED:
                old = monotonic() - _REMEMBERED_FOR
                self._watched = {
                    name: one
                    for name, one in self._watched.items()
                    if one.lock.locked() or one.at > old
                }
            found = self._watched[account] = _Watched()
        return found

    async def changes(
        self, account: str, message: str = "", *, since: str = ""
    ) -> AsyncIterator[str]:
        """The token each time that it changes; nothing now and then while it does not.

        Begins at once where it is another than `since`. Ends when this is closed.
        """
        known, said = since, monotonic()
        while not self._over.is_set():
            try:
                token = await self.token(account, message)
            except GatewayError:  # the database does not answer: it may a second later
                token = known
            known = known or token
            if token != known:
                known, said = token, monotonic()
                yield token
            elif monotonic() - said >= HEARTBEAT:
                said = monotonic()
                yield ""
            await self._rest()

    async def _rest(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), EVERY)

    def close(self) -> None:
        """End everything that is being told."""
        self._over.set()
