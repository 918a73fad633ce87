"""The last hours are counted beside what people wait for, and not too often."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection

from estafette.core import pulse as core_pulse
from estafette.core.pulse import Pulses
from estafette.model import Status
from estafette.model.pulse import Pulse
from estafette.store import pulse
from tests.core.conftest import House
from tests.patience import PATIENCE


async def test_what_was_sent_is_counted_by_hour_and_status(house: House) -> None:
    async with house.carrying():
        for message in [await house.send() for _ in range(3)]:
            await house.until(message, Status.DELIVERED)
    later = datetime.now(UTC) + timedelta(hours=2)
    found = await Pulses(house.app.store, lambda: later).of(house.account.sid)
    assert len(found.hours) == 24
    assert [hour.start for hour in found.hours[1:]] == [
        hour.start + timedelta(hours=1) for hour in found.hours[:-1]
    ]
    assert sum(hour.counts.get(Status.DELIVERED, 0) for hour in found.hours[-4:-1]) == 3
    tomorrow = later + timedelta(days=1)
    found = await Pulses(house.app.store, lambda: tomorrow).of(house.account.sid)
    assert not any(hour.counts for hour in found.hours)


async def test_all_who_ask_share_one_count_and_wait_for_none_once_one_is_known(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted, count = 0, pulse.count

    def counting(conn: Connection, account: str, now: datetime) -> Pulse:
        nonlocal counted
        counted += 1
        return count(conn, account, now)

    monkeypatch.setattr(pulse, "count", counting)
    sid, found = house.account.sid, Pulses(house.app.store, lambda: datetime.now(UTC))
    assert found.known(sid) is None
    first, *others = await asyncio.gather(*(found.of(sid) for _ in range(20)))
    assert counted == 1
    assert all(other is first for other in others)
    assert await found.of(sid) is first is found.known(sid)
    monkeypatch.setattr(core_pulse, "_EVERY", 0.0)
    monkeypatch.setattr(core_pulse, "_TIMES", 0)
    monkeypatch.setattr(core_pulse, "_PATIENCE", 0.0)
    found = Pulses(house.app.store, lambda: datetime.now(UTC))
    first = await found.of(sid)
    assert await found.of(sid) is first  # a new count has begun
    async with asyncio.timeout(PATIENCE):
        while found.known(sid) is first:
            await asyncio.sleep(0.01)
