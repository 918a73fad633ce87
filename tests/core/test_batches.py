"""Batches: read, looked through, sent once, stopped, taken over."""

import asyncio
import contextlib
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from estafette.core.batches import Batches, Makers
from estafette.core.clock import utc_now
from estafette.core.mailing import Mailing
from estafette.model import Conflict, Filter, Unknown
from estafette.model.batch import Asked, Batch, BatchStatus, Role
from estafette.store import batches as table
from tests.core.conftest import House
from tests.patience import PATIENCE

HELLO = Asked(body="Hello {name}")


def people(count: int) -> str:
    return "Phone,Name\n" + "".join(f"+1415555{n:04},N{n}\n" for n in range(count))


async def drafted(house: House, text: str, asked: Asked = HELLO) -> Batch:
    return await house.app.core.batches.add(house.account, io.BytesIO(text.encode()), asked)


async def bodies(house: House) -> list[str]:
    page = await house.app.gateway.page(house.account, Filter(), limit=1000)
    return sorted(message.body for message in page.items)


async def until(house: House, id: str, status: BatchStatus) -> Batch:
    async with asyncio.timeout(PATIENCE):
        while (found := await house.app.core.batches.get(house.account, id)).status != status:
            await asyncio.sleep(0.02)
    return found


@contextlib.asynccontextmanager
async def mailing(house: House, clock: object = utc_now) -> AsyncIterator[None]:
    """A second process, as it were, that carries batches."""
    core = house.app.core
    makers = Makers(core.gateway, core.senders, core.pools, core.templates)
    other = Batches(house.app.store, makers, clock)  # type: ignore[arg-type]
    mailer = Mailing(house.app.store, other, core.gateway, core.people, clock)  # type: ignore[arg-type]
    task = asyncio.create_task(mailer.keep())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_what_is_wrong_is_told_by_row_and_the_others_are_sent(house: House) -> None:
    rows = ["+14155550100,Ann", "nobody,Bob", "+14155550102,", "0014155550100,Eve", ",Joe"]
    rows += ["+14155550105,Kim,more", "'+1 415 555 0106,=Lee", f"+14155550107,{'x' * 2000}"]
    batch = await drafted(house, "Phone,Name\n" + "\n".join(rows))
    assert batch.asked.columns == {Role.TO: "Phone"}
    assert (batch.total, batch.checked.good, batch.checked.segments) == (8, 2, 2)
    wrong = await house.app.core.batches.rows(house.account, batch.id, limit=9, is_wrong=True)
    assert [(row.number, row.fault.code, row.fault.value) for row in wrong if row.fault] == [
        (2, "bad_recipient", "nobody"), (3, "missing", "name"), (4, "duplicate", "+14155550100"),
        (5, "no_recipient", ""), (6, "cells", "more"), (8, "too_long", "2006"),
    ]  # fmt: skip
    await house.app.core.batches.start(house.account, batch.id)
    async with mailing(house):
        done = await until(house, batch.id, BatchStatus.DONE)
    assert (done.done, done.sent, done.failed) == (8, 2, 6)
    assert done.closed_at
    assert await bodies(house) == ["Hello =Lee", "Hello Ann"]
    async for part in house.app.core.batches.became(done):
        assert [item.status for item in part] == ["queued", "", "", "", "", "", "queued", ""]


async def test_a_draft_can_be_changed_and_is_looked_through_anew(house: House) -> None:
    batch = await drafted(house, "mobile,who,text\n+14155550100,Ann,\n+14155550100,Bob,Own\n")
    assert batch.checked.wrong == {"missing": 1}
    asked = Asked(body="Hi {WHO}", columns=dict(batch.asked.columns), repeats=True)
    changed = await house.app.core.batches.change(house.account, batch.id, asked)
    assert (changed.checked.good, changed.checked.wrong) == (2, {})
    await house.app.core.batches.start(house.account, batch.id)
    with pytest.raises(Conflict):
        await house.app.core.batches.change(house.account, batch.id, HELLO)
    async with mailing(house):
        await until(house, batch.id, BatchStatus.DONE)
    assert await bodies(house) == ["Hi Ann", "Own"]


