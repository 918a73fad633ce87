"""Sending: every kind, as every client writes it; what is answered, and what is kept."""

import json
from base64 import b64encode
from itertools import count
from typing import Any

import pytest

from estafette.model.ids import read_id
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN
from tests.doors.own.conftest import Own
from tests.doors.twilio.conftest import Api as TwilioApi
from tests.doors.whatsapp import said
from tests.doors.whatsapp.conftest import PHONE, SENDER, Api
from tests.doors.whatsapp.said import COMPONENTS, EARLIER, OBJECTS, TO, hello

_numbers = count(16505550200)
NAME = hello({"type": "body", "parameters": [{"type": "text", "text": "Grace"}]})


def new_person() -> str:
    return f"+{next(_numbers)}"


def without_nothing(value: Any) -> Any:
    """The same without what is null or empty, and objects that stand as texts read."""
    if isinstance(value, str) and value.startswith(("[", "{")):
        value = json.loads(value)
    if isinstance(value, dict):
        found = {name: without_nothing(part) for name, part in value.items()}
        return {name: part for name, part in found.items() if part not in (None, [], {})}
    if isinstance(value, list):
        return [without_nothing(part) for part in value]
    return value


def kept(own: Own, wamid: str) -> Any:
    """What our own API shows of a message."""
    return own.get(f"/messages/{wamid}")


# What is answered


def test_the_answer_is_that_of_the_first_example(api: Api) -> None:
    answer = api.send("+1 (650) 555-0142")
    assert answer.json == {
        "messaging_product": "whatsapp",
        "contacts": [{"input": "+1 (650) 555-0142", "wa_id": "16505550142"}],
        "messages": [{"id": answer.wamid}],
    }
    assert answer.wamid.startswith("wamid.")
    assert answer.headers["x-fb-trace-id"]
    assert api.until(answer.wamid, "delivered")["to"] == "+16505550142"


def test_a_template_is_accepted_in_so_many_words(api: Api, own: Own) -> None:
    answer = api.send(TO, type="template", template=NAME)
    assert answer.json["messages"] == [{"id": answer.wamid, "message_status": "accepted"}]
    found = kept(own, answer.wamid)
    assert found["body"] == "Hello Grace, thank you for trying out templates."
    assert found["content"]["template"]["name"] == "hello_name"


def test_who_has_no_number_is_named_by_an_id(api: Api, own: Own) -> None:
    person = "US.1906120919920101"
    for asked in ({"recipient": person}, {"to": person}):
        answer = api.send(**asked)
        assert answer.json["contacts"] == [{"input": person, "user_id": person}]
        assert kept(own, answer.wamid)["to"] == person
    both = api.send(TO, recipient=person)
    assert both.json["contacts"] == [{"input": TO, "wa_id": TO[1:]}]


def test_a_group_is_named_by_its_id(api: Api, own: Own) -> None:
    group = "VGVhLWRyaW5rZXJz=="
    answer = api.send(group, recipient_type="group")
    assert answer.json["contacts"] == [{"input": group}]
    assert answer.json["messages"] == [{"id": answer.wamid, "group_id": group}]
    found = kept(own, answer.wamid)
    assert (found["to"], found["content"]["recipient_type"]) == (group, "group")


@pytest.mark.parametrize(
    "to",
    ["+16505550142", "16505550142", "+1 650-555-0142", " 1 (650) 555 0142 ", "0016505550142",
     "\u202a+1\u00a0650\u00a0555\u00a00142\u202c"],
)  # fmt: skip
def test_a_number_may_be_written_as_people_do(to: str, api: Api) -> None:
    (contact,) = api.send(to).json["contacts"]
    assert contact["wa_id"] == "16505550142"


@pytest.mark.parametrize(
    "to", ["123456", "1234567890123456", "Grace", "+1 650 555 014x", "0", "\N{ARABIC-INDIC DIGIT ONE}" * 9]
)  # fmt: skip
def test_what_is_no_number_is_refused(to: str, api: Api) -> None:
    answer = api.send(to)
    assert answer.refusal == (400, 131009)
    assert answer.details.startswith("to ")


# What is said


