"""What a webhook is told, to the letter: one update in each POST, signed, in the form of 2026."""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from estafette.model.ids import wamid
from tests.conftest import AUTH_TOKEN
from tests.doors.callbell.conftest import Api as Callbell
from tests.doors.own.conftest import Own
from tests.doors.twilio.conftest import Api as TwilioApi
from tests.doors.twilio.conftest import new_number
from tests.doors.whatsapp.conftest import PHONE, SENDER, WABA, Api
from tests.patience import PATIENCE
from tests.pictures import Pictures, body, showing
from tests.receiver import Heard, Receiver, receiving

METADATA = {"display_phone_number": SENDER[1:], "phone_number_id": PHONE}
SERVICE = {
    "billable": False, "pricing_model": "PMP", "type": "free_customer_service", "category": "service",
}  # fmt: skip
ERRORS = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture(scope="module")
def pictures() -> Iterator[Pictures]:
    with showing() as found:
        yield found


@pytest.fixture
def hooked(own: Own, receiver: Receiver) -> Iterator[Own]:
    """The account, whose app is told at a receiver that has heard nothing yet."""
    made = own.post("/webhooks", {"url": f"{receiver.url}/app?k=1#part", "format": "whatsapp"})
    yield own
    own.call("DELETE", f"/webhooks/{made['id']}")


def value(heard: Heard) -> dict[str, Any]:
    """What one POST tells, once the whole is found to be one update."""
    said = json.loads(heard.body)
    assert list(said) == ["object", "entry"]
    assert said["object"] == "whatsapp_business_account"
    (entry,) = said["entry"]
    (change,) = entry["changes"]
    assert (list(entry), sorted(change)) == (["id", "changes"], ["field", "value"])
    assert (entry["id"], change["field"]) == (WABA, "messages")
    found: dict[str, Any] = change["value"]
    assert (found.pop("messaging_product"), found.pop("metadata")) == ("whatsapp", METADATA)
    assert sum(len(found.get(part, ())) for part in ("messages", "statuses")) == 1
    return found


def told(receiver: Receiver, id: str, count: int = 1) -> list[dict[str, Any]]:
    """What was told of one message, once it is so much."""
    end = time.monotonic() + PATIENCE
    while True:
        found = [item for item in list(receiver.heard) if id.encode() in item.body]
        if len(found) >= count:
            return [value(item) for item in found]
        assert time.monotonic() < end, [item.body for item in receiver.heard]
        time.sleep(0.01)


def written(own: Own, receiver: Receiver, person: str, **said: Any) -> dict[str, Any]:
    """What is told when a person writes: the message, without what all have."""
    usual = {"channel": "whatsapp", "from": person, "to": SENDER, "name": "Ada"}
    id = wamid(own.post("/sandbox/inbound", {**usual, **said})["id"])
    (found,) = told(receiver, id)
    (message,) = found["messages"]
    (contact,) = found["contacts"]
    user_id = contact["user_id"]
    assert user_id.startswith("US.")
    assert contact == {"profile": {"name": "Ada"}, "wa_id": person[1:], "user_id": user_id}
    assert list(message)[:4] == ["from", "from_user_id", "id", "timestamp"]
    assert [message.pop(name) for name in ("from", "from_user_id", "id")] == [
        person[1:], user_id, id,
    ]  # fmt: skip
    assert abs(int(message.pop("timestamp")) - time.time()) < 60
    return dict(message)


def test_it_is_signed_as_it_is_sent(hooked: Own, receiver: Receiver) -> None:
    message = written(hooked, receiver, new_number(), body="Is it open today? ☀")
    assert message == {"type": "text", "text": {"body": "Is it open today? ☀"}}
    heard = receiver.heard[-1]
    digest = hmac.new(AUTH_TOKEN.encode(), heard.body, hashlib.sha256).hexdigest()
    assert heard.headers["x-hub-signature-256"] == f"sha256={digest}"
    assert heard.headers["content-type"] == "application/json"
    assert heard.headers["user-agent"] == "facebookexternalua"
    assert (heard.method, heard.path) == ("POST", "/app?k=1")
    assert "☀".encode() in heard.body or b"\\u2600" in heard.body


def test_a_secret_of_its_own_signs(own: Own, receiver: Receiver) -> None:
    asked = {"url": receiver.url, "format": "whatsapp", "sender": PHONE, "secret": "app secret"}
    made = own.post("/webhooks", asked)
    written(own, receiver, new_number(), body="x")
    own.call("DELETE", f"/webhooks/{made['id']}")
    heard = receiver.heard[-1]
    digest = hmac.new(b"app secret", heard.body, hashlib.sha256).hexdigest()
    assert heard.headers["x-hub-signature-256"] == f"sha256={digest}"


