"""Accounts may have what is old forgotten; what they used is known all the same."""

from datetime import UTC, datetime, timedelta

import pytest

from estafette.core.retention import Retentions
from estafette.core.sweeper import Sweeper
from estafette.core.usage import Usage
from estafette.model import Status, Unknown
from estafette.model.retention import BadRetention, Retention
from tests.core.conftest import House
from tests.core.test_usage import Clock
from tests.store.test_retention import put


def sweeper(house: House, clock: Clock) -> Sweeper:
    store = house.app.store
    return Sweeper(store, Usage(store, clock), clock)


async def test_nothing_is_forgotten_unless_an_account_says_so(house: House) -> None:
    clock = Clock()
    async with house.carrying():
        message = await house.until(await house.send())
    clock.at += timedelta(days=4000)
    assert await house.app.core.retention.get(house.account.sid) == Retention()
    assert await sweeper(house, clock).sweep() == 0
    assert (await house.find(message)).body == "Hi there"


async def test_texts_go_first_and_messages_later_and_what_was_used_stays(house: House) -> None:
    clock = Clock()
    today, sid = clock.at.date(), house.account.sid
    async with house.carrying():
        done = [await house.until(await house.send(), Status.DELIVERED) for _ in range(3)]
    waiting = await house.send(send_at=datetime.now(UTC) + timedelta(days=20))
    keeping = Retentions(house.app.store, clock)
    asked = Retention(redact_after_days=7, delete_after_days=30)
    assert await keeping.put(sid, asked) == asked == await keeping.get(sid)
    sweeping = sweeper(house, clock)
    assert await sweeping.sweep() == 0
    clock.at += timedelta(days=8)
    assert await sweeping.sweep() == 3
    assert [(await house.find(one)).body for one in done] == [""] * 3
    assert await sweeper(house, clock).sweep() == 0
    clock.at += timedelta(days=30)
    assert await sweeping.sweep() == 3
    with pytest.raises(Unknown):
        await house.find(done[0])
    assert (await house.find(waiting)).body == "Hi there"
    used = await Usage(house.app.store, clock).used(sid, today, today, 0)
    assert used[""]["sms-outbound-longcode"].count == 3


async def test_what_is_not_counted_yet_is_kept(house: House) -> None:
    clock, sid = Clock(), house.account.sid
    early = datetime(2026, 5, 4, 0, 20, tzinfo=UTC)
    await house.app.store.write(lambda conn: put(conn, early, account=sid))
    await house.app.core.retention.put(sid, Retention(delete_after_days=1))
    clock.at = early + timedelta(days=1, minutes=10)
    assert await sweeper(house, clock).sweep() == 0
    clock.at += timedelta(hours=1)
    assert await sweeper(house, clock).sweep() == 1


@pytest.mark.parametrize("days", [0, -1, 36_501, 1.5, "7", True, 10**30])
async def test_only_whole_days_are_taken(house: House, days: object) -> None:
    asked = Retention(delete_after_days=days)  # type: ignore[arg-type]
    with pytest.raises(BadRetention) as caught:
        await house.app.core.retention.put(house.account.sid, asked)
    assert caught.value.field == "delete_after_days"
