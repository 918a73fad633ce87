"""A home that commands are run on, with no server beside it."""

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests import forked
from tests.conftest import Server


@pytest.fixture(scope="session")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One home for all tests that only add to it; filled, as the first command does."""
    server = Server(tmp_path_factory.mktemp("commands") / "home")
    server.run("migrate")
    try:
        yield server
    finally:
        server.close()


@pytest.fixture
def home(shared_home: Server) -> Server:
    return shared_home


def told(done: subprocess.CompletedProcess[str]) -> tuple[int, str]:
    """The exit code of a command that should have failed, and the one line that says why."""
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    (line,) = done.stderr.splitlines()
    return done.returncode, line.removeprefix("estafette: ")


def refused(server: Server, *command: str) -> tuple[int, str]:
    """Run a command that must fail; its exit code and what it says."""
    return told(forked.run(server.env, command))


def asked(server: Server, *command: str) -> Any:
    """What a command prints with --json."""
    done = forked.run(server.env, (*command, "--json"))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
