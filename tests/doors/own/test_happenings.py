"""Webhooks that are told what is no status of a message: contacts, conversations, users and teams."""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.conftest import AUTH_TOKEN, Server
from tests.console.conftest import Guest
from tests.doors.own.conftest import Own
from tests.doors.twilio.conftest import new_number
from tests.patience import PATIENCE
from tests.receiver import Receiver, receiving

HAPPENINGS = [
    "contact_created", "contact_updated", "contact_deleted", "conversation_opened",
    "conversation_closed", "agent_status_updated", "agent_session_updated",
    "team_membership_updated",
]  # fmt: skip


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of these tests: a webhook hears what everybody does."""
    server = Server(tmp_path_factory.mktemp("happenings") / "home").start()
    yield server
    server.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def hooked(own: Own, receiver: Receiver) -> Iterator[Own]:
    """The door, with a webhook that is told all this, and none left behind."""
    made = own.post("/webhooks", {"url": receiver.url, "events": HAPPENINGS})
    assert made["events"] == HAPPENINGS
    yield own
    own.call("DELETE", f"/webhooks/{made['id']}")


def until(receiver: Receiver, *events: str, seconds: float = PATIENCE) -> list[Any]:
    """What was told, once that are these events, in this order."""
    end = time.monotonic() + seconds
    while True:
        found = [json.loads(heard.body) for heard in list(receiver.heard)]
        if [item["event"] for item in found] == list(events):
            return found
        assert time.monotonic() < end, found
        time.sleep(0.02)


def test_what_becomes_of_a_contact_is_told_in_order(hooked: Own, receiver: Receiver) -> None:
    made = hooked.post("/contacts", {"address": new_number(), "name": "Ada"})
    path = f"/contacts/{made['id']}"
    hooked.call("PATCH", path, {"name": "Ada L."})
    assert hooked.call("DELETE", path).status == 204
    created, updated, deleted = until(receiver, *HAPPENINGS[:3])
    assert created["facts"]["contact"] == made
    assert updated["facts"]["contact"]["name"] == "Ada L."
    assert deleted["facts"]["id"] == made["id"] == deleted["about"]
    assert len({item["webhook"] for item in (created, updated, deleted)}) == 1
    for heard in receiver.heard:
        digest = hmac.new(AUTH_TOKEN.encode(), heard.body, hashlib.sha256).hexdigest()
        assert heard.headers["x-estafette-signature"] == f"sha256={digest}"


def test_a_conversation_is_told_of(hooked: Own, receiver: Receiver) -> None:
    hooked.write(new_number(), "Hi")
    made, opened = until(receiver, "contact_created", "conversation_opened")
    assert opened["facts"]["contact"]["conversation"]["closed_at"] is None
    hooked.post(f"/contacts/{made['about']}/close", {"reason": "done"}, 200)
    closed = until(receiver, "contact_created", "conversation_opened", "conversation_closed")[-1]
    assert closed["facts"]["contact"]["conversation"]["closing_reason"] == "done"


def test_users_and_teams_are_told_of(hooked: Own, receiver: Receiver) -> None:
    user = hooked.post("/users", {"email": "ada@desk.example", "name": "Ada"})
    team = hooked.post("/teams", {"name": "Support", "members": ["ada@desk.example"]})
    (joined,) = until(receiver, "team_membership_updated")
    assert joined["facts"]["reason"] == "agent_added"
    assert joined["facts"]["team"]["id"] == team["id"] == joined["about"]
    assert joined["facts"]["user"]["email"] == "ada@desk.example"
    assert hooked.call("PATCH", f"/users/{user['id']}", {"available": False}).status == 200
    seen = until(receiver, "team_membership_updated", "agent_status_updated")[-1]
    assert seen["facts"]["user"]["available"] is False
    assert seen["facts"]["status"] is None
    guest = Guest(hooked.server)
    link = hooked.post(f"/users/{user['id']}/link")["url"]
    path = urlsplit(link).path
    assert guest.ask("POST", path, b"", {"content-type": ""}).status == 303
    assert guest.ask("POST", "/console/sign-out", b"", {"content-type": ""}).status == 303
    known = ("team_membership_updated", "agent_status_updated")
    came, left = until(receiver, *known, "agent_session_updated", "agent_session_updated")[-2:]
    assert (came["facts"]["action"], left["facts"]["action"]) == (
        "user_logged_in",
        "user_logged_out",
    )
    assert came["facts"]["user"]["email"] == "ada@desk.example"
    assert "has_password" not in came["facts"]["user"]
