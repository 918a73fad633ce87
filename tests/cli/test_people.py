"""`keys` and `accounts`: credentials are made, shown once, and revoked."""

import base64
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests import forked
from tests.cli.conftest import asked, refused
from tests.conftest import ACCOUNT_SID, Server
from tests.patience import PATIENCE


def opens(server: Server, user: str, password: str, account: str = ACCOUNT_SID) -> int:
    """The status of a list of messages, asked for with these credentials."""
    shown = base64.b64encode(f"{user}:{password}".encode()).decode()
    url = f"{server.url}/2010-04-01/Accounts/{account}/Messages.json"
    request = urllib.request.Request(url, headers={"Authorization": f"Basic {shown}"})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_a_key_opens_the_account_until_it_is_revoked(server: Server) -> None:
    key = asked(server, "keys", "create", "--label", "for a test")
    assert key["bearer"] == f"{key['sid']}.{key['secret']}"
    assert opens(server, key["sid"], key["secret"]) == 200
    assert (
        server.run("keys", "revoke", key["sid"]).stdout == f"{key['sid']} opens nothing any more\n"
    )
    assert key["sid"] not in {item["sid"] for item in asked(server, "keys")["items"]}


def test_keys_are_listed_without_their_secrets(home: Server) -> None:
    made = home.run("keys", "create", "--label", "listed").stdout
    words = dict(line.split(maxsplit=1) for line in made.splitlines())
    listed = home.run("keys").stdout
    assert f"{words['sid']}  listed" in listed
    assert words["secret"] not in listed
    assert words["secret"] not in home.run("keys", "list", "--json").stdout


def test_an_account_opens_with_the_token_that_it_was_made_with(server: Server) -> None:
    made = asked(server, "accounts", "create", "Second")
    assert opens(server, made["sid"], made["auth_token"], made["sid"]) == 200
    assert made["sid"] in {item["sid"] for item in asked(server, "accounts")["items"]}
    new = asked(server, "accounts", "new-token", made["sid"])
    assert opens(server, made["sid"], new["auth_token"], made["sid"]) == 200
    assert new["auth_token"] not in server.run("accounts").stdout


def test_an_account_has_its_own_messages_keys_and_senders(home: Server) -> None:
    sid = asked(home, "accounts", "create", "Apart")["sid"]
    for group in ("messages", "senders"):
        assert asked(home, group, "list", "--account", sid) == {"items": [], "next": None}


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (("keys", "revoke", "SK00"), "no key SK00"),
        (("keys", "create", "--account", "AC00"), "no account AC00"),
        (("accounts", "new-token", "AC00"), "no account AC00"),
    ],
)
def test_what_is_not_there_is_named(home: Server, command: tuple[str, ...], line: str) -> None:
    assert refused(home, *command) == (1, line)


def test_what_the_first_start_makes_is_shown_once_and_only_there(tmp_path: Path) -> None:
    given = {"ESTAFETTE_ACCOUNT_SID": "", "ESTAFETTE_AUTH_TOKEN": ""}
    server = Server(tmp_path / "home", environment=given)
    try:
        first = server.run_anew("migrate")
        lines = [line.strip() for line in first.stderr.splitlines()]
        made = dict(line.split("=", 1) for line in lines if line.startswith("ESTAFETTE_"))
        assert set(made) == {
            "ESTAFETTE_ACCOUNT_SID", "ESTAFETTE_AUTH_TOKEN", "ESTAFETTE_API_KEY",
        }  # fmt: skip
        secrets = [made["ESTAFETTE_AUTH_TOKEN"], made["ESTAFETTE_API_KEY"].split(".")[1]]
        assert all(secret not in first.stdout for secret in secrets)
        server.start()
        said = "".join(
            done.stdout + done.stderr
            for command in ("keys", "accounts", "senders", "connections", "messages", "doctor")
            for words in ((command,), (command, "--json"))
            for done in [forked.run(server.env, words)]
        )
        assert opens(
            server, made["ESTAFETTE_ACCOUNT_SID"], secrets[0], made["ESTAFETTE_ACCOUNT_SID"]
        ) == 200  # fmt: skip
        server.stop()
        assert all(secret not in said + server.log for secret in secrets)
    finally:
        server.close()


def test_what_the_environment_gives_is_never_printed(tmp_path: Path) -> None:
    key = f"SK{'0' * 32}.a-secret-that-is-given"
    server = Server(tmp_path / "home", environment={"ESTAFETTE_API_KEY": key})
    try:
        first = server.run_anew("keys")
        lines = [line.strip() for line in first.stderr.splitlines()]
        assert lines[:3] == [
            "A new home. Its first account, shown this once:",
            f"ESTAFETTE_ACCOUNT_SID={ACCOUNT_SID}",
            "The console, signed in by this link, once:",
        ]
        assert "/console/welcome/" in lines[3]
        assert len(lines) == 4
        assert key[:34] in first.stdout
        assert key[35:] not in first.stdout
    finally:
        server.close()