KINDS: list[tuple[str, Any, dict[str, Any]]] = [
    ("location", {"latitude": 48.8566, "longitude": 2.3522, "name": "Cafe"}, {}),
    ("contacts", [{"name": {"formatted_name": "Ada", "first_name": "Ada"}}], {}),
    ("reaction", {"message_id": "wamid.UNKNOWN", "emoji": "👍"}, {}),
    ("reaction", {"message_id": "wamid.UNKNOWN"}, {}),
    ("interactive", {"type": "button_reply", "button_reply": {"id": "b", "title": "Yes"}}, {}),
    (
        "interactive",
        {"type": "list_reply", "list_reply": {"id": "r", "title": "One", "description": "1"}},
        {"context": {"from": "15550783881", "id": "wamid.UNKNOWN"}},
    ),
    (
        "interactive",
        {"type": "nfm_reply", "nfm_reply": {"name": "flow", "body": "Sent", "response_json": "{}"}},
        {},
    ),
    ("button", {"payload": "LATER", "text": "Later"}, {}),
    ("order", {"catalog_id": "4", "product_items": [{"product_retailer_id": "s", "quantity": 2}]}, {}),
    ("revoke", {"original_message_id": "wamid.UNKNOWN"}, {}),
    (
        "edit",
        {"original_message_id": "wamid.U", "message": {"type": "text", "text": {"body": "Now"}}},
        {},
    ),
    (
        "unsupported",
        {"type": "poll"},
        {"errors": [{"code": 131051, "title": "Message type unknown", "message": "Unknown"}]},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "said", "more"), KINDS)
def test_kinds_are_told_as_their_objects(
    hooked: Own, receiver: Receiver, kind: str, said: Any, more: dict[str, Any]
) -> None:
    message = written(hooked, receiver, new_number(), type=kind, **{kind: said}, **more)
    assert message == {"type": kind, kind: said, **more}


def test_what_any_kind_may_come_with(hooked: Own, receiver: Receiver) -> None:
    beside = {
        "context": {"forwarded": True},
        "referral": {"source_type": "ad", "source_id": "5", "headline": "Ad head"},
        "group_id": "R1JPVVA=",
    }
    message = written(hooked, receiver, new_number(), body="Hi", **beside)
    assert message == {"type": "text", "text": {"body": "Hi"}, **beside}


def test_a_file_comes_with_where_it_is(
    hooked: Own, api: Api, receiver: Receiver, pictures: Pictures
) -> None:
    asked = {"type": "image", "media": [pictures.url(size=900)], "body": "Here"}
    image = written(hooked, receiver, new_number(), **asked)["image"]
    assert (image["mime_type"], image["caption"]) == ("image/png", "Here")
    known = api.get(f"/{image['id']}")
    assert known["url"] == image["url"]
    assert known["mime_type"] == "image/png"
    answer = api.call("GET", image["url"].removeprefix(hooked.server.url))
    assert answer.body == body(900)
    assert image["sha256"]


def test_a_file_that_cannot_be_had_is_said_so(
    hooked: Own, receiver: Receiver, pictures: Pictures
) -> None:
    url = pictures.url(status=404)
    message = written(hooked, receiver, new_number(), type="image", media=[url])
    (error,) = message["errors"]
    assert (message["type"], message["unsupported"]) == ("unsupported", {"type": "image"})
    assert (error["code"], error["href"], list(error["error_data"])) == (
        131052,
        ERRORS,
        ["details"],
    )


def test_what_changes_a_number_has_no_contact(hooked: Own, receiver: Receiver) -> None:
    system = {"type": "user_changed_number", "body": "A changed", "wa_id": "14155550169"}
    asked = {"channel": "whatsapp", "from": "+14155550168", "to": SENDER}
    id = hooked.post("/sandbox/inbound", {**asked, "type": "system", "system": system})["id"]
    (found,) = told(receiver, wamid(id))
    assert list(found) == ["messages"]
    (message,) = found["messages"]
    assert (message["from"], message["system"]) == ("14155550168", system)


def test_statuses_to_the_letter(hooked: Own, api: Api, receiver: Receiver) -> None:
    person = new_number()
    sent = api.send(person, biz_opaque_callback_data="order-42").wamid
    first, second = told(receiver, sent, 2)
    user_id = first["contacts"][0]["user_id"]
    contact = {"profile": {"name": ""}, "wa_id": person[1:], "user_id": user_id}
    for found, word in ((first, "sent"), (second, "delivered")):
        (status,) = found["statuses"]
        assert abs(int(status.pop("timestamp")) - time.time()) < 60
        assert found["contacts"] == [contact]
        assert status == {
            "id": sent,
            "status": word,
            "recipient_id": person[1:],
            "recipient_user_id": user_id,
            "biz_opaque_callback_data": "order-42",
            "pricing": SERVICE,
        }


