"""Telegram, Facebook and Instagram, tried out through the sandbox: addresses are no numbers there."""

import itertools
import json
from typing import Any
from urllib.parse import quote

import pytest

from tests.doors.own.conftest import Own
from tests.doors.own.test_messages import until
from tests.doors.twilio.conftest import Api

CHANNELS = ("telegram", "facebook", "instagram")

_count = itertools.count(1)


def name(prefix: str = "person") -> str:
    """An address that no other test has."""
    return f"{prefix}_{next(_count)}"


@pytest.fixture(params=CHANNELS)
def channel(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def sender(own: Own, channel: str) -> Any:
    """A sender on this channel, given back at the end."""
    made = own.post("/senders", {"channel": channel, "address": name("shop")})
    yield made
    assert own.call("DELETE", f"/senders/{made['id']}").status == 204


def test_both_write_to_each_other(own: Own, sender: Any, channel: str) -> None:
    person = name()
    parts = {"channel": channel, "from": sender["address"]}
    sent = own.post("/messages", {"to": person, "body": "Hi", **parts})
    assert (sent["to"], sent["from"], sent["segments"]) == (person, sender["address"], 1)
    assert until(own, sent["id"], "delivered")["channel"] == channel
    heard = own.write(person, "Hello", to=sender["address"], channel=channel, name="Jo")
    assert (heard["from"], heard["to"], heard["status"]) == (person, sender["address"], "received")
    listed = own.all_of("/messages", channel=channel, **{"from": person})
    assert [item["id"] for item in listed] == [heard["id"]]


def test_stop_is_heard_there_too(own: Own, sender: Any, channel: str) -> None:
    person = name()
    own.write(person, "STOP", to=sender["address"], channel=channel)
    (found,) = own.suppressions(person)
    assert (found["recipient"], found["channel"]) == (person, channel)
    body = {"channel": channel, "from": sender["address"], "to": person, "body": "Hi"}
    assert own.call("POST", "/messages", body).refusal == (400, "opted_out", "to")


def test_media_that_cannot_be_had_fail_as_elsewhere(own: Own, sender: Any, channel: str) -> None:
    parts = {"channel": channel, "from": sender["address"], "to": name()}
    sent = own.post("/messages", {**parts, "media": [f"{own.server.url}/nowhere.png"]})
    assert until(own, sent["id"], "failed")["error"]["code"] == "63019"


def test_the_other_doors_show_them(own: Own, twilio: Api, sender: Any, channel: str) -> None:
    person = name()
    body = {"channel": channel, "from": sender["address"], "to": person, "body": "Hi"}
    sent = own.post("/messages", body)
    address = f"{channel}:{person}"
    shown = twilio.fetch(f"SM{sent['id']}")
    assert (shown["to"], shown["from"]) == (address, f"{channel}:{sender['address']}")
    assert [item["sid"] for item in twilio.page(To=address)["messages"]] == [shown["sid"]]
    assert twilio.page(To=f"{channel}:nobody")["messages"] == []
    assert twilio.page(PageSize="5")["messages"]
    again = twilio.create(address, From=f"{channel}:{sender['address']}")
    assert twilio.until(again["sid"], "delivered")["to"] == address


@pytest.mark.parametrize("address", ["", " ", "a b", "a\nb", "x" * 65, "\u202e"])
def test_what_is_no_address_is_refused(own: Own, channel: str, address: str) -> None:
    body = {"channel": channel, "address": address}
    assert own.call("POST", "/senders", body).refusal == (400, "bad_sender", "address")
    body = {"channel": channel, "from": "shop", "to": address, "body": "Hi"}
    assert own.call("POST", "/messages", body).refusal == (400, "bad_recipient", "to")


def test_they_go_through_the_sandbox_only(own: Own, channel: str) -> None:
    settings = {"account_sid": "AC" + "7" * 32, "auth_token": "x"}
    connection = f"up-{channel}"
    own.post("/connections", {"name": connection, "provider": "twilio", "settings": settings})
    body = {"channel": channel, "address": name("shop"), "connection": connection}
    refused = own.call("POST", "/senders", body)
    assert refused.refusal == (400, "bad_request", "connection")
    assert "sandbox" in refused.json["error"]["message"]
    made = own.post("/senders", {**body, "connection": "sandbox"})
    path = f"/senders/{made['id']}"
    moved = own.call("PATCH", path, {"connection": connection})
    assert moved.refusal == (400, "bad_request", "connection")
    assert own.get(path)["connection"] == "sandbox"
    assert own.call("DELETE", path).status == 204


def test_numbers_stay_numbers_on_the_other_channels(own: Own) -> None:
    for other in ("sms", "whatsapp"):
        body = {"channel": other, "to": "person_1", "body": "Hi"}
        assert own.call("POST", "/messages", body).refusal == (400, "bad_recipient", "to")
    body = {"channel": "whatsapp", "address": "shop"}
    assert own.call("POST", "/senders", body).refusal == (400, "bad_sender", "address")


def test_a_service_may_hold_them(own: Own, twilio: Api, sender: Any, channel: str) -> None:
    made = twilio.call("POST", "/v1/Services", {"FriendlyName": "Everywhere"}).json
    put = twilio.call("POST", f"/v1/Services/{made['sid']}/ChannelSenders", {"Sid": _sid(sender)})
    assert put.status == 201, put.body
    parts = {"channel": channel, "to": name(), "body": "Hi", "service": made["sid"]}
    assert own.post("/messages", parts)["from"] == sender["address"]
    elsewhere = next(other for other in CHANNELS if other != channel)
    refused = own.call("POST", "/messages", {**parts, "channel": elsewhere})
    assert refused.refusal[1] == "no_fitting_sender"
    assert twilio.call("DELETE", f"/v1/Services/{made['sid']}").status == 204


def _sid(sender: Any) -> str:
    return f"XE{sender['id']}"


def test_commands_take_them(own: Own) -> None:
    address, person = name("bot"), quote(name())
    done = own.server.run("senders", "add", address, "--channel", "telegram")
    assert done.stdout == f"telegram {address} is a sender\n"
    command = ("send", "--channel", "telegram", "--from", address, "--to", person, "--body", "Hi")
    sent = json.loads(own.server.run(*command, "--json").stdout)
    assert sent["to"] == person
    assert own.get(f"/messages/{sent['id']}")["channel"] == "telegram"
    bad = own.server.run("senders", "add", "a b", "--channel", "telegram", check=False)
    assert (bad.returncode, bad.stderr) == (2, "estafette: a b is not an address on telegram\n")
