"""Days that are over are counted once; what is deleted afterwards still counts."""

import asyncio
from datetime import UTC, datetime, time, timedelta

from estafette.core.usage import Usage
from estafette.model import Status
from estafette.model.usage import Use
from estafette.store.usage import next_day
from tests.core.conftest import House
from tests.patience import PATIENCE

NAME = "sms-outbound-longcode"


class Clock:
    """Stands where it is put."""

    def __init__(self) -> None:
        self.at = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.at


async def test_today_counts_as_it_goes_and_yesterday_for_good(house: House) -> None:
    clock = Clock()
    usage = Usage(house.app.store, clock)
    today = clock.at.date()
    sid = house.account.sid
    async with house.carrying():
        sent = [await house.send() for _ in range(3)]
        for message in sent:
            await house.until(message, Status.DELIVERED)
    assert (await usage.used(sid, today, today, 10))[today.isoformat()][NAME] == Use(3, 3)
    await house.app.gateway.delete(house.account, sent[0].id)
    clock.at = datetime.combine(today + timedelta(days=1), time(2), UTC)
    assert await usage.settle(sid) == clock.at.date()
    await house.app.gateway.delete(house.account, sent[1].id)
    found = await usage.used(sid, today, clock.at.date(), 0)
    assert found[""][NAME] == Use(2, 2)
    fresh = Usage(house.app.store, clock)
    assert (await fresh.used(sid, today, today, 10))[today.isoformat()][NAME] == Use(2, 2)
    assert await fresh.used(sid, today - timedelta(days=9), today - timedelta(days=1), 10) == {}


async def test_days_are_counted_without_being_asked_for(house: House) -> None:
    clock = Clock()
    today = clock.at.date()
    async with house.carrying():
        message = await house.send()
        await house.until(message, Status.DELIVERED)
    clock.at += timedelta(days=400)
    keeper = asyncio.create_task(Usage(house.app.store, clock).keep())
    usage = Usage(house.app.store, clock)
    async with asyncio.timeout(PATIENCE):
        while await house.app.store.read(lambda conn: next_day(conn, house.account.sid)):
            await asyncio.sleep(0.02)
    keeper.cancel()
    await house.app.gateway.delete(house.account, message.id)
    found = await usage.used(house.account.sid, today, clock.at.date(), 4)
    assert sum(use[NAME].count for use in found.values()) == 1
