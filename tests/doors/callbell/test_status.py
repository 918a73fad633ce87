"""What became of a message, and how it is forgotten."""

from typing import Any
from urllib.parse import quote

import pytest

from estafette.doors.callbell.payloads import STATUS
from estafette.model import Status
from tests.doors.callbell.conftest import WHATSAPP_SENDER, Api
from tests.doors.callbell.examples import ONE_HOLE, template
from tests.doors.own.conftest import Own
from tests.doors.twilio.conftest import NEVER_REACHED, new_number
from tests.doors.twilio.conftest import Api as TwilioApi
from tests.pictures import showing


def test_every_status_has_a_word() -> None:
    assert set(STATUS) == set(Status)
    assert set(STATUS.values()) == {"enqueued", "sent", "delivered", "read", "failed", "received"}


def test_what_waits_is_enqueued(api: Api) -> None:
    sent = api.send(NEVER_REACHED, metadata={"order": "5"})
    found = api.status(sent["uuid"])
    assert found["uuid"] == sent["uuid"]
    assert found["status"] == "enqueued"
    assert found["metadata"] == {"order": "5"}
    assert found["contact"]["phoneNumber"] == NEVER_REACHED[1:]
    assert found["conversation"]["href"].startswith("http")
    payload = found["messageStatusPayload"]
    assert isinstance(payload["id"], str)
    assert payload["type"] == "enqueued"
    assert payload["payload"]["type"] == "session"
    assert isinstance(payload["payload"]["whatsappMessageId"], str)
    assert payload["destination"] == NEVER_REACHED[1:]


def test_a_template_is_told_from_a_session(api: Api) -> None:
    sent = api.post({**template(ONE_HOLE), "to": NEVER_REACHED}).json["message"]
    assert api.status(sent["uuid"])["messageStatusPayload"]["payload"]["type"] == "template"


def test_it_goes_forward(api: Api) -> None:
    sent = api.send("+15005520207")
    found = api.until(sent["uuid"], "read")
    assert found["messageStatusPayload"]["type"] == "read"
    assert isinstance(found["messageStatusPayload"]["payload"]["ts"], int)


@pytest.mark.parametrize(("to", "code"), [("+15005520400", 30007), ("+15005530005", 30005)])
def test_a_failure_says_why_in_its_carriers_words(to: str, code: int, api: Api, own: Own) -> None:
    sent = api.send(to, metadata={"a": "b"})
    found = api.until(sent["uuid"], "failed")
    said = own.get(f"/messages/{sent['uuid']}")["error"]
    (status,) = found["messageStatusPayload"]["messaging"]["value"]["statuses"]
    (error,) = status["errors"]
    assert set(error) == {"code", "title", "message", "error_data"}
    assert error["code"] == code == int(said["code"])
    assert error["message"] == error["error_data"]["details"] == said["text"]
    assert found["metadata"] == {"a": "b"}


def test_it_is_found_by_any_form_of_its_id(api: Api, own: Own) -> None:
    uuid = api.send(new_number())["uuid"]
    api.until(uuid, "delivered")
    dashed = "-".join((uuid[:8], uuid[8:12], uuid[12:16], uuid[16:20], uuid[20:]))
    ref = own.get(f"/messages/{uuid}")["ref"]
    for name in (dashed, uuid.upper(), f"SM{uuid}", ref):
        assert api.status(name)["uuid"] == uuid


def test_what_another_door_took_is_found(api: Api, twilio: TwilioApi) -> None:
    sid = twilio.create(new_number())["sid"]
    found = api.until(sid[2:], "delivered")
    assert found["uuid"] == sid[2:]


def test_what_somebody_wrote_is_received(api: Api, own: Own) -> None:
    person = new_number()
    uuid = own.write(person, "Hello?", WHATSAPP_SENDER, channel="whatsapp")["id"]
    found = api.status(uuid)
    assert found["status"] == found["messageStatusPayload"]["type"] == "received"
    assert found["contact"]["phoneNumber"] == person[1:]
    assert "window_open_until" in found


NOBODYS = [
    "0" * 32,
    "moon",
    "wamid.x",
    "%00",
    "%ff",
    "%ED%A0%80",
    "x" * 3000,
    "SM" + "0" * 32,
    "..",
    "%2e",
]


@pytest.mark.parametrize("name", NOBODYS)
def test_what_is_not_there_is_not_found(name: str, api: Api) -> None:
    for method, path in (("GET", "/messages/status"), ("DELETE", "/messages")):
        assert api.call(method, f"{path}/{name}").refusal == (404, "not found")


def test_another_accounts_messages_are_unknown(api: Api, other: Api) -> None:
    uuid = api.send(new_number())["uuid"]
    assert other.call("GET", f"/messages/status/{uuid}").refusal == (404, "not found")
    assert other.call("DELETE", f"/messages/{uuid}").refusal == (404, "not found")
    assert other.call("DELETE", "/messages", {"uuid": uuid}).refusal == (404, "not found")


# Forgotten


@pytest.mark.parametrize("is_named", [True, False])
def test_a_text_is_forgotten(is_named: bool, api: Api, own: Own) -> None:
    uuid = api.send(new_number(), content={"text": "A secret"})["uuid"]
    api.until(uuid, "delivered")
    for name in (uuid, own.get(f"/messages/{uuid}")["ref"]):  # the second time nothing is left
        if is_named:
            answer = api.call("DELETE", "/messages", {"uuid": name})
        else:
            answer = api.call("DELETE", f"/messages/{quote(name)}")
        assert (answer.status, answer.body) == (204, b"")
    assert own.get(f"/messages/{uuid}")["body"] == ""
    assert api.status(uuid)["status"] == "delivered"


def test_what_came_with_it_is_forgotten(api: Api, twilio: TwilioApi) -> None:
    with showing() as pictures:
        uuid = api.send(new_number(), type="image", content={"url": pictures.url()})["uuid"]
        api.until(uuid, "delivered")
    media = f"/Messages/MM{uuid}/Media.json"
    assert len(twilio.get(media)["media_list"]) == 1
    assert api.call("DELETE", f"/messages/{uuid}").status == 204
    assert twilio.get(media)["media_list"] == []


def test_what_waits_is_still_sent(api: Api, own: Own) -> None:
    uuid = api.send("+15005520503", content={"text": "A secret"})["uuid"]
    assert api.call("DELETE", f"/messages/{uuid}").status == 204
    assert own.get(f"/messages/{uuid}")["body"] == ""


def test_nobody_is_named(api: Api) -> None:
    said: list[tuple[Any, Any]] = [
        ({}, "must be present and not empty"),
        ({"uuid": None}, "must be present and not empty"),
        ({"uuid": ""}, "must be present and not empty"),
        ({"uuid": 5}, "must be string"),
        ({"uuid": ["x"]}, "must be string"),
    ]
    for body, fault in said:
        assert api.call("DELETE", "/messages", body).refusal == (400, {"uuid": [fault]})
    for uuid in ("moon", "\0", "0" * 32):
        assert api.call("DELETE", "/messages", {"uuid": uuid}).refusal == (404, "not found")
