"""Who looks is told of what happens, by one look for all."""

import asyncio

import pytest
from sqlalchemy import Connection

from estafette.core import watch as core_watch
from estafette.core.watch import Watch
from estafette.model import Message
from estafette.store import watch
from tests.core.conftest import House
from tests.patience import PATIENCE


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core_watch, "EVERY", 0.05)


async def test_all_who_watch_share_one_look(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    message = await house.send()
    looks = 0
    look = watch.of_account

    def counted(conn: Connection, account: str) -> str:
        nonlocal looks
        looks += 1
        return look(conn, account)

    monkeypatch.setattr(watch, "of_account", counted)
    monkeypatch.setattr(core_watch, "EVERY", 60)
    found = Watch(house.app.store)
    sid = house.account.sid
    tokens = await asyncio.gather(*(found.token(sid) for _ in range(50)))
    assert len(set(tokens)) == looks == 1
    one = await found.token(sid, message.id)
    assert one != tokens[0]
    assert await found.token(sid, message.id) == one
    assert looks == 2


async def test_changes_are_told_until_it_is_closed(house: House) -> None:
    found, sid = Watch(house.app.store), house.account.sid
    told: asyncio.Queue[str] = asyncio.Queue()

    async def look(message: Message | None = None) -> None:
        async for token in found.changes(sid, message.id if message else "", since="another"):
            await told.put(token)

    async with asyncio.timeout(PATIENCE):
        task = asyncio.create_task(look())
        first = await told.get()
        assert first == await found.token(sid)
        message = await house.send()
        assert await told.get() != first
        one = asyncio.create_task(look(message))
        before = await told.get()
        await house.app.gateway.redact(house.account, message.id)
        after = {await told.get(), await told.get()}
        assert before not in after
        assert len(after) == 2
        found.close()
        await asyncio.gather(task, one)


async def test_that_nothing_happens_is_said_too(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core_watch, "HEARTBEAT", 0.1)
    found = Watch(house.app.store)
    async with asyncio.timeout(PATIENCE):
        async for token in found.changes(house.account.sid):
            assert token == ""
            found.close()
