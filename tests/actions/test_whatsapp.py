"""WHATSAPP.SEND_MESSAGE on every face, against a server with the sandbox and with an upstream of Meta's kind."""

import hmac
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlencode
from xml.etree import ElementTree

import pytest

from tests import forked
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, Server, free_port
from tests.doors.actions.conftest import FORM, JSON, XML, Answer, Caller
from tests.doors.own.conftest import Own
from tests.doors.twilio.conftest import basic
from tests.providers.meta_stub import ANSWERS, TOKEN, Says, Stub, meta, refused
from tests.tables import ROOT

NAME = "WHATSAPP.SEND_MESSAGE"
PATH = f"/v1/actions/{NAME}"
SENDER = "106540352242922"
ELSEWHERE = "200000000000002"  # a phone number id that is none of ours
TEXT = {"preview_url": False, "body": "Your parcel is here"}
TO = "+15551234567"
WAIT = 3  # seconds that a step waits here

OUTPUTS = (
    "status_code", "status", "success", "message_id", "wa_id", "message_status", "body", "headers",
    "error", "delivery",
)  # fmt: skip


@dataclass(frozen=True)
class Near:
    """A server, an upstream, and who runs steps."""

    server: Server
    far: Stub
    own: Own
    caller: Caller

    def call(self, body: Any, query: str = "", path: str = PATH, **headers: str) -> Answer:
        raw = body if isinstance(body, str | bytes) else json.dumps(body)
        return self.caller.call(
            "POST", f"{path}?{query}" if query else path, raw, **{"Content_Type": JSON, **headers}
        )

    def step(self, query: str = "", key: str = "", **inputs: Any) -> tuple[int, dict[str, Any]]:
        """Status and outputs."""
        asked = {"recipient_number": TO, "type": "TEXT", "payload": TEXT, **inputs}
        asked = {name: value for name, value in asked.items() if value is not None}
        answer = self.call(asked, query, **({"Idempotency_Key": key} if key else {}))
        said = answer.members
        assert tuple(said) == OUTPUTS, said
        assert said["status"] == said["status_code"]
        assert said["success"] is (said["error"] is None)
        assert answer.outcome == ("done" if said["success"] else "failed")
        return answer.status, said

    def sent(self, **inputs: Any) -> dict[str, Any]:
        status, said = self.step(**inputs)
        assert (status, said["status"], said["success"]) == (200, 200, True), said
        return said

    def error(self, **inputs: Any) -> tuple[int, int, dict[str, Any]]:
        """HTTP status, code and outputs of what fails."""
        status, said = self.step(**inputs)
        assert status == said["status"] >= 400, said
        return status, said["error"]["code"], said

    def look(self, id: str, query: str = "") -> Answer:
        where = f"{PATH}/{quote(id, safe='')}" + (f"?{query}" if query else "")
        return self.caller.call("GET", where)

    def message(self, id: str) -> Any:
        return self.own.get(f"/messages/{quote(id, safe='')}")


@pytest.fixture(scope="module")
def near(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Near]:
    environment = {"ESTAFETTE_ACTION_WAIT": str(WAIT), "ESTAFETTE_LOG_LEVEL": "debug"}
    server = Server(tmp_path_factory.mktemp("near") / "home", environment=environment)
    try:
        server.start()
        own = Own(server, basic(ACCOUNT_SID, AUTH_TOKEN))
        with meta() as far:
            asked = {
                "name": "far",
                "app_id": "WHATSAPP",
                "setup": {"type": "TOKEN", "token": TOKEN},
                "base_url": far.url,
            }
            answer = own.call("POST", "/connections", asked)
            assert answer.status == 201, answer.body
            yield Near(server, far, own, Caller(server))
            assert "Traceback" not in server.log
    finally:
        server.close()


@pytest.fixture
def far(near: Near) -> Stub:
    near.far.asked.clear()
    near.far.says = None
    return near.far


def test_the_printed_example(near: Near) -> None:
    connection = near.own.get("/connections/sandbox")["id"]
    said = near.sent(connection_id=connection, sender_id=SENDER)
    assert said["body"] == {
        "messaging_product": "whatsapp",
        "contacts": [{"input": TO, "wa_id": "15551234567"}],
        "messages": [{"id": said["message_id"]}],
    }
    assert said["message_id"].startswith("wamid.")
    assert (said["wa_id"], said["message_status"]) == ("15551234567", "accepted")
    assert said["delivery"]["state"] == "accepted"
    assert near.message(said["message_id"])["body"] == TEXT["body"]


