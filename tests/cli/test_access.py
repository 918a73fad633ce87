"""`users link`, `users password` and `audit`: who may sign in, and who changed what."""

import json
import re
import subprocess
import sys

from tests.cli.conftest import asked, refused
from tests.cli.test_desk import said
from tests.conftest import ACCOUNT_SID, Server

PASSWORD = "correct horse battery"


def typed(home: Server, text: str, *command: str) -> subprocess.CompletedProcess[str]:
    """A command that reads what is typed."""
    whole = [sys.executable, "-m", "estafette", *command]
    return subprocess.run(
        whole, input=text, env=home.env, capture_output=True, text=True, check=False, timeout=60
    )


def test_a_user_gets_a_link_and_a_password(home: Server) -> None:
    said(home, "users", "add", "link@example.com", "--name", "Lin")
    for command in (("users", "link", "link@example.com"), ("users", "link")):
        assert re.fullmatch(r"http://\S+/console/welcome/[\w-]{32}\n", said(home, *command))
    assert "welcome" in asked(home, "users", "link", "link@example.com")["url"]
    assert refused(home, "users", "link", "no@body.com") == (1, "no user no@body.com")
    done = typed(home, f"{PASSWORD}\n", "users", "password", "link@example.com")
    assert (done.returncode, done.stdout) == (0, "link@example.com has another password\n")
    done = typed(home, "short\n", "users", "password", "link@example.com")
    assert (done.returncode, done.stderr) == (2, "estafette: a password has 10 to 200 characters\n")
    known = {user["email"]: user for user in asked(home, "users")["items"]}
    assert known["link@example.com"]["has_password"]
    assert asked(home, "users", "change", "link@example.com", "--name", "L")["has_password"]


def test_commands_that_change_are_in_the_trail(home: Server) -> None:
    said(home, "users", "add", "trail@example.com")
    said(home, "users", "change", "trail@example.com", "--name", "A secret name")
    said(home, "settings", "messaging")
    said(home, "settings", "messaging", "--base-url", "")
    said(home, "accounts", "balance", ACCOUNT_SID)
    asked(home, "users")
    found = asked(home, "audit", "--limit", "3")
    assert [(item["event"], item["about"], item["details"]) for item in found["items"]] == [
        ("messaging.changed", "", {"fields": ["base_url"]}),
        ("user.changed", "trail@example.com", {"fields": ["name"]}),
        ("user.added", "trail@example.com", {}),
    ]
    assert {item["via"] for item in found["items"]} == {"cli"}
    assert "A secret name" not in json.dumps(found)
    behind = asked(home, "audit", "--after", found["next"], "--group", "user")["items"]
    assert all(item["event"].startswith("user.") for item in behind)
    assert "user.changed" in said(home, "audit", "--limit", "3")
    assert "more: estafette audit --after" in said(home, "audit", "--limit", "1")
