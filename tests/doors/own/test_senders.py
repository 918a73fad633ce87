"""Senders and connections: made, changed, given back, and usable at once."""

import itertools
from typing import Any

import pytest

from tests.doors.own.conftest import Own
from tests.doors.own.test_messages import until
from tests.doors.twilio.conftest import Api, new_number

_addresses = itertools.count(200)


def new_address() -> str:
    """A sender's address that no other test has."""
    return f"+14155550{next(_addresses)}"


def add(own: Own, **parts: Any) -> Any:
    return own.post("/senders", {"address": new_address(), **parts})


def release(own: Own, sender: Any) -> None:
    assert own.call("DELETE", f"/senders/{sender['id']}").status == 204


def test_a_sender_sends_at_once_and_is_known_by_the_other_doors(own: Own, twilio: Api) -> None:
    sender = add(own, title="Shop", max_per_second=20, window=5, in_order=True)
    assert (sender["channel"], sender["ref"], sender["main"]) == ("sms", "", False)
    assert (sender["max_per_second"], sender["window"], sender["in_order"]) == (20, 5, True)
    assert own.get(f"/senders/{sender['id']}") == sender
    sent = twilio.create(new_number(), From=sender["address"])
    assert until(own, sent["sid"], "delivered")["from"] == sender["address"]
    release(own, sender)


def test_a_sender_given_back_sends_nothing_new_and_may_be_added_again(own: Own) -> None:
    sender = add(own)
    own.send(new_number(), **{"from": sender["address"]})
    release(own, sender)
    body = {"from": sender["address"], "to": new_number(), "body": "Hi"}
    assert own.call("POST", "/messages", body).refusal == (400, "foreign_sender", "from")
    assert own.call("GET", f"/senders/{sender['id']}").refusal[:2] == (404, "not_found")
    assert own.call("DELETE", f"/senders/{sender['id']}").refusal[:2] == (404, "not_found")
    release(own, own.post("/senders", {"address": sender["address"]}))


def test_the_main_sender_is_used_where_none_is_named(own: Own) -> None:
    body = {"to": new_number(), "body": "Hi"}
    assert own.call("POST", "/messages", body).refusal == (400, "no_sender", "from")
    first = add(own, main=True)
    second = add(own)
    assert own.post("/messages", body)["from"] == first["address"]
    changed = own.call("PATCH", f"/senders/{second['id']}", {"main": True})
    assert changed.json["main"] is True
    assert own.post("/messages", body)["from"] == second["address"]
    assert own.get(f"/senders/{first['id']}")["main"] is False
    release(own, first)
    release(own, second)
    assert own.call("POST", "/messages", body).refusal[1] == "no_sender"


def test_a_sender_is_changed_in_part(own: Own) -> None:
    url = "https://example.com/inbound"
    sender = add(own, inbound_url=url, fallback_method="GET", title="Old")
    changed = own.call("PATCH", f"/senders/{sender['id']}", {"title": "New", "ref": "77"}).json
    assert (changed["title"], changed["ref"]) == ("New", "77")
    assert (changed["inbound_url"], changed["inbound_method"]) == (url, "POST")
    assert changed["fallback_method"] == "GET"
    assert changed["updated_at"] > changed["created_at"] == sender["created_at"]
    cleared = own.call("PATCH", f"/senders/{sender['id']}", {"inbound_url": ""}).json
    assert cleared["inbound_url"] == ""
    release(own, sender)


