"""Teams, users, custom statuses, funnels, the plan, and whose key it is."""

import itertools
import re
from typing import Any
from uuid import UUID

import pytest

from tests.doors.callbell.conftest import Api, account_of, bearer
from tests.doors.own.conftest import Own

_count = itertools.count(1)

AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
NOWHERE = "0d6041a28b8849eca99ba88a078a16c1"
_STRANGE: list[Any] = [7, 1.5, True, [], {}, ["a"], "", " ", "a\0b", "x" * 50_000]


def new_user(own: Own, **parts: Any) -> Any:
    return own.post("/users", {"email": f"callbell{next(_count)}@example.com", **parts})


def new_team(own: Own, *members: Any) -> Any:
    emails = [user["email"] for user in members]
    return own.post("/teams", {"name": f"Team {next(_count)}", "members": emails})


def all_pages(api: Api, path: str, name: str, **query: Any) -> list[Any]:
    """Every item of a list, page after page; the one past the end is empty."""
    found: list[Any] = []
    for page in itertools.count(1):
        answer = api.get(path, page=page, **query)
        assert answer["meta"]["page"] == page
        assert bool(answer[name]) is (page <= answer["meta"]["pages"] and bool(answer[name]))
        if not answer[name]:
            assert page == 1 or page == answer["meta"]["pages"] + 1
            return found
        found += answer[name]
    raise AssertionError


def test_a_team_has_the_documented_shape(api: Api, own: Own) -> None:
    made = new_team(own, new_user(own), new_user(own))
    team = api.get(f"/teams/{made['id']}")["team"]
    assert list(team) == ["uuid", "name", "createdAt", "default", "members"]
    assert (team["uuid"], team["name"], team["default"]) == (made["id"], made["name"], False)
    assert team["members"] == 2
    assert AT.fullmatch(team["createdAt"])
    dashed = str(UUID(made["id"]))
    assert api.get(f"/teams/{dashed}") == api.get(f"/teams/{dashed.upper()}") == {"team": team}
    listed = all_pages(api, "/teams", "teams")
    assert listed[0]["default"] is True
    assert team in listed


def test_a_team_is_renamed(api: Api, own: Own) -> None:
    made = new_team(own)
    changed = api.ask("PATCH", f"/teams/{made['id']}", {"name": "New team name"})["team"]
    assert (changed["uuid"], changed["name"]) == (made["id"], "New team name")
    assert own.get(f"/teams/{made['id']}")["name"] == "New team name"
    for strange in (*_STRANGE, None):
        answer = api.call("PATCH", f"/teams/{made['id']}", {"name": strange})
        assert (answer.status, list(answer.refusal[1])) == (400, ["name"])
    empty = api.call("PATCH", f"/teams/{made['id']}", {})
    assert empty.refusal == (400, {"name": ["must be present and not empty"]})
    assert own.get(f"/teams/{made['id']}")["name"] == "New team name"


def test_the_members_of_a_team_page_by_page(api: Api, own: Own) -> None:
    users = [new_user(own, name=f"N{index}", available=index % 2 == 0) for index in range(21)]
    team = new_team(own, *users)
    path = f"/teams/{team['id']}/members"
    found = all_pages(api, path, "users")
    assert [user["email"] for user in found] == [user["email"] for user in users]
    assert list(found[0]) == ["email", "name", "available", "lastUpdatedAt"]
    assert AT.fullmatch(found[0]["lastUpdatedAt"])
    assert api.get(path)["meta"] == {"page": 1, "pages": 2}
    assert len(api.get(path)["users"]) == 20
    away = all_pages(api, path, "users", status="away")
    assert {user["available"] for user in away} == {False}
    assert len(away) == 10
    assert len(all_pages(api, path, "users", status="available")) == 11
    assert api.call("GET", f"{path}?status=busy").refusal[0] == 400
    for page in ("0", "-1", "x", "1e9", "99999999999"):
        answer = api.call("GET", f"{path}?page={page}")
        assert answer.refusal == (400, {"page": ["must be a number from 1"]})


