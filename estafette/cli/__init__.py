"""The commands. Each opens the home, does one thing, and says what it did.

Exit codes: 0 done, 1 refused, 2 bad input, 3 not reachable (the home, the database or the port).
"""

import os
import shutil
import sys
from pathlib import Path

from estafette import settings
from estafette.model import GatewayError


def main() -> None:
    """Run a command. What we raise on purpose becomes one line and an exit code."""
    try:
        if sys.argv[1:2] == ["serve"]:
            share_metrics(settings.read().home)
        # Only now: what is counted from here on knows where to count.
        from estafette.cli.commands import app  # noqa: PLC0415

        app(prog_name="estafette")
    except GatewayError as error:
        from estafette.cli.run import exit_code_of  # noqa: PLC0415

        sys.stderr.write(f"estafette: {error}\n")
        sys.exit(exit_code_of(error))
    except OSError as error:
        if error.filename is None:
            raise
        sys.stderr.write(f"estafette: {error.filename}: {error.strerror}\n")
        sys.exit(3)
    except KeyboardInterrupt:
        sys.exit(130)


def share_metrics(home: Path) -> None:
    """Let the processes of a server count together: before the library that counts is imported.

    The folder is this process's own; those of servers that were killed are removed.
    """
    folder = home / "metrics"
    mine = folder / str(os.getpid())
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        mine.mkdir(parents=True, exist_ok=True)
    except OSError:
        return  # opening the home will say what is wrong with it
    for old in folder.iterdir():
        if not (old.name.isdigit() and _runs(int(old.name))):
            shutil.rmtree(old, ignore_errors=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(mine)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
