"""Commands in processes of their own, forked from one that has everything imported.

Importing takes ten times as long as what most commands do. `Server.run` starts from nothing, as
people do: each command is run so at least once.
"""

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from estafette.cli import main

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["estafette.cli.commands", "tests.cli.forked"])


def run(env: Mapping[str, str], command: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    """Run `estafette` with these words in this environment."""
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        process = _CONTEXT.Process(target=_command, args=(dict(env), command, out, err))
        process.start()
        process.join(60)
        code = process.exitcode
        process.kill()
        assert code is not None, f"{command} takes too long"
        return subprocess.CompletedProcess(command, code, out.read_text(), err.read_text())


def _command(env: Mapping[str, str], command: tuple[str, ...], out: Path, err: Path) -> None:
    os.environ.clear()
    os.environ.update(env)
    for number, path in ((1, out), (2, err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
    sys.argv = ["estafette", *command]
    main()
