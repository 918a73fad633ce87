"""Messages that are accepted: every documented body, its variants, and what becomes of them."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from tests.doors.callbell.conftest import WHATSAPP_SENDER, Api
from tests.doors.callbell.examples import CONTENT_TYPES, FILES, ONE_HOLE, PLAIN, THREE_HOLES
from tests.doors.callbell.examples import template as templated
from tests.doors.own.conftest import Own
from tests.doors.twilio.conftest import Api as TwilioApi
from tests.doors.twilio.conftest import new_number
from tests.pictures import Pictures, showing

HEX = re.compile(r"[0-9a-f]{32}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@pytest.fixture(scope="module")
def files() -> Iterator[Pictures]:
    with showing() as pictures:
        yield pictures


def here(body: dict[str, Any], files: Pictures) -> dict[str, Any]:
    """The same body with its file where a test can show it, to somebody new."""
    content = dict(body["content"])
    if "url" in content:
        path = content["url"].removeprefix(FILES)
        kind = CONTENT_TYPES[path.rpartition(".")[2]]
        begins = f"&begins={quote('%PDF')}" if "image" not in kind else ""
        if kind == "image/jpeg":
            path, kind = path.replace(".jpeg", ".png"), "image/png"
        content["url"] = f"http://127.0.0.1:{files.port}{path}?type={quote(kind)}{begins}"
    return {**body, "content": content, "to": new_number()}


@pytest.mark.parametrize("name", PLAIN)
def test_every_documented_body_is_enqueued_and_arrives(
    name: str, api: Api, own: Own, files: Pictures
) -> None:
    kind, body = PLAIN[name]
    asked = here(body, files)
    answer = api.post(asked)
    assert answer.status == 200, answer.body
    message = answer.json["message"]
    assert HEX.fullmatch(message["uuid"])
    more = {"metadata": body["metadata"]} if "metadata" in body else {}
    assert answer.json == {"message": {"uuid": message["uuid"], "status": "enqueued", **more}}
    assert api.until(message["uuid"], "delivered")["status"] == "delivered"
    kept = own.get(f"/messages/{message['uuid']}")
    assert (kept["channel"], kept["from"], kept["to"]) == (
        "whatsapp", WHATSAPP_SENDER, asked["to"],
    )  # fmt: skip
    assert kept["body"] == body["content"].get("text", "")
    assert kept["media"] == ([asked["content"]["url"]] if kind != "text" else [])
    assert kept["content"].get("kind", "text") == kind
    assert kept["door"] == "callbell"


def make_template(own: Own, kind: str, body: str, **more: Any) -> str:
    """The id of an approved template of a kind."""
    asked = {
        "name": f"t{new_number()[1:]}",
        "language": "en",
        "channel": "whatsapp",
        "kind": kind,
        "body": body,
        "status": "approved",
        **more,
    }
    answer = own.call("POST", "/templates", asked)
    assert answer.status in (200, 201), answer.body
    return str(answer.json["id"])


def test_a_template_with_one_hole_takes_the_text(api: Api, own: Own) -> None:
    asked = {**templated(ONE_HOLE), "to": new_number()}
    message = api.post(asked).json["message"]
    kept = own.get(f"/messages/{message['uuid']}")
    assert kept["body"].startswith("Hello John Doe, ")
    assert kept["content"]["template"]["id"] == ONE_HOLE
    assert kept["content"]["template"]["values"] == ["John Doe"]
    payload = api.status(message["uuid"])["messageStatusPayload"]
    assert payload["destination"] == asked["to"][1:]


def test_a_template_says_what_is_put_into_it(api: Api, own: Own) -> None:
    text = "Bonjour {{1}}, ceci est un exemple de message de modèle"
    asked = {**templated(make_template(own, "text", text)), "to": new_number()}
    uuid = api.post(asked).json["message"]["uuid"]
    said = "Bonjour John Doe, ceci est un exemple de message de modèle"
    assert own.get(f"/messages/{uuid}")["body"] == said


def test_a_template_with_several_holes_takes_a_list(api: Api, own: Own) -> None:
    asked = {**templated(THREE_HOLES), "template_values": ["Jack", "template", "Cheers"]}
    uuid = api.post({**asked, "to": new_number()}).json["message"]["uuid"]
    kept = own.get(f"/messages/{uuid}")
    assert kept["content"]["template"]["values"] == ["Jack", "template", "Cheers"]
    assert "John Doe" not in kept["body"]
    assert kept["body"].startswith("Hello Jack, ")
    assert kept["body"].endswith("Cheers!")


def test_values_that_are_no_text_become_text(api: Api, own: Own) -> None:
    asked = {**templated(THREE_HOLES), "template_values": [1, 2.5, True]}
    uuid = api.post({**asked, "to": new_number()}).json["message"]["uuid"]
    assert own.get(f"/messages/{uuid}")["content"]["template"]["values"] == ["1", "2.5", "true"]


@pytest.mark.parametrize(
    ("kind", "file"),
    [
        ("image", "valid_image.jpeg"),
        ("document", "valid_document.pdf"),
        ("video", "valid_video.mp4"),
    ],
)
def test_a_template_shows_a_file(kind: str, file: str, api: Api, own: Own, files: Pictures) -> None:
    uuid = make_template(own, kind, "Hello {{1}}, look at this.")
    asked = here(templated(uuid, kind, url=f"{FILES}/{file}"), files)
    message = api.post(asked).json["message"]
    assert api.until(message["uuid"], "delivered")
    kept = own.get(f"/messages/{message['uuid']}")
    assert kept["body"] == "Hello John Doe, look at this."
    assert kept["media"] == [asked["content"]["url"]]
    assert kept["content"]["kind"] == kind


def test_a_template_without_holes_needs_no_text(api: Api, own: Own) -> None:
    uuid = make_template(own, "text", "We are open.")
    asked = {**templated(uuid), "content": {}, "to": new_number()}
    found = api.post(asked).json["message"]["uuid"]
    assert own.get(f"/messages/{found}")["body"] == "We are open."


def test_names_of_a_translated_page_are_understood(api: Api, own: Own) -> None:
    for content in (
        {"contenu": {"texte": "Bonjour"}},
        {"contenu": {"text": "Bonjour"}},
        {"content": {"texte": "Bonjour"}},
        {"content": {"text": "Bonjour", "texte": "Salut"}, "contenu": {"texte": "Salut"}},
    ):
        asked = {"to": new_number(), "from": "whatsapp", "type": "text", **content}
        uuid = api.post(asked).json["message"]["uuid"]
        assert own.get(f"/messages/{uuid}")["body"] == "Bonjour"


def test_a_number_may_be_written_as_people_do(api: Api, own: Own) -> None:
    for said in (
        "+1 (415) 555-2671",
        "14155552671",
        "0014155552671",
        "1-415-555-2671",
        " +14155552671",
    ):
        uuid = api.send(said)["uuid"]
        assert own.get(f"/messages/{uuid}")["to"] == "+14155552671"


def test_forms_that_whatsapp_alone_has_are_numbers(api: Api, own: Own) -> None:
    uuid = api.send("5215550001234")["uuid"]
    assert own.get(f"/messages/{uuid}")["to"] == "+5215550001234"


def test_a_number_that_nobody_has_is_possible(api: Api) -> None:
    assert api.send("+15558675310")["status"] == "enqueued"


def test_a_name_that_hides_a_number_stands_for_it(api: Api, own: Own) -> None:
    asked = {"from": "whatsapp", "type": "text", "content": {"text": "Hi"}, "bsuid": "US.abc123"}
    uuid = api.post(asked).json["message"]["uuid"]
    assert own.get(f"/messages/{uuid}")["to"] == "US.abc123"
    number = new_number()
    uuid = api.post({**asked, "to": number}).json["message"]["uuid"]
    assert own.get(f"/messages/{uuid}")["to"] == number


def test_texts_leave_from_sms(api: Api, own: Own) -> None:
    uuid = api.send(new_number(), **{"from": "sms"})["uuid"]
    assert own.get(f"/messages/{uuid}")["channel"] == "sms"


def test_a_file_has_a_name(api: Api, own: Own, files: Pictures) -> None:
    url = f"{files.url(type='application/pdf', begins='%25PDF')}".replace(".png", ".pdf")
    for name in ("name", "filename"):
        content = {"url": url, "text": "For you", name: "offer.pdf"}
        uuid = api.send(new_number(), type="document", content=content)["uuid"]
        kept = own.get(f"/messages/{uuid}")
        assert kept["content"] == {"kind": "document", "filename": "offer.pdf"}
        assert kept["body"] == "For you"


def test_an_address_beside_a_text_is_ignored_aloud(api: Api, own: Own) -> None:
    asked = {"to": new_number(), "from": "whatsapp", "type": "text"}
    for url in ("https://example.com/a.png", "a.png"):
        answer = api.post({**asked, "content": {"text": "Hi", "url": url}})
        assert "content.url" in answer.headers["x-gateway-warnings"]
        assert own.get(f"/messages/{answer.json['message']['uuid']}")["media"] == []
    for url in ("", None):
        answer = api.post({**asked, "content": {"text": "Hi", "url": url}})
        assert "x-gateway-warnings" not in answer.headers


def test_a_channel_is_named_in_either_form(api: Api, own: Own) -> None:
    listed = own.get("/senders", channel="whatsapp")["items"]
    (id,) = [item["id"] for item in listed if item["address"] == WHATSAPP_SENDER]
    dashed = "-".join((id[:8], id[8:12], id[12:16], id[16:20], id[20:]))
    for named in (id, id.upper(), dashed):
        assert api.send(new_number(), channel_uuid=named)["status"] == "enqueued"


def test_the_same_key_with_the_same_request_is_the_same_message(api: Api, own: Own) -> None:
    to = new_number()
    asked = {"to": to, "from": "whatsapp", "type": "text", "content": {"text": "Once"}}
    first = api.post(asked, **{"Idempotency-Key": f"k{to}"})
    again = api.post(dict(reversed(asked.items())), **{"Idempotency-Key": f"k{to}"})
    alias = {**asked, "contenu": {"texte": "Once"}}
    del alias["content"]
    third = api.post(alias, **{"Idempotency-Key": f"k{to}"})
    uuids = {answer.json["message"]["uuid"] for answer in (first, again, third)}
    assert len(uuids) == 1
    assert len(own.get("/messages", to=to)["items"]) == 1
    other = api.post({**asked, "content": {"text": "Twice"}}, **{"Idempotency-Key": f"k{to}"})
    assert other.refusal[0] == 409
    assert other.code == "conflict"


def test_one_message_is_the_same_through_every_door(api: Api, twilio: TwilioApi) -> None:
    uuid = api.send(new_number())["uuid"]
    found = twilio.fetch(f"SM{uuid}")
    assert found["to"].startswith("whatsapp:+1415555")
    assert found["body"] == "Hello!"


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not here")
def test_curl_sends_as_printed(api: Api) -> None:
    text = f"""curl -X POST "{api.server.url}/v1/messages/send" \\
      -H "Authorization: {api.authorization}" \\
      -H "Content-Type: application/json" \\
      -d '{{
            "to": "{new_number()}",
            "from": "whatsapp",
            "type": "text",
            "content": {{
              "text": "Hello!"
            }}
          }}'"""
    done = subprocess.run(
        ["sh", "-ec", text], capture_output=True, text=True, check=True, timeout=60
    )
    assert json.loads(done.stdout)["message"]["status"] == "enqueued"


