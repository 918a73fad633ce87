"""Messages in our own words: sent, found by any of their names, listed, changed."""

import base64
import json
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.conftest import RECIPIENT, SENDER
from tests.doors.own.conftest import Own
from tests.doors.twilio.conftest import NEVER_REACHED, Api, new_number
from tests.patience import PATIENCE
from tests.pictures import showing


def until(own: Own, id: str, *statuses: str) -> Any:
    end = time.monotonic() + PATIENCE
    while (found := own.get(f"/messages/{id}"))["status"] not in statuses:
        assert time.monotonic() < end, found
        time.sleep(0.02)
    return found


def counted(own: Own, status: str) -> Any:
    """The last hours, once messages of this status are counted: that may be a while later."""
    end = time.monotonic() + PATIENCE
    while True:
        hours = own.get("/messages/counts")["hours"]
        if sum(hour["counts"].get(status, 0) for hour in hours):
            return hours
        assert time.monotonic() < end, hours
        time.sleep(0.1)


def test_a_message_is_sent_and_shown_with_what_became_of_it(own: Own) -> None:
    to = new_number()
    with showing() as pictures:
        picture = pictures.url()
        sent = own.send(to, body="Grüße", media=[picture])
        found = until(own, sent["id"], "delivered")
    assert (sent["from"], sent["to"], sent["body"]) == (SENDER, to, "Grüße")
    assert (sent["status"], sent["direction"], sent["door"]) == ("queued", "outbound-api", "own")
    assert sent["media"] == [picture]
    assert (sent["error"], sent["price"], sent["service"]) == (None, None, None)
    assert [event["what"] for event in found["timeline"]][:3] == ["accepted", "attempt", "receipt"]
    assert found["ref"] == found["timeline"][1]["ref"]
    assert found["sent_at"] >= found["created_at"]


def test_a_message_is_found_by_every_name_that_it_has(own: Own, twilio: Api) -> None:
    sid = twilio.create(new_number())["sid"]
    id = sid[2:]
    ref = until(own, id, "delivered")["ref"]
    wamid = "wamid." + base64.b64encode(b"\x18\x0f" + id.encode() + b"\0").decode()
    for name in (id, sid, f"MM{id}", id.upper(), str(uuid.UUID(id)), ref, wamid):
        assert own.get(f"/messages/{name}")["id"] == id
    assert own.get(f"/messages/{id}")["door"] == "twilio"


def test_a_carriers_words_about_a_failure_are_verbatim(own: Own) -> None:
    found = until(own, own.send("+15005520400")["id"], "failed")
    assert found["error"]["reason"] == "blocked"
    (attempt,) = [event for event in found["timeline"] if event["what"] == "attempt"]
    assert (attempt["code"], attempt["text"]) == (found["error"]["code"], found["error"]["text"])
    assert found["error"]["code"] == "30007"


def test_another_accounts_message_is_unknown(own: Own, other: Own) -> None:
    id = own.send(new_number())["id"]
    assert other.call("GET", f"/messages/{id}").refusal == (404, "not_found", None)
    assert other.call("DELETE", f"/messages/{id}").refusal[:2] == (404, "not_found")


def test_the_same_key_gives_the_same_message(own: Own) -> None:
    asked = {"from": SENDER, "to": new_number(), "body": "Once"}
    key = {"Idempotency-Key": str(uuid.uuid4())}
    first, again = own.post("/messages", asked, **key), own.post("/messages", asked, **key)
    assert first["id"] == again["id"]
    answer = own.call("POST", "/messages", {**asked, "body": "Twice"}, key)
    assert answer.refusal == (409, "conflict", None)
    bad = own.call("POST", "/messages", asked, {"Idempotency-Key": "x" * 256})
    assert bad.refusal == (400, "bad_request", None)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"to": "nobody"}, (400, "bad_recipient", "to")),
        ({"from": "+14155550199"}, (400, "foreign_sender", "from")),
        ({"body": ""}, (400, "nothing_to_say", "body")),
        ({"body": "x" * 1601}, (400, "too_long", "body")),
        ({"media": ["ftp://x"]}, (400, "bad_request", "media")),
        ({"media": [""]}, (400, "bad_request", "media")),
        ({"callback_url": "nowhere"}, (400, "bad_request", "callback_url")),
        ({"from": "+15005550006", "to": "+15005550004"}, (400, "opted_out", "to")),
        ({"service": "x"}, (400, "bad_request", "service")),
        ({"service": "MG" + "0" * 32, "from": ""}, (400, "unknown_service", "service")),
        ({"send_at": "2020-01-01T00:00:00Z"}, (400, "bad_time", "send_at")),
    ],
)
def test_what_cannot_be_sent_says_why(own: Own, asked: Any, told: tuple[Any, ...]) -> None:
    body = {"from": SENDER, "to": "+14155550100", "body": "Hi", **asked}
    assert own.call("POST", "/messages", body).refusal == told


def test_a_list_goes_on_where_the_page_before_ended(own: Own) -> None:
    to = new_number()
    sent = [own.send(to, body=str(index))["id"] for index in range(5)]
    page = own.get("/messages", to=to, limit=2)
    assert page["next"].startswith("/api/messages?")
    assert [item["id"] for item in own.all_of("/messages", to=to, limit=2)] == sent[::-1]
    # A number whose + was not encoded is understood.
    assert len(own.get(f"/messages?to={to}")["items"]) == 5