def test_the_printed_step(near: Near) -> None:
    step = {
        "id": "notify", "type": "WHATSAPP", "action": "SEND_MESSAGE", "allow_failure": True,
        "mask_output": False,
        "params": {"connection_id": "sandbox", "sender_id": ELSEWHERE, "recipient_number": TO,
                   "type": "TEXT", "payload": {"body": "Order 7 is ready"}},
    }  # fmt: skip
    said = near.call(step).members
    assert (said["success"], said["status"], said["error"]) == (True, 200, None)
    found = near.message(said["message_id"])
    assert (found["from"], found["body"]) == (ELSEWHERE, "Order 7 is ready")
    in_flow = near.call(step, path="/v1/actions").members
    assert list(in_flow) == ["actions"]
    assert in_flow["actions"]["notify"]["success"] is True


def test_every_form_of_the_same(near: Near) -> None:
    inputs = {"sender_id": SENDER, "recipient_number": TO, "type": "Text"}
    text = json.dumps(TEXT)
    element = ElementTree.Element(NAME)
    for name, value in {**inputs, "payload": text}.items():
        ElementTree.SubElement(element, name).text = value
    whole = {"messaging_product": "whatsapp", "to": "x", "type": "text", "text": TEXT}
    forms = [
        (json.dumps({**inputs, "payload": TEXT}), JSON),
        (json.dumps({**inputs, "payload": text}), JSON),
        (json.dumps({**inputs, "payload": TEXT["body"]}), JSON),
        (json.dumps({**inputs, "payload": {"text": TEXT}}), JSON),
        (json.dumps({**inputs, "payload": whole}), JSON),
        (json.dumps({**inputs, "sender_id": int(SENDER), "payload": TEXT}), JSON),
        (urlencode({**inputs, "payload": text}), FORM),
        (urlencode({"payload": json.dumps({**inputs, "payload": TEXT})}), FORM),
        (ElementTree.tostring(element), XML),
    ]
    for body, kind in forms:
        answer = near.caller.call("POST", PATH, body, Content_Type=kind)
        assert (answer.status, answer.outcome) == (200, "done"), answer.body
        found = near.message(answer.members["message_id"])
        assert (found["body"], found["to"], found["channel"]) == (TEXT["body"], TO, "whatsapp")


def test_the_answer_in_xml(near: Near) -> None:
    step = {"recipient_number": TO, "payload": TEXT}
    answer = near.call(step, Accept=XML)
    root = ElementTree.fromstring(answer.body)
    assert root.tag == NAME
    assert root.findtext("success") == "true"
    assert root.findtext("body/contacts/contact/wa_id") == "15551234567"
    assert root.findtext("body/messages/message/id") == root.findtext("message_id")
    bad = near.call({**step, "payload": {"body": ""}}, Accept=XML)
    root = ElementTree.fromstring(bad.body)
    assert (bad.status, root.tag, root.findtext("error/code")) == (400, NAME, "131008")
    assert root.findtext("body/error/error_data/details") == "text.body is required"


KINDS = {
    "AUDIO": {"link": "https://example.com/a.ogg"},
    "CONTACTS": [{"name": {"formatted_name": "Ada", "first_name": "Ada"}}],
    "DOCUMENT": {"link": "https://example.com/a.pdf", "caption": "It", "filename": "a.pdf"},
    "IMAGE": {"link": "https://example.com/a.png"},
    "INTERACTIVE": {
        "type": "button", "body": {"text": "Yes?"},
        "action": {"buttons": [{"type": "reply", "reply": {"id": "y", "title": "Yes"}}]},
    },
    "LOCATION": {"latitude": 1.5, "longitude": "2.5"},
    "STICKER": {"link": "https://example.com/a.webp"},
    "TEMPLATE": {"name": "unheard_of", "language": {"code": "en"}},
    "VIDEO": {"link": "https://example.com/a.mp4"},
}  # fmt: skip


def test_every_kind_goes_to_meta(near: Near, far: Stub) -> None:
    for kind, payload in KINDS.items():
        for value in (payload, json.dumps({kind.lower(): payload})):
            said = near.sent(connection_id="far", sender_id=ELSEWHERE, type=kind, payload=value)
            body = far.bodies[-1]
            assert body["type"] == kind.lower()
            assert set(body[kind.lower()]) if isinstance(payload, dict) else body["contacts"]
            assert said["message_id"] == said["body"]["messages"][0]["id"]
    assert {one.path for one in far.asked} == {f"/v23.0/{ELSEWHERE}/messages"}


