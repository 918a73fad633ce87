"""What the worker makes of every answer, and that it keeps windows, paces, orders and promises."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from structlog.testing import capture_logs

from estafette.core import answers
from estafette.core.worker import Worker
from estafette.model import (
    Accepted,
    Attempt,
    Channel,
    Connection,
    Later,
    Message,
    Misconfigured,
    Offer,
    Outcome,
    Reason,
    Receipt,
    Refused,
    Sender,
    Status,
    Throttled,
    Unclear,
    Unknown,
    Unreached,
)
from estafette.model.ids import instant, new_id
from estafette.store import attempts, jobs, lanes, schema, senders
from estafette.store.jobs import Job
from tests.core.carriers import (
    Asked,
    Clock,
    carrying_by,
    change_sender,
    open_gate,
    put_in,
    take,
    until,
    worker_of,
)
from tests.core.conftest import House, opened_house
from tests.patience import PATIENCE

ANN, BOB = "+14155550101", "+14155550102"


async def all_jobs(house: House) -> list[Job]:
    rows = await house.app.store.read(lambda conn: conn.execute(schema.jobs.select()).fetchall())
    return [Job(*row) for row in rows]


async def open_attempts(house: House, lane: str) -> int:
    return len(await house.app.store.read(lambda conn: attempts.open_of(conn, lane)))


async def until_idle(house: House) -> None:
    """Nothing is due and nothing is in flight."""
    async with asyncio.timeout(PATIENCE):
        while await all_jobs(house) or await _open(house):
            await asyncio.sleep(0.02)


async def _open(house: House) -> int:
    asked = text("SELECT count(*) FROM attempts WHERE closed_at IS NULL")
    return int(await house.app.store.read(lambda conn: conn.execute(asked).scalar_one()))


Logged = list[MutableMapping[str, Any]]


@pytest.fixture(autouse=True)
def logged() -> Iterator[Logged]:
    """What was logged."""
    with capture_logs() as entries:
        yield entries


def raising(error: Exception) -> Callable[[Offer], Accepted]:
    def answer(_: Offer) -> Accepted:
        raise error

    return answer


def settle_at_once(**parts: Any) -> Connection:
    return Connection(name="sandbox", provider="sandbox", receipt_wait=0, **parts)


def ledger(home: Path) -> list[str]:
    """The attempts that the sandbox of a home saw."""
    files = (home / "sandbox").glob("*.log")
    return [line.split(" ")[0] for file in files for line in file.read_text().splitlines()]


# Answers


async def test_an_accepted_message_is_sent_under_the_id_of_its_carrier(house: House) -> None:
    await put_in(house, open_gate(Asked()))
    async with house.carrying():
        message = await house.until(await house.send(), Status.SENT)
    (attempt,) = (await house.timeline(message)).attempts
    assert message.ref == attempt.ref == f"R{attempt.id}"
    assert (attempt.number, attempt.node) == (1, house.app.node.id)
    assert await house.app.gateway.find_by_ref(house.account, message.ref) == message
    assert await all_jobs(house) == []


async def test_a_refusal_fails_a_message_with_the_words_of_its_carrier(house: House) -> None:
    async with house.carrying():
        message = await house.until(await house.send("+15005520400"))
    assert (message.status, message.reason) == (Status.FAILED, Reason.BLOCKED)
    assert (message.code, message.text) == ("30007", "Message filtered")
    assert (message.ref, message.sent_at) == ("", None)


async def test_a_message_that_could_not_leave_is_offered_again_after_a_while(
    house: House,
) -> None:
    clock = Clock()
    async with carrying_by(house, clock):
        message = await house.send("+15005520503")
        job = await until_job(house, message, tries=1)
        (attempt,) = (await house.timeline(message)).attempts
        assert (attempt.outcome, job.kind) == (Outcome.UNREACHED, "send")
        assert after(attempt, job) == 5
        waiting = await house.find(message)
        assert (waiting.status, waiting.text) == (Status.QUEUED, "")
        clock.forward(5)
        await house.until(message, Status.SENT, Status.DELIVERED)
    outcomes = [attempt.outcome for attempt in (await house.timeline(message)).attempts]
    assert outcomes == [Outcome.UNREACHED, Outcome.ACCEPTED]


def after(attempt: Attempt, job: Job) -> float:
    """How many seconds after an attempt a job is due."""
    assert attempt.closed_at is not None
    return (job.due_at - instant(attempt.closed_at)) / 1e6


async def until_job(house: House, message: Message, *, tries: int) -> Job:
    """The job that offers a message again, once it is there."""
    async with asyncio.timeout(PATIENCE):
        while True:
            for job in await all_jobs(house):
                if (job.message, job.tries) == (message.id, tries):
                    return job
            await asyncio.sleep(0.02)


async def test_waits_grow_from_attempt_to_attempt(house: House) -> None:
    clock = Clock()
    async with carrying_by(house, clock):
        message = await house.send("+15005520599")
        for tries, wait in enumerate([5, 30, 120], start=1):
            job = await until_job(house, message, tries=tries)
            attempt = (await house.timeline(message)).attempts[-1]
            assert (attempt.number, after(attempt, job)) == (tries, wait)
            clock.forward(wait)


async def test_a_message_is_not_offered_again_after_its_validity(house: House) -> None:
    clock = Clock()
    async with carrying_by(house, clock):
        message = await house.send("+15005520599", valid_for=20)
        await until_job(house, message, tries=1)
        clock.forward(5)
        job = await until_job(house, message, tries=2)
        assert job.due_at == instant(message.expires_at)
        clock.forward(15.1)
        found = await house.until(message)
    assert (found.status, found.reason) == (Status.FAILED, Reason.EXPIRED)
    assert len((await house.timeline(message)).attempts) == 2


async def test_a_message_that_expired_before_it_was_offered_fails(house: House) -> None:
    message = await house.send(valid_for=0)
    async with house.carrying():
        found = await house.until(message)
    assert (found.status, found.reason) == (Status.FAILED, Reason.EXPIRED)
    assert (await house.timeline(message)).attempts == []


async def test_a_throttled_message_comes_back_when_it_was_told_to(house: House) -> None:
    clock = Clock()
    provider = open_gate(Asked(answer=raising(Throttled("slow", code="429", retry_after=77.5))))
    await put_in(house, provider)
    async with carrying_by(house, clock):
        message = await house.send()
        job = await until_job(house, message, tries=1)
        assert after((await house.timeline(message)).attempts[0], job) == 77.5
        provider.answer = take
        clock.forward(77.5)
        await house.until(message, Status.SENT)
    first, second = (await house.timeline(message)).attempts
    assert (first.outcome, first.code, first.text) == (Outcome.THROTTLED, "429", "slow")
    assert second.outcome is Outcome.ACCEPTED


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (Unclear("cut off", code="E7"), "cut off"),
        (RuntimeError("a secret"), "RuntimeError while it was offered"),
        (TimeoutError(), "no answer within 60 s"),
        (
            asyncio.CancelledError(),
            "the process that made this offer ended before the answer was written down",
        ),
    ],
)
async def test_what_nobody_knows_is_never_offered_again_by_itself(
    house: House, answer: Exception, text: str
) -> None:
    provider = open_gate(Asked(answer=raising(answer)))
    await put_in(house, provider)
    async with house.carrying():
        message = await house.send()
        job = await until_job(house, message, tries=1)
        assert (await house.find(message)).status is Status.SENDING
    assert job.kind == "settle"
    (attempt,) = (await house.timeline(message)).attempts
    assert (attempt.outcome, attempt.text) == (Outcome.UNCLEAR, text)
    assert after(attempt, job) == 30
    assert len(provider.offers) == 1


async def test_silence_is_an_answer_in_the_end(house: House) -> None:
    class Silent(Asked):
        answers_within = 0.05

    await put_in(house, Silent())
    async with house.carrying():
        message = await house.send()
        await until_job(house, message, tries=1)
    (attempt,) = (await house.timeline(message)).attempts
    assert (attempt.outcome, attempt.text) == (Outcome.UNCLEAR, "no answer within 0.05 s")


async def test_an_unanswered_message_fails_where_that_is_the_policy(house: House) -> None:
    await house.app.connections.save(settle_at_once(on_unclear="fail"))
    async with house.carrying():
        message = await house.until(await house.send("+15005520504"))
    assert (message.status, message.reason) == (Status.FAILED, Reason.UNANSWERED)
    assert len((await house.timeline(message)).attempts) == 1


async def test_an_unanswered_message_is_offered_again_where_that_is_the_policy(
    house: House,
) -> None:
    provider = open_gate(Asked(answer=raising(Unclear("cut off"))))
    await house.app.connections.save(settle_at_once(on_unclear="resend"))
    await put_in(house, provider)
    async with house.carrying():
        message = await house.send()
        await until(lambda: len(provider.offers) >= 3)
        provider.answer = take
        await house.until(message, Status.SENT)
    found = (await house.timeline(message)).attempts
    assert [attempt.number for attempt in found] == list(range(1, len(found) + 1))
    assert {attempt.outcome for attempt in found[:-1]} == {Outcome.UNCLEAR}


async def test_what_a_carrier_told_meanwhile_settles_an_unanswered_message(
    house: House,
) -> None:
    clock = Clock()
    await put_in(house, open_gate(Asked(answer=raising(Unclear("cut off")))))
    async with carrying_by(house, clock):
        message = await house.send()
        await until_job(house, message, tries=1)
        told = Receipt(status=Status.DELIVERED, message=message.id)
        await house.app.gateway.record("sandbox", [told])
        clock.forward(31)
        await until_idle(house)
    assert (await house.find(message)).status is Status.DELIVERED


async def test_a_receipt_is_told_although_the_answer_was_not(house: House) -> None:
    async with house.carrying():
        message = await house.until(await house.send("+15005520408"))
    assert message.status is Status.DELIVERED
    assert message.ref.startswith("SB")  # which the receipt told


@pytest.mark.parametrize(
    "error",
    [
        Refused("N\0UL", code="\0", reason=Reason.BLOCKED),
        Refused("half a pair \ud83d", reason=Reason.BLOCKED),
    ],
)
async def test_words_that_no_database_keeps_do_not_keep_an_answer_from_being_written(
    house: House, error: Exception
) -> None:
    await put_in(house, open_gate(Asked(answer=raising(error))))
    async with house.carrying():
        message = await house.until(await house.send())
        fine = await house.until(await house.send())
    assert (message.status, message.reason) == (Status.FAILED, Reason.BLOCKED)
    assert fine.status is Status.FAILED


NONSENSE: dict[str, Any] = {
    "a receipt that comes at no time": Accepted(
        ref="R",
        later=(Later("soon", Receipt(status=Status.SENT)),),  # type: ignore[arg-type]
    ),
    "an id that is no text": Accepted(ref=7),  # type: ignore[arg-type]
    "nothing": None,
}


@pytest.mark.parametrize("answer", NONSENSE)
async def test_an_answer_that_makes_no_sense_tells_nothing_and_the_lane_goes_on(
    house: House, answer: str
) -> None:
    provider = open_gate(Asked(answer=lambda _offer: NONSENSE[answer]))
    await put_in(house, provider)
    async with house.carrying():
        message = await house.send()
        await until_job(house, message, tries=1)
        provider.answer = take
        await house.until(await house.send(), Status.SENT)
    (attempt,) = (await house.timeline(message)).attempts
    assert attempt.outcome is Outcome.UNCLEAR
    assert await _open(house) == 0


async def test_an_answer_that_the_database_did_not_take_is_settled_once_it_does(
    house: House, logged: Logged
) -> None:
    provider = Asked()
    await put_in(house, provider)
    away = text("ALTER TABLE attempts RENAME TO away")
    back = text("ALTER TABLE away RENAME TO attempts")
    async with house.carrying():
        message = await house.send()
        await until(lambda: provider.offers)
        await house.app.store.write(lambda conn: conn.execute(away))
        provider.gate.set()
        await until(lambda: any("could not be written" in entry["event"] for entry in logged))
        await house.app.store.write(lambda conn: conn.execute(back))
        await until_job(house, message, tries=1)
        await house.until(await house.send(), Status.SENT)
    (attempt,) = (await house.timeline(message)).attempts
    assert attempt.outcome is Outcome.UNCLEAR


async def test_an_offer_without_a_provider_says_that_its_settings_are_wrong(house: House) -> None:
    message = await house.send()
    answer = await answers.ask(None, Offer("a" * 32, 1, message))
    assert isinstance(answer, Misconfigured)


async def test_a_lane_that_cannot_be_settled_keeps_no_other_waiting(
    house: House, logged: Logged
) -> None:
    """Its message is of a channel that only a later version knows."""
    message = await house.send()
    word = text("UPDATE messages SET channel = :word WHERE id = :id")
    await house.app.store.write(lambda conn: cut_short(conn, house, message))
    strange = {"word": "smoke", "id": message.id}
    await house.app.store.write(lambda conn: conn.execute(word, strange))
    async with house.carrying():
        await house.until(await house.send(sender="+15005550006"), Status.DELIVERED)
        assert any("could not be settled" in entry["event"] for entry in logged)
        known = {"word": "sms", "id": message.id}
        await house.app.store.write(lambda conn: conn.execute(word, known))
        await until_job(house, message, tries=1)
        await house.until(await house.send(), Status.DELIVERED)


# Wrong settings


async def test_wrong_settings_park_a_connection_until_they_are_mended(house: House) -> None:
    connections = house.app.connections
    wrong = Connection(name="sandbox", provider="sandbox", settings={"token": "wrong"})
    await connections.save(wrong)
    async with house.carrying():
        waiting = [await house.send() for _ in range(3)]
        await until(lambda: connections._known["sandbox"].parked_at)
        (parked,) = await connections.list()
        assert parked.parked_text == "the sandbox takes only the token 'sandbox'"
        more = await house.send()
        await asyncio.sleep(0.1)
        assert {(await house.find(one)).status for one in [*waiting, more]} == {Status.QUEUED}
        assert (await house.timeline(more)).attempts == []
        await connections.save(Connection(name="sandbox", provider="sandbox"))
        for one in [*waiting, more]:
            await house.until(one, Status.DELIVERED)
    (mended,) = await connections.list()
    assert (mended.parked_at, mended.parked_text) == (None, "")


async def test_a_parked_connection_goes_on_when_somebody_says_so(house: House) -> None:
    await house.app.connections.park("sandbox", "for a while")
    async with house.carrying():
        message = await house.send()
        await asyncio.sleep(0.1)
        assert (await house.find(message)).status is Status.QUEUED
        await house.app.connections.resume("sandbox")
        await house.until(message, Status.DELIVERED)


async def test_receipts_of_a_parked_connection_are_still_told(house: House) -> None:
    later = (Later(0, Receipt(status=Status.DELIVERED)),)
    provider = Asked(answer=lambda offer: Accepted(ref="R1", later=_about(later, offer)))
    await put_in(house, provider)
    async with house.carrying():
        message = await house.send()
        await until(lambda: provider.offers)
        await house.app.connections.park("sandbox", "for a while")
        provider.gate.set()
        await house.until(message, Status.DELIVERED)


def _about(later: tuple[Later, ...], offer: Offer) -> tuple[Later, ...]:
    return tuple(
        Later(one.after, Receipt(status=one.receipt.status, message=offer.message.id))
        for one in later
    )


async def test_an_answer_about_old_settings_does_not_park_the_new_ones(house: House) -> None:
    old = Asked(answer=raising(Misconfigured("wrong token")))
    await put_in(house, old)
    async with house.carrying():
        message = await house.send()
        await until(lambda: old.offers)
        other = Connection(name="sandbox", provider="sandbox", settings={"delay": 0.02})
        await house.app.connections.save(other)
        old.gate.set()
        await house.until(message, Status.DELIVERED)
    (connection,) = await house.app.connections.list()
    assert connection.parked_at is None


async def add_sender(house: House, address: str, connection: str) -> Sender:
    sender = Sender(
        id=new_id(house.account.created_at),
        account=house.account.sid,
        channel=Channel.SMS,
        address=address,
        connection=connection,
    )
    await house.app.store.write(lambda conn: senders.add(conn, sender))
    return sender


async def test_messages_of_a_sender_whose_connection_is_gone_wait_for_it(house: House) -> None:
    await add_sender(house, "+14155550199", "elsewhere")
    async with house.carrying():
        message = await house.send(sender="+14155550199")
        other = await house.send()
        await house.until(other, Status.DELIVERED)
        assert (await house.find(message)).status is Status.QUEUED
        await house.app.connections.add(Connection(name="elsewhere", provider="sandbox"))
        await house.until(message, Status.DELIVERED)


async def test_a_message_expires_although_its_connection_is_parked(house: House) -> None:
    await house.app.connections.park("sandbox", "for a while")
    message = await house.send(valid_for=0)
    async with house.carrying():
        found = await house.until(message)
    assert found.reason is Reason.EXPIRED


# Window, pace, order


async def test_no_more_is_in_flight_than_the_window_of_a_sender(house: House) -> None:
    sender = await change_sender(house, window=3)
    provider = Asked()
    await put_in(house, provider)
    async with house.carrying():
        messages = [await house.send() for _ in range(8)]
        await until(lambda: len(provider.offers) == 3)
        await asyncio.sleep(0.1)
        assert len(provider.offers) == 3
        assert await open_attempts(house, sender.id) == 3
        provider.gate.set()
        for message in messages:
            await house.until(message, Status.SENT)
    assert provider.most_in_flight == 3
    assert len(provider.offers) == 8


async def test_a_pace_is_kept_when_another_takes_over(house: House) -> None:
    await change_sender(house, max_per_second=0.1)
    provider = open_gate(Asked())
    await put_in(house, provider)
    for _ in range(3):
        await house.send()
    clock = Clock(stands_still=True)
    for offers in (1, 1, 2):
        if offers == 2:
            clock.forward(10)
        async with carrying_by(house, clock):
            await until(lambda count=offers: len(provider.offers) == count)
            await asyncio.sleep(0.1)
        assert len(provider.offers) == offers


async def rounds(house: House, seconds: float) -> int:
    """How many transactions were begun to write in this time."""
    begun: list[object] = []

    def note(conn: object) -> None:
        begun.append(conn)

    event.listen(house.app.store._writing, "begin", note)
    await asyncio.sleep(seconds)
    event.remove(house.app.store._writing, "begin", note)
    return len(begun)


async def test_a_lane_whose_pace_allows_nothing_is_left_alone(house: House) -> None:
    await change_sender(house, max_per_second=0.1)
    await put_in(house, open_gate(Asked()))
    messages = [await house.send() for _ in range(2)]
    clock = Clock(stands_still=True)
    async with carrying_by(house, clock):
        await house.until(messages[0], Status.SENT)
    async with carrying_by(house, clock):
        await asyncio.sleep(0.1)
        assert await rounds(house, 0.3) <= 8


async def test_one_persons_messages_are_offered_one_after_the_other(house: House) -> None:
    await change_sender(house, in_order=True)
    provider = Asked()
    await put_in(house, provider)
    async with house.carrying():
        for n in range(4):
            await house.send(ANN, f"ann {n}")
            await house.send(BOB, f"bob {n}")
        await until(lambda: len(provider.offers) == 2)
        await asyncio.sleep(0.1)
        assert sorted(provider.bodies) == ["ann 0", "bob 0"]
        provider.gate.set()
        await until_idle(house)
    for name in ("ann", "bob"):
        theirs = [body for body in provider.bodies if body.startswith(name)]
        assert theirs == [f"{name} {n}" for n in range(4)]
    assert provider.most_in_flight == 2


async def test_a_throttled_head_of_line_holds_only_its_own_person(house: House) -> None:
    await change_sender(house, in_order=True)
    provider = open_gate(Asked(answer=_throttle_ann))
    await put_in(house, provider)
    clock = Clock()
    async with carrying_by(house, clock):
        first = await house.send(ANN, "ann 0")
        await until_job(house, first, tries=1)
        last = await house.send(ANN, "ann 1")
        await house.until(await house.send(BOB, "bob"), Status.SENT)
        assert await rounds(house, 0.3) <= 8
        assert provider.bodies == ["ann 0", "bob"]
        provider.answer = take
        clock.forward(60)
        await house.until(last, Status.SENT)
    assert provider.bodies == ["ann 0", "bob", "ann 0", "ann 1"]


def _throttle_ann(offer: Offer) -> Accepted:
    if offer.message.recipient == ANN:
        raise Throttled("slow", retry_after=60)
    return take(offer)


async def test_the_order_of_a_person_outlives_the_worker(house: House) -> None:
    await change_sender(house, in_order=True)
    provider = Asked(answer=_throttle_ann)
    await put_in(house, provider)
    clock = Clock()
    for n in range(3):
        await house.send(ANN, f"ann {n}")
    provider.gate.set()
    async with carrying_by(house, clock):
        await until(lambda: provider.offers)
    provider.answer = take
    clock.forward(60)
    async with carrying_by(house, clock):
        await until_idle(house)
    assert provider.bodies == ["ann 0", "ann 0", "ann 1", "ann 2"]


# Beginning and end


async def test_a_worker_that_stops_writes_down_what_is_in_flight_and_leaves(
    house: House,
) -> None:
    provider = Asked()
    await put_in(house, provider)
    worker = house.app.worker()
    task = asyncio.create_task(worker.run())
    message = await house.send()
    await until(lambda: provider.offers)
    worker.stop()
    await asyncio.sleep(0.2)  # what it was asking for when it was stopped, it still takes up
    late = await house.send()
    await asyncio.sleep(0.1)
    assert not task.done()
    provider.gate.set()
    await task
    assert (await house.find(message)).status is Status.SENT
    assert (await house.find(late)).status is Status.QUEUED
    drivers = await house.app.store.read(lanes.drivers)
    assert set(drivers.values()) == {""}
    assert await _open(house) == 0


async def test_what_is_not_answered_in_the_time_of_grace_is_settled_by_the_next(
    house: House,
) -> None:
    provider = Asked()
    await put_in(house, provider)
    worker = house.app.worker()
    task = asyncio.create_task(worker.run(grace=0.05))
    message = await house.send()
    await until(lambda: provider.offers)
    worker.stop()
    await task
    assert await _open(house) == 1
    assert (await house.find(message)).status is Status.SENDING
    async with house.carrying():
        await until_job(house, message, tries=1)
    (attempt,) = (await house.timeline(message)).attempts
    assert attempt.outcome is Outcome.UNCLEAR
    assert len(provider.offers) == 1


async def test_an_offer_that_was_cut_short_is_looked_up_where_the_carrier_can_be_asked(
    url: str, tmp_path: Path
) -> None:
    """The sandbox saw the one, and never the other: it was written down, and then came the end."""
    home = tmp_path / "home"
    async with opened_house(url, home) as house:
        unseen = await house.send()
        await house.app.store.write(lambda conn: cut_short(conn, house, unseen))
        seen = await house.send("+15005520102")
        worker = house.app.worker()
        task = asyncio.create_task(worker.run(grace=0))
        await until(lambda: ledger(home))
        worker.stop()
        await task
    async with opened_house(url, home) as house, house.carrying():
        await house.until(seen, Status.DELIVERED)
        assert len((await house.timeline(seen)).attempts) == 1
        job = await until_job(house, unseen, tries=1)
        (attempt,) = (await house.timeline(unseen)).attempts
        assert (attempt.outcome, job.kind) == (Outcome.UNREACHED, "send")
    assert len(ledger(home)) == len(set(ledger(home))) == 1


def cut_short(conn: Any, house: House, message: Message, connection: str = "sandbox") -> None:
    """An offer as a process that dies right after its commit leaves it."""
    attempts.start(
        conn,
        jobs.take(conn, message.lane, "send", 2**62, 1),
        [new_id(message.created_at)],
        node=house.app.node.id,
        connection=connection,
        now=instant(message.created_at),
    )


async def test_an_offer_through_a_connection_that_is_gone_is_unclear(house: House) -> None:
    sender = await add_sender(house, "+14155550199", "elsewhere")
    message = await house.send(sender=sender.address)
    await house.app.store.write(lambda conn: cut_short(conn, house, message, "elsewhere"))
    async with house.carrying():
        await until_job(house, message, tries=1)
    (attempt,) = (await house.timeline(message)).attempts
    assert attempt.outcome is Outcome.UNCLEAR
    assert attempt.text == "the connection that it was offered through is gone"


async def test_a_carrier_that_breaks_when_it_is_asked_tells_nothing(house: House) -> None:
    class Broken(Asked):
        async def recall(self, *_: object) -> Accepted:
            raise RuntimeError("a secret")

    provider = Broken()
    await put_in(house, provider)
    worker = house.app.worker()
    task = asyncio.create_task(worker.run(grace=0))
    message = await house.send()
    await until(lambda: provider.offers)
    worker.stop()
    await task
    async with house.carrying():
        await until_job(house, message, tries=1)
    (attempt,) = (await house.timeline(message)).attempts
    assert attempt.text == "RuntimeError while it was asked about"


async def test_a_new_sender_is_driven_without_a_restart(house: House) -> None:
    async with house.carrying():
        await house.until(await house.send())
        await add_sender(house, "+14155550198", "sandbox")
        await house.until(await house.send(sender="+14155550198"), Status.DELIVERED)


async def test_a_lane_without_a_sender_is_nobodys_to_drive(house: House) -> None:
    row = {"id": "0", "node": "", "leased_until": 0, "next_at": 0}
    await house.app.store.write(lambda conn: conn.execute(schema.lanes.insert().values(row)))
    async with house.carrying():
        await house.until(await house.send(), Status.DELIVERED)


async def test_what_was_taken_up_for_a_lane_that_was_given_up_meanwhile_is_settled(
    house: House,
) -> None:
    """Another offer of the lane ended without an answer while this one was written down."""
    clock = Clock()
    provider = open_gate(Asked(answer=_throttle_ann))
    await put_in(house, provider)
    may_end = threading.Event()
    async with carrying_by(house, clock):
        first = await house.send(ANN, "first")
        await until_job(house, first, tries=1)
        provider.gate.clear()
        second = await house.send(BOB, "second")
        await until(lambda: len(provider.offers) == 2)
        provider.answer = raising(asyncio.CancelledError())  # type: ignore[arg-type]
        has_begun = threading.Event()

        def hold(_conn: object) -> bool:
            has_begun.set()
            return may_end.wait(PATIENCE)

        held = asyncio.create_task(house.app.store.write(hold))
        await until(has_begun.is_set)
        clock.forward(60)
        await until(lambda: _asks_to_take_up(house))
        provider.gate.set()
        await asyncio.sleep(0.05)
        may_end.set()
        assert await held
        for message in (first, second):
            await until_job(house, message, tries=2 if message is first else 1)
    assert provider.bodies == ["first", "second"]
    outcomes = [attempt.outcome for attempt in (await house.timeline(first)).attempts]
    assert outcomes == [Outcome.THROTTLED, Outcome.UNCLEAR]


def _asks_to_take_up(house: House) -> bool:
    return any("take_up" in repr(call.work) for call in house.app.store._writer._gather._waiting)


async def test_a_worker_goes_on_after_the_database_was_of_no_use(
    house: House, logged: Logged
) -> None:
    async with house.carrying():
        await house.until(await house.send())
        await _take_away(house)
        await until(lambda: any("heartbeat" in entry["event"] for entry in logged))
        await _bring_back(house)
        await house.until(await house.send(), Status.DELIVERED)


async def _take_away(house: House) -> None:
    ask = house.app.store.write
    await ask(lambda conn: conn.execute(text("ALTER TABLE lanes RENAME TO away")))


async def _bring_back(house: House) -> None:
    ask = house.app.store.write
    await ask(lambda conn: conn.execute(text("ALTER TABLE away RENAME TO lanes")))


async def test_a_woken_worker_looks_at_once(house: House) -> None:
    async with carrying_by(house, Clock()) as worker:
        for _ in range(3):
            worker.wake()
            message = await house.send()
            worker.wake()
            await house.until(message, Status.SENT, Status.DELIVERED)


async def test_a_worker_that_was_stopped_before_it_ran_does_nothing(house: House) -> None:
    message = await house.send()
    worker: Worker = worker_of(house, Clock())
    worker.stop()
    await worker.run()
    assert (await house.find(message)).status is Status.QUEUED


async def test_a_deleted_message_under_way_is_no_longer_known(house: House) -> None:
    provider = Asked()
    await put_in(house, provider)
    async with house.carrying():
        message = await house.send()
        await until(lambda: provider.offers)
        told = Receipt(status=Status.DELIVERED, message=message.id)
        await house.app.gateway.record("sandbox", [told])
        await house.app.gateway.delete(house.account, message.id)
        provider.gate.set()
        await until_idle(house)
    with pytest.raises(Unknown):
        await house.find(message)
    with contextlib.suppress(Unknown):
        assert (await house.timeline(message)).attempts == []


async def test_unreached_is_not_remembered_as_an_error_of_the_message(house: House) -> None:
    provider = open_gate(Asked(answer=raising(Unreached("refused", code="ECONNREFUSED"))))
    await put_in(house, provider)
    async with house.carrying():
        message = await house.send()
        await until_job(house, message, tries=1)
    found = await house.find(message)
    assert (found.status, found.reason, found.code) == (Status.QUEUED, None, "")
