"""Carries what is due: takes jobs up, offers messages to providers, writes down what came of it."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from functools import partial
from time import perf_counter

import structlog
from msgspec.structs import replace

from estafette.core import metrics
from estafette.core.answers import ask, closing, outcome_of, recall
from estafette.core.baggage import Baggage
from estafette.core.clock import Clock
from estafette.core.connections import Connections
from estafette.core.lanes import Lane, Lanes
from estafette.core.turns import Turns
from estafette.model import (
    Accepted,
    Attempt,
    Busy,
    Connection,
    GatewayError,
    Message,
    Offer,
    Sender,
    SendError,
    Unclear,
    Unreached,
)
from estafette.model.ids import instant, new_id
from estafette.model.rules import after_attempt
from estafette.providers import Provider
from estafette.store import Store, attempts, due, jobs, media
from estafette.store.due import Quota
from estafette.store.lanes import Node

log = structlog.get_logger()

_MOST = 128  # jobs of one kind in one lane that one transaction takes up: others wait for it
_GATHER = 0.005  # seconds after a round in which further work gathers for the next
_SOONEST, _LATEST = 0.02, 0.25  # seconds between looks while nothing is in sight
_REFRESH = 1.0  # seconds between looks at the connections
_TOO_LATE = "this process was held up until its lease was over"


class Worker:
    """Drives the lanes of this process. One `run`, until `stop`."""

    def __init__(
        self,
        store: Store,
        connections: Connections,
        clock: Clock,
        node: Node,
        baggage: Baggage,
        owed: Callable[[], None] = lambda: None,
    ) -> None:
        """`owed` is called when somebody may have to be told something."""
        self._owed = owed
        self._store = store
        self._connections = connections
        self._clock = clock
        self._node = node
        self._baggage = baggage
        self._lanes = Lanes(store, node, self._settle)
        self._turns = Turns(store, clock, self.wake, owed)
        self._woken = asyncio.Event()
        self._stopping = False
        self._offers: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """There may be work: look now."""
        self._woken.set()

    def stop(self) -> None:
        """Take nothing more. `run` returns when what is in flight is written down."""
        self._stopping = True
        self.wake()

    async def run(self, *, grace: float = 8.0, ready: Callable[[], None] = lambda: None) -> None:
        """Carry until stopped, then wait at most `grace` seconds for answers still to come."""
        await self._connections.refresh()
        with contextlib.suppress(Busy):
            await self._lanes.beat()
        ready()
        beats = asyncio.create_task(self._lanes.keep())
        refreshes = asyncio.create_task(self._refresh())
        turns = asyncio.create_task(self._turns.keep())
        files = asyncio.create_task(self._file())
        try:
            await self._carry()
            if self._offers:
                await asyncio.wait(self._offers, timeout=grace)
        finally:
            running = [beats, refreshes, files, turns, *self._offers]
            await _cancel([*running, *self._baggage.under_way()])
            with contextlib.suppress(Busy):
                await self._lanes.leave()

    async def _carry(self) -> None:
        idle = _SOONEST
        while not self._stopping:
            self._woken.clear()
            wait = await self._look()
            idle = min(idle * 1.5, _LATEST) if wait is None else _SOONEST
            wait = idle if wait is None else min(wait, _LATEST)
            if wait > 0 and not self._stopping:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), wait)
            elif wait <= 0:
                await asyncio.sleep(_GATHER)

    async def _refresh(self) -> None:
        while True:
            await asyncio.sleep(_REFRESH)
            try:
                await self._connections.refresh()
                await self._expire()
                await self._store.tend()
            except Exception:
                log.exception("connections could not be read")

    async def _file(self) -> None:
        """Make contacts of what was sent; apart, as that may take long."""
        while True:
            await asyncio.sleep(_REFRESH)
            try:
                await self._store.file()
            except Exception:
                log.exception("contacts could not be made")

    async def _expire(self) -> None:
        """Fail what has waited too long for a connection that is parked or gone."""
        held_up = [
            lane.sender.id for lane in self._lanes if not await self._usable(lane.sender.connection)
        ]
        if not held_up:
            return
        now = instant(self._clock())
        expire = partial(due.expire, held_up=held_up, node=self._node.id, now=now, most=_MOST)
        for move in await self._store.write(expire):
            metrics.reached(move.status)

    async def _usable(self, name: str) -> bool:
        connection, provider = await self._connections.find(name)
        return provider is not None and connection.parked_at is None

    async def _look(self) -> float | None:
        """One round; the seconds until the next is due, 0 after work, None with none in sight."""
        try:
            return await self._round()
        except Exception:
            log.exception("a round failed", node=self._node.id)
            return _LATEST

    async def _round(self) -> float | None:
        agenda = await self._store.read(lambda conn: jobs.agenda(conn, self._node.id))
        if not agenda:
            return None
        now = self._clock()
        quotas = await self._quotas(agenda, now.timestamp(), instant(now))
        if not quotas:
            return self._until(agenda, now.timestamp())
        taken = await self._store.write(
            partial(
                due.take_up,
                quotas=quotas,
                node=self._node.id,
                now=instant(now),
                new_id=partial(new_id, now),
                most=_MOST,
            )
        )
        for move in taken.moved:
            metrics.reached(move.status)
        if taken.moved:
            self._owed()
        for id, next_at in taken.next_at.items():
            if lane := self._lanes.get(id):
                lane.next_at = next_at
        for id, offers in taken.offers.items():
            self._offer_all(id, offers)
        self._baggage.begin(taken.errands, self.wake, self._carrier)
        # What is due may have to wait all the same, as behind a head of line.
        has_moved = taken.moved or any(taken.offers.values())
        return 0 if has_moved else self._until(agenda, now.timestamp())

    async def _quotas(self, agenda: list[jobs.Due], at: float, now: int) -> dict[str, Quota]:
        """What to take up: of each lane that has something due and room for it."""
        quotas: dict[str, Quota] = {}
        errands = self._errands(agenda, now)
        for item in agenda:
            lane = self._lanes.get(item.lane)
            if lane is None or item.due_at > now:
                continue
            connection, _ = await self._connections.find(lane.sender.connection)
            usable = item.kind == "send" and await self._usable(connection.name)
            room = min(lane.room(at), _MOST) if usable else 0
            if room or item.kind not in ("send", media.KIND) or item.lane in errands:
                offers = max(room, quotas[item.lane].offers if item.lane in quotas else 0)
                resends = connection.on_unclear == "resend"
                busy = frozenset(lane.busy)
                rate = lane.sender.max_per_second
                share = errands.get(item.lane, 0)
                quotas[item.lane] = Quota(connection.name, offers, rate, busy, resends, share)
        return quotas

    def _errands(self, agenda: list[jobs.Due], now: int) -> dict[str, int]:
        """How much is to be done about media of each lane: an equal share of what there is room for."""
        asked = [item.lane for item in agenda if item.kind == media.KIND and item.due_at <= now]
        room = self._baggage.room()
        return dict.fromkeys(asked, max(1, room // len(asked))) if asked and room > 0 else {}

    def _until(self, agenda: list[jobs.Due], at: float) -> float:
        """Seconds until something falls due or a pace allows it; answers that come in wake us."""
        times = [*(item.due_at / 1e6 for item in agenda), *(lane.free_at for lane in self._lanes)]
        return max(0.001, min([_LATEST, *(time - at for time in times if time > at)]))

    def _offer_all(self, id: str, offers: list[Offer]) -> None:
        lane = self._lanes.get(id)
        if lane is None:  # lost between the commit and here: whoever has it settles these
            return
        for offer in offers:
            lane.in_flight += 1
            if offer.order_key:
                lane.busy.add(offer.order_key)
            task = asyncio.create_task(self._offer(lane, offer), name=offer.id)
            self._offers.add(task)
            task.add_done_callback(self._offers.discard)

    async def _offer(self, lane: Lane, offer: Offer) -> None:
        is_written = False
        try:
            connection, provider = await self._connections.find(lane.sender.connection)
            began = perf_counter()
            answer = await self._answer(lane, provider, offer)
            metrics.attempted(connection.name, outcome_of(answer), perf_counter() - began)
            await self._close(connection, provider, lane.sender.id, offer, answer)
            is_written = True
        except Exception as error:
            is_strange = not isinstance(error, Busy)
            log.error(
                "an answer could not be written",
                attempt=offer.id, text=str(error), exc_info=is_strange,
            )  # fmt: skip
        finally:
            lane.in_flight -= 1
            lane.busy.discard(offer.order_key)
            # An attempt that stays open is settled when the lane is taken over, by us or another.
            lane.is_halted |= not is_written
            if lane.is_halted and not lane.in_flight:
                self._lanes.forget(lane.sender.id)
            self._woken.set()

    async def _answer(
        self, lane: Lane, provider: Provider | None, offer: Offer
    ) -> Accepted | SendError:
        """What a carrier says to an offer, once its media are there."""
        if lane.sender.ref:
            offer = replace(offer, sender_ref=lane.sender.ref)
        if offer.message.media:
            ready = await self._baggage.ready(offer, provider)
            if isinstance(ready, SendError):
                return ready
            offer = ready
        return await ask(provider, offer) if lane.is_held() else Unreached(_TOO_LATE)

    async def _carrier(self, id: str) -> Provider | None:
        lane = self._lanes.get(id)
        return (await self._connections.find(lane.sender.connection))[1] if lane else None

    async def _settle(self, sender: Sender) -> None:
        """Find out what became of offers whose process ended before it wrote that down."""
        found = await self._store.read(lambda conn: attempts.open_of(conn, sender.id))
        ours = {task.get_name() for task in self._offers}
        await asyncio.gather(
            *(self._settle_one(sender, *pair) for pair in found if pair[0].id not in ours)
        )

    async def _settle_one(self, sender: Sender, attempt: Attempt, message: Message) -> None:
        connection, provider = await self._connections.find(attempt.connection)
        answer: Accepted | SendError | None = await self._baggage.not_ready(message, provider)
        answer = answer or await recall(provider, attempt, message)
        log.warning(
            "an offer was cut short", attempt=attempt.id, message=message.id,
            node=attempt.node, outcome=outcome_of(answer),
        )  # fmt: skip
        order_key = message.recipient if sender.in_order else ""
        offer = Offer(attempt.id, attempt.number, message, order_key)
        await self._close(connection, provider, sender.id, offer, answer)

    async def _park(self, name: str, provider: Provider | None, text: str) -> None:
        """Hold a connection, unless it was mended since this provider was asked."""
        connection, known = await self._connections.find(name)
        if connection.parked_at is None and known is provider:
            await self._connections.park(name, text)

    async def _close(
        self,
        connection: Connection,
        provider: Provider | None,
        lane: str,
        offer: Offer,
        answer: Accepted | SendError,
    ) -> None:
        """Write down how an offer ended; an answer that makes no sense tells nothing."""
        try:
            await self._write(connection, provider, lane, offer, answer)
        except GatewayError:
            raise
        except Exception as error:
            log.exception("an answer makes no sense", attempt=offer.id, message=offer.message.id)
            nothing = Unclear(f"{type(error).__name__} while its answer was written down")
            await self._write(connection, provider, lane, offer, nothing)

    async def _write(
        self,
        connection: Connection,
        provider: Provider | None,
        lane: str,
        offer: Offer,
        answer: Accepted | SendError,
    ) -> None:
        step = after_attempt(
            outcome_of(answer),
            number=offer.number,
            reason=None if isinstance(answer, Accepted) else answer.reason,
            retry_after=None if isinstance(answer, Accepted) else answer.retry_after,
            receipt_wait=connection.receipt_wait,
        )
        if step.parks:
            await self._park(connection.name, provider, str(answer))
        if isinstance(answer, SendError) and answer.holds_lane:
            self._lanes.rest(lane, self._clock().timestamp() + (step.retry_in or 0))
        end = closing(connection.name, lane, offer, answer, step, instant(self._clock()))
        is_told = await self._store.join(attempts.close, end)
        if is_told is not None:  # else it goes its second way
            metrics.reached(step.status)
        if is_told:
            self._owed()


async def _cancel(tasks: Iterable[asyncio.Task[None]]) -> None:
    tasks = list(tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