async def test_nothing_is_sent_twice_when_a_node_dies_between_two_writes(house: House) -> None:
    batch = await drafted(house, people(30))
    core, now = house.app.core, datetime.now(UTC)
    await core.batches.start(house.account, batch.id, here=True)
    dead = Mailing(house.app.store, core.batches, core.gateway, core.people, utc_now)
    circular = await core.batches.circular(house.account, batch)
    rows = await core.batches.rows(house.account, batch.id, limit=20)
    for row in rows:  # sent, and it died before it wrote that down
        assert (await dead._send(house.account, batch, circular, row)).message
    async with mailing(house):  # its lease is not over yet
        await asyncio.sleep(0.05)
        assert (await core.batches.get(house.account, batch.id)).done == 0
    async with mailing(house, lambda: now + timedelta(seconds=30)):
        done = await until(house, batch.id, BatchStatus.DONE)
    assert (done.sent, done.failed) == (30, 0)
    assert await bodies(house) == sorted(f"Hello N{n}" for n in range(30))


async def test_two_nodes_share_the_work_and_double_nothing(house: House) -> None:
    some = [await drafted(house, people(n)) for n in (250, 90)]
    for batch in some:
        await house.app.core.batches.start(house.account, batch.id)
    async with mailing(house), mailing(house):
        done = [await until(house, batch.id, BatchStatus.DONE) for batch in some]
    assert [batch.sent for batch in done] == [250, 90]
    assert len(await bodies(house)) == 340


async def test_it_can_be_paused_and_canceled(house: House) -> None:
    kept = house.app.core.batches
    batch = await drafted(house, people(3))
    await kept.start(house.account, batch.id)
    await kept.pause(house.account, batch.id)
    async with mailing(house):
        await asyncio.sleep(0.05)
        assert (await kept.get(house.account, batch.id)).done == 0
        with pytest.raises(Conflict):
            await kept.remove(house.account, batch.id)
        await kept.start(house.account, batch.id)
        await until(house, batch.id, BatchStatus.DONE)
    other = await drafted(house, people(3))
    await kept.cancel(house.account, other.id)
    with pytest.raises(Conflict):
        await kept.start(house.account, other.id)
    await kept.remove(house.account, other.id)
    with pytest.raises(Unknown):
        await kept.get(house.account, other.id)
    assert [item.id for item in (await kept.page(house.account, limit=9)).items] == [batch.id]


async def test_what_a_file_is_called_can_always_be_kept(house: House) -> None:
    file = io.BytesIO(b"to,body\n+14155550100,\0\n")
    made = await house.app.core.batches.add(house.account, file, HELLO, title="a\0\ud800\nb")
    assert made.title.startswith("a")
    assert made.checked.wrong == {"bad_body": 1}


async def test_what_no_row_of_can_be_sent_is_not_started(house: House) -> None:
    batch = await drafted(house, "to\nnobody\n")
    with pytest.raises(Conflict, match="no row"):
        await house.app.core.batches.start(house.account, batch.id)


async def test_a_template_is_filled_by_columns(house: House) -> None:
    found = (await house.app.core.templates.page(house.account, limit=9)).items
    one = next(item for item in found if item.body.count("{{") == 3)
    asked = Asked(channel="whatsapp", template=one.id)  # type: ignore[arg-type]
    batch = await drafted(house, "to,a,b,3\n+14155550100,A,B,C\n+14155550101,A,,C\n", asked)
    assert (batch.checked.good, batch.checked.wrong) == (1, {"missing": 1})
    await house.app.core.batches.start(house.account, batch.id)
    async with mailing(house):
        await until(house, batch.id, BatchStatus.DONE)
    (text,) = await bodies(house)
    assert [text.count(value) > 0 for value in "ABC"] == [True, True, True]


async def test_drafts_that_nobody_started_are_forgotten_after_a_day(house: House) -> None:
    core = house.app.core
    batch = await drafted(house, people(2))
    makers = Makers(core.gateway, core.senders, core.pools, core.templates)
    await Batches(house.app.store, makers, utc_now).tidy()
    assert await core.batches.get(house.account, batch.id)
    await Batches(house.app.store, makers, lambda: utc_now() + timedelta(days=2)).tidy()
    with pytest.raises(Unknown):
        await core.batches.get(house.account, batch.id)
    assert not await house.app.store.read(lambda conn: table.rows(conn, batch.id, limit=9))
