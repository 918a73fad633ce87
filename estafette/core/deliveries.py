"""One callback: what it tells, and telling again what was given up."""

from collections.abc import Awaitable, Callable

import structlog

from estafette.core.clock import Clock
from estafette.model import Account, Unknown
from estafette.model import Callback as Told
from estafette.model.attempt import Request
from estafette.model.callback import Post
from estafette.model.ids import instant
from estafette.model.kept import HIDDEN
from estafette.store import Store, callbacks

log = structlog.get_logger()

MOST = 500  #: that are told again at once
_SECRET = ("signature", "authorization")  # in the names of headers

#: A callback as it would be told now; None where there is nothing to tell.
Preview = Callable[[Told], Awaitable[Post | None]]


class Deliveries:
    """Callbacks, one by one."""

    def __init__(self, store: Store, clock: Clock, wake: Callable[[], None]) -> None:
        """`wake` is called when there is something to tell."""
        self._store = store
        self._clock = clock
        self._wake = wake
        self._preview: Preview | None = None

    def show_with(self, preview: Preview) -> None:
        """Say what callbacks tell in these words from now on."""
        self._preview = preview

    async def get(self, account: Account, about: str, said: str, hook: str = "") -> Told:
        """One of them: what it is about, the status or the notice, and the subscription. Raises Unknown."""
        found = await self._store.read(
            lambda conn: callbacks.find(conn, account.sid, about, said, hook)
        )
        if found is None:
            raise Unknown("no such callback")
        return found

    async def shown(self, callback: Told) -> Request | None:
        """The request that tells it, signatures struck out; None where nobody can say that here."""
        if self._preview is None:
            return None
        try:
            post = await self._preview(callback)
        except Exception:
            log.exception("a callback cannot be shown", about=callback.message)
            return None
        if post is None:
            return None
        headers = {
            name: HIDDEN if any(one in name.lower() for one in _SECRET) else value
            for name, value in post.headers.items()
        }
        body = post.body.decode("utf-8", "replace")
        return Request(method=post.method, url=bare(post.url), headers=headers, body=body)

    async def again(self, account: Account, url: str) -> int:
        """Tell once more what was given up at this address, the newest first, at most MOST; how many."""
        now = instant(self._clock())
        count: int = await self._store.write(
            lambda conn: callbacks.replay_given_up(conn, account.sid, url, now, MOST)
        )
        if count:
            self._wake()
        return count


def bare(url: str) -> str:
    """An address without what may be secret in it: who asks, and what follows its path."""
    head, slashes, rest = url.partition("?")[0].partition("#")[0].partition("://")
    place, slash, path = rest.partition("/")
    return head + slashes + place.rpartition("@")[2] + slash + path
