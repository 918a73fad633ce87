"""Services: pools of senders, and which sender a message that names none goes through."""

from collections.abc import Mapping
from itertools import count
from time import perf_counter
from typing import Any, NamedTuple

from msgspec.structs import replace

from estafette.core.clock import Clock
from estafette.model import Account, Channel, Cursor, Declined, Reason, Send, Sender, Unknown
from estafette.model.ids import new_id
from estafette.model.listed import Listed
from estafette.model.pool import fitting
from estafette.model.service import DEFAULTS, Member, Service
from estafette.model.smart import smart
from estafette.store import Store, senders, services

_KNOWN_FOR = 2.0  # seconds that a change of a pool in another process may go unnoticed
_LOOKS_FOR = 0.5  # seconds after which the next one looks, if who looked did not come back
_KNOWN = 1024  # pools, and sets of senders in turn, that are remembered


class Pool(NamedTuple):
    """A service with its senders."""

    service: Service
    members: list[Member]


class Fit(NamedTuple):
    """A message as its service has it go out: what it says, through which sender."""

    send: Send
    sender: Sender
    sticks: bool  #: whether its recipient knows this sender from now on


class Pools:
    """Services and their pools. What was looked up for a message is remembered for two seconds."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._known: dict[tuple[str, str], tuple[float, Pool]] = {}
        self._turns: dict[tuple[str, ...], count[int]] = {}

    async def add(self, account: Account, name: str, settings: Mapping[str, Any]) -> Service:
        """Make a service with an empty pool; `settings` has keys of DEFAULTS."""
        now = self._clock()
        made = Service(
            id=new_id(now),
            account=account.sid,
            name=name,
            settings={**DEFAULTS, **settings},
            created_at=now,
            updated_at=now,
        )
        await self._store.write(lambda conn: services.add(conn, made))
        return made

    async def get(self, account: Account, id: str) -> Service:
        """One service. Raises Unknown; another account's is unknown too."""
        return await self._store.read(lambda conn: services.get(conn, account.sid, id))

    async def page(
        self, account: Account, *, limit: int, cursor: Cursor | None = None
    ) -> Listed[Service]:
        """The services of an account, newest first."""
        return await self._store.read(
            lambda conn: services.page(conn, account.sid, limit=limit, cursor=cursor)
        )

    async def save(
        self, account: Account, id: str, name: str | None, settings: Mapping[str, Any]
    ) -> Service:
        """Change the name, unless it is None, and the settings that are given. Raises Unknown."""
        now = self._clock()

        def change(conn: Any) -> Service:
            known = services.get(conn, account.sid, id, lock=True)
            changed = replace(
                known,
                name=known.name if name is None else name,
                settings={**known.settings, **settings},
                updated_at=now,
            )
            services.save(conn, changed)
            return changed

        saved = await self._store.write(change)
        self._known.pop((account.sid, id), None)
        return saved

    async def remove(self, account: Account, id: str) -> None:
        """Delete a service; its senders stay, and so do messages on their way. Raises Unknown."""
        await self._store.write(lambda conn: services.remove(conn, account.sid, id))
        self._known.pop((account.sid, id), None)

    async def members(self, account: Account, id: str) -> list[Member]:
        """The senders of a service, the oldest first. Raises Unknown."""
        return (await self._look_up(account, id)).members

    async def join(self, account: Account, id: str, sender: str) -> Member:
        """Bring a sender of the account into a pool. Raises Unknown, NotAdmitted."""
        now = self._clock()
        made = await self._store.write(
            lambda conn: services.join(conn, account.sid, id, sender, now)
        )
        self._known.pop((account.sid, id), None)
        return made

    async def leave(self, account: Account, id: str, sender: str) -> None:
        """Take a sender out of a pool. Raises Unknown."""
        await self.get(account, id)
        await self._store.write(lambda conn: services.leave(conn, id, sender))
        self._known.pop((account.sid, id), None)

    def forget(self, sender: Sender) -> None:
        """See anew the pools that a sender may be in, once it was changed or given back."""
        self._known = {
            asked: known for asked, known in self._known.items() if asked[0] != sender.account
        }

    async def sender(self, account: Account, channel: Channel, address: str) -> Sender:
        """The sender with this address. Raises Unknown."""
        found = await self._store.read(
            lambda conn: senders.find(conn, account.sid, channel, address)
        )
        if found is None:
            raise Unknown(f"no sender {address} on {channel}")
        return found

    async def own(self, account: Account, id: str) -> Sender:
        """A sender of the account that is not given back. Raises Unknown."""
        found = await self._store.read(lambda conn: senders.get(conn, id))
        if found is None or found.account != account.sid or found.released_at:
            raise Unknown(f"no sender {id}")
        return found

    async def fit(self, account: Account, send: Send) -> Fit:
        """What a service makes of a message: its settings, and one of its senders.

        Raises Declined where there is no such service, or nobody in its pool to send it.
        """
        pool = await self._pool(account, send.service)
        send = _as_set(send, pool.service.settings)
        found = [item for item in pool.members if item.sender.channel is send.channel]
        if send.sender:
            for item in found:
                if item.sender.address == send.sender:
                    return Fit(send, item.sender, sticks=False)
            raise Declined(Reason.FOREIGN_SENDER, send.sender)
        if not pool.members:
            raise Declined(Reason.EMPTY_POOL, send.service)
        sender, sticks = await self._choose(pool, found, send)
        return Fit(replace(send, sender=sender.address), sender, sticks)

    async def _choose(self, pool: Pool, found: list[Member], send: Send) -> tuple[Sender, bool]:
        """A sender for a recipient, and whether the recipient knows it from now on."""
        known = ""
        if is_sticky := bool(pool.service.settings["sticky_sender"]):
            asked = (send.service, send.channel, send.recipient)
            known = await self._store.read(lambda conn: services.known(conn, *asked))
        held = [item for item in found if item.sender.id == known]
        if held and not held[0].is_parked:
            return held[0].sender, False
        by_area_code = bool(pool.service.settings["area_code_geomatch"])
        well = [item.sender for item in found if not item.is_parked]
        # Where nothing else fits, what a parked connection carries waits for it.
        for senders_ in (well, [item.sender for item in found]):
            fit = fitting(senders_, send.recipient, by_area_code=by_area_code)
            if fit:
                return self._next(fit), is_sticky and not held
        raise Declined(Reason.NO_FITTING_SENDER, send.recipient)

    def _next(self, fit: list[Sender]) -> Sender:
        """Each of those that are equally right in its turn."""
        if len(self._turns) > _KNOWN:
            self._turns.clear()
        turn = next(self._turns.setdefault(tuple(sender.id for sender in fit), count()))
        return fit[turn % len(fit)]

    async def _pool(self, account: Account, id: str) -> Pool:
        now = perf_counter()
        asked = (account.sid, id)
        if known := self._known.get(asked):
            at, pool = known
            if now - at < _KNOWN_FOR:
                return pool
            # Who comes first looks again; those who come while it looks do not all look too.
            self._known[asked] = (at + _LOOKS_FOR, pool)
        try:
            found = await self._look_up(account, id)
        except Unknown:
            self._known.pop(asked, None)
            raise Declined(Reason.UNKNOWN_SERVICE, id) from None
        if len(self._known) > _KNOWN:
            self._known.clear()
        self._known[asked] = (now, found)
        return found

    async def _look_up(self, account: Account, id: str) -> Pool:
        return await self._store.read(
            lambda conn: Pool(services.get(conn, account.sid, id), services.pool(conn, id))
        )


def _as_set(send: Send, settings: Mapping[str, Any]) -> Send:
    """The message as the settings of its service have it."""
    body = send.body
    if settings["smart_encoding"] and send.channel is Channel.SMS and not send.verbatim:
        body = smart(body)
    return replace(
        send,
        body=body,
        callback_url=send.callback_url or settings["status_callback"],
        valid_for=min(send.valid_for, int(settings["validity_period"])),
    )
