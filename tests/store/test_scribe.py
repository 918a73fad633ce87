"""The process that writes what is accepted: what it was told is on disk once, whatever befalls it."""

import asyncio
import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from estafette.model import Busy, Message
from estafette.store import Store
from estafette.store.messages import Accept
from tests.patience import PATIENCE
from tests.store.conftest import NOON, message
from tests.tables import ROOT


def scribes(parent: int) -> list[int]:
    """The scribes that a process has started."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [int(pid) for pid in children if "scribe_process" in command(int(pid))]


def command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    found = await Store.open(f"sqlite:///{tmp_path}/estafette.db")
    await found.hire()
    yield found
    await found.close()


@pytest.fixture
async def scribe(store: Store) -> int:
    return await another(0)


async def another(but: int) -> int:
    """The scribe that was started instead of one that died."""
    async with asyncio.timeout(PATIENCE):
        while not (found := [pid for pid in scribes(os.getpid()) if pid != but]):
            await asyncio.sleep(0.02)
    return found[0]


def accept(store: Store, one: Message) -> asyncio.Task[Message]:
    return asyncio.create_task(store.accept(Accept(one, NOON)))


async def there(store: Store) -> list[str]:
    """The ids of messages with a job to send them."""
    sql = text(
        "SELECT id FROM messages JOIN jobs ON jobs.message = id WHERE kind = 'send' ORDER BY id"
    )
    return list(await store.read(lambda conn: conn.execute(sql).scalars().all()))


async def test_what_is_accepted_is_on_disk_with_its_job(store: Store) -> None:
    new = [message(body=f"Grüße {number} \U0001f3c9") for number in range(300)]
    assert await asyncio.gather(*(accept(store, one) for one in new)) == new
    assert await there(store) == [one.id for one in new]
    texts = await store.read(
        lambda conn: conn.execute(text("SELECT body FROM messages ORDER BY id")).scalars().all()
    )
    assert texts == [one.body for one in new]


async def test_nobody_is_answered_before_the_scribe_has_written(store: Store, scribe: int) -> None:
    os.kill(scribe, signal.SIGSTOP)
    task = accept(store, message())
    done, _ = await asyncio.wait([task], timeout=0.3)
    assert not done
    assert not await there(store)
    os.kill(scribe, signal.SIGCONT)
    one = await task
    assert await there(store) == [one.id]


async def test_what_a_scribe_took_along_when_it_died_is_written_once(
    store: Store, scribe: int, tmp_path: Path
) -> None:
    with (tmp_path / "estafette.db-turn").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        tasks = [accept(store, message()) for _ in range(20)]
        await asyncio.sleep(0.2)  # it has them by now, and waits for its turn
        os.kill(scribe, signal.SIGKILL)
        await asyncio.sleep(0.2)
    ids = sorted(one.id for one in await asyncio.gather(*tasks))
    assert await there(store) == ids


async def test_a_scribe_that_died_is_replaced(store: Store, scribe: int) -> None:
    os.kill(scribe, signal.SIGKILL)
    meanwhile = await accept(store, message())
    after_that = await another(scribe)
    later = await accept(store, message())
    assert await there(store) == [meanwhile.id, later.id]
    assert scribes(os.getpid()) == [after_that]


async def test_a_text_that_no_database_takes_spoils_only_its_own_message(store: Store) -> None:
    good, bad = [message() for _ in range(20)], message(body="half a pair \ud83d")
    tasks = [accept(store, one) for one in [*good, bad]]
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert done[:-1] == good
    assert isinstance(done[-1], UnicodeEncodeError)
    assert await there(store) == [one.id for one in good]


async def test_what_the_database_refuses_is_not_taken_for_written(store: Store) -> None:
    await store.write(lambda conn: conn.execute(text("ALTER TABLE jobs RENAME TO gone")))
    with pytest.raises(Busy):
        await accept(store, message())
    await store.write(lambda conn: conn.execute(text("ALTER TABLE gone RENAME TO jobs")))
    one = await accept(store, message())
    assert await there(store) == [one.id]


async def test_one_key_gives_one_message_whoever_writes(store: Store) -> None:
    first, second, other = message(), message(), message()
    answers = await asyncio.gather(
        store.accept(Accept(first, NOON, "", "a key", "same")),
        store.accept(Accept(second, NOON, "", "a key", "same")),
        store.accept(Accept(other, NOON)),
    )
    assert [one.id for one in answers] == [first.id, first.id, other.id]
    assert await there(store) == [first.id, other.id]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_signals_to_all_processes_leave_it_to_its_work(
    store: Store, scribe: int, number: signal.Signals
) -> None:
    await accept(store, message())  # by now it listens
    os.kill(scribe, number)
    await accept(store, message())
    assert scribes(os.getpid()) == [scribe]


async def test_closing_waits_for_what_was_asked_for(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/estafette.db"
    store = await Store.open(url)
    await store.hire()
    new = [message() for _ in range(200)]
    tasks = [accept(store, one) for one in new]
    await asyncio.sleep(0)
    await store.close()
    assert await asyncio.gather(*tasks) == new
    assert not scribes(os.getpid())
    again = await Store.open(url)
    assert await there(again) == [one.id for one in new]
    await again.close()


_KILLED = """
import asyncio, os, sys, signal
from estafette.store import Store
from tests.store.test_scribe import another

async def main():
    store = await Store.open(sys.argv[1])
    await store.hire()
    print(await another(0), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


async def test_it_ends_with_whom_it_writes_for(tmp_path: Path) -> None:
    done = subprocess.run(  # noqa: ASYNC221 - nothing else is to happen meanwhile
        [sys.executable, "-c", _KILLED, f"sqlite:///{tmp_path}/estafette.db"],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr
    scribe = int(done.stdout)
    async with asyncio.timeout(PATIENCE):
        while "scribe_process" in command(scribe):
            await asyncio.sleep(0.02)