@pytest.mark.parametrize("name", OBJECTS)
def test_every_kind_is_taken_and_kept(name: str, api: Api, own: Own) -> None:
    kind, value = OBJECTS[name]
    answer = api.send(TO, recipient_type="individual", type=kind, **{kind: value})
    assert list(answer.json["messages"][0]) == ["id"]
    found = kept(own, answer.wamid)
    assert (found["from"], found["door"]) == (SENDER, "whatsapp")
    if kind == "text":
        assert found["body"] == value["body"]
        assert found["content"].get("preview_url", False) is value["preview_url"]
    else:
        assert found["content"]["type"] == kind
        assert found["content"][kind] == value


@pytest.mark.parametrize("name", COMPONENTS)
def test_a_template_takes_whatever_components_there_are(name: str, api: Api, own: Own) -> None:
    components = COMPONENTS[name]
    for held, status in (("", "accepted"), ("_held", "held_for_quality_assessment")):
        template = hello(*components, name=f"order_ready{held}")
        answer = api.send(TO, type="template", template=template)
        assert answer.json["messages"] == [{"id": answer.wamid, "message_status": status}]
        found = kept(own, answer.wamid)["content"]["template"]
        assert len(found.get("components", [])) == len(components)


@pytest.mark.parametrize("client", said.CLIENTS)
def test_every_body_of_every_client_is_taken(client: str, api: Api, own: Own) -> None:
    version, bodies, is_chunked = said.CLIENTS[client]
    for body in bodies:
        raw = json.dumps(body).encode()
        sent = iter([raw[:20], raw[20:]]) if is_chunked else raw
        answer = api.call("POST", f"{version}/{PHONE}/messages", sent)
        if "status" in body:
            assert (answer.status, answer.json) == (200, {"success": True})
            continue
        kind = body["type"] or "text"
        content = kept(own, answer.wamid)["content"]
        if kind not in ("text", "template"):
            assert content[kind] == without_nothing(body[kind])
        assert content.get("tracker") == body.get("biz_opaque_callback_data")


def test_what_goes_with_a_message_is_kept(api: Api, own: Own) -> None:
    more = {"biz_opaque_callback_data": "table-7", "recipient_identity_key_hash": "a1b2"}
    content = kept(own, api.send(TO, **more).wamid)["content"]
    assert (content["tracker"], content["identity"]) == ("table-7", "a1b2")


def test_what_is_answered_is_found_with_its_carriers_id(api: Api, own: Own) -> None:
    first = api.until(api.send(TO).wamid, "sent", "delivered")
    wamid = api.send(TO).wamid
    api.until(wamid, "sent", "delivered")
    reply = kept(own, api.send(TO, context={"message_id": wamid}).wamid)["content"]["context"]
    assert reply == {"message_id": wamid, "ref": kept(own, wamid)["ref"]}
    reaction = {"message_id": first["ref"], "emoji": "\N{HOT BEVERAGE}"}
    found = kept(own, api.send(TO, type="reaction", reaction=reaction).wamid)["content"]
    assert found["reaction"] == reaction
    assert found["context"] == {"message_id": first["ref"], "ref": first["ref"]}
    unknown = kept(own, api.send(TO, context={"message_id": EARLIER}).wamid)["content"]
    assert unknown["context"] == {"message_id": EARLIER}


def test_what_others_sent_is_not_known(api: Api, other: Api, own: Own) -> None:
    theirs = other.send(TO).wamid
    other.until(theirs, "sent", "delivered")
    found = kept(own, api.send(TO, context={"message_id": theirs}).wamid)["content"]
    assert found["context"] == {"message_id": theirs}


def test_it_is_the_same_message_on_every_door(api: Api, twilio: TwilioApi) -> None:
    wamid = api.send(TO, text={"body": "Tea is ready"}).wamid
    found = twilio.fetch(f"SM{read_id(wamid)}")
    assert (found["body"], found["to"]) == ("Tea is ready", f"whatsapp:{TO}")


# How it may be asked for


def test_a_body_may_be_a_form(api: Api) -> None:
    text = '{"body": "Tea is ready"}'
    form = f"messaging_product=whatsapp&to=%2B16505550142&type=text&text={text}"
    parts = {"messaging_product": "whatsapp", "to": TO, "type": "text", "text": text}
    multipart = "".join(
        f'--b7\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in parts.items()
    )
    for raw, content_type in (
        (form, "application/x-www-form-urlencoded"),
        (f"{multipart}--b7--\r\n", "multipart/form-data; boundary=b7"),
        (json.dumps({**parts, "text": text}), "application/x-www-form-urlencoded"),
        (json.dumps(parts), "application/json; charset=utf-8"),
        (json.dumps(parts), "text/plain;charset=UTF-8"),
        (json.dumps(parts), ""),
    ):
        headers = {"Content-Type": content_type}
        answer = api.call("POST", f"/v23.0/{PHONE}/messages", raw.encode(), headers)
        assert api.until(answer.wamid, "delivered", "sent", "queued")["body"] == "Tea is ready"


