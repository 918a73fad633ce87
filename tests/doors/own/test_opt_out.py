"""Opt-out, end to end: what people write counts on every door."""

import time
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, SENDER
from tests.doors.own.conftest import Own
from tests.doors.twilio.conftest import Api, new_number
from tests.patience import PATIENCE
from tests.pictures import NO_PICTURE
from tests.receiver import receiving

OTHER_SENDER = "+15005550006"
WHATSAPP = "+15550783881"
TEXTS = "/settings/opt-out"


def replies(own: Own, person: str, count: int = 0) -> list[str]:
    """What was said to a person of our own accord, oldest first, once it is so much."""
    end = time.monotonic() + PATIENCE
    while True:
        found = own.all_of("/messages", to=person, direction="outbound-reply")
        if len(found) >= count:
            return [item["body"] for item in found[::-1]]
        assert time.monotonic() < end, found
        time.sleep(0.02)


def is_open(own: Own, person: str, sender: str = SENDER, channel: str = "sms") -> bool:
    body = {"channel": channel, "from": sender, "to": person, "body": "Hi"}
    answer = own.call("POST", "/messages", body)
    if answer.status == 201:
        return True
    assert answer.refusal == (400, "opted_out", "to")
    return False


def test_stop_and_start_as_twilio_python_sees_them(own: Own) -> None:
    client = Client(ACCOUNT_SID, AUTH_TOKEN)
    client.api.base_url = own.server.url
    person = new_number()

    def create() -> Any:
        return client.messages.create(to=person, from_=SENDER, body="Hi")

    assert create().status == "queued"
    heard = own.write(person, " stop\n")
    assert (heard["direction"], heard["status"], heard["body"]) == (
        "inbound",
        "received",
        " stop\n",
    )
    with pytest.raises(TwilioRestException) as told:
        create()
    assert (told.value.status, told.value.code) == (400, 21610)
    assert told.value.msg == "Unable to create record: Attempt to send to unsubscribed recipient"
    own.write(person, "Start")
    assert create().status == "queued"
    stopped, started = replies(own, person, 2)
    assert stopped.startswith("You have successfully been unsubscribed.")
    assert started.startswith("You have successfully been re-subscribed")
    client.http_client.session.close()


def test_the_webhook_is_told_what_was_asked_for(own: Own) -> None:
    with receiving() as receiver:
        sender = own.post(
            "/senders", {"address": "+14155550181", "inbound_url": f"{receiver.url}/in"}
        )
        person = new_number()
        for text in ("Hello", "Stop", "STOP PLEASE", "unstop"):
            own.write(person, text, sender["address"])
        told = {heard.form["Body"]: heard.form.get("OptOutType") for heard in receiver.wait(4)}
        assert told == {"Hello": None, "Stop": "STOP", "STOP PLEASE": None, "unstop": "START"}
        assert own.call("DELETE", f"/senders/{sender['id']}").status == 204


def test_through_a_service_twilio_python_is_told_later(own: Own) -> None:
    client = Client(ACCOUNT_SID, AUTH_TOKEN)
    client.api.base_url = client.messaging.base_url = own.server.url
    sender = own.post("/senders", {"address": "+14155550182"})
    service = client.messaging.v1.services.create(friendly_name="Opt-out")
    service_sid = str(service.sid)
    client.messaging.v1.services(service_sid).phone_numbers.create(f"PN{sender['id']}")
    person, other = new_number(), new_number()
    heard = own.write(person, "END", sender["address"])
    assert heard["service"] == service_sid[2:]
    assert [item["scope"] for item in own.suppressions(person)] == [service_sid[2:]]

    def create(to: str, told: str = "") -> Any:
        return client.messages.create(
            to=to, messaging_service_sid=service_sid, body="Hi", status_callback=told
        )

    with receiving() as receiver:
        refused = create(person, receiver.url)
        assert refused.status in ("accepted", "queued")
        (told,) = receiver.wait(1)
        assert (told.form["MessageStatus"], told.form["ErrorCode"]) == ("failed", "21610")
    failed = client.messages(str(refused.sid)).fetch()
    assert (failed.status, failed.error_code) == ("failed", 21610)
    assert failed.error_message == "Attempt to send to unsubscribed recipient"
    assert create(other).error_code is None
    own.write(person, "START", sender["address"])
    assert client.messages(str(create(person).sid)).fetch().error_code is None
    client.messaging.v1.services(service_sid).delete()
    assert own.call("DELETE", f"/senders/{sender['id']}").status == 204
    client.http_client.session.close()


