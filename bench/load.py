"""A load generator for loopback: keep-alive connections, each with one request at a time.

Run as a module it prints its findings as JSON: `python -m bench.load PORT PATH AUTH COUNT [URL]`,
where the URL is told what becomes of each message.
"""

import asyncio
import json
import random
import sys
import time
from collections import Counter
from typing import cast
from urllib.parse import quote

import uvloop
from msgspec import Struct

CONNECTIONS = 64


class Found(Struct, frozen=True):
    """What a load came to. Times are in seconds."""

    count: int
    seconds: float
    p50: float
    p99: float
    statuses: dict[str, int]

    def __lt__(self, other: "Found") -> bool:
        """The slower comes first."""
        return self.rate < other.rate

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.count / self.seconds


class _Load:
    """What all connections share: how much is left, and what was found."""

    def __init__(self, head: bytes, count: int, told: str) -> None:
        self.head = head
        self.tail = f"&StatusCallback={quote(told, safe='')}".encode() if told else b""
        self.left = count
        self.spans: list[float] = []
        self.statuses: Counter[str] = Counter()
        self.open = 0
        self.done = asyncio.get_running_loop().create_future()

    def request(self) -> bytes:
        """A create with a recipient that is seldom the same twice."""
        self.left -= 1
        body = (
            b"To=%%2B1415%07d&From=%%2B15017122661&Body=Your+table+for+two+is+booked+for+eight"
            % random.randrange(10**7)
            + self.tail
        )
        return b"%sContent-Length: %d\r\n\r\n%s" % (self.head, len(body), body)


class _Client(asyncio.Protocol):
    def __init__(self, load: _Load) -> None:
        self._load = load
        self._answer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(
            asyncio.Transport, transport
        )  # uvloop's are of no class of asyncio's
        self._load.open += 1
        self._ask()

    def _ask(self) -> None:
        if self._load.left <= 0:
            self._transport.close()
            return
        self._asked_at = time.perf_counter()
        self._transport.write(self._load.request())

    def data_received(self, data: bytes) -> None:
        self._answer += data
        end = self._answer.find(b"\r\n\r\n")
        if end < 0 or len(self._answer) < end + 4 + _length(self._answer[:end]):
            return
        self._load.spans.append(time.perf_counter() - self._asked_at)
        self._load.statuses[self._answer[9:12].decode()] += 1
        self._answer = b""
        self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        self._load.open -= 1
        if not self._load.open and not self._load.done.done():
            self._load.done.set_result(None)


def _length(head: bytes) -> int:
    lines = head.lower().split(b"\r\n")
    return next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), 0)


async def load(port: int, path: str, auth: str, count: int, told: str = "") -> Found:
    """Ask `count` times over all connections, each asking again as soon as it is answered."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Basic {auth}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
    )
    shared = _Load(head.encode(), count, told)
    began = time.perf_counter()
    for _ in range(CONNECTIONS):
        await asyncio.get_running_loop().create_connection(
            lambda: _Client(shared), "127.0.0.1", port
        )
    await shared.done
    seconds = time.perf_counter() - began
    spans = sorted(shared.spans)
    if not spans:
        raise SystemExit("nothing was answered")
    return Found(
        count=len(spans),
        seconds=seconds,
        p50=spans[len(spans) // 2],
        p99=spans[len(spans) * 99 // 100],
        statuses=dict(shared.statuses),
    )


def main() -> None:
    """Print what a load came to."""
    port, path, auth, count, *told = sys.argv[1:]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        found = runner.run(load(int(port), path, auth, int(count), *told))
    print(json.dumps({name: getattr(found, name) for name in found.__struct_fields__}))


if __name__ == "__main__":
    main()
