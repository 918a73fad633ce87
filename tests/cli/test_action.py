"""`action`: what workflows may ask, from the command line."""

import json
import os
import pty
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
import typer

from estafette import actions
from estafette.actions import Failed, Ran
from estafette.cli.action import Format, _tell
from estafette.doors.actions.answers import Options
from tests import forked
from tests.cli.conftest import asked, refused
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, SENDER, Server

TO = "+14155550191"
GIVEN = (f"TO={TO}", "BODY=Your parcel is here", f"FROM={SENDER}")
RUN = ("action", "run", "SENDMESSAGE")


def ran(server: Server, *words: str, code: int = 0) -> str:
    """What a run prints."""
    done = forked.run(server.env, (*RUN, *words))
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def fed(server: Server, text: str, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """A run with something on its standard input."""
    return subprocess.run(
        [sys.executable, "-m", "estafette", *RUN, *words], env={**server.env, **env}, input=text,
        check=False, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def test_the_actions_are_listed_and_shown(home: Server) -> None:
    listed = asked(home, "action", "list")
    assert asked(home, "action") == listed
    assert "SENDMESSAGE" in [item["name"] for item in listed["items"]]
    (shown,) = (item for item in listed["items"] if item["name"] == "SENDMESSAGE")
    assert asked(home, "action", "show", "sendmessage") == shown
    assert "SENDMESSAGE" in home.run("action").stdout
    told = home.run("action", "show", "SENDMESSAGE").stdout
    for word in ("BODY", "needed", "AUTH_TOKEN", "secret", "MESSAGE_SID", "output"):
        assert word in told


def test_a_run_prints_its_outputs(home: Server) -> None:
    done = home.run(*RUN, *GIVEN)
    said = json.loads(done.stdout)
    assert list(said) == ["MESSAGE_SID", "ERROR_MESSAGE", "ERROR_CODE"]
    assert (said["ERROR_MESSAGE"], said["ERROR_CODE"]) == ("", "")
    shown = asked(home, "messages", "show", said["MESSAGE_SID"])
    assert (shown["to"], shown["body"]) == (TO, "Your parcel is here")
    document = ElementTree.fromstring(ran(home, *GIVEN, "--format", "xml").encode())
    assert document.tag == "SENDMESSAGE"
    assert document[0].text.startswith("SM")


def test_a_failure_prints_its_outputs_and_ends_with_1(home: Server) -> None:
    said = json.loads(ran(home, "TO=1555", "BODY=x", f"FROM={SENDER}", code=1))
    assert (said["MESSAGE_SID"], said["ERROR_CODE"]) == ("", "21211")
    told = json.loads(ran(home, "TO=1555", "BODY=x", "--on-error", "http", code=1))
    assert (told["code"], told["status"]) == (21211, 400)
    ran(home, "TO=1555", "BODY=x", "--on-error", "http", "--allow-failure", "--mask-output")


def test_a_key_makes_a_repeated_run_safe(home: Server) -> None:
    key = ("--idempotency-key", "4711")
    first = ran(home, *GIVEN, *key)
    assert ran(home, *GIVEN, *key) == first
    told = json.loads(ran(home, GIVEN[0], "BODY=other", GIVEN[2], *key, code=1))
    assert (told["code"], told["status"]) == (20409, 409)


def test_inputs_come_from_a_file_too(home: Server, tmp_path: Path) -> None:
    file = tmp_path / "inputs.json"
    file.write_text(json.dumps({"TO": TO, "BODY": "from a file", "FROM": SENDER}))
    assert "SM" in ran(home, "--json", str(file))
    file.write_text(json.dumps({"TO": TO}))
    assert "SM" in ran(home, "BODY=mixed", f"FROM={SENDER}", "--json", str(file))
    done = fed(home, json.dumps({"TO": TO, "BODY": "x", "FROM": SENDER}), "--json", "-")
    assert (done.returncode, json.loads(done.stdout)["ERROR_CODE"]) == (0, "")


@pytest.mark.parametrize(
    "words",
    [
        ("action", "run", "NOTHING"),
        ("action", "show", "NOTHING"),
        (*RUN, "TO"),
        (*RUN, "=x"),
        (*RUN, "COLOUR=red"),
        (*RUN, "to=1"),
        (*RUN, "TO=1", "TO=2"),
        (*RUN, "--json", "/nowhere/inputs.json"),
        (*RUN, "--idempotency-key", "x" * 256),
        (*RUN, "AUTH_TOKEN=hunter2"),
        (*RUN, "AUTH_TOKEN="),
        (*RUN, "AUTH_TOKEN=-", "--json", "-"),
    ],
)
def test_bad_input_ends_with_2(home: Server, words: tuple[str, ...]) -> None:
    code, text = refused(home, *words)
    assert code == 2
    assert "hunter2" not in text


@pytest.mark.parametrize("text", ["{", "[]", '{"TO": 1, "TO": 2}', '{"COLOUR": "red"}', "\x00"])
def test_a_file_that_is_wrong_ends_with_2(home: Server, tmp_path: Path, text: str) -> None:
    file = tmp_path / "inputs.json"
    file.write_text(text)
    assert refused(home, *RUN, "--json", str(file))[0] == 2
    assert refused(home, *RUN, "TO=1", "--json", str(file))[0] == 2


def test_options_that_are_wrong_end_with_2(home: Server) -> None:
    for words in (("--format", "yaml"), ("--on-error", "raise")):
        assert forked.run(home.env, (*RUN, *words)).returncode == 2


def test_an_account_that_is_not_there_is_refused(home: Server) -> None:
    assert refused(home, *RUN, *GIVEN, "--account", "AC" + "0" * 32)[0] == 1


def test_a_home_that_cannot_be_opened_ends_with_3(home: Server, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    env = {**home.env, "ESTAFETTE_HOME": str(tmp_path / "file" / "home")}
    assert forked.run(env, (*RUN, *GIVEN)).returncode == 3


@pytest.mark.parametrize(
    ("status", "options", "code"),
    [
        (400, Options(), 1), (429, Options(), 1), (500, Options(), 3), (503, Options(), 3),
        (500, Options(on_error="http"), 3), (500, Options(on_error="http", allow_failure=True), 0),
        (400, Options(allow_failure=True), 0),
    ],
)  # fmt: skip
def test_the_exit_code_says_what_to_do_next(
    status: int, options: Options, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    send = actions.find("SENDMESSAGE")
    assert send.failed
    failure = Failed("20500", "upstream is broken", status)
    try:
        _tell(send, Ran(send.failed(failure), failure), options, Format.JSON)
        found = 0
    except typer.Exit as error:
        found = error.exit_code
    assert found == code
    assert "upstream is broken" in capsys.readouterr().out


# Secrets -----------------------------------------------------------------------------------------


def test_a_secret_comes_from_the_environment_or_standard_input(home: Server) -> None:
    """Both give the same outputs as a file that holds it, and neither shows it."""
    sid = f"ACCOUNT_SID={ACCOUNT_SID}"
    env = {"ESTAFETTE_ACTION_AUTH_TOKEN": AUTH_TOKEN}
    said = [
        fed(home, "", *GIVEN, sid, **env),
        fed(home, f"{AUTH_TOKEN}\n", *GIVEN, sid, "AUTH_TOKEN=-"),
        fed(home, json.dumps({"AUTH_TOKEN": AUTH_TOKEN}), *GIVEN, sid, "--json", "-"),
    ]
    for done in said:
        assert (done.returncode, json.loads(done.stdout)["ERROR_CODE"]) == (0, "")
        assert AUTH_TOKEN not in done.stdout + done.stderr


def command_lines() -> Iterator[str]:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            yield (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue


def test_a_secret_is_asked_for_on_a_terminal_and_stands_on_no_command_line(home: Server) -> None:
    secret = "a token that nobody may see"
    ours, theirs = pty.openpty()
    words = [*RUN, *GIVEN, f"ACCOUNT_SID={ACCOUNT_SID}", "AUTH_TOKEN=-"]
    process = subprocess.Popen(
        [sys.executable, "-m", "estafette", *words], env=home.env, stdin=theirs, stdout=theirs,
        stderr=theirs, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    said = b""
    while b"AUTH_TOKEN: " not in said:
        said += os.read(ours, 1024)
    lines = " ".join(command_lines())
    assert "action run SENDMESSAGE" in lines
    os.write(ours, f"{secret}\n".encode())
    while process.poll() is None:
        assert secret not in " ".join(command_lines())
        time.sleep(0.05)
    try:
        while more := os.read(ours, 1024):
            said += more
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    assert b"MESSAGE_SID" in said
    assert secret.encode() not in said