def test_meta_is_asked_as_it_wants_to_be(near: Near, far: Stub) -> None:
    said = near.sent(
        connection_id="far", sender_id=ELSEWHERE, context="wamid.SGVsbG8=",
        recipient_number="1 (555) 123-4567",
    )  # fmt: skip
    (body,) = far.bodies
    assert (body["to"], body["type"], body["text"]["body"]) == (TO, "text", TEXT["body"])
    assert body["context"] == {"message_id": "wamid.SGVsbG8="}
    assert far.asked[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert said["body"] == {
        "messaging_product": "whatsapp",
        "contacts": [{"input": TO, "wa_id": "15551234567"}],
        "messages": [{"id": said["message_id"]}],
    }
    assert said["headers"]["x-fb-trace-id"] == "AbCdEf"
    found = near.message(said["message_id"])
    assert (found["ref"], found["status"], found["from"]) == (said["message_id"], "sent", ELSEWHERE)
    shown = near.sent(connection_id="far", sender_id=ELSEWHERE, recipient_number="US.13491208655")
    assert far.bodies[-1]["recipient"] == "US.13491208655"
    assert "to" not in far.bodies[-1]
    assert shown["success"]


def test_a_registered_sender_goes_by_its_own_connection(near: Near, far: Stub) -> None:
    ref = "300000000000003"
    asked = {"channel": "whatsapp", "address": "+15550100003", "connection": "far", "ref": ref}
    assert near.own.call("POST", "/senders", asked).status in (200, 201)
    said = near.sent(sender_id=ref)
    assert far.asked[-1].path == f"/v23.0/{ref}/messages"
    assert near.message(said["message_id"])["from"] == "+15550100003"
    # A connection that is named comes first, also for one that is registered elsewhere.
    near.sent(sender_id=SENDER, connection_id="far")
    assert far.asked[-1].path == f"/v23.0/{SENDER}/messages"
    before = len(far.asked)
    near.sent(sender_id=ref, connection_id="sandbox")
    near.sent(connection_id=near.own.get("/connections/sandbox")["id"])
    assert len(far.asked) == before


@pytest.mark.parametrize(
    ("inputs", "status", "code", "subcode"),
    [
        ({"connection_id": "nowhere"}, 400, 100, 33),
        ({"connection_id": "ac_4hV0"}, 400, 100, 33),
        ({"connection_id": "messaging-0123456789abcdef"}, 400, 100, 33),
        ({"sender_id": ELSEWHERE}, 400, 100, 33),
        ({"connection_id": "far", "sender_id": "not digits"}, 400, 100, 33),
        ({"connection_id": "far", "sender_id": "../1"}, 400, 100, 33),
        ({"recipient_number": ""}, 400, 131008, None),
        ({"recipient_number": None}, 400, 131008, None),
        ({"recipient_number": "nobody"}, 400, 131009, None),
        ({"type": "SMOKE"}, 400, 131051, None),
        ({"type": "IMAGE"}, 400, 131008, None),
        ({"type": "IMAGE", "payload": "no JSON"}, 400, 131009, None),
        ({"type": "IMAGE", "payload": "{no JSON"}, 400, 131009, None),
        ({"payload": ""}, 400, 131008, None),
        ({"payload": {}}, 400, 131008, None),
        ({"payload": []}, 400, 131008, None),
        ({"payload": [1]}, 400, 131009, None),
        ({"payload": {"text": None}}, 400, 131008, None),
        ({"payload": {"text": 5}}, 400, 131009, None),
        ({"payload": {"body": {"deep": 1}}}, 400, 131009, None),
        ({"payload": {"body": "x" * 4097}}, 400, 131009, None),
        ({"type": "LOCATION", "payload": {"latitude": 10**30, "longitude": 1}}, 400, 131009, None),
        ({"type": "CONTACTS", "payload": {"contacts": [5]}}, 400, 131009, None),
        ({"context": {"message_id": 5.5, "x": []}, "payload": {"body": None}}, 400, 131008, None),
        ({"type": "TEMPLATE", "payload": KINDS["TEMPLATE"]}, 404, 132001, None),
        ({"recipient_number": "+16501131047"}, 400, 131047, None),
        ({"recipient_number": "+16501130429"}, 400, 130429, None),
        ({"recipient_number": "+16500000190"}, 401, 190, None),
    ],
)
def test_what_is_refused_at_once_is_told_as_meta_would(
    near: Near, inputs: dict[str, Any], status: int, code: int, subcode: int | None
) -> None:
    found, told, said = near.error(**inputs)
    assert (found, told) == (status, code), said
    error = said["body"]["error"]
    assert error["code"] == code
    assert error.get("error_subcode") == subcode
    assert error["fbtrace_id"] == said["error"]["fbtrace_id"]
    assert error["fbtrace_id"] in near.server.log
    assert said["error"]["title"] in error["message"] or subcode
    assert (said["message_id"], said["delivery"]) == ("", None)
    again = near.step("allow_failure=true", **inputs)
    assert (again[0], again[1]["status"], again[1]["error"]["code"]) == (200, status, code)


def test_inputs_that_nobody_knows_are_refused(near: Near) -> None:
    for inputs in ({"payload": 5}, {"payload": True}, {"sender_id": []}, {"colour": "red"},
                   {"payload": {"body": "a\0b"}}, {"type": {}}):  # fmt: skip
        asked = {"recipient_number": TO, "payload": TEXT, **inputs}
        answer = near.call(asked)
        assert (answer.status, answer.refusal[1]) == (400, 20001), inputs
    deep: Any = TEXT
    for _ in range(200):
        deep = {"body": deep}
    assert near.call({"recipient_number": TO, "payload": deep}).status == 400
    assert near.call(json.dumps({"recipient_number": TO, "payload": "\ud800"})).status == 400
    assert near.call("{" * 100_000).status == 400


@pytest.mark.parametrize(
    ("step", "status"),
    [
        ({"type": "TWILIO"}, 400),
        ({"action": "MAKE_CALL"}, 400),
        ({"action": ""}, 400),
        ({"type": 5}, 400),
        ({"params": []}, 400),
        ({"params": None}, 400),
        ({"mask_output": "perhaps"}, 400),
        ({"colour": "red"}, 400),
        ({"params": {"payload": TEXT}}, 400),
    ],
)
def test_steps_that_are_none(near: Near, step: dict[str, Any], status: int) -> None:
    params = {"recipient_number": TO, "payload": TEXT}
    whole = {"id": "x", "type": "WHATSAPP", "action": "SEND_MESSAGE", "params": params, **step}
    assert near.call(whole).status == status
    answer = near.call(whole, path="/v1/actions")
    assert answer.status in (status, 404)


def test_steps_elsewhere(near: Near) -> None:
    sms = {"from": "+15017122661", "to": "+14155550123", "body": "x"}
    step = {"id": "sms", "type": "twilio", "action": "sendmessage", "params": sms}
    assert near.call(step, path="/v1/actions").members["actions"]["sms"]["sid"]
    for body, kind in (("<a/>", XML), ("[]", JSON), ("{}", JSON), ("a=b", FORM)):
        answer = near.caller.call("POST", "/v1/actions", body, Content_Type=kind)
        assert answer.status in (400, 415)
    assert (
        Caller(near.server, "").call("POST", "/v1/actions", "{}", Content_Type=JSON).status == 401
    )
    xml = f"""<{NAME}><id>x</id><type>WHATSAPP</type><action>SEND_MESSAGE</action><params>
      <recipient_number>{TO}</recipient_number><payload>{{"body": "In XML"}}</payload></params></{NAME}>"""
    answer = near.caller.call("POST", PATH, xml, Content_Type=XML)
    assert answer.status == 200, answer.body


# What Meta answers -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("says", "status", "code", "retryable"),
    [
        (refused(131030), 400, 131030, False),
        (refused(132001), 404, 132001, False),
        (refused(190), 401, 190, False),
        (refused(10), 403, 10, False),
        (refused(130429), 400, 130429, True),
        (refused(130429, 429), 429, 130429, True),
        (refused(131056), 400, 131056, True),
        (refused(999999), 400, 999999, False),
    ],
)
def test_what_meta_refuses_is_told_as_it_came(
    near: Near, far: Stub, says: Says, status: int, code: int, retryable: bool
) -> None:
    far.says = says
    sender = f"4{status}" if code == 130429 else ELSEWHERE  # that holds the number for a while
    inputs = {"connection_id": "far", "sender_id": sender, "key": f"{status}/{code}"}
    found, told, said = near.error(**inputs)
    assert (found, told) == (status, code)
    assert said["body"] == says.said
    assert said["headers"]["x-fb-trace-id"] == "AbCdEf"
    assert said["error"]["details"] == "Because."
    assert (said["error"]["retryable"], said["error"]["fbtrace_id"]) == (retryable, "AbCdEf")
    assert said["delivery"]["state"] == "failed"
    assert said["delivery"]["error"] == said["error"]
    # It is not sent behind the flow's back, and the same key gives the same answer.
    assert near.message(said["message_id"])["status"] == "failed"
    assert near.error(**inputs)[2] == said
    assert near.look(said["message_id"]).members == said
    assert len(far.asked) == 1
    # Each step is a try of its own, also where the connection was held.
    assert near.sent(connection_id="far", sender_id=ELSEWHERE)


