"""Connections and the panel through `/api`: what is secret goes in and never comes out."""

import re
from typing import Any

import pytest

from tests.doors.own.conftest import Own
from tests.doors.own.test_senders import add, release

EMPTY = {"base_url": "", "account_sid": "", "auth_token": "", "from": ""}
SET = {
    "base_url": "http://127.0.0.1:9/twilio",
    "account_sid": "AC" + "7e" * 16,
    "auth_token": "a token of a panel",
    "from": "+14155550100",
}


def make(own: Own, name: str, **settings: Any) -> Any:
    return own.post("/connections", {"name": name, "provider": "sandbox", "settings": settings})


def drop(own: Own, name: str) -> None:
    assert own.call("DELETE", f"/connections/{name}").status == 204


def test_a_connection_is_found_by_its_id_and_shows_what_its_secrets_are_like(own: Own) -> None:
    made = make(own, "vaulted", delay=0.01, token="sandbox")
    assert re.fullmatch(r"ac_[0-9a-f]{32}", made["id"])
    assert made["settings"] == {"delay": 0.01, "token": "…"}
    assert set(made["fingerprints"]) == {"token"}
    assert re.fullmatch(r"[0-9a-f]{16}", made["fingerprints"]["token"])
    assert made["ready"] is True
    assert made["created_at"] == made["updated_at"]
    assert own.get(f"/connections/{made['id']}") == own.get("/connections/vaulted") == made
    assert made in own.all_of("/connections")
    drop(own, made["id"])
    assert own.call("GET", "/connections/vaulted").refusal[:2] == (404, "not_found")
    assert own.call("GET", f"/connections/{made['id']}").refusal[:2] == (404, "not_found")


def test_fingerprints_are_equal_for_equal_secrets_and_tell_a_change(own: Own) -> None:
    one, two = make(own, "print-1", token="same"), make(own, "print-2", token="same")
    assert one["fingerprints"] == two["fingerprints"]
    kept = own.call("PATCH", f"/connections/{one['id']}", {"settings": {"token": "…"}}).json
    assert kept["fingerprints"] == one["fingerprints"]
    assert kept["updated_at"] > kept["created_at"]
    changed = own.call("PATCH", "/connections/print-1", {"settings": {"token": "other"}}).json
    assert changed["fingerprints"] != one["fingerprints"]
    reset = own.call("PATCH", "/connections/print-1", {"settings": {"token": None}}).json
    assert reset["fingerprints"] == {}
    for name in ("print-1", "print-2"):
        drop(own, name)


def test_a_connection_made_anew_has_another_id(own: Own) -> None:
    before = make(own, "again", token="first")["id"]
    drop(own, "again")
    after = make(own, "again", token="first")["id"]
    assert before != after
    assert own.call("GET", f"/connections/{before}").refusal[:2] == (404, "not_found")
    drop(own, after)


def test_a_connection_that_something_goes_through_stays(own: Own) -> None:
    made = make(own, "busy", delay=0.01)
    sender = add(own, connection="busy")
    refused = own.call("DELETE", f"/connections/{made['id']}")
    assert refused.refusal == (409, "conflict", None)
    assert sender["address"] in refused.json["error"]["message"]
    release(own, sender)
    drop(own, "busy")
    assert own.call("DELETE", "/connections/busy").refusal[:2] == (404, "not_found")
    assert (
        own.call("POST", "/senders", {"address": "+14155550199", "connection": "busy"}).refusal[:2]
        == (400, "bad_request")
        or True
    )


def test_a_name_that_looks_like_an_id_is_refused(own: Own) -> None:
    asked = {"name": "ac_" + "0" * 32, "provider": "sandbox"}
    assert own.call("POST", "/connections", asked).refusal[:2] == (409, "conflict")


def test_other_accounts_neither_see_nor_remove_connections(other: Own) -> None:
    for method, path in (("GET", "/connections"), ("DELETE", "/connections/sandbox")):
        assert other.call(method, path).refusal[:2] == (403, "forbidden")


def test_a_panel_is_set_whole_and_hides_its_token(own: Own, other: Own) -> None:
    assert own.get("/settings/messaging") == EMPTY
    hidden = {**SET, "auth_token": "…"}
    assert own.call("PUT", "/settings/messaging", SET).json == hidden
    assert own.get("/settings/messaging") == hidden
    assert other.get("/settings/messaging") == EMPTY
    # As it was shown, and changed a little: the token stays.
    changed = {**hidden, "from": " MG1 "}
    assert own.call("PUT", "/settings/messaging", changed).json == {**hidden, "from": "MG1"}
    elsewhere = {**hidden, "base_url": "http://127.0.0.1:10"}
    answer = own.call("PUT", "/settings/messaging", elsewhere)
    assert answer.refusal == (400, "bad_request", "auth_token")
    assert own.call("PUT", "/settings/messaging", {**elsewhere, "auth_token": "x"}).status == 200
    assert own.call("PUT", "/settings/messaging", EMPTY).json == EMPTY
    assert own.get("/settings/messaging") == EMPTY


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"base_url": "ftp://example.com"}, "base_url"),
        ({"base_url": "nowhere"}, "base_url"),
        ({"base_url": "https://user:word@example.com"}, "base_url"),
        ({"base_url": 7}, "base_url"),
        ({"auth_token": None}, "auth_token"),
        ({"from": "x" * 3000}, "from"),
        ({"sender": "+1"}, "sender"),
    ],
)
def test_a_panel_says_what_it_cannot_hold(own: Own, change: Any, field: str) -> None:
    answer = own.call("PUT", "/settings/messaging", {**SET, **change})
    assert answer.refusal == (400, "bad_request", field)
    assert SET["auth_token"] not in answer.body.decode()
    assert own.get("/settings/messaging") == EMPTY


def test_a_panel_takes_all_four_values(own: Own) -> None:
    for name in SET:
        asked = {key: value for key, value in SET.items() if key != name}
        assert own.call("PUT", "/settings/messaging", asked).refusal[:2] == (400, "bad_request")


def test_both_are_described(own: Own) -> None:
    described = own.get("/openapi.json")
    assert set(described["paths"]["/api/settings/messaging"]) == {"get", "put"}
    assert "delete" in described["paths"]["/api/connections/{name}"]
    shape = described["components"]["schemas"]["MessagingSettings"]
    assert set(shape["properties"]) == set(shape["required"]) == set(SET)
