"""WhatsApp's kinds of message through our own API: sent, shown, answered, and written by people."""

from typing import Any

import pytest

from estafette.model.ids import wamid
from tests.conftest import SENDER
from tests.doors.own.conftest import Own
from tests.doors.own.test_messages import until
from tests.doors.twilio.conftest import Api as TwilioApi
from tests.doors.twilio.conftest import new_number
from tests.pictures import showing

OURS = "+15550783881"
SPOT = {"latitude": 48.86, "longitude": 2.35, "name": "Cafe"}
BUTTONS = {"buttons": [{"type": "reply", "reply": {"id": "y", "title": "Yes"}}]}
QUESTION = {"type": "button", "body": {"text": "Coming?"}, "action": BUTTONS}

KINDS: dict[str, tuple[Any, str]] = {
    "location": (SPOT, "Cafe"),
    "contacts": ([{"name": {"formatted_name": "Ada"}}], "Ada"),
    "interactive": (QUESTION, "Coming?"),
    "reaction": ({"message_id": "wamid.X", "emoji": "👍"}, "👍"),
}


def send(own: Own, to: str = "", **parts: Any) -> Any:
    asked = {"channel": "whatsapp", "from": OURS, "to": to or new_number(), **parts}
    return own.post("/messages", asked)


def write(own: Own, person: str = "", **parts: Any) -> Any:
    asked = {"channel": "whatsapp", "from": person or new_number(), "to": OURS, **parts}
    return own.post("/sandbox/inbound", asked)


def test_every_kind_is_sent_and_shown(own: Own) -> None:
    sent = {kind: send(own, type=kind, **{kind: value}) for kind, (value, _) in KINDS.items()}
    for kind, (value, body) in KINDS.items():
        found = until(own, sent[kind]["id"], "delivered")
        assert (found["type"], found["body"], found["content"]["type"]) == (kind, body, kind)
        assert found["content"][kind] == value


def test_files_are_sent_by_their_links(own: Own) -> None:
    with showing() as pictures:
        asked = {"image": {"link": pictures.url(), "caption": "Look"}}
        sent = send(own, **asked)  # the object alone says which kind it is
        found = until(own, sent["id"], "delivered")
    assert (found["type"], found["body"], found["media"]) == (
        "image",
        "Look",
        [asked["image"]["link"]],
    )


def test_a_text_may_come_as_an_object(own: Own) -> None:
    sent = send(own, type="TEXT", text={"body": "https://example.com", "preview_url": True})
    assert (sent["type"], sent["body"]) == ("text", "https://example.com")
    assert sent["content"] == {"preview_url": True}
    assert send(own, type="text", body="Hi")["content"] == {}


@pytest.mark.parametrize("form", [str, lambda id: f"SM{id}", wamid], ids=["hex", "SM", "wamid"])
def test_a_message_answers_another_by_any_form_of_its_id(own: Own, form: Any) -> None:
    written = write(own, body="Hello?", ref=f"person-{new_number()}")
    name = form(written["id"])
    sent = send(own, to=written["from"], body="Yes?", reply_to=name, tracker="order-7")
    context = {"message_id": name, "ref": written["ref"]}
    assert sent["content"] == {"context": context, "tracker": "order-7"}
    place = send(own, to=written["from"], location=SPOT, reply_to=name)
    assert place["content"] == {"type": "location", "location": SPOT, "context": context}


def test_what_is_said_through_others_has_its_type_too(own: Own, twilio: TwilioApi) -> None:
    to = new_number()
    asked = {"From": f"whatsapp:{OURS}", "Body": "Hi"}
    made = twilio.create(f"whatsapp:{to}", **asked)
    assert own.get(f"/messages/{made['sid']}")["type"] == "text"
    assert own.send(to, media=["http://127.0.0.1:1/a.pdf"])["type"] == "document"