@pytest.mark.parametrize("to", [to for to in ANSWERS if to not in ("+14155550206", "+14155550429")])
def test_what_cannot_be_read_is_a_bad_gateway(near: Near, far: Stub, to: str) -> None:
    found, _, said = near.error(connection_id="far", sender_id=ELSEWHERE, recipient_number=to)
    says = ANSWERS[to]
    is_told = says is not None and says.status >= 400 and isinstance(says.said, dict)
    assert found == (says.status if says and is_told else 502), said
    assert (
        said["body"] == says.said if says and isinstance(says.said, dict) else said["body"]["error"]
    )


def test_what_may_have_been_taken_is_not_sent_again(near: Near, far: Stub) -> None:
    far.says = Says(500, "<html>broken</html>")
    inputs = {"connection_id": "far", "sender_id": ELSEWHERE, "key": "nobody knows"}
    status, _, said = near.error(**inputs)
    assert status == 502
    assert said["error"]["details"].startswith("Nobody knows")
    assert (said["error"]["retryable"], said["error"]["action"]) == (False, "await_delivery")
    assert said["delivery"]["state"] == "unknown"
    assert near.error(**inputs)[2] == said
    assert len(far.asked) == 1
    assert near.message(said["message_id"])["status"] == "sending"


def test_a_broken_meta_is_told_with_its_own_words(near: Near, far: Stub) -> None:
    far.says = refused(131000)
    status, code, said = near.error(connection_id="far", sender_id=ELSEWHERE)
    assert (status, code) == (500, 131000)
    assert said["body"] == refused(131000).said


