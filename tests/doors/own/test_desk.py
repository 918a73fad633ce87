"""Users, teams, tags, fields, funnels and statuses: made, listed, changed and removed over HTTP."""

import itertools
from typing import Any

import pytest

from tests.doors.own.conftest import Own

_count = itertools.count(1)

#: What makes one of each, and what changes it.
NOUNS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "users": ({"email": "{}@example.com", "name": "Jo"}, {"name": "Joe", "available": False}),
    "teams": ({"name": "Team {}"}, {"name": "Crew"}),
    "tags": ({"name": "Tag {}"}, {"name": "Tag {} again"}),
    "fields": (
        {"name": "Field {}", "kind": "checkbox", "options": ["a", "b"]},
        {"options": ["c"]},
    ),
    "funnels": ({"name": "Stage {}", "emoji": "✨"}, {"position": 7}),
    "statuses": ({"name": "Lunch {}", "emoji": "🍙"}, {"emoji": "🌴"}),
}


def filled(parts: dict[str, Any], number: object) -> dict[str, Any]:
    return {
        name: value.format(number) if isinstance(value, str) else value
        for name, value in parts.items()
    }


def add(own: Own, noun: str, **parts: Any) -> Any:
    number = f"own{next(_count)}"
    return own.post(f"/{noun}", {**filled(NOUNS[noun][0], number), **parts})


@pytest.mark.parametrize("noun", NOUNS)
def test_one_is_made_listed_changed_and_removed(own: Own, other: Own, noun: str) -> None:
    number = f"own{next(_count)}"
    asked, change = (filled(parts, number) for parts in NOUNS[noun])
    first = add(own, noun)
    made = own.post(f"/{noun}", asked)
    assert {name: made[name] for name in asked} == asked
    assert own.get(f"/{noun}/{made['id']}") == made
    listed = own.all_of(f"/{noun}", limit=1)
    assert [item["id"] for item in listed][:2] == [made["id"], first["id"]]
    changed = own.call("PATCH", f"/{noun}/{made['id'].upper()}", change).json
    assert {name: changed[name] for name in change} == change
    assert changed["updated_at"] > changed["created_at"] == made["created_at"]
    for method, body in (("GET", None), ("PATCH", change), ("DELETE", None)):
        answer = other.call(method, f"/{noun}/{made['id']}", body)
        assert answer.refusal == (404, "not_found", None)
    assert made["id"] not in [item["id"] for item in other.all_of(f"/{noun}")]
    assert own.call("DELETE", f"/{noun}/{made['id']}").status == 204
    assert own.call("DELETE", f"/{noun}/{made['id']}").refusal[:2] == (404, "not_found")
    assert own.call("GET", f"/{noun}/{made['id']}").refusal[:2] == (404, "not_found")


_STRANGE: list[Any] = [
    None, 7, 1.5, True, [], {}, ["a"], {"a": 1}, "", " ", "a\0b", "a\nb", "x" * 100_000,
]  # fmt: skip


@pytest.mark.parametrize("noun", NOUNS)
def test_what_does_not_fit_is_refused_and_nothing_is_kept(own: Own, noun: str) -> None:
    made = add(own, noun)
    before = own.all_of(f"/{noun}")
    for name in NOUNS[noun][0]:
        for value in _STRANGE:
            for method, path in (("POST", f"/{noun}"), ("PATCH", f"/{noun}/{made['id']}")):
                body = {**filled(NOUNS[noun][0], f"own{next(_count)}"), name: value}
                answer = own.call(method, path, body if method == "POST" else {name: value})
                if answer.status >= 400:
                    assert answer.refusal[:2] in ((400, "bad_request"), (409, "conflict")), value
                elif method == "POST":
                    own.call("DELETE", f"/{noun}/{answer.json['id']}")
                else:
                    own.call("PATCH", path, {name: made[name]})
    for raw in (b"", b"{", b"[]", b"null", b'{"name": "\\ud800"}', b'{"name": "\xff"}', b'"x"'):
        assert own.call("POST", f"/{noun}", raw).refusal[0] == 400
    strange = {**filled(NOUNS[noun][0], f"own{next(_count)}"), "colour": "red"}
    assert own.call("POST", f"/{noun}", strange).refusal == (400, "bad_request", "colour")
    after = own.all_of(f"/{noun}")
    plain = [{k: v for k, v in item.items() if not k.endswith("_at")} for item in (*before, *after)]
    assert plain[: len(before)] == plain[len(before) :]


