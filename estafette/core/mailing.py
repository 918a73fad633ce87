"""Carries running batches: row after row becomes a message, in groups that share commits."""

import asyncio
import contextlib
import random
from collections.abc import Sequence

import structlog
from msgspec.structs import replace
from sqlalchemy import Connection as Conn

from estafette.core.batches import LEASE, Batches
from estafette.core.circular import Circular
from estafette.core.clock import Clock
from estafette.core.gateway import Gateway
from estafette.core.people import People
from estafette.model import Account, Busy, Declined, GatewayError
from estafette.model.batch import BadRow, Batch, BatchRow, Fault, Wrong
from estafette.model.ids import instant
from estafette.store import Store, batches
from estafette.store.batches import Gone

log = structlog.get_logger()

_GROUP = 200  # rows between two looks whether the batch was stopped
_MOST = 4  # batches that are carried side by side
_EVERY = 1.0  # seconds between looks for what other processes started
_TIDY_EVERY = 3600.0  # seconds
_PAUSES = (0.05, 0.2, 1.0, 3.0)  # seconds, where the store is busy


class Mailing:
    """What carries batches in this process."""

    def __init__(
        self, store: Store, batches: Batches, gateway: Gateway, people: People, clock: Clock
    ) -> None:
        self._store = store
        self._batches = batches
        self._gateway = gateway
        self._people = people
        self._clock = clock

    async def keep(self) -> None:
        """Carry whatever is started, until cancelled."""
        tidier = asyncio.create_task(self._tidy())
        try:
            while True:
                if not await self._try_round():
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._batches.started.wait(), _EVERY)
                    self._batches.started.clear()
        finally:
            tidier.cancel()
            with contextlib.suppress(GatewayError):
                await self._leave()

    async def carry(self, id: str) -> None:
        """Carry one that was started here, and no other, until it is done or stopped."""
        try:
            while await self._try_round(id):
                pass
        finally:
            with contextlib.suppress(GatewayError):
                await self._leave()

    async def _try_round(self, only: str = "") -> bool:
        try:
            return await self._round(only)
        except GatewayError as error:
            log.warning("batches wait", text=str(error))
            await asyncio.sleep(_EVERY)
            return bool(only)

    async def _round(self, only: str) -> bool:
        """Take some rows of each batch further; whether there was any."""
        if not await self._store.read(batches.is_any_running):
            return False
        now = self._clock()
        node, until = self._batches.node, instant(now + LEASE)

        def lease(conn: Conn) -> list[Batch]:
            return batches.lease(conn, node, now=instant(now), until=until, most=_MOST, only=only)

        found = await self._store.write(lease)
        if found:
            keeper = asyncio.create_task(self._renew())
            try:
                await asyncio.gather(*map(self._group, found))
            finally:
                keeper.cancel()
        return bool(found)

    async def _group(self, batch: Batch) -> None:
        """The next rows of a batch."""
        account = await self._people.account(batch.account)
        rows = await self._store.read(
            lambda conn: batches.rows(conn, batch.id, limit=_GROUP, after=batch.done)
        )
        circular = await self._batches.circular(account, batch)
        gone = await asyncio.gather(*(self._send(account, batch, circular, row) for row in rows))
        await self._record(batch, gone)

    async def _record(self, batch: Batch, gone: Sequence[Gone]) -> None:
        now, node = instant(self._clock()), self._batches.node

        def write(conn: Conn) -> None:
            if gone:
                batches.record(conn, batch.id, node, gone, now)
            if not gone or gone[-1].number >= batch.total:
                batches.finish(conn, batch.id, node, now)

        await self._store.write(write)

    async def _send(
        self, account: Account, batch: Batch, circular: Circular, row: BatchRow
    ) -> Gone:
        if row.fault:
            return Gone(row.number, "", row.fault)
        try:
            send = circular.send(row.cells)
        except BadRow as error:
            return Gone(row.number, "", error.fault)
        key = f"batch-{batch.id}-{row.number}"
        send = replace(send, idempotency_key=key, fingerprint=batch.id)
        tries = 0
        while True:
            try:
                return Gone(row.number, (await self._gateway.send(account, send)).id, None)
            except Busy:
                pause = _PAUSES[min(tries, len(_PAUSES) - 1)]
                await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - not for secrets
                tries += 1
            except GatewayError as error:
                return Gone(row.number, "", _fault(error))
            except Exception:
                log.exception("a row broke", batch=batch.id, row=row.number)
                return Gone(row.number, "", Fault(Wrong.INTERNAL))

    async def _renew(self) -> None:
        """Keep what is carried while a group takes long."""
        while True:
            await asyncio.sleep(LEASE.total_seconds() / 3)
            until = instant(self._clock() + LEASE)
            with contextlib.suppress(GatewayError):
                await self._store.write(
                    lambda conn: batches.renew(conn, self._batches.node, until)  # noqa: B023
                )

    async def _leave(self) -> None:
        await self._store.write(lambda conn: batches.release(conn, self._batches.node))

    async def _tidy(self) -> None:
        while True:
            try:
                await self._batches.tidy()
            except GatewayError as error:
                log.warning("batches could not be tidied", text=str(error))
            await asyncio.sleep(_TIDY_EVERY)


def _fault(error: GatewayError) -> Fault:
    if isinstance(error, Declined):
        said = f"{error.text} ({error.code})" if error.code else ""
        return Fault(str(error.reason), error.value[:200], said)
    return Fault(Wrong.INTERNAL, text=str(error)[:200])
