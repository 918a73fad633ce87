"""Templates: made, listed, changed and deleted, and known by the other doors at once."""

import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.doors.own.conftest import Own
from tests.doors.twilio.conftest import Api, new_number
from tests.patience import PATIENCE
from tests.pictures import NO_PICTURE

_names = itertools.count()
FIRST = "d980fb66fd5043d3ace1aa06ba044342"
THREE = "ad42a09715814e6483b1c5debd6a2dbc"


def new_name() -> str:
    return f"own_{next(_names)}"


def add(own: Own, **parts: Any) -> Any:
    return own.post("/templates", {"name": new_name(), "body": "Hi {{1}}, {{2}}", **parts})


def until(own: Own, id: str, status: str) -> Any:
    end = time.monotonic() + PATIENCE
    while (found := own.get(f"/templates/{id}"))["status"] != status:
        assert time.monotonic() < end, found
        time.sleep(0.1)
    return found


def test_a_fresh_home_has_two(own: Own) -> None:
    for id, places in ((FIRST, 1), (THREE, 3)):
        found = own.get(f"/templates/{id}")
        assert (found["status"], found["places"], found["kind"]) == ("approved", places, "text")
        assert (found["channel"], found["language"]) == ("whatsapp", "en")
        assert own.get(f"/templates/HX{id}") == found
        assert id in [item["id"] for item in own.all_of("/templates", name=found["name"])]


def test_a_template_has_every_property(own: Own, twilio: Api) -> None:
    made = add(own, language="en_US", status="approved", title="News", category="MARKETING")
    assert made == {
        "id": made["id"], "sid": f"HX{made['id']}", "name": made["name"], "language": "en_US",
        "channel": "whatsapp", "kind": "text", "title": "News", "category": "MARKETING",
        "body": "Hi {{1}}, {{2}}", "media_url": "", "places": 2, "status": "approved",
        "types": {"twilio/text": {"body": "Hi {{1}}, {{2}}"}}, "variables": {},
        "components": [{"type": "BODY", "text": "Hi {{1}}, {{2}}"}], "parameter_format": "POSITIONAL",
        "created_at": made["created_at"], "updated_at": made["created_at"],
    }  # fmt: skip
    assert own.get(f"/templates/{made['id']}") == made
    content = twilio.get(f"/v1/Content/{made['sid']}")
    assert (content["friendly_name"], content["types"]) == (made["name"], made["types"])


@pytest.mark.parametrize(
    "status",
    ["approved", "rejected", "pending", "paused", "failed", "deactivated", "deleted", "disabled",
     "in_appeal", "limit_exceeded", "pending_deletion", "unsubmitted", "received"],
)  # fmt: skip
def test_any_status_can_be_given(own: Own, status: str) -> None:
    made = add(own, status=status)
    assert made["status"] == status
    found = own.all_of("/templates", status=status, name=made["name"])
    assert [item["id"] for item in found] == [made["id"]]


def test_the_sandbox_approves_where_no_status_is_given(own: Own) -> None:
    asked, given = add(own), add(own, status="pending")
    assert asked["status"] == "pending"
    until(own, asked["id"], "approved")
    assert own.get(f"/templates/{given['id']}")["status"] == "pending"
    found = own.all_of("/templates", status="pending", name=asked["name"])
    assert found == []


def test_the_sandbox_approves_of_nothing_that_goes_through_a_carrier(own: Own, other: Own) -> None:
    settings = {"account_sid": "AC" + "0" * 32, "auth_token": "x", "base_url": "http://127.0.0.1:9"}
    own.post("/connections", {"name": "templates", "provider": "twilio", "settings": settings})
    sender = {"channel": "whatsapp", "address": "+14155550189", "connection": "templates"}
    sender = other.post("/senders", sender)
    made = add(other)
    time.sleep(3.2)
    at = f"/templates/{made['id']}"
    assert other.get(at)["status"] == "pending"
    assert other.call("PATCH", at, {"status": "approved"}).json["status"] == "approved"
    assert other.call("DELETE", f"/senders/{sender['id']}").status == 204
    assert own.call("DELETE", "/connections/templates").status == 204


def test_a_list_is_newest_first_and_goes_on(own: Own) -> None:
    ids = [add(own)["id"] for _ in range(3)][::-1]
    assert [item["id"] for item in own.get("/templates", limit=3)["items"]] == ids
    whole = own.all_of("/templates", limit=2)
    assert [item["id"] for item in whole[:3]] == ids
    assert {item["id"] for item in whole[-2:]} == {FIRST, THREE}
    assert own.call("GET", "/templates?after=x").refusal == (400, "bad_request", "after")


