"""Carriers that do what a test asks for, a clock that stands still, and a worker by that clock."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from estafette.core.baggage import Baggage
from estafette.core.blobs import Blobs
from estafette.core.media import Media
from estafette.core.worker import Worker
from estafette.model import Accepted, Attempt, Channel, Message, Offer, Sender
from estafette.providers import Provider
from estafette.store import senders
from tests.conftest import SENDER
from tests.core.conftest import House
from tests.patience import PATIENCE

Answer = Callable[[Offer], Accepted]


class Clock:
    """The time, which a test may set forward, or let stand still."""

    def __init__(self, *, stands_still: bool = False) -> None:
        self._ahead = timedelta()
        self._still = datetime.now(UTC) if stands_still else None

    def __call__(self) -> datetime:
        return (self._still or datetime.now(UTC)) + self._ahead

    def forward(self, seconds: float) -> None:
        self._ahead += timedelta(seconds=seconds)


def take(offer: Offer) -> Accepted:
    return Accepted(ref=f"R{offer.id}")


@dataclass(kw_only=True)
class Asked(Provider):
    """Answers as `answer` says, once the gate is open; notes who was offered what."""

    title = "Asked"
    channels = frozenset(Channel)

    answer: Answer = take
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    offers: list[Offer] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0

    async def send(self, offer: Offer) -> Accepted:
        self.offers.append(offer)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await self.gate.wait()
            return self.answer(offer)
        finally:
            self.in_flight -= 1

    @property
    def bodies(self) -> list[str]:
        return [offer.message.body for offer in self.offers]


@dataclass(kw_only=True)
class Stuck(Asked):
    """Holds up the whole process at its first offer, as a machine that was paused does."""

    is_stuck: threading.Event = field(default_factory=threading.Event)
    goes_on: threading.Event = field(default_factory=threading.Event)
    told: Accepted | Exception | None = None

    async def send(self, offer: Offer) -> Accepted:
        self.offers.append(offer)
        if not self.is_stuck.is_set():
            self.is_stuck.set()
            assert self.goes_on.wait(PATIENCE)
        return self.answer(offer)

    async def recall(self, attempt: Attempt, message: Message) -> Accepted:
        if isinstance(self.told, Accepted):
            return self.told
        if self.told:
            raise self.told
        return await super().recall(attempt, message)


async def put_in(house: House, provider: Provider, connection: str = "sandbox") -> None:
    """Let a connection of this process be carried by a provider of the test's own."""
    await house.app.connections.refresh()
    house.app.connections._providers[connection] = provider


def open_gate(provider: Asked) -> Asked:
    provider.gate.set()
    return provider


async def change_sender(house: House, **parts: object) -> Sender:
    """Change the settings of the sender that tests send from."""
    everyone = await house.app.store.read(senders.all_of)
    (known,) = (one for one in everyone if one.address == SENDER)
    names = type(known).__struct_fields__
    changed = Sender(**{**{name: getattr(known, name) for name in names}, **parts})  # type: ignore[arg-type]
    await house.app.store.write(lambda conn: senders.save(conn, changed))
    return changed


def worker_of(house: House, clock: Clock) -> Worker:
    app = house.app
    media = Media(app.store, Blobs(app.settings.home / "media", None), app.http, clock)
    baggage = Baggage(app.store, media, clock)
    return Worker(app.store, app.connections, clock, app.node, baggage)


@contextlib.asynccontextmanager
async def carrying_by(house: House, clock: Clock) -> AsyncIterator[Worker]:
    """A worker by a clock of the test's own."""
    worker = worker_of(house, clock)
    task = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        worker.stop()
        await task


async def until(truth: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Return once it is true."""
    async with asyncio.timeout(seconds):
        while not truth():
            await asyncio.sleep(0.01)
