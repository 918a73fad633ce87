"""What tells pages that something happened, over HTTP."""

import contextlib
import http.client
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, RECIPIENT, SENDER, Server
from tests.console.conftest import Guest
from tests.doors.own.conftest import Own
from tests.patience import PATIENCE


@contextlib.contextmanager
def listening(guest: Guest, query: str = "") -> Iterator[http.client.HTTPResponse]:
    """An answer that has begun, and goes on."""
    cookie = "; ".join(f"{name}={value}" for name, value in guest.cookies.items())
    with contextlib.closing(
        http.client.HTTPConnection("127.0.0.1", guest.server.port, timeout=PATIENCE)
    ) as line:
        line.request("GET", f"/console/live{query}", headers={"cookie": cookie})
        with contextlib.closing(line.getresponse()) as answer:
            yield answer


def signed_in(home: Server, sid: str = ACCOUNT_SID, token: str = AUTH_TOKEN) -> Guest:
    """Somebody else's browser."""
    guest = Guest(home)
    form = urlencode({"name": sid, "secret": token}).encode()
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert guest.ask("POST", "/console/sign-in", form, kind).status == 303
    return guest


def until(answer: http.client.HTTPResponse, line: bytes) -> None:
    while (read := answer.readline()) != line:
        assert read, "the answer ended"


def test_what_happens_is_told_as_it_happens(owner: Guest, own: Own) -> None:
    with listening(owner, "?since=another") as answer:
        assert answer.status == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["x-accel-buffering"] == "no"
        assert answer.readline() == b": here\n"
        until(answer, b"event: changed\n")
        made = own.post("/messages", {"from": SENDER, "to": RECIPIENT, "body": "Hi"})
        until(answer, b"event: changed\n")
    with listening(owner, f"?about={made['id']}&since=another") as answer:
        until(answer, b"event: changed\n")


def test_what_is_not_there_is_not_told_of(owner: Guest, home: Server) -> None:
    assert owner.get("/console/live?about=" + "0" * 32, 404)
    assert owner.get("/console/live?about=%00%ff", 404)
    assert Guest(home).get("/console/live", 204).body == b""


def test_it_ends_with_the_session(home: Server, own: Own) -> None:
    guest = signed_in(home)
    with listening(guest, "?since=another") as answer:
        until(answer, b"event: changed\n")
        guest.post("/console/sign-out")
        own.post("/messages", {"from": SENDER, "to": RECIPIENT, "body": "Hi"})
        until(answer, b"event: changed\n")
        assert b"event" not in answer.read()


def test_it_ends_at_once_when_the_server_stops(tmp_path: Path) -> None:
    server = Server(tmp_path / "home").start()
    try:
        with listening(signed_in(server)) as answer:
            assert answer.readline() == b": here\n"
            assert server.stop() == 0
            assert b"event" not in answer.read()  # it has its end: it was not cut off
    finally:
        server.close()