def test_lists_are_narrowed_by_everything(own: Own) -> None:
    to = new_number()
    sent = until(own, own.send(to)["id"], "delivered")
    written = own.write(to, "Hello")
    at = {"sent_from": sent["sent_at"], "sent_until": sent["sent_at"]}
    narrow: list[dict[str, Any]] = [
        {"direction": "outbound-api"}, {"status": "delivered"}, {"from": SENDER}, at,
        {"channel": "sms"}, {"sent_from": "2026-01-01T00:00:00", **{"limit": 1000}},
    ]  # fmt: skip
    for query in narrow:
        assert [item["id"] for item in own.all_of("/messages", to=to, **query)] == [sent["id"]]
    for query in ({"direction": "inbound"}, {"status": "received"}):
        found = own.get("/messages", **{"from": to}, **query)["items"]
        assert [item["id"] for item in found] == [written["id"]]
    assert own.get("/messages", to=to, channel="whatsapp")["items"] == []


def test_messages_are_found_by_what_they_say_and_with_whom(own: Own) -> None:
    to = new_number()
    sent = own.send(to, body="Une ÉCOLE à 100 %")
    written = own.write(to, "Hello")
    assert [item["id"] for item in own.all_of("/messages", **{"with": to})] == [
        written["id"], sent["id"],
    ]  # fmt: skip
    for query in ({"text": "école À 100 %"}, {"direction": "outbound"}):
        found = own.all_of("/messages", **{"with": to}, **query)
        assert [item["id"] for item in found] == [sent["id"]]
    past = {"created_until": sent["created_at"][:-4] + "Z", "with": to}
    assert own.all_of("/messages", **past) == []
    own.post(f"/messages/{sent['id']}/redact", status=200)
    until(own, sent["id"], "delivered")
    assert own.all_of("/messages", text="école À 100 %", to=to) == []
    assert own.call("GET", "/messages?text=" + "x" * 201).refusal == (400, "bad_request", "text")


def test_the_last_hours_are_counted(own: Own) -> None:
    until(own, own.send(new_number())["id"], "delivered")
    assert len(counted(own, "delivered")) == 24


def test_a_list_by_time_has_pages(own: Own) -> None:
    to = new_number()
    sent = [own.send(to)["id"] for _ in range(3)]
    for id in sent:
        until(own, id, "delivered")
    query = {"to": to, "sent_from": "2026-01-01T00:00:00Z", "limit": 1}
    assert {item["id"] for item in own.all_of("/messages", **query)} == set(sent)


def test_a_message_is_called_back_redacted_and_deleted(own: Own) -> None:
    id = own.send(NEVER_REACHED)["id"]
    assert own.call("DELETE", f"/messages/{id}").refusal == (409, "conflict", None)
    assert own.post(f"/messages/{id}/redact", status=200)["body"] == ""
    end = time.monotonic() + PATIENCE
    while (answer := own.call("POST", f"/messages/{id}/cancel", {})).status != 200:
        assert answer.refusal[:2] == (409, "conflict")
        assert time.monotonic() < end
    assert answer.json["status"] == "canceled"
    assert own.get(f"/messages/{id}")["timeline"][-1]["what"] == "canceled"
    assert own.call("DELETE", f"/messages/{id}").status == 204
    assert own.call("GET", f"/messages/{id}").refusal[:2] == (404, "not_found")


def test_a_message_waits_for_its_time(own: Own) -> None:
    at = (datetime.now(UTC) + timedelta(hours=1)).replace(microsecond=0)
    sent = own.send(new_number(), send_at=at.isoformat())
    assert sent["status"] == "scheduled"
    assert own.get("/messages", status="scheduled")["items"][0]["id"] == sent["id"]
    assert own.post(f"/messages/{sent['id']}/cancel", status=200)["status"] == "canceled"


def test_the_timeline_has_what_was_asked_and_what_was_answered(own: Own) -> None:
    id = own.send(RECIPIENT, callback_url="https://customer.example/told?key=1")["id"]
    shown = until(own, id, "delivered")
    accepted, attempt = shown["timeline"][:2]
    assert accepted["door"] == "own"
    assert accepted["request"] == {
        "to": RECIPIENT, "from": SENDER, "channel": "sms", "body": "Hi there",
        "callback_url": "https://customer.example/told?…",
    }  # fmt: skip
    assert json.loads(attempt["request"]["body"])["body"] == "Hi there"
    assert attempt["answer"]["body"] == {"ref": shown["ref"]}


def test_a_message_is_sent_once_more(own: Own, other: Own) -> None:
    first = own.send(RECIPIENT)
    path = f"/messages/SM{first['id']}/resend"
    again = own.post(path, **{"Idempotency-Key": "a"})
    assert own.post(path, {}, **{"Idempotency-Key": "a"})["id"] == again["id"] != first["id"]
    assert (again["body"], again["to"]) == (first["body"], first["to"])
    assert own.get(f"/messages/{again['id']}")["resent_from"] == first["id"]
    assert own.call("POST", path, {"from": "+19995550100"}).refusal[1] == "foreign_sender"
    assert own.call("POST", path, {"from": 1}).refusal[0] == 400
    assert other.call("POST", path).refusal[0] == 404
