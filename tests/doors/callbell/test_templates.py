"""Templates at the Callbell-style door: listed, shown, called otherwise."""

import itertools
import json
from typing import Any

import pytest

from estafette.doors.callbell.templates import STATUS, TEMPLATE_TYPE
from estafette.model.template import TemplateKind, TemplateStatus
from tests.doors.callbell.conftest import Api
from tests.doors.own.conftest import Own
from tests.doors.twilio.conftest import Api as TwilioApi

FIRST = "d980fb66fd5043d3ace1aa06ba044342"
THREE = "ad42a09715814e6483b1c5debd6a2dbc"
_names = itertools.count()


def add(own: Own, **parts: Any) -> Any:
    return own.post("/templates", {"name": f"callbell_{next(_names)}", "body": "Hi {{1}}", **parts})


def all_of(api: Api) -> list[Any]:
    """Every template, page after page until one is empty."""
    found: list[Any] = []
    for page in itertools.count(1):
        listed = api.get("/templates", page=page)
        assert listed["meta"] == {"page": page, "pages": listed["meta"]["pages"]}
        if not listed["templates"]:
            assert page == listed["meta"]["pages"] + 1
            return found
        found += listed["templates"]
    raise AssertionError


def test_every_word_has_one_here() -> None:
    assert set(TEMPLATE_TYPE) == set(TemplateKind)
    assert set(STATUS) == set(TemplateStatus)


def test_the_templates_of_a_fresh_home_are_shown_as_printed(api: Api) -> None:
    found = api.get(f"/templates/{THREE}")["template"]
    assert list(found) == [
        "uuid", "title", "templateType", "category", "status", "text", "createdAt",
    ]  # fmt: skip
    assert (found["uuid"], found["templateType"], found["status"]) == (THREE, "text", "approved")
    first = api.get(f"/templates/{FIRST}")["template"]
    assert first["text"].count("{{") == 1
    dashed = "d980fb66-fd50-43d3-ace1-aa06ba044342"
    assert api.get(f"/templates/{dashed}")["template"] == first
    assert {FIRST, THREE} <= {item["uuid"] for item in all_of(api)}


def test_what_other_doors_make_is_there_at_once(api: Api, own: Own, twilio: TwilioApi) -> None:
    made = add(own, kind="image", status="in_appeal", title="Picture", category="MARKETING")
    assert api.get(f"/templates/{made['id']}")["template"] == {
        "uuid": made["id"], "title": "Picture", "templateType": "image", "category": "MARKETING",
        "status": "in_appeal", "text": "Hi {{1}}", "createdAt": made["created_at"][:19] + "Z",
    }  # fmt: skip
    json_ = {"Content-Type": "application/json"}
    said = {"friendly_name": "hm", "language": "en", "types": {"twilio/text": {"body": "Hi"}}}
    text = twilio.call("POST", "/v1/Content", json.dumps(said).encode(), json_).json
    said["types"] = {"twilio/media": {"media": ["https://example.com/a.mp4"]}}
    mute = twilio.call("POST", "/v1/Content", json.dumps(said).encode(), json_).json
    listed = api.get("/templates")["templates"]
    assert [item["uuid"] for item in listed[:2]] == [text["sid"][2:], made["id"]]
    assert mute["sid"][2:] not in [item["uuid"] for item in listed]
    assert (listed[0]["title"], listed[0]["status"]) == ("hm", "pending")


def test_a_template_is_called_otherwise(api: Api, own: Own) -> None:
    made = add(own, status="approved")
    at = f"/templates/{made['id']}"
    before = api.get(at)["template"]
    assert before["title"] == made["name"]
    after = api.ask("PATCH", at, {"title": "New title"})["template"]
    assert after == {**before, "title": "New title"}
    assert api.get(at)["template"] == after
    assert own.get(at)["name"] == made["name"]


@pytest.mark.parametrize(
    "body", [{}, {"title": None}, {"title": ""}, {"title": " "}, {"name": "x"}]
)
def test_a_title_must_be_there(api: Api, body: Any) -> None:
    answer = api.call("PATCH", f"/templates/{FIRST}", body)
    assert answer.refusal == (400, {"title": ["must be present and not empty"]})


@pytest.mark.parametrize("title", [1, True, [], {}, ["x"]])
def test_a_title_must_be_a_string(api: Api, title: Any) -> None:
    answer = api.call("PATCH", f"/templates/{FIRST}", {"title": title})
    assert answer.refusal == (400, {"title": ["must be string"]})


@pytest.mark.parametrize("title", ["a\0b", "a\nb", "x" * 513, b'{"title": "\\ud800"}', b"[1]"])
def test_a_title_must_be_fit_to_be_shown(api: Api, title: Any) -> None:
    before = api.get(f"/templates/{FIRST}")
    body = title if isinstance(title, bytes) else {"title": title}
    assert api.call("PATCH", f"/templates/{FIRST}", body).status == 400
    assert api.get(f"/templates/{FIRST}") == before


def test_what_is_not_there_is_not_found(api: Api, own: Own, other: Api) -> None:
    made = add(own)
    for who, id in ((api, "0" * 32), (api, "x"), (api, "%00"), (other, made["id"]), (other, FIRST)):
        assert who.call("GET", f"/templates/{id}").refusal == (404, "not found")
        assert who.call("PATCH", f"/templates/{id}", {"title": "x"}).refusal == (404, "not found")
    assert api.call("POST", "/templates", {"title": "x"}).status == 405
    assert other.get("/templates") == {"templates": [], "meta": {"page": 1, "pages": 1}}


@pytest.mark.parametrize("page", ["0", "-1", "x", "1" * 10])
def test_a_page_is_a_number(api: Api, page: str) -> None:
    assert api.call("GET", f"/templates?page={page}").refusal[0] == 400
    assert api.get("/templates", page=999_999_999)["templates"] == []