def test_a_stop_counts_for_the_sender_that_it_was_written_to(own: Own) -> None:
    person = new_number()
    own.write(person, "UNSUBSCRIBE")
    assert not is_open(own, person)
    assert is_open(own, person, OTHER_SENDER)
    assert is_open(own, person, WHATSAPP, "whatsapp")
    (found,) = own.suppressions(person)
    sender = own.get(f"/senders/{found['scope']}")
    assert sender["address"] == SENDER
    assert found["source"].startswith("message ")
    assert own.get(f"/messages/{found['source'].removeprefix('message ')}")["from"] == person


def test_it_is_the_same_on_whatsapp(own: Own, twilio: Api) -> None:
    person = new_number()
    own.write(person.removeprefix("+"), "QUIT", WHATSAPP.removeprefix("+"), channel="whatsapp")
    form = {"To": f"whatsapp:{person}", "From": f"whatsapp:{WHATSAPP}", "Body": "Hi"}
    assert twilio.post(form).refusal[:2] == (400, 21610)
    assert is_open(own, person)
    own.write(person, "UNSTOP", "106540352242922", channel="whatsapp")
    assert twilio.post(form).status == 201


def test_who_is_opted_out_hears_nothing_more(own: Own) -> None:
    person = new_number()
    own.write(person, "HELP")
    assert len(replies(own, person, 1)) == 1
    own.write(person, "STOP")
    assert len(replies(own, person, 2)) == 2
    for text in ("STOP", "HELP", "INFO", "END", "Stop please"):
        own.write(person, text)
    assert len(replies(own, person)) == 2
    # A START that changes nothing is a word like any other.
    other = new_number()
    own.write(other, "YES")
    assert replies(own, other) == []


@pytest.mark.parametrize("text", ["STOP PLEASE", "stop.", "Stopp", "YES", "HELP", ""])
def test_only_the_word_itself_opts_out(own: Own, text: str) -> None:
    person = new_number()
    own.write(person, text, media=[NO_PICTURE])
    assert is_open(own, person)
    assert own.suppressions(person) == []


def test_suppressions_are_added_listed_and_removed(own: Own, other: Own) -> None:
    person = new_number()
    made = own.post("/suppressions", {"recipient": person.replace("+1", "1 (") + ")"})
    assert (made["recipient"], made["channel"], made["scope"]) == (person, "sms", "")
    again = own.call("POST", "/suppressions", {"recipient": person, "source": "twice"})
    assert (again.status, again.json) == (200, made)
    assert not is_open(own, person)
    assert not is_open(own, person, OTHER_SENDER)
    assert is_open(own, person, WHATSAPP, "whatsapp")
    assert other.suppressions(person) == []
    assert other.remove(person).refusal[:2] == (404, "not_found")
    sender = own.get("/senders")["items"][0]["id"]
    own.post("/suppressions", {"recipient": person, "scope": sender, "channel": "whatsapp"})
    assert len(own.suppressions(person)) == 2
    assert [item["scope"] for item in own.all_of("/suppressions", recipient=person, scope="")] == [
        ""
    ]
    assert own.call("DELETE", f"/suppressions/{person}?channel=sms&scope=").status == 204
    assert is_open(own, person)
    assert own.remove(person).status == 204
    assert own.remove(person).refusal == (404, "not_found", None)
    assert own.suppressions(person) == []


def test_many_are_brought_in_and_bad_ones_told(own: Own) -> None:
    people = sorted({new_number() for _ in range(5)})
    items: list[dict[str, Any]] = [{"recipient": person} for person in people]
    items.insert(2, {"recipient": "nobody"})
    items.append({"recipient": people[0], "scope": "x"})
    told = own.post("/suppressions/import", {"items": items}, 200)
    assert (told["added"], told["known"]) == (5, 0)
    assert [item["index"] for item in told["bad"]] == [2, 6]
    again = own.post("/suppressions/import", {"items": items[:2]}, 200)
    assert (again["added"], again["known"], again["bad"]) == (0, 2, [])
    listed = own.all_of("/suppressions", limit=2, channel="sms")
    names = [item["recipient"] for item in listed]
    assert names == sorted(names)
    assert set(people) <= set(names)
    for person in people:
        assert own.remove(person).status == 204


