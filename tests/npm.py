"""npm packages that do what they are told: a driver in tests/node, asked line by line.

Needs node, and `npm ci` in tests/node.
"""

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest

NODE = Path(__file__).parent / "node"


class Thrown(Exception):
    """What the package threw."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error["message"])
        self.error = error


class Driver:
    """A node process that answers each line with one."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, asked: Mapping[str, Any]) -> Any:
        """What the package gives. Raises Thrown."""
        pipe = _pipe(self._process.stdin)
        pipe.write(json.dumps(asked) + "\n")
        pipe.flush()
        told = json.loads(_pipe(self._process.stdout).readline())
        if "error" in told:
            raise Thrown(told["error"])
        return told["answer"]


@contextmanager
def driving(script: str, package: str) -> Iterator[Driver]:
    """A driver of a package; skips the test where node or the package is not there."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    if not (NODE / "node_modules" / package).is_dir():
        pytest.skip(f"npm's {package} is not installed: run `npm ci` in tests/node")
    with subprocess.Popen(
        [node, script], cwd=NODE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Driver(process)
        _pipe(process.stdin).close()
        assert process.wait(10) == 0


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe
