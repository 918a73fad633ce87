"""Group commit: who shares a transaction, and what becomes of the others when one fails."""

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from sqlalchemy import Connection, text

from estafette.model import Busy, Conflict
from estafette.store import Store, schema
from estafette.store.schema import lanes
from tests.patience import PATIENCE


def add(id: str) -> Callable[[Connection], str]:
    def work(conn: Connection) -> str:
        conn.execute(lanes.insert().values(id=id, node="", leased_until=0, next_at=0))
        return id

    return work


def add_and_fail(id: str, error: Exception) -> Callable[[Connection], None]:
    def work(conn: Connection) -> None:
        add(id)(conn)
        raise error

    return work


def count_up(conn: Connection) -> None:
    lock = " FOR UPDATE" if conn.dialect.name == "postgresql" else ""
    now = conn.execute(text(f"SELECT next_at FROM lanes WHERE id = 'counter'{lock}")).scalar_one()
    conn.execute(text("UPDATE lanes SET next_at = :at WHERE id = 'counter'"), {"at": now + 1})


async def kept(store: Store) -> list[str]:
    found = await store.read(
        lambda conn: conn.execute(text("SELECT id FROM lanes")).scalars().all()
    )
    return sorted(found)


@contextlib.asynccontextmanager
async def held(store: Store) -> AsyncIterator[None]:
    """The writer is at work on something else, so that what is asked for meanwhile gathers."""
    has_begun, may_end = threading.Event(), threading.Event()

    def work(_conn: Connection) -> None:
        has_begun.set()
        assert may_end.wait(PATIENCE)

    task = asyncio.create_task(store.write(work))
    assert await asyncio.to_thread(has_begun.wait, 20)
    try:
        yield
        await asyncio.sleep(0.01)
    finally:
        may_end.set()
    await task


class Adding:
    """Adds all the lanes that arrived together; notes what it was called with."""

    def __init__(self, guilty: str = "", error: Exception | None = None) -> None:
        self.calls: list[list[str]] = []
        self.conns: list[Connection] = []
        self._guilty, self._error = guilty, error

    def __call__(self, conn: Connection, ids: list[str]) -> list[str]:
        self.calls.append(list(ids))
        self.conns.append(conn)
        for id in ids:
            add(id)(conn)
        if self._guilty in ids and self._error:
            raise self._error
        return [id.upper() for id in ids]


async def test_what_joins_at_the_same_time_runs_once_in_one_transaction(store: Store) -> None:
    adding = Adding()
    ids = [f"l{n:03}" for n in range(100)]
    async with held(store):
        answers = [asyncio.create_task(store.join(adding, id)) for id in ids]
    assert await asyncio.gather(*answers) == [id.upper() for id in ids]
    assert adding.calls == [ids]
    assert await kept(store) == ids


async def test_works_of_every_kind_share_one_transaction(store: Store) -> None:
    conns: list[Connection] = []
    adding, subtracting = Adding(), Adding()

    def look(conn: Connection) -> None:
        conns.append(conn)

    async with held(store):
        tasks = [
            asyncio.create_task(store.write(look)),
            asyncio.create_task(store.join(adding, "a")),
            asyncio.create_task(store.join(subtracting, "b")),
            asyncio.create_task(store.join(adding, "c")),
            asyncio.create_task(store.write(look)),
        ]
    await asyncio.gather(*tasks)
    assert (adding.calls, subtracting.calls) == ([["a", "c"]], [["b"]])
    assert len({id(conn) for conn in [*conns, *adding.conns, *subtracting.conns]}) == 1


async def test_hundreds_of_callers_are_all_answered_each_with_its_own(store: Store) -> None:
    adding = Adding()
    ids = [f"l{n:04}" for n in range(600)]
    assert await asyncio.gather(*(store.join(adding, id) for id in ids)) == [
        id.upper() for id in ids
    ]
    assert [id for call in adding.calls for id in call] == ids
    assert await kept(store) == ids


async def test_our_error_undoes_only_its_own_part(store: Store) -> None:
    async with held(store):
        tasks = [
            asyncio.create_task(store.write(add("before"))),
            asyncio.create_task(store.write(add_and_fail("guilty", Conflict("no")))),
            asyncio.create_task(store.join(Adding(), "joined")),
            asyncio.create_task(store.write(add("after"))),
        ]
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert answers[0::2] == ["before", "JOINED"]
    assert isinstance(answers[1], Conflict)
    assert answers[3] == "after"
    assert await kept(store) == ["after", "before", "joined"]


@pytest.mark.parametrize("error", [Conflict("no"), ValueError("broken")])
async def test_an_error_alone_in_its_transaction_undoes_it(store: Store, error: Exception) -> None:
    with pytest.raises(type(error), match=str(error)):
        await store.write(add_and_fail("guilty", error))
    assert await kept(store) == []


