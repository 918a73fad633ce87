"""`send --csv` and `batches`: many messages, with no server beside them."""

import csv
import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests import forked
from tests.cli.conftest import asked, refused
from tests.conftest import Server

FILE = "to,name\n+14155550100,Ann\nnobody,Bob\n+14155550101,=Eve\n"


@pytest.fixture
def file(home: Server) -> str:
    path = Path(home.home, "people.csv")
    path.write_text(FILE)
    return str(path)


def test_a_file_is_sent_and_its_result_written(home: Server, file: str, tmp_path: Path) -> None:
    out = str(tmp_path / "result.csv")
    body = ("--body", "Hi {name}")
    done = forked.run(home.env, ("send", "--csv", file, *body, "--result", out))
    assert done.returncode == 1  # a row was skipped
    assert done.stderr == "row 2: bad_recipient nobody\n"
    id, _, told = done.stdout.partition(" ")
    assert told == "done: 2 sent, 1 not\n"
    lines = list(csv.reader(io.StringIO(Path(out).read_text())))
    assert [line[3] for line in lines] == ["status", "queued", "skipped", "queued"]
    assert lines[3][1] == "'=Eve"
    assert asked(home, "messages", "show", lines[1][2])["body"] == "Hi Ann"
    assert asked(home, "batches")["items"][0]["id"] == id
    assert asked(home, "batches", "show", id)["sent"] == 2
    assert "row 2: bad_recipient nobody" in home.run("batches", "show", id).stdout
    assert home.run("batches", "result", id, "--bom").stdout.startswith("\ufeffto,name,message_id")
    assert home.run("batches", "remove", id).stdout == f"{id} is removed\n"
    assert refused(home, "batches", "show", id) == (1, f"no batch {id}")


def test_a_dry_run_sends_nothing(home: Server, file: str) -> None:
    before = asked(home, "batches")["items"]
    done = forked.run(home.env, ("send", "--csv", file, "--body", "Hi {name}", "--dry-run"))
    assert done.stdout == "3 rows: 2 can be sent in 2 segments, 1 cannot\n"
    assert asked(home, "batches")["items"] == before
    done = forked.run(home.env, ("send", "--csv", file, "--body", "Hi", "--json", "--dry-run"))
    assert json.loads(done.stdout)["wrong"] == {"bad_recipient": 1}


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("--csv", "/nowhere"), (3, "/nowhere: No such file or directory")),
        (("--result", "x"), (2, "--result and --dry-run go with --csv")),
        (("--csv", "x", "--to", "+1"), (2, "--to does not go with --csv")),
        (("--csv", "FILE", "--template", "x"), (2, "--template: no template x")),
    ],
)
def test_it_says_what_it_does_not_take(
    home: Server, file: str, command: tuple[str, ...], told: tuple[int, str]
) -> None:
    words = [file if word == "FILE" else word for word in command]
    assert refused(home, "send", *words) == told


def test_a_terminal_sees_how_far_it_is(home: Server, file: str) -> None:
    ours, theirs = pty.openpty()
    words = ("send", "--csv", file, "--body", "Hi")
    done = subprocess.run(
        [sys.executable, "-m", "estafette", *words],
        env={**home.env, "TERM": "xterm", "COLUMNS": "100"},
        check=False,
        stdout=subprocess.PIPE,
        stderr=theirs,
        timeout=60,
    )
    os.close(theirs)
    seen = os.read(ours, 100_000).decode()
    os.close(ours)
    assert done.returncode == 1
    assert "3/3" in seen