def test_a_closed_port_is_told_at_once(near: Near) -> None:
    closed(near, "closed", f"http://127.0.0.1:{free_port()}")
    status, code, said = near.error(connection_id="closed", sender_id=ELSEWHERE)
    assert (status, code) == (502, 131016)
    assert said["error"]["details"].startswith("Meta was not reached, and nothing was sent")
    assert "nobody carried it" not in said["error"]["details"]
    assert (said["error"]["retryable"], said["delivery"]["state"]) == (True, "failed")


def closed(near: Near, name: str, url: str) -> None:
    """A connection that leads elsewhere."""
    asked = {"name": name, "provider": "meta", "settings": {"base_url": url, "token": "x"}}
    assert near.own.call("POST", "/connections", asked).status == 201


def test_silence_is_waited_for_so_long(near: Near) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        closed(near, "deaf", f"http://127.0.0.1:{deaf.getsockname()[1]}")
        status, _, said = near.error(connection_id="deaf", sender_id=ELSEWHERE)
        assert status == 502
        assert f"no answer within {WAIT} s" in said["error"]["details"]
        assert said["delivery"]["state"] == "unknown"


def test_through_another_estafette(near: Near) -> None:
    """Its Cloud API is what Meta's is to the step: here the same server, as anybody's with a key."""
    bearer = near.own.call("POST", "/keys", {"label": "A peer"}).json["bearer"]
    settings = {"base_url": near.server.url, "token": bearer}
    asked = {"name": "peer", "provider": "meta", "settings": settings}
    assert near.own.call("POST", "/connections", asked).status == 201
    said = near.sent(connection_id="peer", sender_id=SENDER)
    assert said["body"]["contacts"] == [{"input": TO, "wa_id": "15551234567"}]
    assert near.message(said["message_id"])["body"] == TEXT["body"]
    template = {"name": "unheard_of", "language": {"code": "en"}}
    inputs = {"connection_id": "peer", "sender_id": SENDER}
    status, code, _ = near.error(**inputs, type="TEMPLATE", payload=template)
    assert (status, code) == (404, 132001)
    status, code, said = near.error(connection_id="peer", sender_id="999999")
    assert (status, code) == (400, 100)
    assert said["body"]["error"]["error_subcode"] == 33
    assert bearer not in json.dumps(said)