def test_a_whatsapp_sender_has_a_ref_of_digits(own: Own) -> None:
    made = add(own, channel="whatsapp")
    assert made["ref"].isdigit()
    given = add(own, channel="whatsapp", ref="106540352242999")
    assert given["ref"] == "106540352242999"
    listed = own.all_of("/senders", channel="whatsapp", limit=1)
    assert [item["id"] for item in listed][:2] == [given["id"], made["id"]]
    assert {item["channel"] for item in listed} == {"whatsapp"}
    release(own, made)
    release(own, given)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"address": "a-name-of-12x"}, (400, "bad_sender", "address")),
        ({"address": "ACME", "channel": "whatsapp"}, (400, "bad_sender", "address")),
        ({"address": "+15017122661"}, (409, "conflict", None)),
        ({"connection": "nope"}, (400, "bad_request", "connection")),
        ({"inbound_url": "nowhere"}, (400, "bad_request", "inbound_url")),
        ({"inbound_method": "PUT"}, (400, "bad_request", "inbound_method")),
        ({"window": 0}, (400, "bad_request", "window")),
        ({"max_per_second": -1}, (400, "bad_request", "max_per_second")),
        ({"account": "AC"}, (400, "bad_request", "account")),
    ],
)
def test_what_is_no_sender_says_why(own: Own, asked: Any, told: tuple[Any, ...]) -> None:
    assert own.call("POST", "/senders", {"address": "+14155550188", **asked}).refusal == told


def test_another_accounts_senders_are_unknown(own: Own, other: Own) -> None:
    (theirs,) = other.get("/senders")["items"]
    for method, body in (("GET", None), ("PATCH", {"title": "Mine"}), ("DELETE", None)):
        answer = own.call(method, f"/senders/{theirs['id']}", body)
        assert answer.refusal == (404, "not_found", None)


def test_a_connection_carries_at_once_and_hides_its_secrets(own: Own) -> None:
    settings = {"delay": 0.01, "token": "sandbox"}
    made = own.post("/connections", {"name": "swift", "provider": "sandbox", "settings": settings})
    assert made["settings"] == {"delay": 0.01, "token": "…"}
    assert own.get("/connections/swift") == made
    sender = add(own, connection="swift")
    sent = own.send(new_number(), **{"from": sender["address"]})
    found = until(own, sent["id"], "delivered")
    assert found["timeline"][1]["connection"] == "swift"
    change = {"settings": {"delay": 0.02, "token": "…"}, "receipt_wait": 9}
    changed = own.call("PATCH", "/connections/swift", change).json
    assert changed["settings"] == {"delay": 0.02, "token": "…"}
    assert (changed["receipt_wait"], changed["on_unclear"]) == (9, "fail")
    assert until(own, own.send(new_number(), **{"from": sender["address"]})["id"], "delivered")
    reset = own.call("PATCH", "/connections/swift", {"settings": {"delay": None}}).json
    assert reset["settings"] == {"token": "…"}
    assert own.post("/connections/swift/resume", status=200)["parked_at"] is None
    assert "swift" in [item["name"] for item in own.all_of("/connections", limit=1)]
    release(own, sender)


@pytest.mark.parametrize(
    ("asked", "told", "word"),
    [
        ({"provider": "pigeon"}, (400, "misconfigured", "settings"), "sandbox"),
        ({"settings": {"colour": 1}}, (400, "misconfigured", "settings"), "colour"),
        ({"settings": {"delay": "soon"}}, (400, "misconfigured", "settings"), "delay"),
        ({"settings": {"_ledger": 1}}, (400, "misconfigured", "settings"), "_ledger"),
        ({"name": "a/b"}, (400, "bad_request", "name"), "name"),
        ({"name": "sandbox"}, (409, "conflict", None), "sandbox"),
        ({"on_unclear": "guess"}, (400, "bad_request", "on_unclear"), "guess"),
    ],
)
def test_what_is_no_connection_says_why(
    own: Own, asked: Any, told: tuple[Any, ...], word: str
) -> None:
    answer = own.call("POST", "/connections", {"name": "new", "provider": "sandbox", **asked})
    assert answer.refusal == told
    assert word in answer.json["error"]["message"]


def test_connections_are_for_who_runs_the_gateway(own: Own, other: Own) -> None:
    assert other.call("GET", "/connections").refusal == (403, "forbidden", None)
    body = {"settings": {"delay": 9}}
    assert other.call("PATCH", "/connections/sandbox", body).refusal[:2] == (403, "forbidden")
    assert own.call("GET", "/connections/nope").refusal == (404, "not_found", None)
    assert own.call("PATCH", "/connections/nope", body).refusal == (404, "not_found", None)
    assert own.call("POST", "/connections/nope/resume").refusal == (404, "not_found", None)
