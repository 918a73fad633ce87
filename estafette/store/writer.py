"""Group commit: what is written at the same time shares one transaction and one fsync.

One thread writes. While it waits for the disk, further work gathers; the next transaction takes
all of it. Each caller goes on only after the commit of its own work.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from queue import SimpleQueue
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError

from estafette.model import Busy, GatewayError
from estafette.store.engine import Turn
from estafette.store.gather import Gather

T = TypeVar("T")
Item = TypeVar("Item")
R = TypeVar("R")

_TRIES = 3  # more of a transaction that gave way to another process's
# PostgreSQL's codes for a deadlock, for its kin, and for a row that another wrote meanwhile: who
# looks again finds it.
_GAVE_WAY = ("40P01", "40001", "23505")


class _Call:
    """One caller's work, and where the answer goes."""

    __slots__ = ("answer", "error", "future", "item", "joins", "work")

    def __init__(
        self, work: Callable[..., Any], item: Any, joins: bool, future: asyncio.Future[Any]
    ) -> None:
        self.work = work
        self.item = item
        self.joins = joins
        self.future = future
        self.answer: Any = None
        self.error: BaseException | None = None


class Writer:
    """The one thread of this process that writes, for one event loop.

    The loop gathers calls while the thread is busy, and hands them over all at once: a thread
    that asked for them one by one would take the interpreter from the loop for each.
    """

    def __init__(self, engine: Engine, turn: Turn) -> None:
        self._engine = engine
        self._turn = turn
        self._loop = asyncio.get_running_loop()
        self._gather = Gather(self._hand_over)
        self._conn: Connection | None = None
        self._is_closed = False
        self._groups: SimpleQueue[list[_Call] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="estafette-writer", daemon=True)
        self._thread.start()

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction, perhaps with others' work; return once it is on disk.

        An error that it raises undoes only its own part.
        """
        answer: T = await self._put(work, None, False)
        return answer

    async def join(self, work: Callable[[Connection, list[Item]], Sequence[R]], item: Item) -> R:
        """As `write`, but `work` runs once for all the items that arrived together.

        It must give one answer for each item, in their order.
        """
        answer: R = await self._put(work, item, True)
        return answer

    def _put(self, work: Callable[..., Any], item: Any, joins: bool) -> asyncio.Future[Any]:
        if self._is_closed:
            raise Busy("the store is closed")
        future: asyncio.Future[Any] = self._loop.create_future()
        self._gather.put(_Call(work, item, joins, future))
        return future

    def _hand_over(self, calls: list[_Call]) -> None:
        self._groups.put(calls)

    def _done(self, calls: list[_Call]) -> None:
        self._gather.freed()
        for call in calls:
            if call.future.done():
                continue
            if call.error is not None:
                call.future.set_exception(call.error)
            else:
                call.future.set_result(call.answer)

    async def close(self) -> None:
        """Write what was asked for so far, then stop."""
        if self._is_closed:
            return
        self._is_closed = True
        last: asyncio.Future[Any] = self._loop.create_future()
        self._gather.put(_Call(lambda _conn: None, None, False, last), at_once=True)
        await asyncio.wait([last])
        last.exception()  # a database that takes nothing can be closed all the same
        self._groups.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        while (calls := self._groups.get()) is not None:
            self._commit(calls)
            try:
                self._loop.call_soon_threadsafe(self._done, calls)
            except RuntimeError:  # the loop is closed: nobody waits any more
                break
        if self._conn:
            self._conn.close()

    def _commit(self, calls: list[_Call], tries: int = _TRIES) -> None:
        """All in one transaction; if that fails, each in its own, so that only the guilty fail."""
        try:
            self._transact(calls)
        except Exception as error:
            if tries and _gave_way(error):
                self._commit(calls, tries - 1)
                return
            if len(calls) == 1 or _is_lost(error):
                for call in calls:
                    call.error = _told(error)
                return
            for call in calls:
                self._commit([call])

    @contextlib.contextmanager
    def _begin(self) -> Iterator[Connection]:
        """A transaction on the one connection; a new one where the last was lost."""
        if self._conn is None or self._conn.invalidated:
            self._conn = self._engine.connect()
        with self._conn.begin():
            yield self._conn

    def _transact(self, calls: list[_Call]) -> None:
        with self._turn.taken(), self._begin() as conn:
            for call in calls:
                call.error = None  # of a try before that was undone
            for part in _parts(calls):
                if part[0].joins:
                    answers = part[0].work(conn, [call.item for call in part])
                    for call, answer in zip(part, answers, strict=True):
                        call.answer = answer
                elif len(calls) == 1:
                    part[0].answer = part[0].work(conn)
                else:
                    _apart(conn, part[0])


def _apart(conn: Connection, call: _Call) -> None:
    """Run one call's work so that an error of ours undoes its part and no other's."""
    try:
        with conn.begin_nested():
            call.answer = call.work(conn)
    except GatewayError as error:
        call.error = error


def _parts(calls: list[_Call]) -> list[list[_Call]]:
    """Calls that join share a part; the parts stand in the order of their first call."""
    parts: dict[Any, list[_Call]] = {}
    for call in calls:
        parts.setdefault(call.work if call.joins else call, []).append(call)
    return list(parts.values())


def _gave_way(error: Exception) -> bool:
    """Whether another process was quicker, and PostgreSQL undid all that this one did."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", "") in _GAVE_WAY


def _is_lost(error: Exception) -> bool:
    """Whether the database itself failed: nobody knows what became of the transaction."""
    return isinstance(error, DBAPIError) and (
        error.connection_invalidated or isinstance(error, OperationalError)
    )


def _told(error: Exception) -> Exception:
    if _is_lost(error):
        busy = Busy(f"the database did not take it: {type(error.__cause__ or error).__name__}")
        busy.__cause__ = error
        return busy
    return error