def test_a_user_says_what_they_do(api: Api, own: Own) -> None:
    user, team_of = new_user(own), None
    status = api.ask("POST", "/custom_statuses", {"name": "Vacationing", "emoji": "🌴"})
    status = status["customStatus"]
    path = f"/users/{user['id']}/status"
    asked = {"available": False, "custom_status_uuid": status["id"]}
    said = api.ask("PUT", path, asked)["user_status"]
    assert list(said) == ["custom_status", "appearance"]
    assert {key: said["custom_status"][key] for key in ("id", "name")} == {
        "id": status["id"],
        "name": "Vacationing",
    }
    assert said["custom_status"]["last_updated_at"] == status["updatedAt"]
    assert said["appearance"]["available"] is False
    assert AT.fullmatch(said["appearance"]["last_updated_at"])
    team_of = new_team(own, user)
    (member,) = api.get(f"/teams/{team_of['id']}/members")["users"]
    assert member["userCustomStatus"] == {
        "updatedAt": status["updatedAt"],
        "id": status["id"],
        "name": "Vacationing",
        "emoji": "🌴",
    }
    assert member["available"] is False
    bare = {"custom_status_uuid": status["id"].replace("-", "")}
    assert api.ask("PUT", path, bare)["user_status"]["custom_status"]["id"] == status["id"]
    back = api.ask("PUT", path, {"available": True, "custom_status_uuid": None})["user_status"]
    assert (back["custom_status"], back["appearance"]["available"]) == (None, True)
    assert "userCustomStatus" not in api.get(f"/teams/{team_of['id']}/members")["users"][0]
    api.ask("PUT", path, {"custom_status_uuid": status["id"]})
    cleared = api.call("DELETE", path)
    assert (cleared.status, cleared.body) == (200, b"")
    assert own.get(f"/users/{user['id']}")["status"] is None


def test_a_users_status_refuses_what_it_is_not(api: Api, own: Own, other_own: Own) -> None:
    user = new_user(own)
    path = f"/users/{user['id']}/status"
    for strange in (None, 0, 1, "true", [], {}):
        answer = api.call("PUT", path, {"available": strange})
        assert answer.refusal == (400, {"available": ["must be boolean"]})
    for strange in (0, True, [], {}):
        answer = api.call("PUT", path, {"available": False, "custom_status_uuid": strange})
        assert answer.refusal == (400, {"custom_status_uuid": ["must be string"]})
    theirs = other_own.post("/statuses", {"name": "Theirs"})["id"]
    for strange in ("", "x", NOWHERE, theirs):
        answer = api.call("PUT", path, {"available": False, "custom_status_uuid": strange})
        assert answer.refusal == (400, {"custom_status_uuid": ["is unknown"]})
    assert api.call("PUT", path, {}).refusal[0] == 400
    assert own.get(f"/users/{user['id']}")["available"] is True
    assert api.call("PUT", f"/users/{NOWHERE}/status", {"available": True}).refusal[0] == 404
    assert api.call("DELETE", f"/users/{NOWHERE}/status").refusal == (404, "not found")


def test_users_show_the_uuid_by_which_their_status_is_set(api: Api, own: Own) -> None:
    user = new_user(own, name="Jo")
    shown = api.get(f"/users/{user['id']}")["user"]
    assert list(shown) == ["uuid", "email", "name", "available", "lastUpdatedAt"]
    assert (shown["uuid"], shown["email"]) == (user["id"], user["email"])
    assert shown in all_pages(api, "/users", "users")


