"""`estafette vault`, `estafette settings messaging` and what `connections` shows of secrets."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import forked
from tests.cli.conftest import asked, refused
from tests.conftest import Server

KEY = "cd" * 32


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "home")
    yield server
    server.close()


def given(server: Server, line: str, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command with a line on standard input."""
    return subprocess.run(
        [sys.executable, "-m", "estafette", *command],
        env=server.env, input=f"{line}\n", capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def printed(server: Server, *command: str) -> str:
    """What a command prints that succeeds."""
    found = forked.run(server.env, command)
    assert found.returncode == 0, found.stderr
    return found.stdout


def settle(server: Server) -> None:
    long_ago = time.time() - 3600
    os.utime(server.home / "secret.key", (long_ago, long_ago))


def test_a_key_is_replaced_and_forgotten(own: Server) -> None:
    printed(own, "migrate")
    key = own.home / "secret.key"
    (first,) = key.read_text().split()
    before = asked(own, "vault", "status")
    assert (before["closed"], len(before["keys"])) == ([], 1)
    done = printed(own, "vault", "rotate")
    assert "2 rows sealed anew" in done
    assert f"`estafette vault forget` takes {before['current']} out of secret.key" in done
    second, kept = key.read_text().split()
    assert (kept, second != first) == (first, True)
    assert key.stat().st_mode & 0o777 == 0o600
    shown = printed(own, "vault", "status")
    assert "all secrets open" in shown
    assert first not in done + shown
    assert second not in done + shown
    code, line = refused(own, "vault", "forget")
    assert (code, "ask again in" in line) == (1, True)
    settle(own)
    assert asked(own, "vault", "forget") == {"forgotten": [before["current"]]}
    assert key.read_text().split() == [second]
    assert printed(own, "vault", "forget") == "there is no key to forget\n"
    assert asked(own, "doctor", "--port", "1")[1]["ok"]


def test_keys_of_the_environment_are_replaced_by_its_first(own: Server) -> None:
    own.environment["ESTAFETTE_SECRET_KEY"] = KEY
    printed(own, "migrate")
    assert "docs/how-to/vault.md" in printed(own, "vault", "rotate")
    own.environment["ESTAFETTE_SECRET_KEY"] = f"{'ef' * 32} {KEY}"
    before = asked(own, "vault", "status")
    assert [item["secrets"] for item in before["keys"]] == [0, 2]
    done = printed(own, "vault", "rotate")
    assert f"take {before['keys'][1]['id']} out of ESTAFETTE_SECRET_KEY" in done
    assert refused(own, "vault", "forget")[0] == 1
    own.environment["ESTAFETTE_SECRET_KEY"] = "ef" * 32
    assert asked(own, "vault", "status")["keys"] == [
        {"id": before["current"], "known": True, "secrets": 2}
    ]
    assert not (own.home / "secret.key").exists()


def test_the_wrong_key_is_told_and_serves_nobody(own: Server) -> None:
    printed(own, "migrate")
    own.environment["ESTAFETTE_SECRET_KEY"] = KEY
    status = own.run("vault", "status", check=False)
    assert status.returncode == 3
    assert "is missing" in status.stdout
    assert status.stdout.count("cannot be opened: ") == 2
    code, line = refused(own, "vault", "rotate")
    assert (code, line.startswith("none of the secrets can be opened")) == (1, True)
    served = own.run("serve", "--port", "0", check=False)
    assert served.returncode == 3
    assert "the secret key is not that of this database" in served.stderr
    assert "Traceback" not in served.stderr


def test_a_panel_is_set_part_by_part_and_never_shows_its_token(home: Server) -> None:
    empty = {"base_url": "", "account_sid": "", "auth_token": "", "from": "", "fingerprint": ""}
    assert asked(home, "settings", "messaging") == empty
    parts = ("--base-url", "http://127.0.0.1:9", "--account-sid", "ACx", "--from", "+14155550100")
    done = given(home, "a token by hand", "settings", "messaging", *parts, "--auth-token", "-")
    assert done.returncode == 0, done.stderr
    assert "a token by hand" not in done.stdout + done.stderr
    assert "(fingerprint " in done.stdout
    found = asked(home, "settings", "messaging")
    assert found["auth_token"] == "…"
    assert (found["base_url"], found["from"]) == ("http://127.0.0.1:9", "+14155550100")
    changed = asked(home, "settings", "messaging", "--from", "MG1")
    assert changed == {**found, "from": "MG1"}
    home.environment["MY_TOKEN"] = "a token by hand"
    again = asked(home, "settings", "messaging", "--auth-token", "env:MY_TOKEN")
    assert again["fingerprint"] == found["fingerprint"]
    cleared = [word for name in ("base-url", "account-sid", "from") for word in (f"--{name}", "")]
    assert asked(home, "settings", "messaging", *cleared, "--auth-token", "") == empty


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--auth-token", "in-the-clear"), "--auth-token takes - or env:NAME"),
        (("--auth-token", "env:NOT_SET_AT_ALL"), "NOT_SET_AT_ALL is not set"),
        (("--base-url", "nowhere"), "base_url must be an http or https URL"),
    ],
)
def test_what_a_panel_cannot_hold_is_bad_input(home: Server, words: Any, told: str) -> None:
    code, line = refused(home, "settings", "messaging", *words)
    assert (code, told in line) == (2, True)
    assert "in-the-clear" not in line


def test_a_panel_of_no_account_is_refused(home: Server) -> None:
    code, _ = refused(home, "settings", "messaging", "--account", "AC" + "0" * 32)
    assert code == 1


def test_connections_show_ids_and_fingerprints_and_are_removed(home: Server) -> None:
    for name in ("seen-1", "seen-2"):
        done = given(home, "a secret of mine", "connections", "add", name, "sandbox", "token=-")
        assert done.returncode == 0, done.stderr
    found = {item["name"]: item for item in asked(home, "connections")["items"]}
    one, two = found["seen-1"], found["seen-2"]
    assert one["fingerprints"] == two["fingerprints"] != {}
    shown = printed(home, "connections")
    assert one["id"] in shown
    assert f"token=…{one['fingerprints']['token']}" in shown
    assert "a secret of mine" not in shown + json.dumps(found)
    printed(home, "connections", "remove", one["id"])
    printed(home, "connections", "remove", "seen-2")
    names = {item["name"] for item in asked(home, "connections")["items"]}
    assert not names & {"seen-1", "seen-2"}
    code, line = refused(home, "connections", "remove", "sandbox")
    assert (code, "is used by the senders" in line) == (1, True)
    assert refused(home, "connections", "remove", "seen-2") == (1, "no connection seen-2")


def test_a_home_of_before_is_read_by_every_command(own: Server) -> None:
    """Its settings are sealed as one: as they were until each secret was sealed alone."""
    printed(own, "migrate")
    script = (
        "import sqlite3, sys\n"
        "from estafette.core.vault import Vault\n"
        "home = sys.argv[1]\n"
        "vault = Vault(bytes.fromhex(open(f'{home}/secret.key').read()))\n"
        'sealed = vault.seal(\'{"delay": 1, "token": "of before"}\', \'sandbox\')\n'
        "with sqlite3.connect(f'{home}/estafette.db') as conn:\n"
        "    conn.execute('UPDATE connections SET settings_sealed = ?', (sealed,))\n"
    )
    subprocess.run([sys.executable, "-c", script, str(own.home)], check=True)
    (before,) = asked(own, "connections")["items"]
    assert before["settings"] == {"delay": 1, "token": "…"}
    forked.run(own.env, ("vault", "rotate"))
    (after,) = asked(own, "connections")["items"]
    assert after == before
