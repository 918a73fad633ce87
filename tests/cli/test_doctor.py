"""`doctor` and `migrate`: what a server needs, looked at without touching it."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests import forked
from tests.cli.conftest import asked
from tests.conftest import Server, free_port, fresh_database


@pytest.fixture
def cold(tmp_path: Path) -> Server:
    """A home that nothing has been done with."""
    return Server(tmp_path / "home")


def checks(server: Server, *, code: int, port: int | None = None) -> dict[str, Any]:
    """What doctor found, by what it looked at."""
    at = str(port or free_port())
    done = forked.run(server.env, ("doctor", "--port", at, "--json"))
    assert (done.returncode, done.stderr) == (code, "")
    return {item["what"]: item for item in json.loads(done.stdout)}


def test_doctor_makes_nothing(cold: Server) -> None:
    found = checks(cold, code=0)
    assert found["database"]["text"] == "made by the first start"
    assert not cold.home.exists()


def test_doctor_asks_carriers_if_told_to(tmp_path: Path) -> None:
    own = Server(tmp_path / "home")
    own.run("connections", "add", "wrong", "sandbox", "token=other")
    done = forked.run(own.env, ("doctor", "--port", str(free_port()), "--carriers", "--json"))
    found = {item["what"]: item for item in json.loads(done.stdout)}
    assert done.returncode == 3
    assert found["connection sandbox"] == {
        "what": "connection sandbox", "ok": True, "text": "Sandbox",
    }  # fmt: skip
    assert found["connection wrong"]["ok"] is False


def test_doctor_finds_a_home_well(home: Server) -> None:
    found = checks(home, code=0)
    assert all(item["ok"] for item in found.values())
    assert set(found) == {"home", "secret key", "sqlite", "database", "clock", "secrets", "port"}
    printed = home.run("doctor", "--port", str(free_port())).stdout
    assert "NOT WELL" not in printed
    assert "takes writes" in printed


def test_doctor_knows_a_server_of_ours_by_its_port(server: Server) -> None:
    found = checks(server, code=0, port=server.port)
    assert found["port"]["text"] == f"a server of ours answers on 127.0.0.1:{server.port}"


def test_doctor_sees_a_secret_key_that_others_can_read(cold: Server) -> None:
    cold.run("migrate")
    key = cold.home / "secret.key"
    key.chmod(0o640)
    found = checks(cold, code=3)["secret key"]
    assert (found["ok"], found["text"]) == (False, f"{key} has mode 0640: chmod 600 {key}")


def test_doctor_sees_a_secret_key_that_is_none(cold: Server) -> None:
    cold.home.mkdir()
    (cold.home / "secret.key").write_text("abcd\n")
    (cold.home / "secret.key").chmod(0o600)
    assert not checks(cold, code=3)["secret key"]["ok"]


def test_doctor_sees_that_the_secret_key_is_lost_or_another(cold: Server) -> None:
    cold.run("migrate")
    cold.environment["ESTAFETTE_SECRET_KEY"] = "ab" * 32
    assert not checks(cold, code=3)["secrets"]["ok"]
    del cold.environment["ESTAFETTE_SECRET_KEY"]
    (cold.home / "secret.key").unlink()
    assert not checks(cold, code=3)["secrets"]["ok"]
    assert not (cold.home / "secret.key").exists()


def test_doctor_sees_a_database_of_a_later_version(cold: Server) -> None:
    cold.run("migrate")
    with sqlite3.connect(cold.home / "estafette.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    assert checks(cold, code=3)["database"]["text"].startswith("it has schema 9999")
    done = cold.run("migrate", check=False)
    assert done.returncode == 3
    assert done.stderr.startswith("estafette: the database has schema 9999")


@pytest.mark.parametrize(
    "url", ["postgresql://somebody:a-password@127.0.0.1:1/x", "sqlite:////nowhere/at/all.db"]
)
def test_doctor_sees_a_database_that_is_not_there(cold: Server, url: str) -> None:
    cold.database_url = url
    cold.home.mkdir()
    found = checks(cold, code=3)["database"]
    assert not found["ok"]
    assert "a-password" not in found["text"]


def test_doctor_looks_at_postgresql(cold: Server, postgresql: str) -> None:
    cold.database_url = fresh_database(postgresql)
    assert checks(cold, code=0)["database"]["text"] == "made by the first start"
    cold.run("migrate")
    assert checks(cold, code=0)["database"]["text"].startswith("PostgreSQL, schema ")


def test_migrate_tells_the_schema_and_may_be_repeated(cold: Server) -> None:
    first = asked(cold, "migrate")
    assert cold.run("migrate").stdout == f"the database has schema {first['schema']}\n"
