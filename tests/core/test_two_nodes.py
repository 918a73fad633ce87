"""Two nodes on one database: they share the lanes, and neither loses nor doubles a message."""

import asyncio
import contextlib
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from estafette.core import lanes as core_lanes
from estafette.model import (
    Accepted,
    Attempt,
    Channel,
    Conflict,
    Message,
    Offer,
    Outcome,
    Receipt,
    Status,
    Unclear,
)
from estafette.providers.sandbox import Sandbox
from estafette.store import lanes
from tests.core.carriers import Asked, Clock, change_sender, put_in, take, until, worker_of
from tests.core.conftest import House, opened_house
from tests.patience import PATIENCE

SENDERS = (
    (Channel.SMS, "+15017122661"),
    (Channel.SMS, "+15005550006"),
    (Channel.WHATSAPP, "+15550783881"),
)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with capture_logs():
        yield


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Both nodes are processes of one machine."""
    return tmp_path / "home"


@pytest.fixture
def _short_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a test need not wait for long until one ends."""
    monkeypatch.setattr(core_lanes, "LEASE", 1.0)
    monkeypatch.setattr(core_lanes, "_BEAT", 0.2)
    monkeypatch.setattr(core_lanes, "_SEEK", 0.1)


@pytest.fixture
async def nodes(url: str, home: Path) -> AsyncIterator[tuple[House, House]]:
    async with opened_house(url, home) as one, opened_house(url, home) as two:
        yield one, two


def ledger(home: Path) -> list[tuple[str, str]]:
    """The attempts that the sandboxes of a machine saw, and their messages."""
    files = (home / "sandbox").glob("*.log")
    lines = (line for file in files for line in file.read_text().splitlines())
    return [(attempt, message) for attempt, message in (line.split(" ") for line in lines)]


def offered(home: Path) -> Counter[str]:
    """How often each message was offered."""
    return Counter(message for _, message in ledger(home))


async def shares(house: House) -> dict[str, int]:
    """How many lanes each node drives."""
    return dict(Counter((await house.app.store.read(lanes.drivers)).values()))


async def until_shared(house: House, *wanted: int, seconds: float = PATIENCE) -> None:
    """Return once the lanes are driven in these shares."""
    async with asyncio.timeout(seconds):
        while sorted((await shares(house)).values()) != sorted(wanted):
            await asyncio.sleep(0.02)


async def send_through_all(house: House, count: int) -> list[Message]:
    asked = (SENDERS[n % 3] for n in range(count))
    return [await house.send(sender=sender, channel=channel) for channel, sender in asked]


@pytest.mark.usefixtures("_short_leases")
async def test_two_nodes_share_the_work_and_offer_every_message_once(
    nodes: tuple[House, House], home: Path
) -> None:
    one, two = nodes
    async with one.carrying(), two.carrying():
        await until_shared(one, 2, 1)
        sent = [*await send_through_all(one, 15), *await send_through_all(two, 15)]
        for message in sent:
            await two.until(message, Status.DELIVERED)
    assert offered(home) == dict.fromkeys([message.id for message in sent], 1)
    seen = dict(ledger(home))
    drivers = Counter[str]()
    for message in sent:
        (attempt,) = (await one.timeline(message)).attempts
        assert seen[attempt.id] == message.id
        drivers[attempt.node] += 1
    assert sorted(drivers.values()) == [10, 20]
    assert set(drivers) == {one.app.node.id, two.app.node.id}


@pytest.mark.usefixtures("_short_leases")
async def test_lanes_move_to_who_comes_and_back_from_who_leaves(
    nodes: tuple[House, House], home: Path
) -> None:
    one, two = nodes
    sent: list[Message] = []
    async with one.carrying():
        await until_shared(one, 3)
        for _ in range(2):
            async with two.carrying():
                while len(set(await shares(one))) < 2:
                    sent += await send_through_all(one, 3)
                await until_shared(one, 2, 1)
            assert set(await shares(one)) <= {one.app.node.id, ""}
            await until_shared(one, 3)
        for message in sent:
            await one.until(message, Status.DELIVERED)
    assert offered(home) == dict.fromkeys([message.id for message in sent], 1)
    assert await shares(one) == {"": 3}


async def test_a_message_is_carried_by_the_other_node_than_the_one_that_took_it(
    nodes: tuple[House, House],
) -> None:
    one, two = nodes
    async with two.carrying():
        message = await one.until(await one.send(), Status.DELIVERED)
    (attempt,) = (await one.timeline(message)).attempts
    assert attempt.node == two.app.node.id


