"""Who is told what happens in an account, beside the addresses that messages and senders name."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from msgspec.structs import replace
from sqlalchemy import Connection as Conn

from estafette.core.clock import Clock
from estafette.core.url import is_url
from estafette.core.vault import Vault
from estafette.model import Callback, Cursor, Declined, Reason, Status, Subscription, Unknown
from estafette.model.ids import instant, new_id
from estafette.model.listed import Listed
from estafette.model.networks import is_private_host
from estafette.model.notice import Event
from estafette.store import Store, accounts, callbacks, deliveries, outbox, subscriptions
from estafette.store.subscriptions import Doors


class Wanted(NamedTuple):
    """Which callbacks to show: of messages that came to these statuses, and of these events."""

    statuses: frozenset[Status]
    events: frozenset[Event]


class Told(NamedTuple):
    """Callbacks that were tried, and how many there are on all pages."""

    items: list[Callback]
    total: int


class Subscriptions:
    """Subscriptions of all accounts. An account is named by its SID, a door by its name.

    Each is told from the moment that it is written down, in every process, until it is removed.
    Where a `door` is named, or several are, those of others are unknown.
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
        channel: str = "",
        sender: str = "",
    ) -> Subscription:
        """Have an address told of an event, or of several with commas between them.

        It is told in the words of `door`, which may keep `details` of it, of all messages or of those
        of one `channel`, and of one `sender`: see `Subscription`. It signs with `secret`, or where that
        is empty with what its door takes instead, such as the token of the account.

        Raises Declined (BAD_CALLBACK) for what is no URL, or none that may be asked.
        """
        made = self._made(
            account, door, event, url, details, has_secret=bool(secret), place=(channel, sender)
        )
        sealed = self._sealed(made.id, secret)
        await self._store.write(lambda conn: subscriptions.add(conn, made, sealed))
        return made

    def _made(
        self,
        account: str,
        door: str,
        event: str,
        url: str,
        details: Mapping[str, Any] | None,
        *,
        has_secret: bool,
        place: tuple[str, str],
    ) -> Subscription:
        """A new one. `place` is the channel and the sender. Raises Declined."""
        now = self._clock()
        return Subscription(
            id=new_id(now),
            account=account,
            door=door,
            event=event,
            url=self._checked(url),
            details=details or {},
            has_secret=has_secret,
            created_at=now,
            updated_at=now,
            channel=place[0],
            sender=place[1],
        )

    async def get(self, account: str, id: str, *, door: Doors = "") -> Subscription:
        """One of them. Raises Unknown; another account's is unknown too."""
        return await self._store.read(lambda conn: subscriptions.get(conn, account, id, door=door))

    async def list(self, account: str, door: Doors) -> list[Subscription]:
        """All that a door tells, or any of several, newest first."""
        return await self._store.read(lambda conn: subscriptions.all_of(conn, account, door))

    async def page(
        self, account: str, door: Doors, *, limit: int, cursor: Cursor | None = None
    ) -> Listed[Subscription]:
        """A page of those that a door tells, or any of several, newest first."""
        return await self._store.read(
            lambda conn: subscriptions.page(conn, account, door, limit=limit, cursor=cursor)
        )

    async def change(
        self,
        account: str,
        id: str,
        *,
        door: Doors = "",
        event: str | None = None,
        url: str | None = None,
        secret: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> Subscription:
        """Change what is given; an empty secret takes it away. What is owed goes to the new address.
        One that was disabled is told again.

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
            anew = {"failing_since": None, "disabled_at": None}
            changed = replace(known, **given, **anew, updated_at=now)
            subscriptions.save(conn, changed, sealed)
            return changed

        return await self._store.write(save)

    async def turn(self, account: str, id: str, *, on: bool, door: Doors = "") -> Subscription:
        """Tell one nothing more, for as long as it is off; what it is owed is given up. Raises Unknown."""
        now = self._clock()

        def save(conn: Conn) -> Subscription:
            known = subscriptions.get(conn, account, id, door=door, lock=True)
            off_at = None if on else known.disabled_at or now
            turned = replace(known, failing_since=None, disabled_at=off_at, updated_at=now)
            subscriptions.save(conn, turned)
            if not on:
                callbacks.give_up(conn, [known.id], instant(now), outbox.DISABLED)
            return turned

        return await self._store.write(save)

    async def put(
        self,
        account: str,
        *,
        door: str,
        event: str,
        url: str,
        secret: str | None = None,
        details: Mapping[str, Any] | None = None,
        channel: str = "",
        sender: str = "",
    ) -> Subscription:
        """As `add`, for a door that has one for each account, or for each channel and sender of it: the
        one that is there is changed. Its secret stays where none is given. Raises Declined as `add`.
        """
        place = (channel, sender)
        new = self._made(account, door, event, url, details, has_secret=bool(secret), place=place)

        def save(conn: Conn) -> Subscription:
            accounts.hold(conn, account)  # two at once would find none, and add two
            every = subscriptions.all_of(conn, account, door)
            known = [item for item in every if (item.channel, item.sender) == place]
            if not known:
                subscriptions.add(conn, new, self._sealed(new.id, secret or ""))
                return new
            first = known[-1]
            changed = replace(
                new,
                id=first.id,
                has_secret=first.has_secret if secret is None else bool(secret),
                created_at=first.created_at,
            )
            sealed = None if secret is None else self._sealed(first.id, secret)
            subscriptions.save(conn, changed, sealed)
            return changed

        return await self._store.write(save)

    async def told(
        self,
        account: str,
        door: str,
        *,
        wanted: Wanted | None = None,
        is_good: bool | None = None,
        skip: int = 0,
        limit: int,
    ) -> Told:
        """What those of one door were told, or what was tried, newest first, and how many that are:
        a great many count as ten thousand. `is_good`: only what was taken, or what was not.
        """
        found = await self._store.read(
            lambda conn: deliveries.page(
                conn, account, door, wanted=wanted, is_good=is_good, skip=skip, limit=limit
            )
        )
        return Told(*found)

    async def remove(self, account: str, id: str, *, door: Doors = "") -> None:
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
