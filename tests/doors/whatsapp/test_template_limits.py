"""What a template may be: the limits that WhatsApp has, and bodies that make no sense."""

import json
from typing import Any

import pytest

from tests.doors.whatsapp.conftest import WABA, Api

HI: dict[str, Any] = {"type": "BODY", "text": "Hi"}


def made(api: Api, **more: Any) -> tuple[int, int, int | None]:
    """Status, code and subcode of a template that is refused."""
    usual: dict[str, Any] = {"name": "limits", "language": "en_US", "category": "UTILITY"}
    answer = api.post(f"/{WABA}/message_templates", {**usual, "components": [HI], **more})
    return (*answer.refusal, answer.error.get("error_subcode"))


def header(text: str) -> dict[str, Any]:
    return {"type": "HEADER", "format": "TEXT", "text": text}


def buttons(*items: dict[str, Any]) -> dict[str, Any]:
    return {"components": [HI, {"type": "BUTTONS", "buttons": [*items]}]}


def reply(text: str = "Yes") -> dict[str, Any]:
    return {"type": "QUICK_REPLY", "text": text}


def url(url: str = "https://example.com") -> dict[str, Any]:
    return {"type": "URL", "text": "See", "url": url}


@pytest.mark.parametrize(
    ("more", "subcode"),
    [
        ({"name": "Order"}, None),
        ({"name": "a" * 513}, None),
        ({"name": None}, None),
        ({"language": "english please"}, None),
        ({"category": "OTHER"}, None),
        ({"components": []}, None),
        ({"components": [header("Hi")]}, 2388072),
        ({"components": [HI, HI]}, None),
        ({"components": [HI, {"type": "SIDE"}]}, None),
        ({"components": [{"type": "BODY", "text": "x" * 1025}]}, 2388040),
        ({"components": [HI, header("x" * 61)]}, 2388040),
        ({"components": [HI, header("Hi {{1}} and {{2}}")]}, 2388047),
        ({"components": [HI, header("Hi\nyou")]}, 2388047),
        ({"components": [HI, {"type": "HEADER", "format": "SOUND"}]}, 2388047),
        ({"components": [HI, {"type": "FOOTER", "text": "x" * 61}]}, 2388040),
        ({"components": [HI, {"type": "FOOTER", "text": "Hi {{1}}"}]}, 2388073),
        ({"components": [{"type": "BODY", "text": "Hi {{2}} there"}]}, 2388072),
        ({"components": [{"type": "BODY", "text": "Hi {{name}} and {{1}} there"}]}, 2388072),
        ({"components": [{"type": "BODY", "text": "Hi {{1} there"}]}, 2388072),
        ({"components": [{"type": "BODY", "text": "Hi {{1}}"}]}, 2388299),
        ({"components": [{"type": "BODY", "text": "{{1}} is ready"}]}, 2388299),
        ({"components": [{"type": "BODY", "text": "a {{1}} {{2}} {{3}}."}]}, 2388293),
        (
            {
                "category": "AUTHENTICATION",
                "components": [{"type": "BODY"}, {"type": "HEADER", "format": "IMAGE"}],
            },
            2388039,
        ),
        ({"parameter_format": "SOME"}, None),
        ({"message_send_ttl_seconds": "soon"}, None),
        (buttons(*[reply()] * 11), None),
        (buttons(reply("x" * 26)), 2388040),
        (buttons(url(), url(), url()), None),
        (buttons(url("https://example.com/" + "x" * 2000)), 2388040),
        (buttons(url("https://example.com/{{1}}/a")), None),
        (buttons({"type": "PHONE_NUMBER", "text": "Call", "phone_number": "1" * 21}), 2388040),
        (buttons({"type": "COPY_CODE", "example": "x" * 16}), 2388040),
        (
            buttons({"type": "COPY_CODE", "example": "x"}, {"type": "COPY_CODE", "example": "y"}),
            None,
        ),
        (buttons({"type": "JUMP", "text": "x"}), None),
    ],
)
def test_limits(api: Api, more: dict[str, Any], subcode: int | None) -> None:
    assert made(api, **more) == (400, 100, subcode)
    assert api.get(f"/{WABA}/message_templates", name="limits") == {"data": []}


def test_people_are_told_what_is_wrong(api: Api) -> None:
    asked = {"name": "x", "language": "en", "category": "UTILITY"}
    parts = {"components": [{"type": "BODY", "text": "x" * 1025}]}
    error = api.post(f"/{WABA}/message_templates", {**asked, **parts}).error
    assert error["error_user_title"] == "Template field exceeds character limit"
    assert error["error_user_msg"] == "components[0].text has 1025 characters, of 1024 at the most"