# Receipts and answers that cross, calls that cross an offer


async def test_receipts_that_cross_their_answers_are_never_lost(
    nodes: tuple[House, House], url: str, home: Path
) -> None:
    """The carriers tell a third node, which carries nothing, while they answer."""
    told: list[asyncio.Task[object]] = []

    @dataclass(kw_only=True)
    class Quick(Asked):
        listener: House

        async def send(self, offer: Offer) -> Accepted:
            self.offers.append(offer)
            answer = take(offer)
            read = Receipt(status=Status.READ, ref=answer.ref)
            by_id = Receipt(status=Status.DELIVERED, message=offer.message.id)
            by_ref = Receipt(status=Status.DELIVERED, ref=answer.ref)
            receipts = [read, by_id if len(self.offers) % 2 else by_ref]
            hear = self.listener.app.gateway.record("sandbox", receipts)
            told.append(asyncio.create_task(hear))
            return answer

    one, two = nodes
    async with opened_house(url, home) as three, one.carrying(), two.carrying():
        for house in nodes:
            await put_in(house, Quick(listener=three))
        await until_shared(one, 2, 1)
        groups = await asyncio.gather(*(send_through_all(house, 24) for house in nodes * 2))
        sent = [message for group in groups for message in group]
        for message in sent:
            await one.until(message, Status.READ)
        await asyncio.gather(*told)
    for message in sent[::10]:
        timeline = await one.timeline(message)
        assert [attempt.outcome for attempt in timeline.attempts] == [Outcome.ACCEPTED]
        assert len(timeline.receipts) == 2


async def test_a_message_is_either_called_back_or_offered_once(
    nodes: tuple[House, House], home: Path
) -> None:
    one, two = nodes
    async with one.carrying(), two.carrying():
        sent = await send_through_all(one, 40)

        async def call_back(message: Message) -> bool:
            with contextlib.suppress(Conflict):
                await two.app.gateway.cancel(two.account, message.id)
                return True
            return False

        more = asyncio.create_task(send_through_all(two, 40))
        called = await asyncio.gather(*(call_back(message) for message in sent[::-1]))
        sent += await more
        ends = {message.id: await one.until(message) for message in sent}
    canceled = {one.id for one, was in zip(sent[39::-1], called, strict=True) if was}
    assert {id for id, end in ends.items() if end.status is Status.CANCELED} == canceled
    assert offered(home) == dict.fromkeys(set(ends) - canceled, 1)


# A node that is held up, as a machine that is paused: for good, or to go on later


@dataclass
class Elsewhere:
    """A node in a thread of its own, which can be held up as a whole."""

    url: str
    home: Path
    ready: threading.Event = field(default_factory=threading.Event)
    goes_on: threading.Event = field(default_factory=threading.Event)

    @contextlib.asynccontextmanager
    async def open(self, prepare: Callable[[House], object] | None = None) -> AsyncIterator[House]:
        with ThreadPoolExecutor(1) as pool:
            task = asyncio.get_running_loop().run_in_executor(pool, asyncio.run, self._run(prepare))
            try:
                assert await asyncio.to_thread(self.ready.wait, 20)
                yield self.house
            finally:
                self.goes_on.set()
                self._call(self.leave.set)
                await task

    async def _run(self, prepare: Callable[[House], object] | None) -> None:
        self.loop = asyncio.get_running_loop()
        self.leave = asyncio.Event()
        async with opened_house(self.url, self.home) as self.house:
            await self.house.app.connections.refresh()
            if prepare:
                prepare(self.house)
            async with self.house.carrying():
                self.ready.set()
                await self.leave.wait()

    def _call(self, work: Callable[[], object]) -> None:
        self.loop.call_soon_threadsafe(work)

    def hold_up(self) -> None:
        """Nothing runs in it from now on, not even its heartbeat."""
        self._call(lambda: self.goes_on.wait(60))


async def test_the_lanes_of_a_node_that_is_gone_are_driven_by_the_other_within_five_seconds(
    url: str, home: Path
) -> None:
    async with opened_house(url, home) as one:
        other = Elsewhere(url, home)
        async with other.open() as gone:
            await until_shared(one, 3)
            slow = await one.send("+15005520102")
            await until(lambda: ledger(home))
            other.hold_up()
            waiting = await one.send()
            async with one.carrying(), asyncio.timeout(PATIENCE):
                await until_shared(one, 3)
                assert set(await shares(one)) <= {one.app.node.id, gone.app.node.id}
                await one.until(waiting, Status.DELIVERED)
                await one.until(slow, Status.DELIVERED)
            assert offered(home) == {slow.id: 1, waiting.id: 1}
        # It went on, and found its offer settled.
        for message in (slow, waiting):
            assert (await one.find(message)).status is Status.DELIVERED
            (attempt,) = (await one.timeline(message)).attempts
            assert attempt.outcome is Outcome.ACCEPTED
        told = [receipt.status for receipt, _ in (await one.timeline(slow)).receipts]
        assert told == [Status.DELIVERED]


