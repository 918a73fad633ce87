"""Writing in a process of its own what needs no answer but that it is on disk.

Python runs one thread at a time. A thread that writes has to ask for the interpreter some twenty
times in a transaction, and takes it from the thread that answers requests: both lose. A process
beside it gets the statements ready-made, over a socket, and the two are never in each other's way.
"""

import asyncio
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, TypeVar, cast

import structlog
from msgspec import msgpack

from estafette.store.bulk import Statement
from estafette.store.gather import Gather

Item = TypeVar("Item")

log = structlog.get_logger()

_PROCESS = Path(__file__).with_name("scribe_process.py")
_AGAIN = (0.1, 0.5, 2, 5)  # seconds before a process that died is started again
_encode = msgpack.Encoder().encode


class NotWritten(Exception):
    """It may be on disk or not: look, and write it in another way."""


class Scribe(Generic[Item]):
    """One process that writes to one SQLite database. Use it from the loop that made it."""

    def __init__(
        self,
        database: str,
        turn: str,
        pragmas: Sequence[str],
        statements: Callable[[list[Item]], list[Statement]],
    ) -> None:
        """`statements` writes the items that share a transaction; `pragmas` come before all."""
        self._loop = asyncio.get_running_loop()
        self._command = [sys.executable, "-P", str(_PROCESS), database, turn]
        self._pragmas: list[Statement] = [(pragma, ()) for pragma in pragmas]
        self._statements = statements
        self._gather: Gather[tuple[Item, asyncio.Future[None]]] = Gather(self._hand_over)
        self._calls: list[tuple[Item, asyncio.Future[None]]] = []
        self._line: _Line | None = None
        self._keeper: asyncio.Task[None] | None = None

    @property
    def is_there(self) -> bool:
        """Whether it can be asked."""
        return self._line is not None

    def write(self, item: Item) -> asyncio.Future[None]:
        """Write `item`, with others in one transaction; done once it is on disk.

        Raises NotWritten when that failed, or when the process died meanwhile.
        """
        future = self._loop.create_future()
        self._gather.put((item, future))
        return future

    async def start(self) -> None:
        """Start the process; it is started again when it dies."""
        self._keeper = asyncio.create_task(self._keep(await self._begin()))

    async def close(self) -> None:
        """Let it write what it was asked for, and end it."""
        if self._keeper is None:
            return
        await self._gather.idle.wait()
        self._keeper.cancel()
        if self._line:
            await self._end(self._line)

    async def _begin(self) -> "_Line":
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *self._command, stdin=theirs.fileno(), stdout=theirs.fileno()
            )
        ours.setblocking(False)
        line = _Line(process, self._answered)
        await self._loop.create_connection(lambda: line, sock=ours)
        line.send(self._pragmas)
        self._line = line
        return line

    async def _keep(self, line: "_Line") -> None:
        deaths = 0
        while True:
            await line.lost
            log.error("the scribe died", code=await self._end(line))
            await asyncio.sleep(_AGAIN[min(deaths, len(_AGAIN) - 1)])
            deaths += 1
            line = await self._begin()

    async def _end(self, line: "_Line") -> int:
        self._line = None
        line.transport.close()
        self._answered("it died")
        return await line.process.wait()

    def _hand_over(self, calls: list[tuple[Item, asyncio.Future[None]]]) -> None:
        self._calls = calls
        if self._line is None:
            self._answered("it is not there")
            return
        try:
            self._line.send(self._statements([item for item, _ in calls]))
        except Exception as error:  # whose text no database takes is found out by who writes next
            self._answered(f"{type(error).__name__}: {error}")

    def _answered(self, error: str) -> None:
        calls, self._calls = self._calls, []
        if not calls:
            return
        self._gather.freed()
        if error:
            log.warning("the scribe did not write", count=len(calls), text=error)
        for _, future in calls:
            if future.done():
                continue
            if error:
                future.set_exception(NotWritten(error))
            else:
                future.set_result(None)


class _Line(asyncio.Protocol):
    """The socket to one process."""

    def __init__(self, process: Process, answered: Callable[[str], None]) -> None:
        self.process = process
        self.lost = asyncio.get_running_loop().create_future()
        self._answered = answered
        self._said = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It listens."""
        self.transport = cast(asyncio.Transport, transport)  # uvloop's are of no class of asyncio's

    def send(self, statements: Sequence[Statement]) -> None:
        """Have these run in one transaction."""
        frame = _encode(statements)
        self.transport.write(len(frame).to_bytes(4, "big") + frame)

    def data_received(self, data: bytes) -> None:
        """One transaction is over."""
        self._said += data
        size = int.from_bytes(self._said[:4], "big")
        if len(self._said) >= 4 + size:
            said, self._said = self._said[4:], b""
            self._answered(said.decode())

    def connection_lost(self, exc: Exception | None) -> None:
        """The process is gone, or was let go."""
        if not self.lost.done():
            self.lost.set_result(None)