WRONG: list[Any] = [
    None, 5, -1.5, 10**40, True, "", "\0", "x" * 2000, [], {}, [[]], [None], {"a": {"b": [1]}},
    "\ud800", {"\0": 1},
]  # fmt: skip
_DEEP = (
    b'{"name":"x","language":"en","category":"UTILITY","components":'
    + b"[" * 9999
    + b"]" * 9999
    + b"}"
)


def test_nonsense_is_refused_and_never_breaks(api: Api) -> None:
    path = f"/{WABA}/message_templates"
    whole: dict[str, Any] = {
        "name": "nonsense",
        "language": "en_US",
        "category": "UTILITY",
        "parameter_format": "POSITIONAL",
        "components": [
            {**header("Hi"), "example": {}},
            {**HI, "example": {}},
            {"type": "FOOTER", "text": "Hi"},
            {"type": "BUTTONS", "buttons": [{**url(), "example": ["x"]}]},
        ],
    }
    raw = json.dumps(whole)
    for value in WRONG:
        shown = json.dumps(value)
        for asked in (
            *(raw.replace(f'"{name}": ', f'"{name}": {shown}, "_{name}": ') for name in (
                *whole, "type", "text", "format", "example", "buttons", "url",
            )),
            shown,
        ):  # fmt: skip
            answer = api.call("POST", f"/v23.0{path}", asked.encode())
            assert answer.status in (200, 400), (asked, answer.body)
            if answer.status == 200:
                assert api.delete(f"/{answer.json['id']}").status == 200
    assert api.call("POST", f"/v23.0{path}", _DEEP).status == 400


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=x",
        "after=abc",
        "before=%00",
        "status=SOME",
        "category=X",
        "after=" + "9" * 60,
    ],
)
def test_a_question_that_makes_no_sense(api: Api, query: str) -> None:
    assert api.call("GET", f"/v23.0/{WABA}/message_templates?{query}").refusal == (400, 100)


@pytest.mark.parametrize(
    "query",
    [
        "", "name=", "name=%00", "name=a&hsm_id=5", "name=a&hsm_id=x", "hsm_ids=1,2", "hsm_ids=x",
        "hsm_ids=" + ",".join(map(str, range(101))), "hsm_ids=%5B", "hsm_ids=%5B%221%22%5D",
    ],
)  # fmt: skip
def test_a_deletion_that_makes_no_sense(api: Api, query: str) -> None:
    assert api.delete(f"/{WABA}/message_templates?{query}").refusal == (400, 100)


def test_a_template_that_is_sent_wrongly_never_breaks(api: Api) -> None:
    usual = {"name": "order_ready", "language": {"code": "en_US"}}
    for value in WRONG:
        for template in (
            value,
            {**usual, "name": value},
            {**usual, "language": value},
            {**usual, "language": {"code": value}},
            {**usual, "components": value},
            {**usual, "components": [value]},
            {**usual, "components": [{"type": value}]},
            {**usual, "components": [{"type": "body", "parameters": value}]},
            {**usual, "components": [{"type": "body", "parameters": [{"type": value}]}]},
            {
                **usual,
                "components": [{"type": "header", "parameters": [{"type": "gif", "gif": value}]}],
            },
            {**usual, "components": [{"type": "carousel", "cards": [{"card_index": value}]}]},
            {**usual, "components": [{"type": "button", "sub_type": "url", "index": value}]},
        ):
            answer = api.send("+14155550161", type="template", template=template)
            assert answer.status in (200, 400, 404), (template, answer.body)


def test_fields_and_the_summary(api: Api) -> None:
    asked = {"name": "shown_parts", "language": "en_US", "category": "UTILITY", "components": [HI]}
    id = api.post(f"/{WABA}/message_templates", asked).json["id"]
    at = f"/{WABA}/message_templates"
    whole = api.get(at, name="shown_parts", fields="name,components{type},nothing", summary="")
    assert whole["data"] == [{"name": "shown_parts", "components": [HI], "id": id}]
    assert set(whole["summary"]) == {
        "total_count", "message_template_count", "message_template_limit", "are_translations_complete",
    }  # fmt: skip
    assert api.get(f"{at}/{id}", fields="name,rejected_reason") == {
        "name": "shown_parts", "rejected_reason": "NONE", "id": id,
    }  # fmt: skip
    some = api.get(at, name="shown_parts", summary="total_count", content="hi")
    assert list(some["summary"]) == ["total_count"]
    assert api.delete(f"{at}?name=shown_parts&hsm_id={id}").json == {"success": True}
    assert api.call("GET", f"/v23.0{at}/{id}").refusal == (400, 100)
