"""Who was written to: the list of one recipient, whatever is filed and whatever is not yet."""

import asyncio
import random
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, select

from estafette.model import Cursor, Filter
from estafette.store import Store, listing, messages, recipients, schema
from estafette.store.messages import Accept
from estafette.store.schema import BUCKET_DIGITS
from tests.store.conftest import ACCOUNT, NOON, accepted, count, made, message
from tests.store.test_listing import START, some

ANN = "+14155550101"


def listed(conn: Connection, limit: int = 7) -> list[str]:
    """Every message to one person, a page at a time."""
    found: list[str] = []
    cursor = None
    while True:
        page = listing.page(conn, ACCOUNT, Filter(recipient=ANN), limit=limit, cursor=cursor)
        found += [one.id for one in page.items]
        if not page.has_next:
            return found
        cursor = Cursor(found[-1])


@pytest.mark.parametrize("seed", range(4))
def test_a_list_stays_whole_whatever_is_added_filed_and_deleted(
    conn: Connection, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipients, "MOST", 5)
    rng = random.Random(seed)
    theirs: list[str] = []
    others: list[str] = []
    for _ in range(40):
        match rng.randrange(4):
            case 0:
                theirs += accepted(conn, rng.randrange(1, 6), recipient=ANN)
            case 1:
                others += accepted(conn, rng.randrange(1, 6))
            case 2:
                recipients.file(conn, nullcontext) if conn.dialect.name == "sqlite" else None
            case 3 if theirs and others:
                # The newest too: the number of its row is given to the next one.
                for ids in (theirs, others):
                    gone = rng.choice([max(ids), rng.choice(ids)])
                    ids.remove(gone)
                    messages.delete(conn, gone)
        assert listed(conn) == sorted(theirs, reverse=True)


def test_a_list_goes_on_over_any_number_of_buckets(
    conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipients, "_BUCKETS_AT_ONCE", 3)
    stored = [one for one in some(random.Random(1), 600) if one.account == ACCOUNT]
    spread = [
        message(START.replace(hour=hour, day=day), recipient=ANN)
        for day in range(1, 29)
        for hour in (0, 6, 12, 18)
    ]
    messages.accept(conn, [Accept(one, NOON) for one in [*stored, *spread]])
    if conn.dialect.name == "sqlite":
        recipients.file(conn, nullcontext)
        assert recipients.behind(conn) == 0
    assert len({one.id[:BUCKET_DIGITS] for one in spread}) > 8
    for limit in (50, 1000):
        assert listed(conn, limit) == sorted((one.id for one in spread), reverse=True)


def test_a_deleted_message_leaves_no_file_behind(conn: Connection) -> None:
    ids = accepted(conn, 3)
    if conn.dialect.name == "sqlite":
        recipients.file(conn, nullcontext)
    assert count(conn, "recipients") == 3
    for id in ids:
        messages.delete(conn, id)
    assert count(conn, "recipients") == 0
    assert recipients.behind(conn) == 0


async def test_what_is_not_filed_is_filed_by_and_by(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipients, "MOST", 5)
    await store.write(lambda conn: accepted(conn, 12))
    await store.tend()
    assert await store.read(recipients.behind) < 5
    await store.tend()
    assert await store.read(recipients.behind) == 0
    assert await store.read(lambda conn: count(conn, "recipients")) == 12
    await store.tend()


async def test_while_many_come_they_are_filed_many_at_once(store: Store) -> None:
    """Filed as they come, each would touch another part of the index."""
    many = recipients.FEW + 100
    await store.write(lambda conn: accepted(conn, many))
    await store.tend()
    on_sqlite = not store.is_shared
    assert await store.read(recipients.behind) == (many if on_sqlite else 0)
    await store.write(lambda conn: accepted(conn, 10))
    await store.tend()  # few came since: this is all for now
    assert await store.read(recipients.behind) == 0
    assert await store.read(lambda conn: count(conn, "recipients")) == many + 10


async def test_what_is_deleted_while_it_is_filed_leaves_no_file_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipients, "_SLICE", 10)
    store = await Store.open(f"sqlite:///{tmp_path}/estafette.db")
    ids = await store.write(lambda conn: accepted(conn, 400))
    filing = asyncio.create_task(store.tend())
    gone = []
    while not filing.done():
        gone.append(ids.pop(random.randrange(len(ids))))
        await store.write(partial(messages.delete, id=gone[-1]))
    await filing
    ids += await store.write(lambda conn: accepted(conn, 5))
    await store.tend()
    await store.tend()
    filed = await store.read(lambda conn: conn.execute(select(schema.recipients.c.message)))
    assert len(gone) > 5
    assert await store.read(recipients.behind) == 0
    assert sorted(filed.scalars()) == sorted(ids)
    await store.close()


def test_everything_is_filed_again_when_the_mark_cannot_be_right(sqlite_tables: Engine) -> None:
    with sqlite_tables.connect() as conn, conn.begin() as transaction:
        theirs = accepted(conn, 5, recipient=ANN)
        recipients.file(conn, nullcontext)
        conn.exec_driver_sql("UPDATE marks SET value = 1000000")
        theirs += accepted(conn, 5, recipient=ANN)
        assert recipients.behind(conn) == 10
        recipients.file(conn, nullcontext)
        assert recipients.behind(conn) == 0
        assert listed(conn) == theirs[::-1]
        transaction.rollback()


@pytest.fixture
def vacuumed(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """A file in which the first ten of twenty filed messages were deleted, and then VACUUM ran."""
    found = made(f"sqlite:///{tmp_path_factory.mktemp('vacuum')}/estafette.db")
    with found.begin() as conn:
        ids = accepted(conn, 20, recipient=ANN)
        recipients.file(conn, nullcontext)
        for id in ids[:10]:
            messages.delete(conn, id)
    with found.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.exec_driver_sql("VACUUM")
    return found


@pytest.mark.parametrize("more", [0, 5, 15])
def test_a_list_stays_whole_when_the_file_was_vacuumed(vacuumed: Engine, more: int) -> None:
    with vacuumed.begin() as conn:
        accepted(conn, more, recipient=ANN)
        if recipients.behind(conn):
            recipients.file(conn, nullcontext)
        assert len(listed(conn)) == 10 + more
    vacuumed.dispose()
