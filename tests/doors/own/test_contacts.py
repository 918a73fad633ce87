"""Contacts: made by whatever is sent or written, changed, closed, noted, forgotten."""

import time
from typing import Any

import pytest

from tests.conftest import SENDER
from tests.doors.own.conftest import Own
from tests.doors.twilio.conftest import Api, new_number
from tests.patience import PATIENCE

WHATSAPP = "+15550783881"


def at(own: Own, address: str, seconds: float = PATIENCE, **more: Any) -> Any:
    """The contact at an address, once there is one."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if items := own.get("/contacts", address=address, **more)["items"]:
            return items[0]
        time.sleep(0.05)
    raise AssertionError(f"no contact {address}")


def change(own: Own, contact: Any, **parts: Any) -> Any:
    answer = own.call("PATCH", f"/contacts/{contact['id']}", parts)
    assert answer.status == 200, answer.body
    return answer.json


def added(own: Own, **parts: Any) -> Any:
    return own.post("/contacts", {"address": new_number(), **parts})


def test_who_is_sent_something_through_any_door_is_a_contact(own: Own, twilio: Api) -> None:
    first, second = new_number(), new_number()
    own.send(first)
    twilio.create(second)
    for address in (first, second):
        found = at(own, address)
        assert (found["channel"], found["address"]) == ("sms", address)
        talk = found["conversation"]
        assert talk["last_message_at"]
        assert (talk["closed_at"], talk["last_inbound_at"], talk["assignee"]) == (None, None, None)
        ours = own.get(f"/senders/{talk['sender']}")
        assert ours["address"] == SENDER
        assert own.get(f"/contacts/{found['id']}") == found


def test_many_at_once_are_all_contacts(own: Own) -> None:
    people = [new_number() for _ in range(30)]
    for address in (*people, *people):
        own.send(address)
    found = [at(own, address) for address in people]
    assert len({contact["id"] for contact in found}) == len(people)
    listed = {contact["address"] for contact in own.all_of("/contacts", limit=20)}
    assert set(people) <= listed


def test_who_writes_is_a_contact_at_once(own: Own) -> None:
    address = new_number()
    message = own.write(
        address, "Hello", WHATSAPP, channel="whatsapp", name="Ann", at="2026-01-02T03:04:05Z"
    )
    (found,) = own.get("/contacts", address=address)["items"]
    assert (found["channel"], found["name"]) == ("whatsapp", "Ann")
    assert found["conversation"]["last_inbound_at"] == message["created_at"]
    assert found["conversation"]["last_inbound_at"].startswith("2026-01-02T03:04:05")


def test_one_is_added_changed_and_forgotten(own: Own) -> None:
    parts = {
        "name": "Ann", "tags": ["VIP", "New"], "fields": {"city": "Oslo", "age": 30},
        "note": "Likes tea", "email": "ann@example.com", "avatar_url": "https://example.com/a.png",
    }  # fmt: skip
    made = added(own, **parts)
    assert {name: made[name] for name in parts} == parts
    assert made["conversation"] is None
    again = own.post("/contacts", {"address": made["address"], "name": "Anna"}, status=200)
    assert (again["id"], again["name"], again["tags"]) == (made["id"], "Anna", ["VIP", "New"])
    changed = change(own, made, tags=["new"], fields={"age": None, "x": [1]}, note="", blocked=True)
    assert (changed["tags"], changed["fields"]) == (["new"], {"city": "Oslo", "x": [1]})
    assert (changed["note"], changed["name"]) == ("", "Anna")
    assert changed["blocked_at"]
    assert own.call("DELETE", f"/contacts/{made['id']}").status == 204
    assert own.call("GET", f"/contacts/{made['id']}").refusal[:2] == (404, "not_found")
    assert own.get("/contacts", address=made["address"])["items"] == []


def test_a_conversation_is_closed_opened_and_noted(own: Own) -> None:
    address = new_number()
    own.write(address, "Hello")
    found = at(own, address)
    path = f"/contacts/{found['id']}"
    closed = own.post(f"{path}/close", {"reason": "solved"}, status=200)["conversation"]
    assert closed["closed_at"]
    assert closed["closing_reason"] == "solved"
    assert own.call("POST", f"{path}/close").status == 200
    assert own.post(f"{path}/open", status=200)["conversation"]["closed_at"] is None
    own.post(f"{path}/close", status=200)
    own.write(address, "Still there?")
    assert own.get(path)["conversation"]["closed_at"] is None
    notes = [own.post(f"{path}/notes", {"text": text, "author": "Joe"}) for text in ("a", "b", "c")]
    assert own.all_of(f"{path}/notes", limit=2) == notes[::-1]
    assert {note["conversation"] for note in notes} == {found["conversation"]["id"]}


def test_users_and_teams_look_after_conversations(own: Own) -> None:
    user = own.post("/users", {"email": "joe.contact@example.com"})
    team = own.post("/teams", {"name": "Contacts' own"})
    sender = own.get("/senders", limit=1000)["items"][-1]
    made = added(own, sender=sender["id"], assignee="Joe.Contact@example.com", team=team["id"])
    talk = made["conversation"]
    assert (talk["sender"], talk["assignee"], talk["team"]) == (
        sender["id"], user["email"], team["id"],
    )  # fmt: skip
    assert [one["id"] for one in own.all_of("/contacts", team=team["id"])] == [made["id"]]
    changed = change(own, made, assignee="", team="")["conversation"]
    assert (changed["assignee"], changed["team"]) == (None, None)
    for field, value in (("assignee", "who@example.com"), ("team", "0" * 32)):
        answer = own.call("PATCH", f"/contacts/{made['id']}", {field: value})
        assert answer.refusal == (400, "bad_request", field)
    body = {"address": new_number(), "sender": "0" * 32}
    assert own.call("POST", "/contacts", body).refusal == (400, "bad_request", "sender")


def test_lists_are_narrowed_and_go_on_by_cursor(own: Own) -> None:
    made = [added(own, tags=["Only-Here"]) for _ in range(5)]
    found = own.all_of("/contacts", tags="only-here,nothing", limit=2)
    assert [one["id"] for one in found] == [one["id"] for one in made[::-1]]
    assert own.all_of("/contacts", tags="only-here", channel="whatsapp") == []
    for query in ("after=x", "limit=0", "channel=pigeon", "colour=red"):
        assert own.call("GET", f"/contacts?{query}").status == 400


@pytest.mark.parametrize(
    "body",
    [
        {}, {"address": None}, {"address": 5}, {"address": []}, {"address": "x" * 300},
        {"address": "nobody"}, {"tags": "vip"}, {"tags": [1]}, {"tags": [None]}, {"fields": []},
        {"name": 5}, {"name": "a\0b"}, {"name": "x" * 1000}, {"channel": "pigeon"}, {"colour": "red"},
        {"avatar_url": "nonsense"}, {"assignee": {}}, {"note": "x" * 9000},
        b'{"address": "+14155550100", "name": "\\ud800"}', b"{", b"[]", b"null", b"\xff",
    ],
)  # fmt: skip
def test_what_is_no_contact_is_refused(own: Own, body: Any) -> None:
    if isinstance(body, dict) and "address" not in body and body:
        body = {"address": new_number(), **body}
    answer = own.call("POST", "/contacts", body)
    assert (answer.status, answer.json["error"]["code"] != "internal") == (400, True)


def test_another_account_knows_nothing_of_them(own: Own, other: Own) -> None:
    made = added(own)
    path = f"/contacts/{made['id']}"
    for method, where, body in (
        ("GET", "", None), ("PATCH", "", {"name": "x"}), ("DELETE", "", None), ("POST", "/open", None),
        ("POST", "/close", None), ("POST", "/notes", {"text": "x"}), ("GET", "/notes", None),
    ):  # fmt: skip
        assert other.call(method, f"{path}{where}", body).refusal[0] == 404
    assert other.get("/contacts", address=made["address"])["items"] == []
    assert own.get(path) == made
