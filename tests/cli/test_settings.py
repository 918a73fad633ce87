"""Settings in the environment: what is wrong is named in one line, and every command has help."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from estafette.cli.commands import app
from tests.cli.conftest import asked, refused
from tests.conftest import Server
from tests.tables import commands

WRONG = {
    "ESTAFETTE_ACCOUNT_SID": ("AC1", "ESTAFETTE_ACCOUNT_SID must be AC and 32 hex digits"),
    "ESTAFETTE_SECRET_KEY": (
        "abc",
        "ESTAFETTE_SECRET_KEY must be 64 hex digits: openssl rand -hex 32",
    ),
    "ESTAFETTE_SANDBOX_DELAY": (
        "-1",
        "ESTAFETTE_SANDBOX_DELAY must be seconds, 0 to 86400, such as 0.2",
    ),
    "ESTAFETTE_LOG_LEVEL": (
        "loud",
        "ESTAFETTE_LOG_LEVEL must be one of: info, debug, warning, error",
    ),
    "ESTAFETTE_LOG_FORMAT": ("xml", "ESTAFETTE_LOG_FORMAT must be one of: console, json"),
    "ESTAFETTE_DATABASE_URL": (
        "mysql://x",
        "The database URL is neither of sqlite:///… nor of postgresql://… form.",
    ),
    "ESTAFETTE_AUTH_TOKEN_FILE": (
        "/nowhere",
        "set ESTAFETTE_AUTH_TOKEN or ESTAFETTE_AUTH_TOKEN_FILE, not both",
    ),
    "ESTAFETTE_API_KEY_FILE": ("/nowhere", "ESTAFETTE_API_KEY_FILE: /nowhere: FileNotFoundError"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_setting_is_bad_input_and_named(tmp_path: Path, name: str) -> None:
    value, line = WRONG[name]
    server = Server(tmp_path / "home", environment={name: value})
    command = "serve" if name == "ESTAFETTE_LOG_LEVEL" else "keys"
    assert refused(server, command) == (2, line)


def test_a_home_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    server = Server(tmp_path / "file/home")
    assert refused(server, "keys") == (3, f"{tmp_path}/file/home: Not a directory")


def test_a_database_that_does_not_answer_is_not_reachable(tmp_path: Path) -> None:
    url = "postgresql://somebody:a-password@127.0.0.1:1/x"
    code, line = refused(Server(tmp_path / "home", database_url=url), "keys")
    assert code == 3
    assert line.startswith("the database did not ")


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/missing/x.db"
    code, line = refused(Server(tmp_path / "home", database_url=url), "keys")
    assert code == 3
    assert f"{tmp_path}/missing" in line


@pytest.mark.parametrize("name", [name for name, _ in commands()])
def test_every_command_has_help(name: str) -> None:
    words = name.split()[1:]
    done = CliRunner().invoke(app, [*words, "--help"], prog_name="estafette")
    assert done.exit_code == 0
    assert f"Usage: {name}" in done.output


def test_a_command_that_is_none_is_bad_input(home: Server) -> None:
    done = home.run("nothing", check=False)
    assert done.returncode == 2
    assert "No such command 'nothing'" in done.stderr


def test_a_secret_key_that_is_lost_is_asked_for_and_not_made_anew(tmp_path: Path) -> None:
    server = Server(tmp_path / "home")
    server.run("migrate")
    key = server.home / "secret.key"
    held = key.read_text().strip()
    key.unlink()
    code, line = refused(server, "accounts", "list")
    assert code == 3
    assert line.startswith(f"{key} is missing")
    assert not key.exists()
    server.environment["ESTAFETTE_SECRET_KEY"] = held
    assert len(asked(server, "accounts", "list")["items"]) == 1


@pytest.mark.parametrize("held", [b"no database at all\n" * 400, b"SQLite format 3\0cut off"])
def test_a_file_that_is_no_database_is_named_in_one_line(tmp_path: Path, held: bytes) -> None:
    server = Server(tmp_path / "home")
    server.home.mkdir(mode=0o700)
    (server.home / "estafette.db").write_bytes(held)
    code, line = refused(server, "accounts", "list")
    assert code == 3
    assert line == "the database did not answer: DatabaseError, file is not a database"
    assert (server.home / "estafette.db").read_bytes() == held