# What an answer shows beside the message


def test_the_answer_shows_the_contact_and_the_conversation(api: Api) -> None:
    to = new_number()
    usual = {"to": to, "from": "whatsapp", "type": "text", "content": {"text": "Hello!"}}
    for body, path in (
        ({"fields": "conversation,contact"}, ""),
        ({"fields": ["contact", "conversation"]}, ""),
        ({}, "?fields=contact,conversation"),
        ({"fields": " contact , moon"}, "?fields=conversation"),
    ):
        answer = api.call("POST", f"/messages/send{path}", {**usual, **body})
        message = answer.json["message"]
        assert set(message) == {"uuid", "status", "contact", "conversation"}
        contact = message["contact"]
        assert HEX.fullmatch(contact["uuid"])
        assert (contact["phone"], contact["phoneNumber"]) == (to, to[1:])
        assert contact["email"] is None
        assert contact["source"] == "whatsapp"
        conversation = message["conversation"]
        assert conversation["source"] == "whatsapp"
        assert conversation["href"].startswith("http")
        assert TIME.fullmatch(conversation["createdAt"])
    only = api.send(to, fields="contact")
    assert set(only) == {"uuid", "status", "contact"}
    assert set(api.send(to, fields="")) == {"uuid", "status"}


def test_who_wrote_lately_is_told_until_when_they_may_be_written_to(api: Api, own: Own) -> None:
    to = new_number()
    own.write(to, "Hello?", WHATSAPP_SENDER, channel="whatsapp")
    assert TIME.fullmatch(api.send(to)["window_open_until"])
