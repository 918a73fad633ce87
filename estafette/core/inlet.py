"""Where carriers tell us: what became of messages and templates, and what people wrote."""

import asyncio
from collections.abc import Iterable, Sequence

import structlog

from estafette.core.connections import Connections
from estafette.core.gateway import Gateway
from estafette.core.inbound import Addressees, Inbound, Unheard
from estafette.core.templates import Templates
from estafette.model import Approval, Busy, GatewayError, Incoming, Inward, Receipt, Unknown
from estafette.providers import Provider
from estafette.store import Store, attempts

log = structlog.get_logger()

_PLAIN = "text/plain; charset=utf-8"
_MOST = 64  # people whose messages are taken in at once: these share commits


class Forged(GatewayError):
    """It does not come from the carrier that it claims to be."""


class Inlet:
    """Hears what carriers tell, once they have proved who they are."""

    def __init__(
        self,
        store: Store,
        connections: Connections,
        gateway: Gateway,
        inbound: Inbound,
        templates: Templates,
    ) -> None:
        self._store = store
        self._connections = connections
        self._gateway = gateway
        self._inbound = inbound
        self._templates = templates

    async def knows(self, provider: str, connection: str) -> None:
        """Raises Unknown unless there is such a connection of such a provider."""
        found, _ = await self._connections.lately(connection)
        if found.provider != provider:
            raise Unknown(f"{connection} is no connection of {provider}")

    async def take(self, provider: str, connection: str, told: Inward) -> tuple[str, bytes]:
        """Write down what a carrier tells; the content type and body of the answer to it.

        It returns once everything is on disk. What is told of messages that are not known, or are
        not this connection's, is of no interest. Raises Unknown as `knows` does, Forged where it is
        not that carrier who asks, and Busy where it could not be written down: to be told again.
        """
        await self.knows(provider, connection)
        _, carrier = await self._connections.lately(connection)
        if carrier is None:
            raise Busy(f"the settings of {connection} make no provider")
        greeting = carrier.greet(told)
        if greeting is not None:
            return _PLAIN, greeting
        if not carrier.verify(told):
            raise Forged(f"{connection}: not from its carrier")
        await self._hear(connection, carrier, told)
        return carrier.thanks

    async def _hear(self, connection: str, carrier: Provider, told: Inward) -> None:
        facts = carrier.parse(told)
        receipts = [fact for fact in facts if isinstance(fact, Receipt)]
        if receipts:
            await self._record(connection, receipts)
        for fact in facts:
            if isinstance(fact, Approval):
                await self._templates.told(connection, fact)
        people: dict[tuple[str, str], list[Incoming]] = {}
        for fact in facts:
            if isinstance(fact, Incoming):
                people.setdefault((fact.sender, fact.recipient), []).append(fact)
        await self._receive_all(connection, list(people.values()))

    async def _record(self, connection: str, receipts: list[Receipt]) -> None:
        """Keep what may be believed: what is told of messages that this carrier was offered.

        What names no message of ours goes by the carrier's own id, which is this connection's anyway.
        """
        named = {receipt.message for receipt in receipts if receipt.message}
        mine = await self._store.read(lambda conn: attempts.carried(conn, connection, named))
        mine.add("")
        believed = [receipt for receipt in receipts if receipt.message in mine]
        if believed:
            await self._gateway.record(connection, believed)
        if len(believed) < len(receipts):
            log.info("told of messages that it was not offered", connection=connection)

    async def _receive_all(self, connection: str, people: Sequence[Iterable[Incoming]]) -> None:
        """Take in what many wrote side by side, and what one wrote in its order.

        What one could not be told of keeps the others from nothing; then all is told again.
        """
        turns = asyncio.Semaphore(_MOST)
        known: Addressees = {}

        async def hear(written: Iterable[Incoming]) -> None:
            async with turns:
                for incoming in written:
                    await self._receive(connection, incoming, known)

        ends = await asyncio.gather(*map(hear, people), return_exceptions=True)
        for end in ends:
            if isinstance(end, BaseException):
                raise end

    async def _receive(self, connection: str, incoming: Incoming, known: Addressees) -> None:
        try:
            await self._inbound.receive(connection, incoming, known=known)
        except Unheard:
            return  # nobody is told, not even the carrier
        except Unknown:
            log.warning(
                "somebody wrote to an address that is no sender",
                connection=connection, ref=incoming.ref,
            )  # fmt: skip
