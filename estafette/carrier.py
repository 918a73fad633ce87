"""Carries messages without answering requests: `estafette carry`, and the server's own carrier.

Run as a module it is woken by each byte on standard input, and stops at its end.
"""

import asyncio
import contextlib
import gc
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable

import uvloop

from estafette import logs, settings
from estafette.app import App, opened
from estafette.model import GatewayError

# Threads that compute hand over the interpreter after this; the default of 5 ms would make every
# return from a database call wait as long as that.
SWITCH = 0.0005

# Where the machine is too small for both, messages are taken before they are carried: what waits
# is on disk, who asks is not.
_NICE = 5


async def carry(app: App, *, woken_by_stdin: bool = False) -> None:
    """Carry until SIGTERM or SIGINT, then finish what is under way.

    The carrier of a server goes by its standard input alone: a signal to the whole group of
    processes would stop it before the server has finished.
    """
    sys.setswitchinterval(SWITCH)
    rest_the_collector()
    callbacks = app.callbacks()
    worker = app.worker(callbacks.wake)
    courier = app.courier()
    sweeper = app.sweeper()

    def stop() -> None:
        worker.stop()
        callbacks.stop()
        courier.stop()
        sweeper.stop()

    def wake() -> None:
        worker.wake()
        callbacks.wake()

    async with contextlib.AsyncExitStack() as stack:
        if woken_by_stdin:
            await stack.enter_async_context(_bell(wake, stop))
        else:
            on_signals(stop)
        ready = _say_ready if woken_by_stdin else lambda: None
        await asyncio.gather(worker.run(ready=ready), callbacks.run(), courier.run(), sweeper.run())


def _say_ready() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()


def rest_the_collector() -> None:
    """Leave what was loaded at the start out of every later collection, and make these rarer."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def on_signals(stop: Callable[[], None]) -> None:
    """Call `stop` on SIGTERM and SIGINT."""
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)


@contextlib.asynccontextmanager
async def _bell(wake: Callable[[], None], stop: Callable[[], None]) -> AsyncIterator[None]:
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: _Bell(wake, stop), os.fdopen(os.dup(0), "rb")
    )
    try:
        yield
    finally:
        transport.close()


class _Bell(asyncio.Protocol):
    def __init__(self, wake: Callable[[], None], stop: Callable[[], None]) -> None:
        self._wake, self._stop = wake, stop

    def data_received(self, data: bytes) -> None:
        """There is work."""
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """The server is gone, or says that it is time."""
        self._stop()


async def _main() -> None:
    found = settings.read()
    logs.set_up(found.log_level, found.log_format)
    async with opened(found) as app:
        await carry(app, woken_by_stdin=True)


if __name__ == "__main__":
    for ignored in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ignored, signal.SIG_IGN)
    try:
        os.nice(_NICE)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_main())
    except GatewayError as error:
        sys.stderr.write(f"estafette: {error}\n")
        sys.exit(3)