async def test_a_broken_work_fails_alone_and_the_others_are_written_once(store: Store) -> None:
    adding = Adding()
    async with held(store):
        tasks = [
            asyncio.create_task(store.write(add("before"))),
            asyncio.create_task(store.write(add_and_fail("guilty", ValueError("broken")))),
            asyncio.create_task(store.join(adding, "a")),
            asyncio.create_task(store.join(adding, "b")),
        ]
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [answers[0], *answers[2:]] == ["before", "A", "B"]
    assert isinstance(answers[1], ValueError)
    assert await kept(store) == ["a", "b", "before"]


@pytest.mark.parametrize("error", [Conflict("no"), ValueError("broken")])
async def test_a_joined_item_that_fails_fails_alone(store: Store, error: Exception) -> None:
    adding = Adding("guilty", error)
    async with held(store):
        tasks = [asyncio.create_task(store.join(adding, id)) for id in ("a", "guilty", "b")]
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert answers == ["A", error, "B"]
    assert await kept(store) == ["a", "b"]


async def test_a_row_that_is_there_already_fails_only_who_adds_it(store: Store) -> None:
    await store.write(add("a"))
    async with held(store):
        tasks = [asyncio.create_task(store.join(Adding(), id)) for id in ("a", "b")]
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert "IntegrityError" in repr(answers[0])
    assert answers[1] == "B"
    assert await kept(store) == ["a", "b"]


async def test_an_error_that_was_undone_with_the_rest_is_not_told_once_it_went_well(
    store: Store,
) -> None:
    tries: list[str] = []

    def stumbles_first(conn: Connection) -> str:
        tries.append("")
        if len(tries) == 1:
            raise Conflict("no")
        return add("second try")(conn)

    async with held(store):
        stumbling = asyncio.create_task(store.write(stumbles_first))
        broken = asyncio.create_task(store.write(add_and_fail("guilty", ValueError("broken"))))
    with pytest.raises(ValueError, match="broken"):
        await broken
    assert await stumbling == "second try"
    assert await kept(store) == ["second try"]


async def test_work_must_answer_every_item_that_joined(store: Store) -> None:
    with pytest.raises(ValueError, match="zip"):
        await store.join(lambda _conn, _items: [], "a")


async def test_a_caller_that_went_away_keeps_nobody_waiting(store: Store) -> None:
    async with held(store):
        gone = asyncio.create_task(store.write(add("gone")))
        failed = asyncio.create_task(store.write(add_and_fail("x", Conflict("no"))))
        stays = asyncio.create_task(store.write(add("stays")))
        await asyncio.sleep(0.005)
        gone.cancel()
        failed.cancel()
    assert await stays == "stays"
    assert gone.cancelled()
    assert await kept(store) == ["gone", "stays"]


async def test_what_was_written_can_be_read_at_once(store: Store) -> None:
    for n in range(20):
        await store.write(add(f"l{n:02}"))
        assert len(await kept(store)) == n + 1


async def test_what_was_asked_for_before_the_close_is_written(tables_url: str) -> None:
    store = await Store.open(tables_url)
    async with held(store):
        tasks = [asyncio.create_task(store.write(add(f"l{n:03}"))) for n in range(600)]
        await asyncio.sleep(0.005)
        closing = asyncio.create_task(store.close())
        await asyncio.sleep(0.005)
        with pytest.raises(Busy):
            await store.write(add("late"))
    await closing
    assert [task.exception() for task in tasks] == [None] * 600
    again = await Store.open(tables_url)
    assert len(await kept(again)) == 600
    await again.close()


async def test_a_closed_store_is_busy(tables_url: str) -> None:
    store = await Store.open(tables_url)
    await store.close()
    with pytest.raises(Busy):
        await store.write(add("a"))
    with pytest.raises(Busy):
        await store.join(Adding(), "a")
    with pytest.raises(Busy):
        await store.read(lambda _conn: None)


async def test_a_store_tells_its_schema_and_whether_machines_may_share_it(
    store: Store, tables_url: str
) -> None:
    assert await store.version() == schema.VERSION
    assert store.is_shared is tables_url.startswith("postgresql")


async def test_closing_twice_is_as_good_as_once(tables_url: str) -> None:
    store = await Store.open(tables_url)
    await store.close()
    async with asyncio.timeout(PATIENCE):
        await store.close()


def from_another_thread(url: str, use: Callable[[Store], Any]) -> Callable[[], None]:
    """Use a store of one's own on the same database, with an event loop of one's own."""

    async def go() -> None:
        store = await Store.open(url)
        try:
            await use(store)
        finally:
            await store.close()

    return lambda: asyncio.run(go())


def test_a_loop_that_ended_takes_nobody_along(tables_url: str) -> None:
    """Who asked is gone; what was asked for is written, and the thread ends."""
    may_end, has_begun = threading.Event(), threading.Event()
    left: list[Store] = []

    def work(conn: Connection) -> None:
        has_begun.set()
        assert may_end.wait(PATIENCE)
        add("a")(conn)

    async def leave() -> None:
        store = await Store.open(tables_url)
        left.append(store)
        task = asyncio.create_task(store.write(work))
        assert await asyncio.to_thread(has_begun.wait, 20)
        task.cancel()

    asyncio.run(leave())
    may_end.set()
    (store,) = left
    store._writer._thread.join(PATIENCE)
    assert not store._writer._thread.is_alive()
    store._writing.dispose()
    store._turn.close()

    async def look() -> list[str]:
        again = await Store.open(tables_url)
        try:
            return await kept(again)
        finally:
            await again.close()

    assert asyncio.run(look()) == ["a"]