# Looks, keys, masks ------------------------------------------------------------------------------


def test_the_delivery_is_filled_in_later(near: Near) -> None:
    said = near.sent(recipient_number="+14155550131")
    id = said["message_id"]
    whole = near.look(id, "wait=20").members
    assert whole["delivery"]["state"] == "delivered"
    assert {**whole, "delivery": None} == {**said, "delivery": None}
    hex = near.message(id)["id"]
    for name in (hex, f"SM{hex}", near.message(id)["ref"]):
        assert near.look(name).members == whole
    lost = near.sent(recipient_number="+16500131026")
    found = near.look(lost["message_id"], "wait=20").members
    assert found["success"] is True
    assert (found["delivery"]["state"], found["delivery"]["error"]["code"]) == ("failed", 131026)
    xml = near.caller.call("GET", f"{PATH}/{hex}", Accept=XML)
    assert ElementTree.fromstring(xml.body).findtext("delivery/state") == "delivered"


def test_a_look_at_what_meta_took(near: Near, far: Stub) -> None:
    said = near.sent(connection_id="far", sender_id=ELSEWHERE)
    found = near.look(said["message_id"], "wait=0.1").members
    assert {**found, "delivery": None} == {**said, "delivery": None}
    assert found["delivery"]["state"] == "sent"
    far.says = refused(131030)
    _, _, said = near.error(connection_id="far", sender_id=ELSEWHERE)
    assert near.look(said["message_id"]).members == said


def test_what_meta_tells_later_is_seen(near: Near, far: Stub) -> None:
    settings = {"base_url": far.url, "token": TOKEN, "app_secret": "a secret of the app"}
    asked = {"name": "told", "provider": "meta", "settings": settings}
    assert near.own.call("POST", "/connections", asked).status == 201
    said = near.sent(connection_id="told", sender_id=ELSEWHERE)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(near.look, said["message_id"], "wait=20")
        update = {"id": said["message_id"], "status": "delivered", "timestamp": "1790000000",
                  "recipient_id": said["wa_id"]}  # fmt: skip
        value = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": ELSEWHERE},
                 "statuses": [update]}  # fmt: skip
        entry = [{"id": "1", "changes": [{"field": "messages", "value": value}]}]
        body = json.dumps({"object": "whatsapp_business_account", "entry": entry}).encode()
        signed = hmac.new(settings["app_secret"].encode(), body, sha256).hexdigest()
        headers = {"X_Hub_Signature_256": f"sha256={signed}", "Content_Type": JSON}
        assert near.caller.call("POST", "/in/meta/told", body, **headers).status == 200
        found = waiting.result(20).members
    assert found["delivery"] == {
        "state": "delivered", "at": "2026-09-21T14:13:20Z", "error": None
    }  # fmt: skip
    assert found["body"] == said["body"]


def test_looks_that_show_nothing(near: Near) -> None:
    for name in ("wamid.nothing", "0" * 32, "a/b/c", "wamid.x/y+z="):
        answer = near.look(name)
        assert (answer.status, answer.members["error"]["code"]) == (404, 100)
    for query in ("wait=26", "wait=-1", "wait=soon", "colour=red"):
        assert near.look("0" * 32, query).refusal == (400, 20001)
    sms = near.caller.call("POST", "/v1/actions/SENDMESSAGE", json.dumps(
        {"BODY": "x", "TO": "+14155550123", "FROM": "+15017122661"}), Content_Type=JSON)  # fmt: skip
    assert near.look(sms.members["MESSAGE_SID"]).status == 404
    assert Caller(near.server, "").call("GET", f"{PATH}/{'0' * 32}").status == 401
    answer = near.caller.call("GET", f"/v1/actions/SENDMESSAGE/{'0' * 32}")
    assert answer.refusal == (404, 20404)
    other = other_account(near)
    mine = near.sent()["message_id"]
    assert other.call("GET", f"{PATH}/{quote(mine)}").status == 404
    # Another account's senders are unknown as well.
    step = {"sender_id": SENDER, "recipient_number": TO, "payload": TEXT}
    for asked in (step, {**step, "connection_id": "far"}):
        answer = other.call("POST", PATH, json.dumps(asked), Content_Type=JSON)
        assert (answer.status, answer.members["body"]["error"]["error_subcode"]) == (400, 33)


