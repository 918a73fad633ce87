"""Who is told what happens in an account, beside the addresses that messages and senders name."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from msgspec.structs import replace
from sqlalchemy import Connection as Conn

from estafette.core.clock import Clock
from estafette.core.url import is_url
from estafette.core.vault import Vault
from estafette.model import Cursor, Declined, Reason, Subscription, Unknown
from estafette.model.ids import new_id
from estafette.model.listed import Listed
from estafette.model.networks import is_private_host
from estafette.store import Store, subscriptions


class Subscriptions:
    """Subscriptions of all accounts. An account is named by its SID, a door by its name.

    Each is told from the moment that it is written down, in every process, until it is removed.
    Where a `door` is named, another door's are unknown.
    """

    def __init__(
        self, store: Store, vault: Vault, clock: Clock, *, allows_private: bool = True
    ) -> None:
        """Unless `allows_private`, URLs whose host is plainly not public are declined."""
        self._store = store
        self._vault = vault
        self._clock = clock
        self._allows_private = allows_private

    async def add(
        self,
        account: str,
        *,
        door: str,
        event: str,
        url: str,
        secret: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> Subscription:
        """Have an address told of an event, or of several with commas between them.

        It is told in the words of `door`, which may keep `details` of it. It signs with `secret`, or
        where that is empty with what its door takes instead, such as the token of the account.

        Raises Declined (BAD_CALLBACK) for what is no URL, or none that may be asked.
        """
        now = self._clock()
        made = Subscription(
            id=new_id(now),
            account=account,
            door=door,
            event=event,
            url=self._checked(url),
            details=details or {},
            has_secret=bool(secret),
            created_at=now,
            updated_at=now,
        )
        sealed = self._sealed(made.id, secret)
        await self._store.write(lambda conn: subscriptions.add(conn, made, sealed))
        return made

    async def get(self, account: str, id: str, *, door: str = "") -> Subscription:
        """One of them. Raises Unknown; another account's is unknown too."""
        return await self._store.read(lambda conn: subscriptions.get(conn, account, id, door=door))

    async def list(self, account: str, door: str) -> list[Subscription]:
        """All that one door tells, newest first."""
        return await self._store.read(lambda conn: subscriptions.all_of(conn, account, door))

    async def page(
        self, account: str, door: str, *, limit: int, cursor: Cursor | None = None
    ) -> Listed[Subscription]:
        """A page of those that one door tells, newest first."""
        return await self._store.read(
            lambda conn: subscriptions.page(conn, account, door, limit=limit, cursor=cursor)
        )

    async def change(
        self,
        account: str,
        id: str,
        *,
        door: str = "",
        event: str | None = None,
        url: str | None = None,
        secret: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> Subscription:
        """Change what is given; an empty secret takes it away. What is owed goes to the new address.

        Raises Unknown, or Declined as `add`.
        """
        now = self._clock()
        parts: dict[str, Any] = {"event": event, "details": details}
        if url is not None:
            parts["url"] = self._checked(url)
        sealed = None
        if secret is not None:
            sealed, parts["has_secret"] = self._sealed(id, secret), bool(secret)
        given = {name: part for name, part in parts.items() if part is not None}

        def save(conn: Conn) -> Subscription:
            known = subscriptions.get(conn, account, id, door=door, lock=True)
            changed = replace(known, **given, updated_at=now)
            subscriptions.save(conn, changed, sealed)
            return changed

        return await self._store.write(save)

    async def remove(self, account: str, id: str, *, door: str = "") -> None:
        """Tell it no more: what it is still owed is given up. Raises Unknown."""
        await self._store.write(lambda conn: subscriptions.remove(conn, account, id, door=door))

    async def secret(self, id: str) -> str:
        """What it signs with; empty where it has no secret of its own. Raises Unknown, WrongKey."""
        sealed = await self._store.read(lambda conn: subscriptions.sealed(conn, id))
        if sealed is None:
            raise Unknown(f"no subscription {id}")
        return self._vault.open(sealed, _about(id)) if sealed else ""

    def _sealed(self, id: str, secret: str) -> str:
        return self._vault.seal(secret, _about(id)) if secret else ""

    def _checked(self, url: str) -> str:
        if not is_url(url):
            raise Declined(Reason.BAD_CALLBACK, url)
        if not self._allows_private and is_private_host(urlsplit(url).hostname or ""):
            raise Declined(Reason.BAD_CALLBACK, url)
        return url


def _about(id: str) -> str:
    return f"subscription {id}"
