"""Commands in processes of their own, forked from one that has everything imported.

Importing takes ten times as long as what most commands do, and half of what starting a server takes.
`Server.run_anew` and `Server.start_anew` start from nothing, as people do: some tests do so.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import estafette

_LONGEST = 60  # seconds for one command
_METRICS = "PROMETHEUS_MULTIPROC_DIR"
#: What importing does something in: starting a process, or a migration's environment.
_NOT_FOR_IMPORT = ("__main__", "migrations", "carrier")


class Process:
    """A command that runs: what is used of `subprocess.Popen`."""

    def __init__(
        self, env: Mapping[str, str], command: Sequence[str], files: Sequence[Path]
    ) -> None:
        """`files` are its standard input, output and error; it adds to the last two."""
        self.args = ["estafette", *command]
        self.returncode: int | None = None
        self._told = b""
        self._line = socket.socket(socket.AF_UNIX)
        self._line.settimeout(_LONGEST)
        self._line.connect(str(_address()))
        asked = {"env": dict(env), "words": list(command), "files": list(map(str, files))}
        asked["cwd"] = os.getcwd()
        self._line.sendall(json.dumps(asked).encode())
        self._line.shutdown(socket.SHUT_WR)
        self.pid = self._number()

    def wait(self, timeout: float = _LONGEST) -> int:
        """Its exit code, once it has ended. Raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            self._line.settimeout(timeout)
            try:
                self.returncode = self._number()
            except TimeoutError:
                raise subprocess.TimeoutExpired(self.args, timeout) from None
            self._line.close()
        return self.returncode

    def poll(self) -> int | None:
        """Its exit code, if it has ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0.001)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it has not ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def _number(self) -> int:
        while b"\n" not in self._told:
            told = self._line.recv(64)
            assert told, f"{self.args} was not run"
            self._told += told
        number, _, self._told = self._told.partition(b"\n")
        return int(number)


def run(
    env: Mapping[str, str], command: Sequence[str], *, text: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run `estafette` with these words in this environment; `text` is its standard input."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, name) for name in ("in", "out", "err")]
        files[0].write_text(text)
        process = Process(env, command, files)
        code = process.wait()
        return subprocess.CompletedProcess(
            process.args, code, files[1].read_text(), files[2].read_text()
        )


@cache
def _address() -> Path:
    """Where the process listens that commands are forked from; it ends with this one."""
    folder = tempfile.TemporaryDirectory(prefix="forked")
    path = Path(folder.name, "socket")
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.forked", str(path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    atexit.register(folder.cleanup)
    atexit.register(process.kill)
    return path


def _listen(path: str) -> None:
    """Fork for whoever asks, until who started us is gone."""
    # What is counted goes to files of the process that counts; the library decides that when it is
    # imported. `serve` names another folder for its own.
    os.environ[_METRICS] = str(Path(path).parent)
    for module in pkgutil.walk_packages(estafette.__path__, "estafette."):
        if not any(part in module.name for part in _NOT_FOR_IMPORT):
            importlib.import_module(module.name)
    _read_templates()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(64)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        parent = os.getppid()
        listener.settimeout(1)
        while os.getppid() == parent:
            with contextlib.suppress(TimeoutError):
                line, _ = listener.accept()
                if os.fork() == 0:
                    listener.close()
                    _answer(line)
                line.close()


def _read_templates() -> None:
    """It takes as long as importing everything, and each server would do it for itself."""
    from estafette.console.show import environment
    from estafette.console.words import LANGUAGES

    for language in LANGUAGES:
        templates = environment(language)
        for name in templates.list_templates():
            templates.get_template(name)


def _answer(line: socket.socket) -> None:
    """Run one command, and tell its exit code."""
    line.settimeout(None)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    asked = json.loads(b"".join(iter(lambda: line.recv(1 << 16), b"")))
    child = os.fork()
    if child == 0:
        line.close()
        _command(asked)
    with contextlib.suppress(OSError):  # who asked may be gone
        line.sendall(f"{child}\n".encode())
        _, status = os.waitpid(child, 0)
        line.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _command(asked: Mapping[str, Any]) -> None:
    os.setsid()
    os.chdir(asked["cwd"])
    folder = os.environ[_METRICS]
    os.environ.clear()
    os.environ.update({_METRICS: folder, **asked["env"]})
    for number, path in enumerate(asked["files"]):
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND if number else os.O_RDONLY
        descriptor = os.open(path, flags)
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.argv = ["estafette", *asked["words"]]
    from estafette.cli import main

    code: Any = 0
    try:
        main()
    except SystemExit as end:
        code = end.code
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    if isinstance(code, str):
        sys.stderr.write(f"{code}\n")
        code = 1
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    os._exit(code or 0)


if __name__ == "__main__":
    _listen(sys.argv[1])
