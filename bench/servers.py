"""Servers to measure, each a process of its own on a free port."""

import base64
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from bench.load import Found

ACCOUNT_SID = "AC" + "be" * 16
TOKEN = "bench"
PATH = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"
AUTH = base64.b64encode(f"{ACCOUNT_SID}:{TOKEN}".encode()).decode()


class Measured:
    """A server that runs."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, home: Path | None) -> None:
        self.process = process
        self.port = port
        self.home = home

    def load(self, count: int, *told: str) -> Found:
        """Ask it `count` times, from a process of its own; `told`: who is told what comes of it."""
        asked = [str(self.port), PATH, AUTH, str(count), *told]
        command = [sys.executable, "-m", "bench.load", *asked]
        answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        found = Found(**json.loads(answer))
        if set(found.statuses) != {"201"}:
            raise SystemExit(f"not everything was accepted: {found.statuses}")
        return found

    def get(self, path: str) -> bytes:
        """A GET with credentials."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", headers={"Authorization": f"Basic {AUTH}"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return bytes(answer.read())

    def counted(self, name: str) -> float:
        """A counter of its metrics."""
        for line in self.get("/metrics").decode().splitlines():
            if line.startswith(name):
                return float(line.split()[-1])
        return 0.0

    def memory(self) -> list[int]:
        """Resident megabytes of its process and of those that it started."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [_resident(str(pid)), *map(_resident, children)]


def _resident(pid: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmRSS:"))


@contextlib.contextmanager
def bare() -> Iterator[Measured]:
    """The HTTP server without work."""
    port = _free_port()
    process = subprocess.Popen([sys.executable, "-m", "bench.bare", str(port)])
    with _running(process, port, "/", None) as measured:
        yield measured


@contextlib.contextmanager
def slow() -> Iterator[str]:
    """The URL of a receiver that takes a second for everything that it is told."""
    port = _free_port()
    process = subprocess.Popen([sys.executable, "-m", "bench.slow", str(port)])
    with _running(process, port, "/", None):
        yield f"http://127.0.0.1:{port}/"


@contextlib.contextmanager
def estafette(home: Path, *options: str, delay: float = 0.2) -> Iterator[Measured]:
    """`estafette serve` on a home."""
    port = _free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "estafette", "serve", "--port", str(port), *options],
        env=environment(home, delay),
        stderr=subprocess.DEVNULL,
    )
    with _running(process, port, "/readyz", home) as measured:
        yield measured


def environment(home: Path, delay: float) -> dict[str, str]:
    """What a server on this home is started with."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ESTAFETTE_")}
    own = {
        "ESTAFETTE_HOME": str(home),
        "ESTAFETTE_ACCOUNT_SID": ACCOUNT_SID,
        "ESTAFETTE_AUTH_TOKEN": TOKEN,
        "ESTAFETTE_SANDBOX_DELAY": str(delay),
        "ESTAFETTE_LOG_LEVEL": "error",
    }
    url = os.environ.get("ESTAFETTE_BENCH_DATABASE_URL")
    return {**kept, **own, **({"ESTAFETTE_DATABASE_URL": url} if url else {})}


@contextlib.contextmanager
def fresh_home() -> Iterator[Path]:
    """A folder that is removed at the end."""
    with tempfile.TemporaryDirectory(prefix="estafette-bench-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@contextlib.contextmanager
def _running(
    process: subprocess.Popen[bytes], port: int, path: str, home: Path | None
) -> Iterator[Measured]:
    measured = Measured(process, port, home)
    try:
        _wait(measured, path)
        yield measured
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _wait(measured: Measured, path: str) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            measured.get(path)
            return
        except urllib.error.HTTPError as error:
            if error.code == 404:  # the bare server has nothing there, and is up
                return
        except OSError:
            pass
        if measured.process.poll() is not None:
            raise SystemExit("a server ended")
        time.sleep(0.1)
    raise SystemExit("a server did not start")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
