"""Serves the doors over HTTP, with the carrier beside it in a process of its own."""

import asyncio
import contextlib
import importlib
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator

import structlog
import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from estafette.app import App
from estafette.carrier import SWITCH, on_signals, rest_the_collector
from estafette.doors import doors
from estafette.model import GatewayError
from estafette.ops import Ops

log = structlog.get_logger()

GRACE = 5  # seconds for requests under way when the server stops; the carrier has its own
_WAKE_IN = 0.002  # seconds in which several commits wake the carrier once
_ALLOWS = "ESTAFETTE_ALLOW_PRIVATE_ADDRESSES"
_PUBLIC_URL = "ESTAFETTE_PUBLIC_URL"
_AGAIN = (0.1, 0.5, 2, 5)  # seconds before a carrier that died is started again


class PortTaken(GatewayError):
    """The address cannot be listened on."""


class Front:
    """Every request's first step: to the door whose prefix its path has."""

    def __init__(self, app: App, carrying: Callable[[], bool]) -> None:
        found = list(doors(app.core))
        app.show_media(found)
        app.show_callbacks(found)
        self._doors = [(prefix, door.app) for door in found for prefix in door.prefixes]
        # Loaded here: commands that serve nothing need no pages.
        console = importlib.import_module("estafette.console")
        self._console = console.console(app.core)
        self._doors.append((console.PREFIX, self._console))
        self._patterns = [(door.pattern, door.app) for door in found if door.pattern]
        ops = Ops(app, carrying)
        self._own = Router(
            [
                Route("/", _to_console),
                Route("/healthz", ops.healthz),
                Route("/readyz", ops.readyz),
                Route("/metrics", ops.metrics),
            ],
            redirect_slashes=False,
            default=_no_door,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """An ASGI application."""
        await self._to(scope["path"])(scope, receive, send)

    def close(self) -> None:
        """End the answers that would never end by themselves."""
        self._console.close()

    def _to(self, path: str) -> ASGIApp:
        for prefix, door in self._doors:
            if path.startswith(prefix) and path[len(prefix) : len(prefix) + 1] in ("", "/"):
                return door
        for pattern, door in self._patterns:
            if pattern.match(path):
                return door
        return self._own


async def _to_console(_: Request) -> Response:
    return RedirectResponse("/console", 307)


async def _no_door(scope: Scope, receive: Receive, send: Send) -> None:
    path = Request(scope).url.path
    answer = JSONResponse({"error": f"nothing is served at {path}"}, 404)
    await answer(scope, receive, send)


class _Uvicorn(uvicorn.Server):
    """Leaves the signals to us: the order in which the parts stop is ours."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


async def serve(app: App, listener: socket.socket, carrier: "Carrier | None") -> None:
    """Answer until SIGTERM or SIGINT: then take nothing more and finish what is under way."""
    sys.setswitchinterval(SWITCH)
    rest_the_collector()
    await app.store.hire()
    front = Front(app, carrier.is_carrying if carrier else lambda: True)
    server = _Uvicorn(
        uvicorn.Config(
            front,
            http="httptools",
            ws="none",
            lifespan="off",
            proxy_headers=False,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE,
        )
    )

    def stop() -> None:
        front.close()
        server.should_exit = True

    on_signals(stop)
    log.info("serving", url=url_of(listener), node=app.node.id)
    tender = asyncio.create_task(_tend(app)) if carrier is None else None
    counter = asyncio.create_task(app.core.usage.keep())
    mailer = asyncio.create_task(app.mailing().keep())
    await server.serve([listener])
    log.info("stopping")
    counter.cancel()
    mailer.cancel()
    await asyncio.wait([mailer], timeout=GRACE)  # others take over what it carried
    if tender:
        tender.cancel()


async def _tend(app: App) -> None:
    """What the carrier does beside carrying, where there is none."""
    while True:
        await asyncio.sleep(1)
        try:
            await app.store.tend()
            await app.store.file()
        except GatewayError as error:
            log.warning("the store could not be tended", text=str(error))


def listen(host: str, port: int) -> socket.socket:
    """A socket to serve on. Raises PortTaken."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        # What the library says of a socket names the address once more.
        number = error.errno or 0
        reason = os.strerror(number) if number > 0 else error.strerror
        raise PortTaken(f"cannot listen on {host}:{port}: {reason}") from None


def url_of(listener: socket.socket) -> str:
    """The address under which a listening socket is reached."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def public_url_of(listener: socket.socket) -> str:
    """As `url_of`, for links: who listens on every address is reached at the local one at least."""
    host, port = listener.getsockname()[:2]
    return f"http://localhost:{port}" if host in ("0.0.0.0", "::") else url_of(listener)  # noqa: S104


class Carrier:
    """The process that carries messages for a server, and dies with it.

    Python runs one thread at a time: beside the server, the carrier would take half of the rate
    at which messages are accepted. It is woken through a pipe; the end of the pipe, which the
    death of the server is too, stops it.
    """

    def __init__(self, *, allows_private: bool, public_url: str) -> None:
        """`allows_private`: whether it may tell addresses that are not public; `public_url`: how
        the server is reached.
        """
        told = {_ALLOWS: "true" if allows_private else "false", _PUBLIC_URL: public_url}
        self._environment = {**os.environ, **told}
        for name in told:
            self._environment.pop(f"{name}_FILE", None)  # only one of the two may be there
        self._process: asyncio.subprocess.Process | None = None
        self._is_ready = False
        self._waking = False

    def is_carrying(self) -> bool:
        """Whether it runs, and has said that it carries."""
        runs = self._process is not None and self._process.returncode is None
        return runs and self._is_ready

    def wake(self) -> None:
        """There is something to carry."""
        if not self._waking:
            self._waking = True
            asyncio.get_running_loop().call_later(_WAKE_IN, self._wake)

    def _wake(self) -> None:
        self._waking = False
        if self._process and self._process.stdin and not self._process.stdin.is_closing():
            self._process.stdin.write(b"\n")

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep it running, started anew when it dies; at the end let it finish and leave."""
        keeper = asyncio.create_task(self._keep(await self._start()))
        try:
            yield
        finally:
            keeper.cancel()
            await self._stop()

    async def _start(self) -> asyncio.subprocess.Process:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "estafette.carrier",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            env=self._environment,
        )  # fmt: skip
        return self._process

    async def _keep(self, process: asyncio.subprocess.Process) -> None:
        deaths = 0
        while True:
            self._is_ready = bool(process.stdout and await process.stdout.readline())
            code = await process.wait()
            self._is_ready = False
            log.error("the carrier died", code=code)
            await asyncio.sleep(_AGAIN[min(deaths, len(_AGAIN) - 1)])
            deaths += 1
            process = await self._start()

    async def _stop(self) -> None:
        if self._process is None or self._process.stdin is None:
            return
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), 9)
        except TimeoutError:
            log.error("the carrier did not stop in time")
            self._process.kill()
            await self._process.wait()