@dataclass(kw_only=True)
class Paused(Sandbox):
    """Holds up its whole process at the first offer, before the carrier sees it."""

    is_paused: threading.Event = field(default_factory=threading.Event)
    goes_on: threading.Event = field(default_factory=threading.Event)

    async def send(self, offer: Offer) -> Accepted:
        if not self.is_paused.is_set():
            self.is_paused.set()
            assert self.goes_on.wait(60)
        return await super().send(offer)


@pytest.mark.usefixtures("_short_leases")
async def test_what_a_node_had_taken_up_before_it_was_paused_is_not_offered_when_it_goes_on(
    url: str, home: Path
) -> None:
    async with opened_house(url, home) as one:
        sent = [await one.send() for _ in range(6)]
        other = Elsewhere(url, home)
        paused = Paused(goes_on=other.goes_on)
        async with other.open(lambda house: _carry_by(house, paused)):
            await until(paused.is_paused.is_set)
            clock = Clock()
            worker = worker_of(one, clock)
            task = asyncio.create_task(worker.run())
            for message in sent:
                await until_outcome(one, message, Outcome.UNREACHED)
            clock.forward(5)
            for message in sent:
                await one.until(message, Status.DELIVERED)
            assert set(offered(home).values()) == {1}
            other.goes_on.set()
            await asyncio.sleep(0.5)
            worker.stop()
            await task
        # The one that was on its way into the carrier could not be held back.
        assert sum(offered(home).values()) <= len(sent) + 1
        for message in sent:
            assert (await one.find(message)).status is Status.DELIVERED


async def until_outcome(house: House, message: Message, outcome: Outcome) -> None:
    """Return once the first attempt at a message has come to this."""
    async with asyncio.timeout(PATIENCE):
        while (await house.timeline(message)).attempts[0].outcome is not outcome:
            await asyncio.sleep(0.02)


def _carry_by(house: House, provider: Paused) -> None:
    known = house.app.connections._providers["sandbox"]
    provider._ledger = known._ledger  # type: ignore[attr-defined]
    house.app.connections._providers["sandbox"] = provider


@dataclass(kw_only=True)
class Forgetful(Asked):
    """Cannot tell what became of an offer."""

    async def recall(self, attempt: Attempt, message: Message) -> Accepted:
        raise Unclear("who knows")


@pytest.mark.usefixtures("_short_leases")
async def test_a_late_answer_of_a_node_that_was_given_up_is_believed(url: str, home: Path) -> None:
    async with opened_house(url, home) as one:
        await put_in(one, Forgetful())
        message = await one.send()
        other = Elsewhere(url, home)
        theirs = Asked()

        def prepare(house: House) -> None:
            house.app.connections._providers["sandbox"] = theirs

        async with other.open(prepare):
            await until(lambda: theirs.offers)
            other.hold_up()
            async with one.carrying():
                await until_outcome(one, message, Outcome.UNCLEAR)
                assert (await one.find(message)).status is Status.SENDING
                other._call(theirs.gate.set)
                other.goes_on.set()
                await one.until(message, Status.SENT)
        (attempt,) = (await one.timeline(message)).attempts
        assert attempt.outcome is Outcome.ACCEPTED


@pytest.mark.usefixtures("_short_leases")
async def test_the_order_of_a_person_is_kept_when_a_lane_moves(
    nodes: tuple[House, House],
) -> None:
    one, two = nodes
    await change_sender(one, in_order=True)
    seen: list[str] = []

    def note(offer: Offer) -> Accepted:
        seen.append(offer.message.body)
        return take(offer)

    for house in nodes:
        provider = Asked(answer=note)
        provider.gate.set()
        await put_in(house, provider)
    bodies = [f"{n:02}" for n in range(30)]
    for body in bodies:
        last = await one.send(body=body)
    for house in (one, two, one):
        async with house.carrying():
            await asyncio.sleep(0.05)
    async with two.carrying():
        await two.until(last, Status.SENT)
    assert seen == bodies
