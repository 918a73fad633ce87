"""docs/how-to/inbound.md runs as it is printed."""

import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import forked
from tests.conftest import RECIPIENT, Server, free_port
from tests.patience import PATIENCE
from tests.tables import ROOT

PAGE = (ROOT / "docs/how-to/inbound.md").read_text()
EXAMPLES = re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def port(own_server: Server, tmp_path: Path) -> Iterator[int]:
    """The program of the page, on a port of its own, beside a server."""
    own_server.start()
    port = free_port()
    ((_, program),) = (found for found in EXAMPLES if found[0] == "python")
    path = tmp_path / "answer.py"
    path.write_text(program.replace("9000", str(port)))
    process = subprocess.Popen(
        [sys.executable, str(path)], env=own_server.env, stderr=subprocess.PIPE
    )
    try:
        yield port
    finally:
        process.kill()
        process.communicate()


def run(server: Server, line: str, port: int) -> str:
    words = shlex.split(line.replace("9000", str(port)))
    assert words[0] == "estafette"
    done = forked.run(server.env, tuple(words[1:]))
    assert done.returncode == 0, (line, done.stderr)
    return done.stdout


def test_it_runs_as_printed(own_server: Server, port: int) -> None:
    first, *more = [text.splitlines() for language, text in EXAMPLES if language == "sh"]
    run(own_server, first[0], port)
    sid = run(own_server, first[1], port).split()[0]
    end = time.monotonic() + PATIENCE
    while "You wrote: Is anybody there?" not in (shown := run(own_server, first[2], port)):
        assert time.monotonic() < end, shown
        time.sleep(0.2)
    assert RECIPIENT in shown
    for line in [line for lines in more for line in lines]:
        run(own_server, line.replace("SM…", sid), port)
    assert "told 200" in run(own_server, f"estafette messages show {sid}", port)