def other_account(near: Near) -> Caller:
    made = forked.run(near.server.env, ("accounts", "create", "Another", "--json"))
    assert made.returncode == 0, made.stderr
    found = json.loads(made.stdout)
    return Caller(near.server, basic(found["sid"], found["auth_token"]))


def test_the_same_key_is_the_same_message(near: Near, far: Stub) -> None:
    for inputs in ({}, {"connection_id": "far", "sender_id": ELSEWHERE}):
        key = f"one {len(inputs)}"
        first = near.sent(key=key, **inputs)
        assert near.sent(key=key, **inputs) == first
        status, _, said = near.error(key=key, payload={"body": "Another"}, **inputs)
        assert (status, said["error"]["code"]) == (409, 100)
        assert (
            near.step("allow_failure=true", key=key, type="AUDIO", payload={"id": "1"}, **inputs)[0]
            == 409
        )
    with ThreadPoolExecutor(6) as pool:
        asked = {"key": "at once", "connection_id": "far", "sender_id": ELSEWHERE}
        found = list(pool.map(lambda _: near.sent(**asked)["message_id"], range(6)))
    assert len(set(found)) == 1
    assert len(far.asked) == 2


def test_masks_and_secrets(near: Near, far: Stub) -> None:
    shown = near.sent(recipient_number="+14155550155")
    masked = near.step("mask_output=true", recipient_number="+14155550156")[1]
    params = {"recipient_number": "+14155550157", "payload": TEXT}
    step = {"id": "x", "type": "WHATSAPP", "action": "SEND_MESSAGE", "mask_output": True,
            "params": params}  # fmt: skip
    in_step = near.call(step).members
    far.says = Says(401, {"error": {"message": f"Malformed token {TOKEN}", "code": 190}})
    _, _, said = near.error(connection_id="far", sender_id=ELSEWHERE)
    assert TOKEN not in json.dumps(said)
    log = near.server.log
    assert shown["message_id"] in log
    assert masked["message_id"] not in log
    assert in_step["message_id"] not in log
    assert TOKEN not in log
    files = (path for path in near.server.home.rglob("*") if path.is_file())
    assert not any(TOKEN.encode() in path.read_bytes() for path in files)


# Other faces -------------------------------------------------------------------------------------


def test_by_command(near: Near, far: Stub) -> None:
    def action(*words: str) -> tuple[int, dict[str, Any]]:
        done = forked.run(near.server.env, ("action", *words))
        return done.returncode, json.loads(done.stdout) if done.stdout[:1] == "{" else {}

    inputs = (f"recipient_number={TO}", 'payload={"body": "By command"}')
    code, said = action("run", NAME, *inputs, f"sender_id={ELSEWHERE}", "--connection", "far")
    assert (code, said["success"], said["status"]) == (0, True, 200)
    assert far.bodies[-1]["text"] == {"body": "By command"}
    code, found = action("show", NAME, said["message_id"], "--wait", "0.1")
    assert (code, found["body"]) == (0, said["body"])
    assert action("show", NAME, "wamid.nothing")[0] == 1
    assert action("show", "SENDMESSAGE", "wamid.nothing")[0] == 2
    assert action("run", NAME, "recipient_number=1555", "payload=x")[0] == 1
    assert action("run", NAME, "recipient_number=1555", "payload=x", "--allow-failure")[0] == 0
    assert action("run", NAME, "recipient_number=1555", "colour=red")[0] == 2
    step = {"id": "x", "type": "WHATSAPP", "action": "SEND_MESSAGE", "allow_failure": True,
            "params": {"recipient_number": "1555", "payload": "x"}}  # fmt: skip
    (near.server.home / "step.json").write_text(json.dumps(step))
    code, said = action("run", NAME, "--json", str(near.server.home / "step.json"))
    assert (code, said["status"], said["error"]["code"]) == (0, 400, 131009)
    closed(near, "shut", f"http://127.0.0.1:{free_port()}")
    code, said = action("run", NAME, *inputs, f"sender_id={ELSEWHERE}", "connection_id=shut")
    assert (code, said["status"]) == (3, 502)