def test_what_fails_goes_on_as_a_text(own: Own) -> None:
    second = {"channel": "sms", "from": SENDER}
    sent = send(own, "+16502131026", location=SPOT, fallback=second)
    found = until(own, sent["id"], "delivered")
    assert (found["channel"], found["body"], found["fallback"]["why"]) == ("sms", "Cafe", "failed")
    nothing = {"reaction": {"message_id": "wamid.X", "emoji": ""}, "fallback": second}
    asked = {"channel": "whatsapp", "from": OURS, "to": "+16502131026", **nothing}
    assert own.call("POST", "/messages", asked).refusal[1:] == ("nothing_to_say", "fallback.body")


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"type": "poll"}, "bad_request", "type"),
    ({"type": "location"}, "bad_request", "location"),
    ({"type": "template"}, "bad_request", "template"),
    ({"type": "text", "location": SPOT}, "bad_request", "location"),
    ({"location": SPOT, "image": {"id": "1"}}, "bad_request", "location"),
    ({"location": SPOT, "body": "Hi"}, "bad_request", "location"),
    ({"location": SPOT, "channel": "sms", "from": ""}, "bad_request", "location"),
    ({"body": "Hi", "reply_to": "0" * 32, "channel": "sms"}, "bad_request", "reply_to"),
    ({"body": "Hi", "tracker": "a", "channel": "sms"}, "bad_request", "tracker"),
    ({"body": "Hi", "reply_to": "0" * 32}, "bad_request", "reply_to"),
    ({"location": {"latitude": 100, "longitude": 0}}, "bad_request", "location.latitude"),
    ({"location": {**SPOT, "a": 1 << 70}}, "bad_request", "location"),
    ({"contacts": []}, "bad_request", "contacts"),
    ({"interactive": {"type": "button", "action": BUTTONS}}, "bad_request", "interactive.body.text"),
    ({"location": SPOT, "template": {"name": "a"}}, "bad_request", "template"),
    ({"location": SPOT, "from": "+14155550199"}, "foreign_sender", "from"),
    ({"body": "x" * 4097}, "too_long", "body"),
]  # fmt: skip


@pytest.mark.parametrize(("parts", "code", "field"), BAD)
def test_what_is_wrong_is_blamed(own: Own, parts: dict[str, Any], code: str, field: str) -> None:
    asked = {"channel": "whatsapp", "from": OURS, "to": new_number(), **parts}
    assert own.call("POST", "/messages", asked).refusal == (400, code, field)


def test_a_long_text_goes_on_whatsapp_alone(own: Own, twilio: TwilioApi) -> None:
    assert send(own, body="x" * 4096)["body"] == "x" * 4096
    assert own.call("POST", "/messages", {"to": new_number(), "body": "x" * 1601}).status == 400
    asked = {"To": f"whatsapp:{new_number()}", "From": f"whatsapp:{OURS}", "Body": "x" * 1601}
    answer = twilio.post(asked)
    assert (answer.status, answer.json["code"]) == (400, 21617)


# People who write

REPLY = {"id": "y", "title": "Yes"}

