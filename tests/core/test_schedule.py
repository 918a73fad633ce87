"""Messages that are to leave at a time: not before, and whatever changes meanwhile."""

import asyncio
from datetime import timedelta

import pytest

from estafette.core.gateway import Gateway
from estafette.model import Channel, Conflict, Declined, Message, Reason, Send, Status
from estafette.store import jobs, schema
from tests.conftest import RECIPIENT, SENDER
from tests.core.carriers import Asked, Clock, carrying_by, change_sender, open_gate, put_in, until
from tests.core.conftest import House

HOUR = 3600.0


async def schedule(house: House, clock: Clock, seconds: float = HOUR, **more: object) -> Message:
    """A message that is to leave so many seconds from now."""
    gateway = Gateway(house.app.store, house.app.connections, clock)
    asked = {
        "channel": Channel.SMS, "sender": SENDER, "recipient": RECIPIENT, "body": "Later",
        "send_at": clock() + timedelta(seconds=seconds), **more,
    }  # fmt: skip
    return await gateway.send(house.account, Send(**asked))  # type: ignore[arg-type]


async def test_it_leaves_at_its_time_and_not_before(house: House) -> None:
    clock, carrier = Clock(stands_still=True), open_gate(Asked())
    await put_in(house, carrier)
    message = await schedule(house, clock)
    assert (message.status, message.sent_at) == (Status.SCHEDULED, None)
    async with carrying_by(house, clock):
        clock.forward(HOUR - 1)
        await asyncio.sleep(0.6)
        assert carrier.offers == []
        found = await house.find(message)
        assert (found.status, found.sent_at) == (Status.SCHEDULED, None)
        clock.forward(1)
        found = await house.until(message, Status.SENT)
    assert found.sent_at == clock()
    assert len(carrier.offers) == 1


async def test_its_validity_begins_when_it_may_leave(house: House) -> None:
    clock, carrier = Clock(stands_still=True), open_gate(Asked())
    await put_in(house, carrier)
    on_time, late = [await schedule(house, clock, valid_for=60) for _ in range(2)]
    assert on_time.expires_at == clock() + timedelta(seconds=HOUR + 60)
    await change_sender(house, connection="nowhere")
    async with carrying_by(house, clock):
        clock.forward(HOUR + 61)
        found = await house.until(late, Status.FAILED)
    assert found.reason is Reason.EXPIRED
    assert carrier.offers == []


async def test_it_can_be_called_back_until_then(house: House) -> None:
    clock, carrier = Clock(stands_still=True), open_gate(Asked())
    await put_in(house, carrier)
    message = await schedule(house, clock)
    canceled = await house.app.gateway.cancel(house.account, message.id)
    assert (canceled.status, canceled.sent_at) == (Status.CANCELED, None)
    with pytest.raises(Conflict):
        await house.app.gateway.cancel(house.account, message.id)
    other = await schedule(house, clock)
    with pytest.raises(Conflict):
        await house.app.gateway.delete(house.account, other.id)
    clock.forward(HOUR)
    async with carrying_by(house, clock):
        await house.until(other, Status.SENT)
    assert [offer.message.id for offer in carrier.offers] == [other.id]


async def test_who_opts_out_afterwards_still_gets_it(house: House) -> None:
    clock, carrier = Clock(stands_still=True), open_gate(Asked())
    await put_in(house, carrier)
    message = await schedule(house, clock)
    row = {
        "account": house.account.sid, "recipient": RECIPIENT, "channel": "sms", "scope": "",
        "source": "test", "created_at": 0,
    }  # fmt: skip
    await house.app.store.write(lambda conn: conn.execute(schema.suppressions.insert().values(row)))
    clock.forward(HOUR)
    async with carrying_by(house, clock):
        await house.until(message, Status.SENT)


async def test_it_does_not_hold_up_what_comes_before_its_time(house: House) -> None:
    clock, carrier = Clock(stands_still=True), open_gate(Asked())
    await put_in(house, carrier)
    await change_sender(house, in_order=True)
    later = await schedule(house, clock)
    now = await schedule(house, clock, send_at=None, body="Now")
    async with carrying_by(house, clock):
        await house.until(now, Status.SENT)
        assert carrier.bodies == ["Now"]
        clock.forward(HOUR)
        await house.until(later, Status.SENT)
    assert carrier.bodies == ["Now", "Later"]


async def test_it_is_no_backlog_until_its_time(house: House) -> None:
    clock = Clock(stands_still=True)
    await schedule(house, clock)
    before = await house.app.store.read(lambda conn: jobs.backlog(conn, clock()))
    assert before == (0, 0.0)
    clock.forward(HOUR + 7)
    after = await house.app.store.read(lambda conn: jobs.backlog(conn, clock()))
    assert after == (1, 7.0)


@pytest.mark.parametrize("seconds", [-60, 0, 299.9, 35 * 86_400 + 0.1])
async def test_it_is_declined_too_soon_and_too_late(house: House, seconds: float) -> None:
    with pytest.raises(Declined) as caught:
        await schedule(house, Clock(stands_still=True), seconds)
    assert caught.value.reason is Reason.BAD_TIME


@pytest.mark.parametrize("seconds", [300, 35 * 86_400])
async def test_it_is_taken_from_five_minutes_to_35_days(house: House, seconds: float) -> None:
    message = await schedule(house, Clock(stands_still=True), seconds)
    assert message.status is Status.SCHEDULED


async def test_it_is_told_that_it_is_queued_and_what_follows(house: House) -> None:
    clock, carrier = Clock(stands_still=True), open_gate(Asked())
    await put_in(house, carrier)
    message = await schedule(house, clock, callback_url="https://example.com/told")
    assert (await house.timeline(message)).callbacks == []
    clock.forward(HOUR)
    async with carrying_by(house, clock):
        await house.until(message, Status.SENT)
    told = [item.status for item in (await house.timeline(message)).callbacks]
    assert told == [Status.QUEUED, Status.SENT]


async def test_what_is_redacted_meanwhile_is_sent_and_forgotten(house: House) -> None:
    clock, carrier = Clock(stands_still=True), open_gate(Asked())
    await put_in(house, carrier)
    message = await schedule(house, clock, content={"template": "1", "variables": {"1": "Ada"}})
    redacted = await house.app.gateway.redact(house.account, message.id)
    assert (redacted.body, redacted.redacted) == ("Later", True)
    clock.forward(HOUR)
    async with carrying_by(house, clock):
        found = await house.until(message, Status.SENT)
    assert (found.body, found.content) == ("", {})
    assert carrier.offers[0].message.content == {"template": "1", "variables": {"1": "Ada"}}


async def test_it_outlives_its_process(house: House) -> None:
    clock, carrier = Clock(stands_still=True), open_gate(Asked())
    await put_in(house, carrier)
    message = await schedule(house, clock)
    async with carrying_by(house, clock):
        await asyncio.sleep(0.1)
    clock.forward(2 * HOUR)
    async with carrying_by(house, clock):
        await until(lambda: carrier.offers)
        await house.until(message, Status.SENT)