def test_a_name_is_there_once_in_a_language(own: Own, other: Own) -> None:
    made = add(own)
    body = {"name": made["name"], "body": "again"}
    assert own.call("POST", "/templates", body).refusal[:2] == (409, "conflict")
    french = own.post("/templates", {**body, "language": "fr"})
    assert other.post("/templates", body)["name"] == made["name"]
    changed = own.call("PATCH", f"/templates/{french['id']}", {"language": "en"})
    assert changed.refusal[:2] == (409, "conflict")
    assert own.get(f"/templates/{french['id']}") == french


def test_a_template_is_changed_in_part(own: Own) -> None:
    made = add(own, status="approved", title="Old")
    at = f"/templates/{made['id']}"
    changed = own.call("PATCH", at, {"title": "", "body": "Bye", "status": "paused"}).json
    assert (changed["title"], changed["body"], changed["status"]) == (made["name"], "Bye", "paused")
    assert changed["types"] == {"twilio/text": {"body": "Bye"}}
    url = "https://example.com/a.mp4"
    video = own.call("PATCH", at, {"kind": "video", "media_url": url, "category": "MARKETING"}).json
    assert (video["kind"], video["media_url"], video["body"]) == ("video", url, "Bye")
    assert video["types"] == {"twilio/media": {"body": "Bye", "media": [url]}}
    assert own.call("PATCH", at, {"name": "another " + made["name"]}).json["media_url"] == url
    text = own.call("PATCH", at, {"kind": "text"}).json
    assert (text["media_url"], text["category"]) == ("", "MARKETING")
    assert own.call("PATCH", at, {}).json["title"] == text["title"]


def test_a_content_with_other_shapes_keeps_its_text(own: Own, twilio: Api) -> None:
    types = {"twilio/quick-reply": {"body": "yes?", "actions": []}, "twilio/text": {"body": "hm"}}
    said = (
        b'{"language": "en", "friendly_name": "", "types": %s}'
        % str(types).replace("'", '"').encode()
    )
    made = twilio.call("POST", "/v1/Content", said, {"Content-Type": "application/json"}).json
    at = f"/templates/{made['sid']}"
    found = own.get(at)
    assert (found["channel"], found["status"], found["body"]) == (None, "unsubmitted", "yes?")
    assert own.call("PATCH", at, {"body": "no"}).refusal[:2] == (409, "conflict")
    assert own.call("PATCH", at, {"title": "T", "status": "approved"}).json["title"] == "T"
    assert own.get(at)["types"] == types


def test_a_deleted_template_is_gone_everywhere(own: Own, twilio: Api) -> None:
    made = add(own)
    assert own.call("DELETE", f"/templates/{made['id']}").status == 204
    assert own.call("GET", f"/templates/{made['id']}").refusal[:2] == (404, "not_found")
    assert own.call("DELETE", f"/templates/{made['id']}").refusal[:2] == (404, "not_found")
    assert twilio.call("GET", f"/v1/Content/{made['sid']}").refusal[:2] == (404, 20404)
    add(own, name=made["name"])


def test_another_account_has_none_of_it(own: Own, other: Own) -> None:
    made = add(own)
    at = f"/templates/{made['id']}"
    for method, body in (("GET", None), ("PATCH", {"title": "x"}), ("DELETE", None)):
        assert other.call(method, at, body).refusal[:2] == (404, "not_found")
    assert made["id"] not in [item["id"] for item in other.all_of("/templates")]
    for id in ("x", "HX", "0" * 33, "HX" + "0" * 32):
        assert own.call("GET", f"/templates/{id}").refusal[:2] == (404, "not_found")


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({}, "name"), ({"name": "n"}, "body"), ({"name": None}, "name"), ({"name": 1}, "name"),
        ({"name": []}, "name"), ({"name": ""}, "name"), ({"name": "a\nb"}, "name"),
        ({"name": "a" * 513}, "name"), ({"body": ""}, "body"), ({"body": " "}, "body"),
        ({"body": "a" * 1025}, "body"), ({"body": {}}, "body"), ({"body": "{{name}}"}, "body"),
        ({"body": "{{0}}"}, "body"), ({"language": "english!"}, "language"),
        ({"language": ""}, "language"), ({"channel": "sms"}, "channel"), ({"kind": "audio"}, "kind"),
        ({"kind": None}, "kind"), ({"status": "fine"}, "status"), ({"title": "a\tb"}, "title"),
        ({"category": "utility"}, "category"), ({"media_url": "x", "kind": "image"}, "media_url"),
        ({"media_url": "https://example.com/a.png"}, "media_url"), ({"colour": "red"}, "colour"),
        ({"name": "a\0b"}, None), ({"body": "a\0b"}, None), (b'{"name": "\\ud800"}', None),
        (b"[]", None), (b"{", None),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_and_nothing_made(
    own: Own, said: Any, field: str | None
) -> None:
    before = own.get("/templates", limit=1)["items"][0]["id"]
    whole = {"name": new_name(), "body": "Hi", **said} if said and isinstance(said, dict) else said
    if said == {"name": "n"}:
        whole = said
    status, _, blamed = own.call("POST", "/templates", whole).refusal
    assert status == 400
    assert blamed == field
    assert own.get("/templates", limit=1)["items"][0]["id"] == before


