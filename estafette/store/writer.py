"""Group commit: what is written at the same time shares one transaction and one fsync.

One thread writes. While it waits for the disk, further work gathers; the next transaction takes
all of it. Each caller goes on only after the commit of its own work.
"""

import asyncio
import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError

from estafette.model import Busy, GatewayError
from estafette.store.engine import Turn

T = TypeVar("T")
Item = TypeVar("Item")
R = TypeVar("R")

_MOST = 512  # calls in one transaction: bounds how long the first of them waits


class _Call:
    """One caller's work, and where the answer goes."""

    __slots__ = ("answer", "error", "future", "item", "joins", "loop", "work")

    def __init__(self, work: Callable[..., Any], item: Any, joins: bool) -> None:
        self.work = work
        self.item = item
        self.joins = joins
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self.loop.create_future()
        self.answer: Any = None
        self.error: BaseException | None = None


class Writer:
    """The one thread of this process that writes."""

    def __init__(self, engine: Engine, turn: Turn) -> None:
        self._engine = engine
        self._turn = turn
        self._closed = False
        self._calls: SimpleQueue[_Call | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="estafette-writer", daemon=True)
        self._thread.start()

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction, perhaps with others' work; return once it is on disk.

        An error that it raises undoes only its own part.
        """
        answer: T = await self._put(_Call(work, None, False))
        return answer

    async def join(self, work: Callable[[Connection, list[Item]], Sequence[R]], item: Item) -> R:
        """As `write`, but `work` runs once for all the items that arrived together.

        It must give one answer for each item, in their order.
        """
        answer: R = await self._put(_Call(work, item, True))
        return answer

    async def _put(self, call: _Call) -> Any:
        if self._closed:
            raise Busy("the store is closed")
        self._calls.put(call)
        return await call.future

    def close(self) -> None:
        """Write what was asked for so far, then stop."""
        self._closed = True
        self._calls.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (call := self._calls.get()) is not None:
            calls = [call]
            closing = False
            while len(calls) < _MOST:
                try:
                    more = self._calls.get_nowait()
                except Empty:
                    break
                if more is None:
                    closing = True
                    break
                calls.append(more)
            self._commit(calls)
            _answer(calls)
            if closing:
                break

    def _commit(self, calls: list[_Call]) -> None:
        """All in one transaction; if that fails, each in its own, so that only the guilty fail."""
        try:
            self._transact(calls)
        except Exception as error:
            if len(calls) == 1 or _is_lost(error):
                for call in calls:
                    call.error = _told(error)
                return
            for call in calls:
                self._commit([call])

    def _transact(self, calls: list[_Call]) -> None:
        with self._turn.taken(), self._engine.begin() as conn:
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


def _answer(calls: list[_Call]) -> None:
    loops: dict[asyncio.AbstractEventLoop, list[_Call]] = {}
    for call in calls:
        loops.setdefault(call.loop, []).append(call)
    for loop, theirs in loops.items():
        try:
            loop.call_soon_threadsafe(_settle, theirs)
        except RuntimeError:  # the loop is closed: nobody waits any more
            continue


def _settle(calls: list[_Call]) -> None:
    for call in calls:
        if call.future.done():
            continue
        if call.error is not None:
            call.future.set_exception(call.error)
        else:
            call.future.set_result(call.answer)
