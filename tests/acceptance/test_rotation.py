"""The key is replaced under a running server that signs, is called and carries; and killed midway."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from twilio.request_validator import RequestValidator

from tests.cli.conftest import asked
from tests.conftest import AUTH_TOKEN, Server, fresh_database
from tests.doors.own.conftest import Own
from tests.doors.test_inward import status, tell
from tests.doors.twilio.conftest import Api, new_number
from tests.receiver import receiving

pytestmark = pytest.mark.slow

CARRIER_TOKEN = "the token of a carrier 4711"
PANEL_TOKEN = "the token of a panel 0815"


@pytest.fixture(params=["sqlite", "postgresql"])
def running(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """A server with something sealed in each place."""
    url = ""
    if request.param == "postgresql":
        url = fresh_database(request.getfixturevalue("postgresql"))
    server = Server(tmp_path / "home", database_url=url)
    try:
        server.start()
        settings = {"account_sid": "AC" + "1" * 32, "auth_token": CARRIER_TOKEN}
        own = Own(server)
        own.post("/connections", {"name": "up", "provider": "twilio", "settings": settings})
        panel = {"base_url": "", "account_sid": "ACx", "auth_token": PANEL_TOKEN, "from": ""}
        assert own.call("PUT", "/settings/messaging", panel).status == 200
        yield server
    finally:
        server.close()


def called(server: Server) -> int:
    """The carrier calls, signed with the token of its connection; the status of the answer."""
    return tell(
        server, "/in/twilio/up/" + "2" * 32, status("delivered"), token=CARRIER_TOKEN
    ).status


def check(server: Server) -> None:
    """It knows who asks, believes its carrier, signs what it tells, and hides what it is set to."""
    own = Own(server)
    found = own.get("/connections/up")
    assert (found["ready"], found["settings"]["auth_token"]) == (True, "…")
    assert own.get("/settings/messaging")["auth_token"] == "…"
    with receiving() as receiver:
        sid = Api(server).create(new_number(), StatusCallback=receiver.url)["sid"]
        for heard in receiver.wait(2, sid):
            form: dict[str, Any] = dict(heard.form)
            signature = heard.headers["x-twilio-signature"]
            assert RequestValidator(AUTH_TOKEN).validate(f"{receiver.url}/", form, signature)


def bytes_of(server: Server) -> Iterator[tuple[str, bytes]]:
    """Every byte that a thief of the disk would have: files of the home, and of PostgreSQL."""
    folders = [server.home]
    if server.database_url:
        with psycopg.connect(server.database_url, autocommit=True) as conn:
            conn.execute("CHECKPOINT")
            (base,) = conn.execute("SHOW data_directory").fetchone() or ("",)
        folders += [Path(base, "base"), Path(base, "pg_wal")]
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file():
                yield str(path), path.read_bytes()


def test_no_secret_lies_in_the_clear_in_any_file(running: Server) -> None:
    check(running)
    token = asked(running, "accounts", "create", "Other")["auth_token"]
    running.run("vault", "rotate")
    hidden = [part.encode() for part in (CARRIER_TOKEN, PANEL_TOKEN, token, AUTH_TOKEN)]
    seen = False
    for _ in ("while it runs", "when it is stopped"):
        for path, held in bytes_of(running):
            assert not [part for part in hidden if part in held], path
            seen = seen or b"ACx" in held  # what is no secret is found, so we looked well
        running.stop()
    assert seen


def test_a_running_server_goes_on_while_its_key_is_replaced(running: Server) -> None:
    stop, trouble = threading.Event(), list[Any]()

    def ask() -> None:
        """As many callers as there are, each with a token that was not proved lately."""
        own = Own(running)
        while not stop.is_set():
            answer = own.call("GET", "/settings/messaging")
            if answer.status != 200 or called(running) // 100 != 2:
                trouble.append(answer)
            time.sleep(0.01)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        before = Own(running).get("/connections/up")
        for _ in range(2):
            assert asked(running, "vault", "rotate")["closed"] == []
            check(running)
    finally:
        stop.set()
        thread.join()
    assert trouble == []
    # Nothing of what people see has changed, and what the server seals has the newest key.
    assert Own(running).get("/connections/up") == before
    panel = {"base_url": "", "account_sid": "", "auth_token": "another", "from": ""}
    assert Own(running).call("PUT", "/settings/messaging", panel).status == 200
    found = asked(running, "vault", "status")
    used = {item["id"]: item["secrets"] for item in found["keys"] if item["secrets"]}
    assert used == {found["current"]: 4}
    assert "broke" not in running.log
    assert "misconfigured" not in running.log


def test_a_rotation_that_is_killed_leaves_everything_readable(running: Server) -> None:
    script = (
        "import asyncio\n"
        "from estafette import settings\n"
        "from estafette.app import opened\n"
        "async def main():\n"
        "    async with opened(settings.read()) as app:\n"
        "        await asyncio.gather(*(app.people.add_account('x') for _ in range(700)))\n"
        "asyncio.run(main())\n"
    )
    subprocess.run([sys.executable, "-c", script], env=running.env, check=True, timeout=60)
    key = running.home / "secret.key"
    for pause in (0.0, 0.05):
        held = key.read_text()
        command = [sys.executable, "-m", "estafette", "vault", "rotate"]
        rotating = subprocess.Popen(command, env=running.env, stdout=subprocess.DEVNULL)
        while key.read_text() == held and rotating.poll() is None:
            time.sleep(0.001)
        time.sleep(pause)
        rotating.send_signal(signal.SIGKILL)
        rotating.wait()
        half = asked(running, "vault", "status")
        assert half["closed"] == []
        assert sum(item["secrets"] for item in half["keys"]) == 700 + 4
        check(running)
        done = asked(running, "vault", "rotate")
        assert done["keys"][0] == {"id": done["current"], "known": True, "secrets": 704}
    running.stop()
    running.start()
    check(running)