@pytest.mark.parametrize(
    ("asked", "field"),
    [({"recipient": "x"}, "recipient"), ({"scope": "here"}, "scope"), ({"channel": "fax"}, "channel"),
     ({"source": "x" * 201}, "source"), ({"colour": 1}, "colour")],
)  # fmt: skip
def test_what_is_no_suppression_says_why(own: Own, asked: Any, field: str) -> None:
    answer = own.call("POST", "/suppressions", {"recipient": "+14155550123", **asked})
    assert (answer.status, answer.refusal[2]) == (400, field)
    assert own.call("GET", "/suppressions?after=x").refusal == (400, "bad_request", "after")


def test_words_and_texts_are_an_accounts_own(other: Own) -> None:
    fresh = other.get(TEXTS)
    assert fresh["stop_words"][:3] == ["STOP", "STOPALL", "UNSUBSCRIBE"]
    changed = other.call("PUT", TEXTS, {"stop_words": ["arrêt"], "stop_text": "Au revoir"}).json
    assert changed["stop_words"] == ["ARRÊT", "STOP"]
    assert changed["start_text"] == fresh["start_text"]
    assert other.get(TEXTS) == changed
    person = new_number()
    other.write(person, "Arrêt", "+14155550170")
    assert not is_open(other, person, "+14155550170")
    assert replies(other, person, 1) == ["Au revoir"]
    other.write(person, "START", "+14155550170")
    assert is_open(other, person, "+14155550170")
    other.call("PUT", TEXTS, {"enabled": False})
    other.write(person, "STOP", "+14155550170")
    assert is_open(other, person, "+14155550170")
    other.call("PUT", TEXTS, {"stop_text": ""})
    other.write(person, "STOP", "+14155550170")
    assert not is_open(other, person, "+14155550170")
    assert len(replies(other, person)) == 2
    assert other.call("PUT", TEXTS, {}).json == fresh


def test_a_service_may_have_words_of_its_own(own: Own) -> None:
    service = "MG" + "7" * 32
    assert own.get(TEXTS, service=service) == own.get(TEXTS)
    changed = own.call("PUT", f"{TEXTS}?service={service}", {"help_text": "Ask us"}).json
    assert own.get(TEXTS, service="7" * 32) == changed
    assert own.get(TEXTS)["help_text"] != "Ask us"


@pytest.mark.parametrize(
    "body",
    [{"stop_words": ["two words"]}, {"stop_words": ["HELP"]}, {"help_words": [""]},
     {"start_words": ["x" * 41]}, {"stop_words": "STOP"}, {"colour": 1}],
)  # fmt: skip
def test_words_that_nobody_could_write_are_refused(own: Own, body: Any) -> None:
    assert own.call("PUT", TEXTS, body).status == 400
    assert own.call("GET", f"{TEXTS}?service=x").refusal == (400, "bad_request", "service")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"to": "+14155550199"}, (404, "not_found", "to")),
        ({"from": "x"}, (400, "bad_recipient", "from")),
        ({"body": ""}, (400, "bad_request", "body")),
        ({"type": "telepathy"}, (400, "bad_request", "type")),
        ({"type": "location"}, (400, "bad_request", "location")),
        ({"location": {}}, (400, "bad_request", "location")),
        ({"at": "2999-01-01T00:00:00Z"}, (400, "bad_request", "at")),
        ({"media": ["x"]}, (400, "bad_request", "media")),
    ],
)
def test_what_nobody_could_write_says_why(own: Own, asked: Any, told: tuple[Any, ...]) -> None:
    body = {"from": "+14155550123", "to": SENDER, "body": "Hi", **asked}
    assert own.call("POST", "/sandbox/inbound", body).refusal == told


def test_people_write_what_whatsapp_has_objects_for(own: Own, other: Own) -> None:
    place = {"latitude": 37.5, "longitude": -122.0, "name": "Here"}
    found = own.write(
        "14155550123", "", WHATSAPP, channel="whatsapp", type="location", location=place,
        at="2026-01-02T03:04:05Z", name="Kim",
    )  # fmt: skip
    assert found["content"] == {"type": "location", "location": place, "name": "Kim"}
    assert found["sent_at"] == "2026-01-02T03:04:05Z"
    assert own.get(f"/messages/{found['id']}")["timeline"][0]["what"] == "received"
    sms = {"from": "+14155550123", "to": SENDER, "type": "location", "location": place}
    assert own.call("POST", "/sandbox/inbound", sms).refusal == (400, "bad_request", "location")
    theirs = {"from": "+14155550123", "to": SENDER, "body": "Hi"}
    assert other.call("POST", "/sandbox/inbound", theirs).refusal == (404, "not_found", "to")
