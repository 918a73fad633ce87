"""`suppressions`: many lines in and out, and no good one lost for a bad one."""

import contextlib
import csv
import json
import os
import pty
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests import forked
from tests.cli.conftest import asked, refused
from tests.conftest import Server

HEADER = "recipient,channel,scope,source,created_at"


@pytest.fixture
def home(shared_home: Server) -> Server:
    """The shared home, with nobody suppressed."""
    with contextlib.closing(sqlite3.connect(shared_home.home / "estafette.db")) as conn, conn:
        conn.execute("DELETE FROM suppressions")
    return shared_home


def brought(home: Server, text: str | bytes, *options: str) -> subprocess.CompletedProcess[str]:
    """What `import` says of a file."""
    path = Path(home.home, "in.txt")
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return forked.run(home.env, ("suppressions", "import", str(path), *options))


def exported(home: Server, *options: str) -> str:
    done = forked.run(home.env, ("suppressions", "export", *options))
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_one_is_added_listed_and_removed(home: Server) -> None:
    run = home.run
    assert run("suppressions", "add", "+1 415 555 0123").stdout == "+14155550123 is suppressed\n"
    done = run("suppressions", "add", "+14155550123")
    assert done.stdout == "+14155550123 is already suppressed\n"
    (found,) = asked(home, "suppressions")["items"]
    assert (found["recipient"], found["channel"], found["source"]) == (
        "+14155550123", "sms", "command",
    )  # fmt: skip
    assert "+14155550123" in run("suppressions").stdout
    done = run("suppressions", "remove", "+14155550123")
    assert done.stdout == "+14155550123 may be written to again\n"
    assert asked(home, "suppressions")["items"] == []


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("add", "nobody"), (2, "nobody is not a recipient")),
        (
            ("add", "+14155550123", "--scope", "x"),
            (2, "x is not the id of a sender or a service"),
        ),
        (("remove", "nobody"), (2, "nobody is not a recipient")),
        (("remove", "+14155550123"), (1, "+14155550123 is not suppressed")),
        (("list", "--after", "x"), (2, "--after x is not what a list ended with")),
        (("import", "/nowhere/at/all"), (3, "/nowhere/at/all: No such file or directory")),
    ],
)
def test_they_say_in_one_line_what_they_do_not_take(
    home: Server, command: tuple[str, ...], told: tuple[int, str]
) -> None:
    assert refused(home, "suppressions", *command) == told


def test_what_is_exported_can_be_brought_in(home: Server) -> None:
    scope = "0" * 31 + "a"
    first = (
        f"+14155550101,sms,,a court,2026-01-02T03:04:05.000600Z\n+14155550102,whatsapp,{scope},x,"
    )
    assert brought(home, f"{HEADER}\n{first}2026-01-02T03:04:05.000601Z\n").returncode == 0
    text = exported(home)
    assert text == f"{HEADER}\n{first}2026-01-02T03:04:05.000601Z\n"
    lines = exported(home, "--json")
    assert [json.loads(line)["recipient"] for line in lines.splitlines()] == [
        "+14155550101", "+14155550102",
    ]  # fmt: skip
    forked.run(home.env, ("suppressions", "remove", "+14155550101"))
    done = brought(home, lines, "--json")
    assert json.loads(done.stdout) == {"added": 1, "known": 1, "bad": []}
    assert exported(home) == text


def test_a_bad_line_is_told_and_costs_no_other(home: Server) -> None:
    lines = [
        "Recipient , Channel,scope,source,created_at",
        "+14155550111",
        "nobody",
        "+14155550112,fax",
        "(415) 555-0113,sms",
        "+1 (415) 555-0114,WhatsApp,,,2026-01-02",
        "+14155550115,sms,here",
        "",
        "+14155550116,sms,,,then",
        "+14155550117,sms,,,,too much",
        "+14155550118,,,\0,",
        '"+14155550119","sms","","with ""quotes""\nand a line",',
        "+14155550111",
    ]
    done = brought(home, "\ufeff" + "\r\n".join(lines))
    assert done.returncode == 2
    assert done.stdout == "3 added, 1 known already, 7 not understood\n"
    *told, last = done.stderr.splitlines()
    assert [line.partition(":")[0] for line in told] == [
        f"line {number}" for number in (3, 4, 5, 7, 9, 10, 11)
    ]
    assert last == "estafette: 7 lines were not understood; all others are kept"
    rows = list(csv.DictReader(exported(home).splitlines(keepends=True)))
    assert [row["recipient"] for row in rows] == ["+14155550111", "+14155550114", "+14155550119"]
    assert rows[1]["created_at"] == "2026-01-02T00:00:00Z"
    assert rows[1]["channel"] == "whatsapp"
    assert rows[2]["source"] == 'with "quotes"\nand a line'


def test_json_lines_that_are_none_are_told(home: Server) -> None:
    lines = ['{"recipient": "+14155550131"}', "{", "[]", "", '{"recipient": 5}', '"x"', "{}"]
    done = brought(home, "\n".join(lines), "--json")
    assert done.returncode == 2
    said = json.loads(done.stdout)
    assert (said["added"], [item["line"] for item in said["bad"]]) == (1, [2, 3, 5, 6, 7])


@pytest.mark.parametrize("text", ["", "a,b\n+14155550101,x\n", b"\xff\xfe\x00"])
def test_a_file_without_a_header_is_refused(home: Server, text: str | bytes) -> None:
    done = brought(home, text)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"estafette: the first line must name the columns: {HEADER}\n"


def test_it_reads_standard_input(home: Server) -> None:
    text = "recipient\n" + "".join(f"+1415557{number:04}\n" for number in range(1200))
    done = subprocess.run(
        [sys.executable, "-m", "estafette", "suppressions", "import", "-"],
        env=home.env, input=text, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert done.stdout == "1200 added, 0 known already, 0 not understood\n"
    page = asked(home, "suppressions", "list", "--limit", "700")
    rest = asked(home, "suppressions", "list", "--limit", "700", "--after", page["next"])
    assert (len(page["items"]), len(rest["items"]), rest["next"]) == (700, 500, None)
    everybody = "".join(item["recipient"] + "\n" for item in page["items"] + rest["items"])
    assert f"recipient\n{everybody}" == text


def test_a_terminal_is_shown_how_far_it_is(home: Server, tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text("recipient\n" + "+14155550141\n" * 1500)
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "estafette", "suppressions", "import", str(path)],
        env={**home.env, "TERM": "xterm"}, stdout=subprocess.PIPE, stderr=theirs, check=True,
        timeout=60,
    )  # fmt: skip
    os.close(theirs)
    assert b"lines" in os.read(ours, 65_536)
    os.close(ours)
    assert done.stdout == b"1 added, 1499 known already, 0 not understood\n"