WRITTEN: list[tuple[dict[str, Any], str]] = [
    ({"body": "Hi"}, "Hi"),
    ({"text": {"body": "Hi"}}, "Hi"),
    ({"type": "image", "image": {"id": "1", "mime_type": "image/png", "caption": "Look"}}, "Look"),
    ({"type": "video", "video": {"id": "1", "mime_type": "video/mp4"}}, ""),
    ({"type": "audio", "audio": {"id": "1", "voice": True}}, ""),
    ({"type": "document", "document": {"id": "1", "filename": "a.pdf"}}, ""),
    ({"type": "sticker", "sticker": {"id": "1", "animated": True}}, ""),
    ({"type": "location", "location": SPOT}, ""),
    ({"type": "contacts", "contacts": [{"name": {"formatted_name": "Ada"}}]}, ""),
    ({"type": "reaction", "reaction": {"message_id": "wamid.X", "emoji": "👍"}}, "👍"),
    ({"type": "reaction", "reaction": {"message_id": "wamid.X"}}, ""),
    ({"type": "interactive", "interactive": {"type": "button_reply", "button_reply": REPLY}}, "Yes"),
    ({"type": "interactive", "interactive": {"type": "list_reply", "list_reply": REPLY}}, "Yes"),
    (
        {"type": "interactive", "interactive": {"type": "nfm_reply", "nfm_reply": {"response_json": "{}"}}},
        "",
    ),
    (
        {"type": "interactive", "interactive": {
            "type": "call_permission_reply", "call_permission_reply": {"response": "accept"},
        }},
        "",
    ),
    ({"type": "button", "button": {"payload": "p", "text": "Sure"}}, "Sure"),
    ({"type": "order", "order": {"catalog_id": "1", "product_items": [{"product_retailer_id": "1"}]}}, ""),
    ({"type": "system", "system": {"body": "Moved", "type": "user_changed_number"}}, "Moved"),
    (
        {"type": "edit", "edit": {
            "original_message_id": "wamid.X", "message": {"type": "text", "text": {"body": "New"}},
        }},
        "New",
    ),
    ({"type": "revoke", "revoke": {"original_message_id": "wamid.X"}}, ""),
    ({"type": "unsupported", "unsupported": {"type": "poll"}, "errors": [{"code": 131051}]}, ""),
    ({"type": "unsupported", "errors": [{"code": 131052, "title": "Too large"}]}, ""),
]  # fmt: skip


@pytest.mark.parametrize(("parts", "body"), WRITTEN)
def test_people_write_every_kind(own: Own, parts: dict[str, Any], body: str) -> None:
    found = own.get(f"/messages/{write(own, **parts)['id']}")
    kind = parts.get("type", "text")
    assert (found["type"], found["body"], found["status"]) == (kind, body, "received")
    for name in {kind, "errors"} & set(parts) - {"text"}:
        assert found["content"][name] == parts[name]


def test_what_is_written_comes_with_where_from_and_in_which_group(own: Own) -> None:
    beside = {
        "context": {"id": "wamid.X", "from": OURS[1:]},
        "referral": {"source_url": "https://example.com", "source_type": "ad"},
        "group_id": "R1JPVVA=",
    }
    found = write(own, body="Hi", forwarded=True, **beside)["content"]
    assert found == {**beside, "context": {**beside["context"], "forwarded": True}}


def test_people_may_hide_their_number(own: Own) -> None:
    person = "US.13491208655302741918"
    hidden = write(own, person, body="Hi", name="Ada")
    assert (hidden["from"], hidden["content"]["user_id"]) == (person, person)
    answer = send(own, person, body="Hello")
    assert until(own, answer["id"], "delivered")["to"] == person
    number = new_number()
    both = write(own, number, body="Hi", user_id="US.7")
    assert (both["from"], both["content"]["user_id"]) == (number, "US.7")


def test_what_is_written_twice_is_kept_once(own: Own) -> None:
    person, ref = new_number(), f"once-{new_number()}"
    first = write(own, person, body="Hi", ref=ref)
    assert write(own, person, body="Hi", ref=ref)["id"] == first["id"]


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ({"type": "poll"}, "type"),
        ({"type": "revoke"}, "revoke"),
        ({"type": "location", "location": {}}, "location.latitude"),
        ({"type": "unsupported", "errors": [{"title": "a"}]}, "errors[0].code"),
        ({"body": "Hi", "image": {"id": "1"}}, "image"),
        ({"body": "Hi", "user_id": "7"}, "user_id"),
        ({"body": "Hi", "user_id": "US.7", "channel": "sms", "to": "+15017122661"}, "user_id"),
        ({"body": "Hi", "forwarded": True, "channel": "sms", "to": "+15017122661"}, "forwarded"),
        ({"body": "Hi", "from": "US."}, "from"),
        ({"type": "order", "order": {"product_items": [1 << 80]}}, "order"),
    ],
)
def test_what_nobody_could_write_is_refused(own: Own, parts: dict[str, Any], field: str) -> None:
    asked = {"channel": "whatsapp", "from": new_number(), "to": OURS, **parts}
    answer = own.call("POST", "/sandbox/inbound", asked)
    assert (answer.status, answer.refusal[2]) == (400, field)
