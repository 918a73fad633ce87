"""Second ways end to end: one message, one id, two carriers' words on one timeline."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.conftest import SENDER
from tests.doors.own.conftest import Own
from tests.doors.own.test_messages import until
from tests.doors.twilio.conftest import NEVER_REACHED, Api, basic, new_number
from tests.patience import PATIENCE
from tests.receiver import receiving

WHATSAPP = "+15550783881"
REFUSED, SILENT, UNANSWERED = "+15005520400", "+15005520200", "+15005520504"
UNDELIVERED = "+15005530003"


def send(own: Own, to: str, fallback: Any, **more: Any) -> Any:
    """A WhatsApp message that may go a second way."""
    asked = {"channel": "whatsapp", "from": WHATSAPP, "to": to, "body": "Hi there"}
    return own.post("/messages", {**asked, "fallback": fallback, **more})


def by_sms(**more: Any) -> dict[str, Any]:
    return {"channel": "sms", "from": SENDER, "to": new_number(), **more}


def attempts(found: Any) -> list[tuple[str, str, str, str]]:
    """Channel, recipient, outcome and code of each offer."""
    return [
        (event["channel"], event["to"], event["outcome"], event["code"])
        for event in found["timeline"]
        if event["what"] == "attempt"
    ]


def test_what_is_refused_arrives_on_its_second_way_under_the_same_id(own: Own) -> None:
    other = by_sms(body="By SMS")
    with receiving() as customer:
        sent = send(own, REFUSED, other, callback_url=f"{customer.url}/told")
        assert (sent["channel"], sent["to"], sent["status"]) == ("whatsapp", REFUSED, "queued")
        found = until(own, sent["id"], "delivered", "failed")
        end = time.monotonic() + PATIENCE
        while len(customer.heard) < 2 and time.monotonic() < end:
            time.sleep(0.05)
        told = [json.loads(item.body) for item in customer.heard]
    assert found["status"] == "delivered"
    assert (found["channel"], found["to"], found["body"]) == ("sms", other["to"], "By SMS")
    assert found["error"] is None
    shown = found["fallback"]
    assert (shown["channel"], shown["from"], shown["to"]) == ("sms", SENDER, other["to"])
    assert (shown["due_at"], shown["why"]) == (None, "refused")
    assert attempts(found) == [
        ("whatsapp", REFUSED, "refused", "30007"),
        ("sms", other["to"], "accepted", ""),
    ]
    whats = [event["what"] for event in found["timeline"]]
    assert [what for what in whats if what != "callback"] == [
        *("accepted", "attempt", "fallback", "attempt", "receipt")
    ]
    assert [item["status"] for item in told] == ["sent", "delivered"]
    (listed,) = own.all_of("/messages", to=other["to"])
    assert listed["id"] == sent["id"]
    assert sent["id"] not in [item["id"] for item in own.all_of("/messages", to=REFUSED)]


def test_a_status_never_goes_back_while_the_second_way_is_gone(own: Own) -> None:
    to = by_sms(to=NEVER_REACHED)
    sent = send(own, UNDELIVERED, to)
    seen: list[str] = []
    end = time.monotonic() + PATIENCE
    while (found := own.get(f"/messages/{sent['id']}"))["fallback"]["taken_at"] is None:
        seen.append(found["status"])
        assert time.monotonic() < end, found
    assert found["fallback"]["why"] == "undelivered"
    assert found["status"] == "sent"
    assert "undelivered" not in seen
    ids = [item["id"] for item in own.all_of("/messages", status="sent", to=NEVER_REACHED)]
    assert sent["id"] in ids
    assert own.call("POST", f"/messages/{sent['id']}/cancel").refusal == (409, "conflict", None)


@pytest.mark.parametrize(("to", "status"), [(SILENT, "sent"), (UNANSWERED, "sending")])
def test_what_is_not_delivered_in_time_goes_its_second_way(own: Own, to: str, status: str) -> None:
    sent = send(own, to, by_sms(after=2))
    found = until(own, sent["id"], status)
    assert (found["fallback"]["taken_at"], found["fallback"]["why"]) == (None, None)
    assert found["fallback"]["due_at"] > found["created_at"]
    found = until(own, sent["id"], "delivered")
    assert found["fallback"]["why"] == "not_delivered_in_time"
    assert [attempt[:2] for attempt in attempts(found)] == [
        ("whatsapp", to),
        ("sms", found["to"]),
    ]


def test_what_cannot_be_offered_in_time_is_withdrawn(own: Own) -> None:
    sent = send(own, NEVER_REACHED, by_sms(after=1))
    found = until(own, sent["id"], "delivered")
    assert found["fallback"]["why"] == "not_delivered_in_time"
    assert {attempt[2] for attempt in attempts(found)} == {"unreached", "accepted"}


def test_what_arrives_in_time_goes_no_second_way(own: Own) -> None:
    to = new_number()
    found = until(own, send(own, to, by_sms(after=300))["id"], "delivered")
    assert (found["channel"], found["to"]) == ("whatsapp", to)
    assert (found["fallback"]["due_at"], found["fallback"]["taken_at"]) == (None, None)
    assert len(attempts(found)) == 1


def test_both_ways_fail(own: Own) -> None:
    found = until(own, send(own, UNDELIVERED, by_sms(to=REFUSED))["id"], "failed", "delivered")
    assert (found["status"], found["error"]["code"]) == ("failed", "30007")
    assert [attempt[2:] for attempt in attempts(found)] == [
        ("accepted", ""),
        ("refused", "30007"),
    ]
    receipts = [event for event in found["timeline"] if event["what"] == "receipt"]
    assert [event["code"] for event in receipts] == ["30003"]


def test_outside_the_window_it_goes_its_second_way_at_once(own: Own, twilio: Api) -> None:
    person = new_number()
    long_ago = (datetime.now(UTC) - timedelta(hours=25)).isoformat()
    own.write(person, "Hello?", to=WHATSAPP, channel="whatsapp", at=long_ago)
    asked = {"channel": "whatsapp", "from": WHATSAPP, "to": person, "body": "Hi there"}
    assert own.call("POST", "/messages", asked).refusal == (400, "outside_window", "to")
    sent = send(own, person, {"channel": "sms"})
    assert (sent["channel"], sent["from"], sent["to"]) == ("sms", SENDER, person)
    found = until(own, sent["id"], "delivered")
    assert attempts(found)[0] == ("whatsapp", person, "refused", "outside_24h_window")
    assert attempts(found)[1][:3] == ("sms", person, "accepted")
    assert found["fallback"]["why"] == "outside_window"
    shown = twilio.fetch(f"SM{sent['id']}")
    assert (shown["from"], shown["to"], shown["status"]) == (SENDER, person, "delivered")


def test_who_opted_out_of_the_first_way_is_not_written_to_on_another(own: Own) -> None:
    person = new_number()
    own.post("/suppressions", {"recipient": person, "channel": "whatsapp"})
    asked = {"channel": "whatsapp", "from": WHATSAPP, "to": person, "body": "Hi there"}
    answer = own.call("POST", "/messages", {**asked, "fallback": {"channel": "sms"}})
    assert answer.refusal == (400, "opted_out", "to")


def test_it_can_be_called_back_while_it_waits(own: Own) -> None:
    at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    sent = send(own, new_number(), by_sms(after=60), send_at=at)
    due_at = own.get(f"/messages/{sent['id']}")["fallback"]["due_at"]
    assert datetime.fromisoformat(due_at) - datetime.fromisoformat(at) == timedelta(seconds=60)
    canceled = own.post(f"/messages/{sent['id']}/cancel", status=200)
    assert canceled["status"] == "canceled"
    assert own.get(f"/messages/{sent['id']}")["fallback"]["due_at"] is None


def test_the_same_key_gives_the_same_message_and_its_second_way_is_part_of_it(own: Own) -> None:
    asked = {"from": SENDER, "to": new_number(), "body": "x"}
    first = {**asked, "fallback": {"channel": "whatsapp", "after": 5}}
    headers = {"Idempotency-Key": f"second-{asked['to']}"}
    one = own.call("POST", "/messages", first, headers)
    again = own.call("POST", "/messages", first, headers)
    assert one.json["id"] == again.json["id"]
    assert own.call("POST", "/messages", asked, headers).status == 409


@pytest.mark.parametrize(
    ("fallback", "code", "field"),
    [
        ({}, "bad_request", "fallback.channel"),
        ([], "bad_request", "fallback"),
        ("sms", "bad_request", "fallback"),
        ({"channel": None}, "bad_request", "fallback.channel"),
        ({"channel": "pigeon"}, "bad_request", "fallback.channel"),
        ({"channel": "sms", "wait": 5}, "bad_request", "fallback.wait"),
        ({"channel": "sms", "after": 0}, "bad_request", "fallback.after"),
        ({"channel": "sms", "after": 86401}, "bad_request", "fallback.after"),
        ({"channel": "sms", "after": "300"}, "bad_request", "fallback.after"),
        ({"channel": "sms", "after": True}, "bad_request", "fallback.after"),
        ({"channel": "sms", "after": 1.5}, "bad_request", "fallback.after"),
        ({"channel": "sms", "from": "+14155550999"}, "foreign_sender", "fallback.from"),
        ({"channel": "sms", "from": WHATSAPP}, "foreign_sender", "fallback.from"),
        ({"channel": "sms", "from": 5}, "bad_request", "fallback.from"),
        ({"channel": "sms", "from": "\0"}, "bad_request", None),
        ({"channel": "sms", "to": "Ann"}, "bad_recipient", "fallback.to"),
        ({"channel": "sms", "body": "x" * 1601}, "too_long", "fallback.body"),
        ({"channel": "whatsapp"}, "bad_request", "fallback"),
        (
            {"channel": "sms", "from": "+15005550006", "to": "+15005550009"},
            "not_mobile",
            "fallback.to",
        ),
    ],
)
def test_a_second_way_that_cannot_be_gone_is_refused(
    own: Own, fallback: Any, code: str, field: str | None
) -> None:
    asked = {"channel": "whatsapp", "from": WHATSAPP, "to": new_number(), "body": "Hi there"}
    answer = own.call("POST", "/messages", {**asked, "fallback": fallback})
    assert answer.refusal == (400, code, field)
    assert own.all_of("/messages", to=asked["to"]) == []


def test_a_second_way_needs_a_sender_of_its_channel(own: Own) -> None:
    made = json.loads(own.server.run("accounts", "create", "One way", "--json").stdout)
    alone = Own(own.server, basic(made["sid"], made["auth_token"]))
    sender = alone.post("/senders", {"channel": "sms", "address": new_number(), "title": "One"})
    asked = {"channel": "sms", "from": sender["address"], "to": new_number(), "body": "Hi there"}
    answer = alone.call("POST", "/messages", {**asked, "fallback": {"channel": "telegram"}})
    assert answer.refusal == (400, "no_sender", "fallback.channel")


def test_null_names_none(own: Own) -> None:
    sent = send(own, new_number(), None)
    assert own.get(f"/messages/{sent['id']}")["fallback"] is None


def test_a_trial_account_writes_to_verified_recipients_on_both_ways(own: Own) -> None:
    server = own.server
    made = json.loads(
        server.run("accounts", "create", "Second ways", "--kind", "trial", "--json").stdout
    )
    for number, channel in (("+14155550171", "sms"), ("+14155550172", "whatsapp")):
        server.run("senders", "add", number, "--channel", channel, "--account", made["sid"])
    verified, other = new_number(), new_number()
    server.run("accounts", "verify", made["sid"], verified)
    trial = Own(server, basic(made["sid"], made["auth_token"]))
    asked = {"channel": "whatsapp", "from": "+14155550172", "to": verified, "body": "Hi"}
    answer = trial.call("POST", "/messages", {**asked, "fallback": {"channel": "sms", "to": other}})
    assert answer.refusal == (400, "unverified", "fallback.to")
    sent = trial.post("/messages", {**asked, "fallback": {"channel": "sms"}})
    assert until(trial, sent["id"], "delivered")["fallback"]["to"] == verified
