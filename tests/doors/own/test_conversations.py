"""Conversations: listed, read, answered, looked after."""

from typing import Any

from tests.doors.own.conftest import Own
from tests.doors.own.test_contacts import WHATSAPP
from tests.doors.twilio.conftest import new_number


def talk(own: Own, body: str = "Hello", **more: Any) -> Any:
    """A conversation that somebody began."""
    person = new_number()
    own.write(person, body, **more)
    (found,) = own.get("/conversations", search=person)["items"]
    return found


def test_one_is_listed_read_answered_and_looked_after(own: Own) -> None:
    found = talk(own, "When do you open?")
    assert found["waiting"]
    assert found["last"]["body"] == "When do you open?"
    path = f"/conversations/{found['id']}"
    headers = {"idempotency-key": f"one {found['id']}"}
    sent = own.call("POST", f"{path}/reply", {"body": "At nine."}, headers)
    again = own.call("POST", f"{path}/reply", {"body": "At nine."}, headers)
    assert (sent.status, sent.json["to"]) == (201, found["address"])
    assert again.json["id"] == sent.json["id"]
    assert own.call("POST", f"{path}/reply", {"body": "At ten."}, headers).status == 409
    own.post(f"{path}/notes", {"text": "Comes on Saturday", "author": "Joe"})
    said = [
        (one["message"] or one["note"]).get("body") or one["note"]["text"]
        for one in own.all_of(f"{path}/messages", limit=1)
    ]
    assert said == ["Comes on Saturday", "At nine.", "When do you open?"]
    user = own.post("/users", {"email": f"u{found['id'][:12]}@example.com", "name": "U"})
    stage = own.post("/funnels", {"name": "New"})
    changed = own.call("PATCH", path, {"assignee": user["email"], "stage": stage["id"]}).json
    assert (changed["assignee"], changed["stage"], changed["waiting"]) == (
        user["email"], stage["id"], False,
    )  # fmt: skip
    (mine,) = own.get("/conversations", assignee=user["email"])["items"]
    assert mine["id"] == found["id"]
    assert own.post(f"{path}/close", {"reason": "solved"}, 200)["closing_reason"] == "solved"
    assert own.get("/conversations", assignee=user["email"])["items"] == []
    assert own.get("/conversations", assignee=user["email"], state="closed")["items"]
    assert own.post(f"{path}/open", status=200)["closed_at"] is None
    assert own.get(path)["only_templates"] is False


def test_a_template_goes_where_the_window_is_closed(own: Own) -> None:
    found = talk(own, channel="whatsapp", to=WHATSAPP, at="2026-01-02T03:04:05Z")
    path = f"/conversations/{found['id']}"
    assert own.get(path)["only_templates"]
    refused = own.call("POST", f"{path}/reply", {"body": "Too late"})
    assert refused.refusal[:2] == (422, "outside_window") or refused.refusal[1] == "outside_window"
    templates = own.all_of("/templates", status="approved")
    one = next(item for item in templates if item["name"] == "hello_name")
    unfilled = own.call("POST", f"{path}/reply", {"template": {"name": one["id"]}})
    assert unfilled.refusal == (400, "bad_request", "template.values")
    asked = {"template": {"name": one["id"], "values": ["Ann"]}}
    assert "Ann" in own.post(f"{path}/reply", asked)["body"]


def test_what_cannot_be_done_says_why(own: Own, other: Own) -> None:
    found = talk(own)
    path = f"/conversations/{found['id']}"
    for caller, method, where, body, status in (
        (own, "GET", "/conversations?state=lost", None, 400),
        (own, "GET", "/conversations?after=x", None, 400),
        (own, "GET", "/conversations?assignee=who@example.com", None, 400),
        (own, "GET", f"{path}/messages?after=x", None, 400),
        (own, "GET", "/conversations/nowhere", None, 404),
        (own, "POST", f"{path}/reply", {}, 400),
        (own, "POST", f"{path}/reply", {"media": ["ftp"]}, 400),
        (own, "POST", f"{path}/reply", {"template": {"name": "none"}}, 400),
        (own, "PATCH", path, {"team": "none"}, 400),
        (own, "PATCH", path, {"stage": "none"}, 400),
        (other, "GET", path, None, 404),
        (other, "POST", f"{path}/reply", {"body": "x"}, 404),
        (other, "POST", f"{path}/close", None, 404),
    ):
        answer = caller.call(method, where, body)
        assert answer.status == status, (method, where, answer.body)


def test_contacts_are_searched_and_their_opt_in_is_kept(own: Own) -> None:
    found = talk(own)
    name = f"Zoe {found['id'][-8:]}"
    path = f"/contacts/{found['contact']}"
    changed = own.call("PATCH", path, {"name": name, "opt_in": "web form"}).json
    assert changed["opt_in_source"] == "web form"
    assert changed["opt_in_at"]
    assert [one["id"] for one in own.get("/contacts", search=name)["items"]] == [found["contact"]]
    assert own.call("PATCH", path, {"opt_in": ""}).json["opt_in_at"] is None