def test_many_who_take_one_name_at_once_get_one(own: Own) -> None:
    body = {"name": new_name(), "body": "Hi"}
    with ThreadPoolExecutor(8) as pool:
        found = [*pool.map(lambda _: own.call("POST", "/templates", body).status, range(8))]
    assert sorted(found) == [201] + [409] * 7


def sent_of(own: Own, **template: Any) -> Any:
    body = {"to": new_number(), "from": "+15550783881", "channel": "whatsapp"}
    return {**body, "template": template}


def test_a_message_is_made_of_a_template(own: Own) -> None:
    made = add(own, status="approved")
    add(own, name=made["name"], language="fr", body="Salut {{2}} {{1}}", status="approved")
    for named in (made["name"], made["id"], made["sid"]):
        body = sent_of(own, name=named, language="en", values=["Ada", "bye"])
        sent = own.post("/messages", body)
        assert (sent["body"], sent["media"]) == ("Hi Ada, bye", [])
        assert sent["content"]["template"]["values"] == ["Ada", "bye"]
    french = own.post("/messages", sent_of(own, name=made["name"], values=["a", "b"]))
    assert (french["body"], french["content"]["template"]["language"]) == ("Salut b a", "fr")


def test_a_message_made_of_a_template_may_come_twice(own: Own) -> None:
    body = sent_of(own, name=FIRST, values=["Ada"])
    keyed = {"Idempotency-Key": new_name()}
    first = own.post("/messages", body, **keyed)
    assert own.post("/messages", body, **keyed)["id"] == first["id"]
    body["template"]["values"] = ["Bob"]
    assert own.call("POST", "/messages", body, keyed).refusal[:2] == (409, "conflict")


def test_a_template_shows_the_media_of_a_message(own: Own) -> None:
    made = add(own, status="approved", kind="image", body="Look")
    body = sent_of(own, name=made["id"])
    assert own.call("POST", "/messages", body).refusal == (400, "bad_request", "template")
    body["template"]["media_url"] = NO_PICTURE
    assert own.post("/messages", body)["media"] == [NO_PICTURE]
    body["template"]["media_url"] = "x"
    assert own.call("POST", "/messages", body).refusal[2] == "template.media_url"


@pytest.mark.parametrize(
    ("template", "more", "told"),
    [
        ({"name": "none"}, {}, (400, "bad_request", "template.name")),
        ({"name": "0" * 32}, {}, (400, "bad_request", "template.name")),
        ({"name": "hello_name", "language": "de"}, {}, (400, "bad_request", "template.name")),
        ({"name": FIRST}, {}, (400, "bad_request", "template.values")),
        ({"name": FIRST, "values": ["a", "b"]}, {}, (400, "bad_request", "template.values")),
        ({"name": FIRST, "values": [1]}, {}, (400, "bad_request", "template.values[0]")),
        ({"name": FIRST, "values": "a"}, {}, (400, "bad_request", "template.values")),
        ({"name": FIRST, "values": ["a"]}, {"body": "b"}, (400, "bad_request", "template")),
        (
            {"name": FIRST, "values": ["a"]},
            {"channel": "sms", "from": "+15017122661"},
            (400, "bad_request", "template"),
        ),
        ({"name": FIRST, "values": ["a" * 4096]}, {}, (400, "too_long", "body")),
        (None, {}, (400, "bad_request", "template")),
    ],
)
def test_what_a_template_cannot_say_is_refused(
    own: Own, template: Any, more: Any, told: tuple[Any, ...]
) -> None:
    before = [item["id"] for item in own.get("/messages", limit=1)["items"]]
    body = {**sent_of(own), "template": template, **more}
    assert own.call("POST", "/messages", body).refusal == told
    assert [item["id"] for item in own.get("/messages", limit=1)["items"]] == before


def test_only_what_is_approved_is_sent(own: Own) -> None:
    made = add(own, status="paused", body="Hi")
    refusal = own.call("POST", "/messages", sent_of(own, name=made["id"])).refusal
    assert refusal[:2] == (409, "conflict")


def test_a_template_is_sent_where_the_window_is_closed(own: Own) -> None:
    person = new_number()
    yesterday = datetime.now(UTC) - timedelta(hours=25)
    own.write(person, "Hi", "+15550783881", channel="whatsapp", at=yesterday.isoformat())
    body = {**sent_of(own, name=FIRST, values=["Ada"]), "to": person}
    text = {"to": person, "from": "+15550783881", "channel": "whatsapp", "body": "Hi"}
    assert own.call("POST", "/messages", text).refusal[1] == "outside_window"
    assert own.post("/messages", body)["body"].startswith("Hello Ada")