async def test_two_stores_on_one_database_write_at_the_same_time(
    store: Store, tables_url: str
) -> None:
    await store.write(add("counter"))

    async def use(mine: Store) -> None:
        await asyncio.gather(*(mine.write(count_up) for _ in range(30)))
        for _ in range(10):
            await mine.write(count_up)

    threads = [asyncio.to_thread(from_another_thread(tables_url, use)) for _ in range(2)]
    await asyncio.gather(*threads, use(store))
    asked = text("SELECT next_at FROM lanes WHERE id = 'counter'")
    assert await store.read(lambda conn: conn.execute(asked).scalar()) == 120


async def test_two_stores_that_wait_for_each_other_both_get_through(
    store: Store, tables_url: str
) -> None:
    """What one locks first the other locks last: the database gives up one of the two."""
    await store.write(add("a"))
    await store.write(add("b"))
    meet = threading.Barrier(2)

    def both(first: str, last: str) -> Callable[[Connection], str]:
        def work(conn: Connection) -> str:
            if conn.dialect.name == "postgresql":
                conn.execute(text("SET LOCAL deadlock_timeout = '20ms'"))
            touch = text("UPDATE lanes SET next_at = next_at + 1 WHERE id = :id")
            conn.execute(touch, {"id": first})
            with contextlib.suppress(threading.BrokenBarrierError):
                meet.wait(0.3)  # on SQLite they never meet
            conn.execute(touch, {"id": last})
            return first

        return work

    async def backwards(mine: Store) -> None:
        assert await asyncio.gather(mine.write(both("b", "a")), mine.write(add("theirs")))

    other = asyncio.create_task(asyncio.to_thread(from_another_thread(tables_url, backwards)))
    assert await asyncio.gather(store.write(both("a", "b")), store.write(add("ours")))
    await other
    found = await store.read(
        lambda conn: conn.execute(text("SELECT id, next_at FROM lanes ORDER BY id")).fetchall()
    )
    assert [tuple(row) for row in found] == [("a", 2), ("b", 2), ("ours", 0), ("theirs", 0)]


async def test_who_looks_before_it_writes_learns_that_another_was_quicker(
    store: Store, tables_url: str
) -> None:
    meet = threading.Barrier(2)

    def look_then_add(conn: Connection) -> str:
        if conn.execute(text("SELECT 1 FROM lanes WHERE id = 'one'")).first():
            raise Conflict("it is there")
        with contextlib.suppress(threading.BrokenBarrierError):
            meet.wait(0.3)  # on SQLite they never meet
        return add("one")(conn)

    async def theirs(mine: Store) -> None:
        answers.append(await asyncio.gather(mine.write(look_then_add), return_exceptions=True))

    answers: list[list[object]] = []
    other = asyncio.create_task(asyncio.to_thread(from_another_thread(tables_url, theirs)))
    answers.append(await asyncio.gather(store.write(look_then_add), return_exceptions=True))
    await other
    ((first,), (second,)) = answers
    assert "one" in (first, second)
    assert isinstance(first, Conflict) or isinstance(second, Conflict)
    assert await kept(store) == ["one"]


async def test_many_stores_may_open_one_empty_database_at_once(url: str) -> None:
    async def use(mine: Store) -> None:
        await mine.write(add(f"lane {id(mine)}"))

    await asyncio.gather(*(asyncio.to_thread(from_another_thread(url, use)) for _ in range(4)))
    store = await Store.open(url)
    assert len(await kept(store)) == 4
    await store.close()


async def test_a_database_that_takes_nothing_makes_us_busy_until_it_does(
    store: Store, tables_url: str
) -> None:
    if not store.is_shared:
        # Nobody of ours: a tool that writes to the file without taking its turn.
        await store.write(lambda conn: conn.execute(text("PRAGMA busy_timeout = 1")))
        with contextlib.closing(sqlite3.connect(tables_url.removeprefix("sqlite:///"))) as tool:
            tool.execute("BEGIN IMMEDIATE")
            with pytest.raises(Busy):
                await store.write(add("a"))
            tool.rollback()
    else:
        end = text("SELECT pg_terminate_backend(pg_backend_pid())")
        async with held(store):
            tasks = [
                asyncio.create_task(store.write(add("a"))),
                asyncio.create_task(store.write(lambda conn: conn.execute(end))),
            ]
        for task in tasks:
            with pytest.raises(Busy):
                await task
        with pytest.raises(Busy):
            await store.read(lambda conn: conn.execute(end))
    assert await kept(store) == []
    await store.write(add("b"))
    assert await kept(store) == ["b"]