PYTHON = f"""
import json, sys
import estafette.actions as actions
sent = actions.run("{NAME}", recipient_number="{TO}", type="TEXT", payload={{"body": "Python"}})
assert sent.ok and sent.success and sent.status == 200, sent
found = actions.look("{NAME}", sent.message_id, wait=20)
assert found.delivery["state"] == "delivered", found
bad = actions.run("{NAME}", recipient_number="1", payload="x")
assert not bad.ok and bad.error["code"] == 131009, bad
try:
    actions.look("{NAME}", "wamid.nothing")
except Exception as error:
    print(type(error).__name__, len(actions.find("{NAME}").name))
"""


def test_from_python(near: Near) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PYTHON], env={**near.server.env, "PYTHONPATH": os.getcwd()},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stdout.split() == ["Unknown", str(len(NAME))], done.stderr


def test_in_a_context_of_workflowgen(near: Near) -> None:
    names = {"recipient_number": TO, "type": "TEXT", "payload": json.dumps(TEXT)}
    listed = [
        {"name": name, "dataType": "TEXT", "direction": "IN", "textValue": value}
        for name, value in names.items()
    ]
    out = {"status": "NUMERIC", "message_id": "TEXT", "body": "TEXT", "error": "TEXT"}
    listed += [{"name": name, "dataType": kind, "direction": "OUT"} for name, kind in out.items()]
    answer = near.call({"parameters": listed}, path=f"/v1/workflowgen/{NAME}")
    assert answer.status == 200, answer.body
    said = {item["name"]: item for item in json.loads(answer.body)["parameters"]}
    assert said["status"]["numericValue"] == 200
    assert (
        json.loads(said["body"]["textValue"])["messages"][0]["id"]
        == said["message_id"]["textValue"]
    )
    listed[0]["textValue"] = "1"
    answer = near.call({"parameters": listed}, path=f"/v1/workflowgen/{NAME}")
    said = {item["name"]: item for item in json.loads(answer.body)["parameters"]}
    assert (answer.status, said["status"]["numericValue"]) == (200, 400)
    assert json.loads(said["error"]["textValue"])["code"] == 131009


def test_the_recipe_for_flows(near: Near) -> None:
    page = (ROOT / "docs/how-to/workflows/flows.md").read_text()
    (step,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    answer = near.call(step, Idempotency_Key="flow-1/notify")
    said = answer.members
    assert (answer.status, said["success"]) == (200, True)
    assert near.call(step, Idempotency_Key="flow-1/notify").members == said
    assert near.look(said["message_id"], "wait=20").members["delivery"]["state"] == "delivered"
    assert said["message_id"] not in near.server.log.replace("/v1/actions", "")
    refused_step = step.replace("+15558675310", "+16501131047")
    said = near.call(refused_step).members
    assert (said["success"], said["error"]["action"]) == (False, "use_template")


@pytest.mark.parametrize("language", ["http", "xml"])
def test_the_examples_of_the_page(near: Near, language: str) -> None:
    page = (ROOT / "docs/reference/whatsapp-action.md").read_text()
    id = near.own.get("/connections/sandbox")["id"]
    page = page.replace("ac_0123456789abcdef0123456789abcdef", id)
    (text, *_) = re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)
    body = text.partition("\n\n")[2] if language == "http" else text
    answer = near.caller.call("POST", PATH, body, Content_Type=JSON if language == "http" else XML)
    assert answer.status == 200, answer.body
    shown = json.loads(re.findall(r"```json\n(.*?)```", page, re.DOTALL)[0])
    assert set(answer.members) == set(shown) - ({"error"} if language == "xml" else set())


def test_it_is_described(near: Near) -> None:
    described = near.caller.call("GET", PATH).members
    assert tuple(described["outputs"]["properties"]) == OUTPUTS
    assert described["look"] == f"{PATH}/{{id}}"
    assert NAME in [
        item["name"] for item in near.caller.call("GET", "/v1/actions").members["items"]
    ]
    found = near.caller.call("GET", "/v1/actions/openapi.json").members
    assert list(found["paths"][PATH]) == ["post"]
    assert list(found["paths"][f"{PATH}/{{id}}"]) == ["get"]


def test_many_steps_at_once(near: Near, far: Stub) -> None:
    inputs = {"connection_id": "far", "sender_id": ELSEWHERE}
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: near.sent(**inputs)["message_id"], range(16)))
    assert len(set(found)) == 16