def test_a_failure_has_contacts_too(hooked: Own, api: Api, receiver: Receiver) -> None:
    sent = api.send("+16502131049").wamid
    found = told(receiver, sent, 2)[-1]
    (status,) = found["statuses"]
    (contact,) = found["contacts"]
    assert contact["wa_id"] == "16502131049"
    assert (status["status"], "pricing" in status) == ("failed", False)
    (error,) = status["errors"]
    assert list(error) == ["code", "title", "message", "error_data", "href"]
    assert error["code"] == 131049
    assert error["title"] == error["message"]
    assert list(error["error_data"]) == ["details"]


def test_a_message_of_another_door_is_told_too(
    hooked: Own, twilio: TwilioApi, receiver: Receiver
) -> None:
    person = new_number()
    asked = {"From": f"whatsapp:{SENDER}", "Body": "Hello"}
    sid = twilio.create(f"whatsapp:{person}", **asked)["sid"]
    first, _ = told(receiver, wamid(sid[2:]), 2)
    assert first["statuses"][0]["recipient_id"] == person[1:]


def test_other_doors_write_to_an_id_too(hooked: Own, api: Api, receiver: Receiver) -> None:
    person, name = new_number(), "US.13491208655302741977"
    written(hooked, receiver, person, body="Hi", user_id=name)
    callbell = Callbell(api.server, f"Bearer {api.token}").send(name)["uuid"]
    own = hooked.post(
        "/messages", {"channel": "whatsapp", "from": SENDER, "to": name, "body": "Hello"}
    )["id"]
    for id in (callbell, own):
        (status,) = told(receiver, wamid(id))[0]["statuses"]
        assert (status["recipient_id"], status["recipient_user_id"]) == (person[1:], name)


def test_a_template_costs_what_its_category_does(hooked: Own, receiver: Receiver) -> None:
    template = {"name": "welcome", "language": "en", "channel": "whatsapp"}
    template |= {"kind": "text", "body": "Come in", "status": "approved"}
    made = hooked.post("/templates", {**template, "category": "MARKETING"})
    asked = {"channel": "whatsapp", "from": SENDER, "to": new_number()}
    id = hooked.post("/messages", {**asked, "template": {"name": made["name"]}})["id"]
    found = told(receiver, wamid(id), 2)
    pricing = {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "marketing"}
    assert [item["statuses"][0]["pricing"] for item in found] == [pricing, pricing]


def test_the_narrowest_is_told(hooked: Own, receiver: Receiver) -> None:
    with receiving() as any_phone, receiving() as phone:
        asked = {"format": "whatsapp", "events": ["received"]}
        wide = hooked.post("/webhooks", {**asked, "url": any_phone.url, "sender": "*"})
        written(hooked, any_phone, new_number(), body="To any")
        made = hooked.post("/webhooks", {**asked, "url": phone.url, "sender": SENDER})
        written(hooked, phone, new_number(), body="To one")
        hooked.call("DELETE", f"/webhooks/{made['id']}")
        written(hooked, any_phone, new_number(), body="To any again")
        hooked.call("DELETE", f"/webhooks/{wide['id']}")
        assert (len(any_phone.heard), len(phone.heard)) == (2, 1)
    written(hooked, receiver, new_number(), body="To the app")


def test_texts_are_told_to_nobody_here(hooked: Own, receiver: Receiver) -> None:
    hooked.write(new_number(), "An SMS")
    written(hooked, receiver, new_number(), body="On WhatsApp")
    assert b"An SMS" not in b"".join(heard.body for heard in receiver.heard)


def test_what_is_told_once_more_is_the_same_update(hooked: Own, receiver: Receiver) -> None:
    id = hooked.post(
        "/sandbox/inbound",
        {"channel": "whatsapp", "from": new_number(), "to": SENDER, "body": "Hi"},
    )["id"]
    told(receiver, wamid(id))
    end = time.monotonic() + PATIENCE
    while hooked.post(f"/callbacks/{id}/replay", status=200)["items"] != ["received"]:
        assert time.monotonic() < end
        time.sleep(0.02)
    told(receiver, wamid(id), 2)
    first, second = [h for h in receiver.heard if wamid(id).encode() in h.body]
    assert first.body == second.body