def test_custom_statuses_from_first_to_last(api: Api) -> None:
    made = api.ask("POST", "/custom_statuses", {"name": "Lunch"})["customStatus"]
    assert set(made) == {"id", "name", "emoji", "createdAt", "updatedAt"}
    assert str(UUID(made["id"])) == made["id"]
    assert AT.fullmatch(made["createdAt"])
    path = f"/custom_statuses/{made['id']}"
    bare = f"/custom_statuses/{made['id'].replace('-', '')}"
    assert api.get(path) == api.get(bare) == {"customStatus": made}
    assert made in all_pages(api, "/custom_statuses", "customStatuses")
    changed = api.ask("PUT", path, {"name": "Back in a bit"})["customStatus"]
    assert (changed["name"], changed["emoji"]) == ("Back in a bit", "")
    changed = api.ask("PUT", path, {"emoji": "⭐️"})["customStatus"]
    assert (changed["name"], changed["emoji"]) == ("Back in a bit", "⭐️")
    for strange in (*_STRANGE, None):
        for method, where in (("POST", "/custom_statuses"), ("PUT", path)):
            answer = api.call(method, where, {"name": strange})
            assert (answer.status, list(answer.refusal[1])) == (400, ["name"])
    for strange in (7, [], {}, "x" * 33, "a\0"):
        answer = api.call("POST", "/custom_statuses", {"name": "Fine", "emoji": strange})
        assert (answer.status, list(answer.refusal[1])) == (400, ["emoji"])
    assert api.call("PUT", path, {}).refusal[0] == 400
    assert api.ask("DELETE", path) == {"status": "custom status was destroyed"}
    for method in ("GET", "PUT", "DELETE"):
        assert api.call(method, path, {"name": "x"}).refusal == (404, "not found")


def test_funnels_stand_by_their_positions(api: Api, own: Own) -> None:
    last = own.post("/funnels", {"name": "Action", "emoji": "🧘‍♂️", "position": 900})
    first = own.post("/funnels", {"name": "Awareness", "position": 0})
    found = api.get("/funnels")["funnels"]
    assert [item["position"] for item in found] == sorted(item["position"] for item in found)
    assert found[-1] == {
        "uuid": str(UUID(last["id"])),
        "name": "Action",
        "emoji": "🧘‍♂️",
        "position": 900,
        "createdAt": found[-1]["createdAt"],
    }
    assert AT.fullmatch(found[-1]["createdAt"])
    assert str(UUID(first["id"])) in [item["uuid"] for item in found]


def test_whose_key_it_is_and_what_the_account_has(server: Any) -> None:
    own = account_of(server, "Planned", "+14155550172")
    api = Api(server, bearer(own))
    assert api.get("/auth/me") == {
        "status": "ok", "user_email": "", "user_name": "Planned", "api_key": "for tests",
    }  # fmt: skip
    own.post("/users", {"email": "john_doe@email.com", "name": "John Doe"})
    away = own.post("/users", {"email": "jane@email.com", "available": False})
    me = api.get("/auth/me")
    assert (me["user_email"], me["user_name"]) == ("john_doe@email.com", "John Doe")
    plan = api.get("/plan")
    assert list(plan) == ["plan", "includedChannels", "licenses", "activeUsers", "teams"]
    assert (plan["includedChannels"], plan["licenses"], plan["activeUsers"]) == (1, 2, 1)
    (general,) = plan["teams"]
    assert (general["name"], general["default"], general["members"]) == ("General", True, 0)
    assert away["email"] not in str(me)


def test_another_accounts_are_unknown(api: Api, own: Own, other: Api) -> None:
    team, user = new_team(own), new_user(own)
    status = own.post("/statuses", {"name": "Mine"})
    for method, path in (
        ("GET", f"/teams/{team['id']}"),
        ("PATCH", f"/teams/{team['id']}"),
        ("GET", f"/teams/{team['id']}/members"),
        ("GET", f"/users/{user['id']}"),
        ("PUT", f"/users/{user['id']}/status"),
        ("DELETE", f"/users/{user['id']}/status"),
        ("GET", f"/custom_statuses/{status['id']}"),
        ("PUT", f"/custom_statuses/{status['id']}"),
        ("DELETE", f"/custom_statuses/{status['id']}"),
    ):
        answer = other.call(method, path, {"name": "Theirs", "available": False})
        assert answer.refusal == (404, "not found"), path


@pytest.mark.parametrize(
    "path", ["/teams/x", "/teams/nope/members", "/users/1/status", "/custom_statuses/-"]
)
def test_what_is_no_id_is_not_found(api: Api, path: str) -> None:
    method = "PUT" if path.startswith("/users") else "GET"
    assert api.call(method, path, {"available": True}).refusal == (404, "not found")
