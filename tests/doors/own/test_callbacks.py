"""Callbacks in our own words: told in JSON, signed, listed, and told once more."""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import AUTH_TOKEN
from tests.doors.own.conftest import Own
from tests.doors.own.test_messages import until
from tests.doors.twilio.conftest import Api, new_number
from tests.patience import PATIENCE
from tests.receiver import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def of(own: Own, id: str, count: int) -> list[Any]:
    """The callbacks of a message, once so many are told."""
    end = time.monotonic() + PATIENCE
    while True:
        found = [item for item in own.get("/callbacks")["items"] if item["message"] == id]
        if [item["told"] for item in found] == ["told"] * count:
            return found
        assert time.monotonic() < end, found
        time.sleep(0.02)


def test_each_status_is_told_in_json_and_signed(own: Own, receiver: Receiver) -> None:
    to = new_number()
    id = own.send(to, callback_url=f"{receiver.url}/told?x=1#part")["id"]
    first, second = receiver.wait(2)
    told = [json.loads(heard.body) for heard in (first, second)]
    assert [item["status"] for item in told] == ["sent", "delivered"]
    assert told[0]["message"] == id
    assert (told[0]["to"], told[0]["error"]) == (to, None)
    assert first.path == "/told?x=1"
    digest = hmac.new(AUTH_TOKEN.encode(), first.body, hashlib.sha256).hexdigest()
    assert first.headers["x-estafette-signature"] == f"sha256={digest}"


def test_a_failure_is_told_with_the_carriers_words(own: Own, receiver: Receiver) -> None:
    own.send("+15005520400", callback_url=receiver.url)
    (heard,) = receiver.wait(1)
    error = json.loads(heard.body)["error"]
    assert (error["reason"], error["code"]) == ("blocked", "30007")


def test_callbacks_of_every_door_are_listed_and_told_once_more(
    own: Own, twilio: Api, receiver: Receiver
) -> None:
    id = twilio.create(new_number(), StatusCallback=f"{receiver.url}/?secret=1")["sid"][2:]
    found = of(own, id, 2)
    assert [item["status"] for item in found] == ["delivered", "sent"]
    assert found[0]["url"] == f"{receiver.url}/"
    assert found[0]["door"] == "twilio"
    again = own.post(f"/callbacks/SM{id}/replay", {"status": "delivered"}, 200)
    assert again == {"items": ["delivered"], "next": None}
    receiver.wait(3)
    of(own, id, 2)
    assert own.post(f"/callbacks/{id}/replay", status=200)["items"] == ["sent", "delivered"]
    receiver.wait(5)
    what = [event for event in own.get(f"/messages/{id}")["timeline"] if "told" in event]
    assert {event["what"] for event in what} == {"callback"}


def test_a_list_of_callbacks_has_pages_and_a_filter(own: Own, receiver: Receiver) -> None:
    ids = {own.send(new_number(), callback_url=receiver.url)["id"] for _ in range(2)}
    receiver.wait(4)
    for id in ids:
        until(own, id, "delivered")
        of(own, id, 2)
    told = own.all_of("/callbacks", told="told", limit=3)
    assert {item["told"] for item in told} == {"told"}
    assert len([item for item in told if item["message"] in ids]) == 4
    names = [(item["message"], item["status"]) for item in told]
    assert len(names) == len(set(names))


def test_what_is_wrong_says_so(own: Own, other: Own) -> None:
    assert own.call("GET", "/callbacks?after=x").refusal == (400, "bad_request", "after")
    assert own.call("GET", "/callbacks?told=maybe").refusal == (400, "bad_request", "told")
    id = own.send(new_number())["id"]
    assert own.call("POST", f"/callbacks/{'0' * 32}/replay").refusal[:2] == (404, "not_found")
    assert other.call("POST", f"/callbacks/{id}/replay").refusal[:2] == (404, "not_found")
    bad = own.call("POST", f"/callbacks/{id}/replay", {"status": "gone"})
    assert bad.refusal == (400, "bad_request", "status")