def test_an_address_belongs_to_one_user(own: Own) -> None:
    made = add(own, "users", email="Only.One@Example.com")
    assert made["email"] == "only.one@example.com"
    again = own.call("POST", "/users", {"email": "ONLY.one@example.COM"})
    assert again.refusal == (409, "conflict", None)
    other = add(own, "users")
    taken = own.call("PATCH", f"/users/{other['id']}", {"email": "only.ONE@example.com"})
    assert taken.refusal == (409, "conflict", None)
    moved = own.call("PATCH", f"/users/{made['id']}", {"email": "another.one@example.com"})
    assert moved.json["email"] == "another.one@example.com"


@pytest.mark.parametrize("email", ["jo", "jo@", "@x.fr", "a b@x.fr", "a@b@c.fr", ""])
def test_what_is_no_address_is_refused(own: Own, email: str) -> None:
    assert own.call("POST", "/users", {"email": email}).refusal == (400, "bad_request", "email")


def test_a_user_says_something_of_themselves(own: Own, other: Own) -> None:
    made, status = add(own, "users"), add(own, "statuses")
    assert (made["available"], made["status"], made["status_at"]) == (True, None, None)
    path = f"/users/{made['id']}"
    said = own.call("PATCH", path, {"status": status["id"]}).json
    assert said["status"] == status["id"]
    assert said["status_at"]
    for strange in ("nope", "1" * 32, add(other, "statuses")["id"]):
        answer = own.call("PATCH", path, {"status": strange})
        assert answer.refusal == (400, "bad_request", "status")
    for nothing in ("", None):
        own.call("PATCH", path, {"status": status["id"]})
        assert own.call("PATCH", path, {"status": nothing}).json["status"] is None
    own.call("PATCH", path, {"status": status["id"]})
    assert own.call("DELETE", f"/statuses/{status['id']}").status == 204
    assert own.get(path)["status"] is None


def test_every_account_has_a_default_team(own: Own, other: Own) -> None:
    for account in (own, other):
        (default,) = (team for team in account.all_of("/teams") if team["default"])
        assert default["name"] == "General"
        assert account.call("DELETE", f"/teams/{default['id']}").refusal[:2] == (409, "conflict")


def test_the_members_of_a_team_are_users(own: Own, other: Own) -> None:
    users = [add(own, "users") for _ in range(3)]
    emails = [user["email"] for user in users]
    team = add(own, "teams", members=[emails[0].upper(), emails[0], emails[1]])
    assert team["members"] == emails[:2]
    path = f"/teams/{team['id']}"
    assert own.call("PATCH", path, {"name": "Renamed"}).json["members"] == emails[:2]
    assert own.call("PATCH", path, {"members": emails[1:]}).json["members"] == emails[1:]
    (listed,) = (item for item in own.all_of("/teams") if item["id"] == team["id"])
    assert listed["members"] == emails[1:]
    theirs = add(other, "users")["email"]
    for strange in ("nobody@example.com", theirs, "nobody"):
        answer = own.call("PATCH", path, {"members": [emails[0], strange]})
        assert answer.refusal == (400, "bad_request", "members")
    assert own.get(path)["members"] == emails[1:]
    assert own.call("DELETE", f"/users/{users[1]['id']}").status == 204
    assert own.get(path)["members"] == [emails[2]]
    assert own.call("PATCH", path, {"members": []}).json["members"] == []


def test_a_field_needs_options_where_something_is_chosen(own: Own) -> None:
    for kind in ("dropdown", "checkbox"):
        answer = own.call("POST", "/fields", {"name": f"No options {kind}", "kind": kind})
        assert answer.refusal == (400, "bad_request", "options")
    answer = own.call("POST", "/fields", {"name": "Plain", "options": ["a"]})
    assert answer.refusal == (400, "bad_request", "options")
    assert own.call("POST", "/fields", {"name": "x", "kind": "colour"}).refusal[2] == "kind"
    made = add(own, "fields")
    changed = own.call("PATCH", f"/fields/{made['id']}", {"kind": "date"}).json
    assert (changed["kind"], changed["options"]) == ("date", [])
