"""Promises: what a caller asked to be done now and told about later, at an address of its own."""

from collections.abc import Sequence
from functools import partial
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from estafette.core.clock import Clock
from estafette.core.origins import origin_of
from estafette.core.vault import Vault, WrongKey
from estafette.model import Errand, ErrandStep, GatewayError, Unknown
from estafette.model.ids import instant, new_id
from estafette.model.networks import is_private_host
from estafette.store import Store, errands


class ForeignAddress(GatewayError):
    """It is not an address at which an outcome may be told."""


class Letter(Struct, frozen=True, kw_only=True):
    """What is sealed: where to tell what. Before it is done, `body` is what the door has to do."""

    url: str
    content_type: str = ""
    body: str


class Errands:
    """What was promised, written down before the promise is given."""

    def __init__(
        self,
        store: Store,
        vault: Vault,
        clock: Clock,
        *,
        origins: frozenset[str],
        allows_private: bool,
    ) -> None:
        """`origins` are those to which outcomes may be posted. Unless `allows_private`, none on
        private networks is.
        """
        self._store = store
        self._vault = vault
        self._clock = clock
        self._origins = origins
        self._allows_private = allows_private

    def check(self, url: str) -> None:
        """Raises ForeignAddress, whose text says why, where nothing may be told to this address."""
        origin = origin_of(url)
        if origin is None:
            raise ForeignAddress("the reply address is not an http or https URL")
        if origin not in self._origins:
            raise ForeignAddress(
                f"the reply address is at {origin}, which is not in ESTAFETTE_REPLY_ORIGINS:"
                " nothing was done"
            )
        if not self._allows_private and is_private_host(urlsplit(url).hostname or ""):
            raise ForeignAddress(
                f"the reply address is at {origin}, on a private network, and"
                " ESTAFETTE_ALLOW_PRIVATE_ADDRESSES is false: nothing was done"
            )

    async def promise(self, account: str, door: str, url: str, task: str) -> str:
        """Have `task` done by its door, and its outcome posted to `url`; the id of the errand.

        It is on disk when this returns. Raises ForeignAddress, and Busy.
        """
        self.check(url)
        now = self._clock()
        id = new_id(now)
        errand = Errand(
            id=id,
            account=account,
            door=door,
            step=ErrandStep.RUN,
            sealed=self.seal(id, Letter(url=url, body=task)),
            created_at=now,
            due_at=now,
            tries=0,
        )
        await self._store.write(lambda conn: errands.put(conn, errand))
        return id

    def seal(self, id: str, letter: Letter) -> str:
        """A letter as it is kept."""
        return self._vault.seal(msgspec.json.encode(letter).decode(), _about(id))

    def open(self, errand: Errand) -> Letter:
        """The letter of an errand. Raises WrongKey."""
        return msgspec.json.decode(self._vault.open(errand.sealed, _about(errand.id)), type=Letter)

    def whither(self, errand: Errand) -> str:
        """The origin that is told its outcome; empty where that cannot be known any more."""
        try:
            url = urlsplit(self.open(errand).url)
        except WrongKey:
            return ""
        return f"{url.scheme}://{url.netloc.rpartition('@')[2]}"

    async def list(
        self, *, given_up: bool | None = None, limit: int = 50, after: str = ""
    ) -> Sequence[Errand]:
        """Errands that are not over, newest first: those given up, those under way, or all."""
        return await self._store.read(
            partial(errands.page, given_up=given_up, limit=limit, after=after)
        )

    async def again(self, id: str) -> None:
        """Take up one that was given up, for another day. Raises Unknown."""
        now = instant(self._clock())
        if not await self._store.write(lambda conn: errands.again(conn, id, now)):
            raise Unknown(f"no errand {id[:64]} was given up")


def _about(id: str) -> str:
    return f"errand {id}"
