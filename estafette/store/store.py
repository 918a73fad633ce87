"""The store: one door for everything that is remembered. Questions and writes are functions of
a connection, in one file per noun; this runs them, off the event loop.
"""

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Self, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from estafette.model import Busy, Message
from estafette.store import filing, messages, migrate, recipients
from estafette.store.bulk import run
from estafette.store.engine import PRAGMAS, READERS, Turn, engine
from estafette.store.messages import Accept
from estafette.store.scribe import NotWritten, Scribe
from estafette.store.writer import Writer

T = TypeVar("T")
Item = TypeVar("Item")
R = TypeVar("R")

_CACHE = 4  # MiB for each connection that answers questions: the system keeps more
_PAUSE = 0.002  # seconds


class Store:
    """A database, opened. Use it from async code; the work itself runs in threads."""

    def __init__(self, url: str) -> None:
        self._writing = engine(url, size=1)
        self._reading = engine(url, size=READERS, cache=_CACHE).execution_options(
            isolation_level="AUTOCOMMIT"
        )
        self._turn = Turn(self._writing)
        self._writer = Writer(self._writing, self._turn)
        self._scribe: Scribe[Accept] | None = None
        self._behind = 0
        self._filing = filing.of(self.read, self.write, is_shared=self.is_shared)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="estafette-reader")

    @classmethod
    async def open(cls, url: str) -> Self:
        """Open the database at `url`, making or migrating its tables where they are behind.

        Raises NewerSchema for a database that a later version wrote, BadUrl for another kind.
        """
        store = cls(url)
        try:
            with _as_busy():
                await asyncio.to_thread(migrate.bring_up, store._writing, store._turn)
        except BaseException:
            await store.close()
            raise
        return store

    @property
    def is_shared(self) -> bool:
        """Whether nodes on several machines may stand on it."""
        return self._writing.dialect.name == "postgresql"

    async def version(self) -> str:
        """The schema version of the database."""
        return await self.read(migrate.version)

    async def hire(self) -> None:
        """Have a process of its own write what is accepted: worth it for who accepts much.

        On PostgreSQL the database is that process.
        """
        if not self.is_shared:
            database = self._writing.url.database or ""
            self._scribe = Scribe(database, self._turn.path, PRAGMAS, messages.accepting)
            await self._scribe.start()

    async def accept(self, item: Accept) -> Message:
        """See `messages.accept`."""
        scribe = self._scribe
        if scribe is None or not scribe.is_there or not item.is_plain:
            return await self._writer.join(messages.accept, item)
        try:
            await scribe.write(item)
        except NotWritten:
            return await self._writer.join(messages.accept_again, item)
        return item.message

    async def write(self, work: Callable[[Connection], T]) -> T:
        """See `Writer.write`."""
        return await self._writer.write(work)

    async def join(self, work: Callable[[Connection, list[Item]], Sequence[R]], item: Item) -> R:
        """See `Writer.join`."""
        return await self._writer.join(work, item)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Answer a question. Raises Busy when the database does not."""
        try:
            answer = asyncio.get_running_loop().run_in_executor(self._readers, self._read, work)
        except RuntimeError:
            raise Busy("the store is closed") from None
        return await answer

    def _read(self, work: Callable[[Connection], T]) -> T:
        with _as_busy(), self._reading.connect() as conn:
            return work(conn)

    async def tend(self) -> None:
        """Do what is left for later: see store/recipients.py. Call it each second."""
        behind = await self.read(recipients.behind)
        if recipients.is_time(behind, self._behind):
            await self.read(self._file)
            while (behind := await self.read(recipients.behind)) >= recipients.MOST:
                await self.read(self._file)
        self._behind = behind

    def _file(self, conn: Connection) -> None:
        turn = Turn(self._reading)
        with contextlib.closing(turn):
            recipients.file(conn, partial(_apart, conn, turn))

    async def file(self) -> None:
        """Make contacts of what was sent: see store/filing.py. Call it each second."""
        await self._filing.look()

    async def close(self) -> None:
        """Finish what was asked for, and let go of the database."""
        if self._scribe:
            await self._scribe.close()
        with contextlib.suppress(Busy):
            await self._filing.close()
        await self._writer.close()
        self._readers.shutdown()
        self._writing.dispose()
        self._reading.dispose()
        self._turn.close()


@contextlib.contextmanager
def _apart(conn: Connection, turn: Turn) -> Iterator[None]:
    """A transaction on a connection that is in none, and a pause in which others have their turn."""
    with turn.taken():
        run(conn, "BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            run(conn, "ROLLBACK")
            raise
        run(conn, "COMMIT")
    time.sleep(_PAUSE)


@contextlib.contextmanager
def _as_busy():  # type: ignore[no-untyped-def]
    try:
        yield
    except DBAPIError as error:
        said = type(error.orig).__name__
        if isinstance(error.orig, sqlite3.Error):  # PostgreSQL's words may hold values
            said += f", {error.orig}"
        raise Busy(f"the database did not answer: {said}") from error
