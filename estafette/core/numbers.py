"""Numbers: those that an account holds as senders, and those that it can take."""

from collections.abc import AsyncIterator, Callable, Collection, Iterable
from functools import partial
from urllib.parse import urlsplit

from msgspec.structs import replace

from estafette.core.clock import Clock
from estafette.core.connections import PRETENDS, Connections
from estafette.core.gateway import Gateway
from estafette.model import Account, Channel, Conflict, Cursor, Declined, Reason, Sender, Unknown
from estafette.model.ids import instant, new_id
from estafette.model.networks import is_private_host
from estafette.model.number import (
    Held,
    Number,
    NumberKind,
    Wanted,
    area_code,
    country_of,
    fits,
    kind_of,
)
from estafette.store import Store, numbers, senders
from estafette.store.numbers import Holding

Configure = Callable[[Sender], Sender]
_AT_ONCE = 200  # numbers of which it is asked together whether anybody holds them


class Numbers:
    """What an account holds, and what is free."""

    def __init__(
        self,
        store: Store,
        connections: Connections,
        gateway: Gateway,
        clock: Clock,
        *,
        allows_private: bool = True,
    ) -> None:
        """Unless `allows_private`, hooks whose host is plainly not public are declined."""
        self._store = store
        self._connections = connections
        self._gateway = gateway
        self._clock = clock
        self._allows_private = allows_private

    # What an account holds -----------------------------------------------------------------------

    async def page(
        self, account: Account, held: Held, *, limit: int, cursor: Cursor | None = None
    ) -> Holding:
        """Numbers of an account, newest first."""
        return await self._store.read(
            lambda conn: numbers.page(conn, account.sid, held, limit=limit, cursor=cursor)
        )

    async def get(self, account: Account, id: str) -> Sender:
        """A number of an account. Raises Unknown."""
        return await self._store.read(lambda conn: numbers.get(conn, account.sid, id))

    async def find(self, account: Account, address: str) -> Sender:
        """A number of an account, by its address. Raises Unknown."""
        return await self._store.read(lambda conn: numbers.find(conn, account.sid, address))

    async def take(
        self, account: Account, number: Number, configure: Configure = lambda sender: sender
    ) -> Sender:
        """Make a free number a sender of an account; `configure` adds what else it is told.

        Raises Conflict where somebody has taken it, Declined for a hook that may not be asked.
        """
        sender = self._checked(configure(self._sender(account, number)))
        await self._store.write(lambda conn: numbers.take(conn, sender))
        self._gateway.forget(sender)
        return sender

    def draft(self, account: Account, address: str, configure: Configure) -> Sender:
        """The sender that a number would become; nothing is written down."""
        number = Number(
            address=address,
            country=country_of(address),
            kind=kind_of(address),
            capabilities=("voice", "sms", "mms"),
        )
        return configure(self._sender(account, number))

    def _sender(self, account: Account, number: Number) -> Sender:
        now = self._clock()
        return Sender(
            id=new_id(now),
            account=account.sid,
            channel=Channel.SMS,
            address=number.address,
            connection=number.connection,
            details={"number": {"kind": number.kind, "capabilities": number.capabilities}},
            created_at=now,
            updated_at=now,
        )

    async def change(self, account: Account, id: str, configure: Configure) -> Sender:
        """Tell a number something else. Raises Unknown, or Declined as `take`."""
        now = self._clock()

        def changed(sender: Sender) -> Sender:
            return self._checked(replace(configure(sender), updated_at=now))

        made = await self._store.write(lambda conn: numbers.change(conn, account.sid, id, changed))
        self._gateway.forget(made)
        return made

    async def release(self, account: Account, id: str) -> None:
        """Give a number back: nothing new goes through it from here, elsewhere in two seconds.

        What waits is still sent. Raises Unknown.
        """
        at = instant(self._clock())
        gone = await self._store.write(lambda conn: numbers.release(conn, account.sid, id, at))
        self._gateway.forget(gone)

    def _checked(self, sender: Sender) -> Sender:
        for hook in (sender.inbound, sender.fallback):
            if not self._allows_private and is_private_host(urlsplit(hook.url).hostname or ""):
                raise Declined(Reason.BAD_CALLBACK, hook.url)
        return sender

    async def is_pretended(self, account: Account) -> bool:
        """Whether all that an account sends goes through a sandbox: nobody gets it."""
        mine = await self._store.read(lambda conn: senders.all_of(conn, account.sid))
        known = {item.name: item.provider for item in await self._connections.list()}
        return all(known.get(sender.connection) == PRETENDS for sender in mine)

    # What can be taken ---------------------------------------------------------------------------

    async def free(self, wanted: Wanted, *, limit: int, skip: int = 0) -> list[Number]:
        """At most `limit` numbers that nobody holds, after the first `skip` of them."""
        found: list[Number] = []
        batch: list[Number] = []
        begin = f"+1{wanted.area_code}" if wanted.area_code else ""
        async for number in self._all(wanted.country, wanted.kind or "", begin):
            if fits(number, wanted):
                batch.append(number)
            if len(batch) >= _AT_ONCE:
                found += await self._unheld(batch)
                batch = []
                if len(found) >= skip + limit:
                    break
        found += await self._unheld(batch)
        return found[skip : skip + limit]

    async def one(self, address: str) -> Number:
        """A number that nobody holds. Raises Unknown where it cannot be had, Conflict where held."""
        number = await self._store.read(lambda conn: numbers.in_stock(conn, address))
        if number is None:
            number = {item.address: item for item in await self._offers()}.get(address)
        if number is None:
            raise Unknown(f"{address} is not in the inventory")
        if not await self._unheld([number]):
            raise Conflict(f"{address} is taken")
        return number

    async def countries(self) -> dict[str, set[NumberKind]]:
        """Of which countries there are numbers, held or not, and of which kinds."""
        found: dict[str, set[NumberKind]] = {}
        for country, kind in await self._store.read(numbers.kinds):
            found.setdefault(country, set()).add(NumberKind(kind))
        for number in await self._offers():
            found.setdefault(number.country, set()).add(number.kind)
        return found

    async def like(self, address: str) -> Number:
        """A number where this one is: itself, or one of its area code. Raises Unknown."""
        known = await self._store.read(lambda conn: numbers.in_stock(conn, address))
        if known:
            return known
        area = area_code(address)
        async for number in self._all("", "", f"+1{area}" if area else address):
            if number.address == address or (area and area_code(number.address) == area):
                return number
        raise Unknown(f"nobody knows where {address} is")

    async def every(self) -> list[tuple[Number, bool]]:
        """All numbers that there are to take, each with whether it is free."""
        found = [number async for number in self._all("", "", "")]
        free = {number.address for number in await self._unheld(found)}
        return [(number, number.address in free) for number in found]

    async def put(self, added: Collection[Number]) -> int:
        """Write numbers into the inventory; give how many were not in it. Raises Unknown.

        Their connections must be there.
        """
        known = {connection.name for connection in await self._connections.list()}
        strange = sorted({number.connection for number in added} - known)
        if strange:
            raise Unknown(f"no connection {strange[0]}")
        at = instant(self._clock())
        return await self._store.write(lambda conn: numbers.put(conn, added, at))

    async def remove(self, address: str) -> None:
        """Take a number out of the inventory; who holds it keeps it. Raises Unknown."""
        await self._store.write(lambda conn: numbers.remove(conn, address))

    async def _all(self, country: str, kind: str, begin: str) -> AsyncIterator[Number]:
        """The inventory, of numbers that begin so, then what carriers offer beside it."""
        after = ""
        while True:
            part = await self._store.read(
                partial(numbers.stock, country=country, kind=kind, begin=begin, after=after)
            )
            for number in part:
                yield number
            if not part:
                break
            after = part[-1].address
        for number in await self._beside():
            yield number

    async def _beside(self) -> list[Number]:
        offers = await self._offers()
        addresses = [number.address for number in offers]
        kept = await self._store.read(lambda conn: numbers.stocked(conn, addresses))
        return [number for number in offers if number.address not in kept]

    async def _offers(self) -> list[Number]:
        """What carriers offer by themselves, each once."""
        found: dict[str, Number] = {}
        connections = await self._connections.list()
        # The connection that is named as its provider is the one that everybody has.
        for item in sorted(connections, key=lambda item: (item.name != item.provider, item.name)):
            provider = self._connections.at_hand(item.name)
            for number in provider.offers() if provider else ():
                if number.address not in found:
                    found[number.address] = replace(number, connection=item.name)
        return list(found.values())

    async def _unheld(self, asked: Iterable[Number]) -> list[Number]:
        some = list(asked)
        addresses = [number.address for number in some]
        held = await self._store.read(lambda conn: numbers.held(conn, addresses))
        return [number for number in some if number.address not in held]
