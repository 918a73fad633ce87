"""Passwords and links of users, and the audit trail, over HTTP."""

import pytest

from tests.doors.own.conftest import Own
from tests.doors.own.test_desk import add

PASSWORD = "correct horse battery"


def test_a_password_is_set_and_never_shown(own: Own) -> None:
    made = add(own, "users", password=PASSWORD)
    assert made["has_password"]
    assert PASSWORD not in str(made)
    bare = add(own, "users")
    assert not bare["has_password"]
    assert own.call("PATCH", f"/users/{bare['id']}", {"password": PASSWORD}).json["has_password"]
    assert own.get(f"/users/{bare['id']}")["has_password"]
    listed = {user["id"]: user["has_password"] for user in own.all_of("/users")}
    assert listed[made["id"]]
    assert listed[bare["id"]]


@pytest.mark.parametrize("password", ["short", "x" * 201, "a" * 3000, "ten chars\u0007x", 7, None])
def test_a_bad_password_changes_nothing(own: Own, password: object) -> None:
    before = len(own.all_of("/users"))
    body = {"email": "nobody@own.example.com", "password": password}
    assert own.call("POST", "/users", body).refusal == (400, "bad_request", "password")
    assert len(own.all_of("/users")) == before
    user = add(own, "users")
    change = own.call("PATCH", f"/users/{user['id']}", {"name": "Other", "password": password})
    assert change.refusal == (400, "bad_request", "password")
    assert own.get(f"/users/{user['id']}")["name"] == user["name"]


def test_a_link_is_made_for_users_of_the_account(own: Own, other: Own) -> None:
    user = add(own, "users")
    made = own.post(f"/users/{user['id']}/link")
    assert "/console/welcome/" in made["url"]
    assert other.call("POST", f"/users/{user['id']}/link").refusal[:2] == (404, "not_found")
    assert own.call("POST", "/users/nobody/link").refusal[:2] == (404, "not_found")


def test_a_key_lets_nobody_sign_in(own: Own) -> None:
    key = own.post("/keys", {"label": "a program"})
    program = Own(own.server, f"Bearer {key['bearer']}")
    user = add(program, "users")
    for method, path, body in (
        ("POST", "/users", {"email": "x@own.example.com", "password": PASSWORD}),
        ("PATCH", f"/users/{user['id']}", {"password": PASSWORD}),
        ("POST", f"/users/{user['id']}/link", None),
    ):
        assert program.call(method, path, body).refusal == (403, "forbidden", None)
    assert not own.get(f"/users/{user['id']}")["has_password"]


def test_what_is_changed_is_in_the_trail(own: Own, other: Own) -> None:
    user = add(own, "users", password=PASSWORD)
    own.call("PATCH", f"/users/{user['id']}", {"name": "Jo"})
    own.send("+15558675310")
    own.call("PATCH", f"/users/{user['id']}", {"email": "no address"})  # changes nothing
    own.call("DELETE", f"/users/{user['id']}")
    trail = [
        item
        for item in own.get("/audit", limit=200, group="user")["items"]
        if item["about"] == user["id"]
    ]
    assert [(item["event"], item["via"], item["details"]) for item in trail] == [
        ("user.removed", "api", {}),
        ("user.changed", "api", {"fields": ["name"]}),
        ("user.added", "api", {"fields": ["email", "name", "password"]}),
    ]
    assert {item["actor"] for item in trail} == {None}
    assert PASSWORD not in str(trail)
    assert "message.send" not in str(own.get("/audit", limit=1000))
    assert user["id"] not in str(other.get("/audit", limit=1000))
    page = own.get("/audit", limit=1, group="user")
    assert own.get(page["next"])["items"][0]["id"] < page["items"][0]["id"]
    assert own.call("GET", "/audit?group=%00").refusal[:2] == (400, "bad_request")
    assert own.get("/audit", after="nonsense")["items"] is not None
