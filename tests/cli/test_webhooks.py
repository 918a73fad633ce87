"""`webhooks`: added with a secret that no list of processes shows, listed, removed."""

import contextlib
import json
import sqlite3
import subprocess
import sys

import pytest

from tests.cli.conftest import asked, refused
from tests.conftest import Server

URL = "https://customer.example/hook"


@pytest.fixture
def home(shared_home: Server) -> Server:
    """The shared home, with no webhooks."""
    with contextlib.closing(sqlite3.connect(shared_home.home / "estafette.db")) as conn, conn:
        conn.execute("DELETE FROM subscriptions")
    return shared_home


def signed(home: Server, secret: str) -> subprocess.CompletedProcess[str]:
    """What is said of a webhook that is added with a secret."""
    return subprocess.run(
        [sys.executable, "-m", "estafette", "webhooks", "add", URL, "--secret", "--json"],
        env=home.env, input=secret, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_one_is_added_listed_and_removed(home: Server) -> None:
    made = asked(home, "webhooks", "add", URL, "--event", "status")
    assert (made["url"], made["events"], made["has_secret"]) == (URL, ["status"], False)
    said = home.run("webhooks", "add", f"{URL}/2").stdout
    assert " is told: received, status, contact_created, " in said
    listed = asked(home, "webhooks")["items"]
    assert [item["url"] for item in listed] == [f"{URL}/2", URL]
    assert made["id"] in home.run("webhooks", "list").stdout
    assert home.run("webhooks", "remove", made["id"]).stdout == f"{made['id']} is told no more\n"
    assert [item["url"] for item in asked(home, "webhooks")["items"]] == [f"{URL}/2"]
    code, text = refused(home, "webhooks", "remove", made["id"])
    assert (code, text) == (1, f"no subscription {made['id']}")


def test_a_secret_comes_by_standard_input_and_is_shown_nowhere(home: Server) -> None:
    done = signed(home, "whsec_hush\n")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["has_secret"]
    assert "hush" not in done.stdout + done.stderr + json.dumps(asked(home, "webhooks"))
    for secret in ("", "\n", "x" * 257):
        done = signed(home, secret)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.endswith("a secret has 1 to 256 characters, on standard input\n")


def test_what_cannot_be_told_says_so(home: Server) -> None:
    assert refused(home, "webhooks", "add", "nonsense") == (
        2, "nonsense is not a URL that may be told",
    )  # fmt: skip
    assert asked(home, "webhooks")["items"] == []


def test_one_is_disabled_and_enabled(home: Server) -> None:
    id = asked(home, "webhooks", "add", URL, "--event", "status")["id"]
    assert asked(home, "webhooks", "disable", id)["disabled_at"]
    assert asked(home, "webhooks", "enable", id)["disabled_at"] is None
    assert refused(home, "webhooks", "disable", "0" * 32)[0] == 1


def test_what_was_given_up_at_an_address_is_told_again(home: Server) -> None:
    assert home.run("callbacks", "again", URL).stdout == "to be told once more: 0\n"
    assert refused(home, "callbacks", "show", "0" * 32, "sent") == (1, "no such callback")
