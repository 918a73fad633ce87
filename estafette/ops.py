"""What those who run it ask: is it alive, is it ready, how much goes through."""

from collections.abc import Callable, Iterable
from os import environ

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import REGISTRY, Collector
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from estafette.app import App
from estafette.core.clock import utc_now
from estafette.model import GatewayError
from estafette.store import callbacks, jobs
from estafette.store.jobs import Backlog


class Ops:
    """`/healthz`, `/readyz` and `/metrics`."""

    def __init__(self, app: App, carrying: Callable[[], bool]) -> None:
        """`carrying` tells whether messages are being carried from here, or need not be."""
        self._app = app
        self._carrying = carrying

    async def healthz(self, _request: Request) -> Response:
        """200 while this process answers at all."""
        return JSONResponse({"status": "alive"})

    async def readyz(self, _request: Request) -> Response:
        """200 when it can write messages down and carry them; 503 with what is missing."""
        missing = [] if self._carrying() else ["carrier"]
        try:
            await self._app.store.write(lambda _conn: None)
        except GatewayError:
            missing.append("database")
        if missing:
            return JSONResponse({"status": "not ready", "missing": missing}, 503)
        return JSONResponse({"status": "ready"})

    async def metrics(self, _request: Request) -> Response:
        """Every counter of all processes of this server, and the queue as it stands."""
        backlog, owed = await self._app.store.read(
            lambda conn: (jobs.backlog(conn, utc_now()), callbacks.owed(conn))
        )
        queue = CollectorRegistry()
        queue.register(_Queue(backlog, owed))
        return Response(
            generate_latest(_counted()) + generate_latest(queue),
            media_type=CONTENT_TYPE_PLAIN_0_0_4,
        )


def _counted() -> CollectorRegistry:
    if "PROMETHEUS_MULTIPROC_DIR" not in environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry


class _Queue(Collector):
    def __init__(self, backlog: Backlog, owed: int) -> None:
        self._backlog, self._owed = backlog, owed

    def collect(self) -> Iterable[Metric]:
        """The gauges of the queue."""
        yield GaugeMetricFamily(
            "estafette_queue_depth", "Messages that wait to be offered.", self._backlog.depth
        )
        yield GaugeMetricFamily(
            "estafette_queue_age_seconds",
            "How long the message that is most overdue has been due.",
            self._backlog.age,
        )
        yield GaugeMetricFamily(
            "estafette_callbacks_waiting",
            "Callbacks to be told, for the first time or again.",
            self._owed,
        )