@pytest.mark.parametrize("prefix", ["", "/v14.0", "/v23.0", "/v99.12"])
@pytest.mark.parametrize("end", ["", "/"])
def test_any_version_is_served_and_none(prefix: str, end: str, api: Api) -> None:
    body = {"messaging_product": "whatsapp", "to": TO, "text": {"body": "Hello"}}
    assert api.call("POST", f"{prefix}/{PHONE}/messages{end}", body).wamid


def test_one_key_is_shown_in_any_way(api: Api) -> None:
    body = {"messaging_product": "whatsapp", "to": TO, "text": {"body": "Hello"}}
    path = f"/v23.0/{PHONE}/messages"
    sid, _, secret = api.token.partition(".")
    for pair in (f"{sid}:{secret}", f"{ACCOUNT_SID}:{AUTH_TOKEN}"):
        shown = {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}
        assert api.call("POST", path, body, shown).wamid
    bare = {"Authorization": ""}
    assert api.call("POST", f"{path}?access_token={api.token}", body, bare).wamid
    assert secret not in api.server.log.replace(f"ESTAFETTE_API_KEY={api.token}", "")


def test_types_are_read_in_any_case(api: Api, own: Own) -> None:
    value = {"link": "https://files.example/of/ours.png"}
    found = kept(own, api.send(TO, type="IMAGE", image=value).wamid)
    assert found["content"]["type"] == "image"


def test_the_marketing_path_takes_templates_only(api: Api) -> None:
    body = {"messaging_product": "whatsapp", "to": TO, "type": "template", "template": NAME}
    assert api.post(f"/{PHONE}/marketing_messages", body).wamid
    text = {"messaging_product": "whatsapp", "to": TO, "text": {"body": "Hello"}}
    assert api.post(f"/{PHONE}/marketing_messages", text).refusal == (400, 134100)


def test_the_same_key_with_the_same_request_gives_the_same_message(api: Api, other: Api) -> None:
    key = {"Idempotency-Key": "table-7"}
    path = f"/{PHONE}/messages"
    body = {"messaging_product": "whatsapp", "to": "1 650 555 0142", "text": {"body": "Hello"}}
    first = api.post(path, body, **key)
    again = api.post(path, dict(reversed(body.items())), **key)
    assert again.json == first.json
    assert api.post(path, {**body, "to": new_person()}, **key).refusal == (409, 100)
    assert other.post(f"/{other.phone}/messages", body, **key).wamid != first.wamid
    assert api.post(path, body, **{"Idempotency-Key": "x" * 256}).refusal == (400, 100)


# Seen, and being answered


def test_what_people_wrote_is_marked_read(api: Api, own: Own) -> None:
    inbound = own.post(
        "/sandbox/inbound",
        {"channel": "whatsapp", "from": new_person(), "to": SENDER, "body": "Is it ready?"},
    )
    read = {"messaging_product": "whatsapp", "status": "read"}
    path = f"/{PHONE}/messages"
    for name in (inbound["id"], EARLIER):
        for more in ({}, {"typing_indicator": {"type": "text"}}, {"typing_indicator": None}):
            answer = api.post(path, {**read, "message_id": name, **more})
            assert (answer.status, answer.json) == (200, {"success": True})


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"message_id": None}, 131008),
        ({"message_id": ""}, 131008),
        ({"message_id": 7}, 131009),
        ({"message_id": "x" * 2000}, 131009),
        ({"status": "delivered"}, 131009),
        ({"status": ["read"]}, 131009),
        ({"messaging_product": "sms"}, 100),
        ({"messaging_product": None}, 100),
        ({"typing_indicator": "yes"}, 131009),
        ({"typing_indicator": {"type": "video"}}, 131009),
    ],
)
def test_what_cannot_be_marked_is_refused(change: dict[str, Any], code: int, api: Api) -> None:
    read = {"messaging_product": "whatsapp", "status": "read", "message_id": EARLIER}
    assert api.post(f"/{PHONE}/messages", {**read, **change}).refusal == (400, code)
