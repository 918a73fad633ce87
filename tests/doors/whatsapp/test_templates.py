"""Templates, through pywa and by plain requests."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from pywa import WhatsApp
from pywa.types import templates as t

from tests.conftest import Server
from tests.doors.own.conftest import Own
from tests.doors.twilio.conftest import Api as TwilioApi
from tests.doors.whatsapp.conftest import SENDER, WABA, Api, ToGateway, pywa_of
from tests.pictures import body as body_of

TO = "+14155550160"
EN = t.TemplateLanguage.ENGLISH_US


@pytest.fixture
def wa(server: Server, token: str) -> Iterator[WhatsApp]:
    """pywa, pointed here with a business account."""
    with httpx.Client(transport=ToGateway(server.url), timeout=30) as session:
        yield pywa_of(server, token, waba_id=WABA, session=session)


def body(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "BODY", "text": text, **more}


def approve(own: Own, id: str, status: str = "approved") -> None:
    answer = own.call("PATCH", f"/templates/{int(id):032x}", {"status": status})
    assert answer.status == 200, answer.body


def make(api: Api, own: Own, name: str, *parts: Any, **more: Any) -> str:
    """A template that is approved of at once; its id."""
    usual = {"name": name, "language": "en_US", "category": "UTILITY", "components": list(parts)}
    answer = api.post(f"/{WABA}/message_templates", {**usual, **more})
    assert answer.status == 200, answer.body
    assert answer.json["status"] == "PENDING"
    id = str(answer.json["id"])
    approve(own, id)
    return id


def sent(api: Api, own: Own, name: str, *parts: Any, language: str = "en_US") -> dict[str, Any]:
    """A message of a template, as our own API shows it."""
    template = {"name": name, "language": {"code": language}, "components": list(parts)}
    answer = api.send(TO, type="template", template=template)
    found: dict[str, Any] = own.get(f"/messages/{answer.wamid}")
    return found


def declined(api: Api, name: str, *parts: Any, language: str = "en_US") -> tuple[int, int]:
    template = {"name": name, "language": {"code": language}, "components": list(parts)}
    return api.send(TO, type="template", template=template).refusal


def texts(kind: str, *values: str, **named: str) -> dict[str, Any]:
    items = [{"type": "text", "text": value} for value in values]
    items += [{"type": "text", "parameter_name": n, "text": v} for n, v in named.items()]
    return {"type": kind, "parameters": items}


def test_the_written_example_is_made_listed_and_deleted(api: Api) -> None:
    words = [body("Hi {{1}}, order {{2}} is ready.", example={"body_text": [["Ada", "42"]]})]
    asked = {"name": "made_once", "category": "UTILITY", "language": "en_US", "components": words}
    made = api.post(f"/{WABA}/message_templates", asked).json
    assert list(made) == ["id", "status", "category"]
    assert (made["status"], made["category"]) == ("PENDING", "UTILITY")
    found = api.get(f"/{WABA}/message_templates", name="made_once", limit=20)
    assert found == {
        "data": [
            {
                "name": "made_once",
                "parameter_format": "POSITIONAL",
                "components": words,
                "language": "en_US",
                "status": "PENDING",
                "category": "UTILITY",
                "id": made["id"],
            }
        ],
        "paging": {"cursors": {"before": made["id"], "after": made["id"]}},
    }
    again = api.post(f"/{WABA}/message_templates", asked)
    assert again.refusal == (400, 100)
    assert again.error["error_subcode"] == 2388024
    assert api.delete(f"/{WABA}/message_templates?name=made_once").json == {"success": True}
    assert api.delete(f"/{WABA}/message_templates?name=made_once").refusal == (400, 100)
    assert api.get(f"/{WABA}/message_templates", name="made_once") == {"data": []}


def test_pywa_makes_sends_edits_and_deletes(wa: WhatsApp, api: Api, own: Own) -> None:
    design = t.Template(
        name="pywa_sale",
        language=EN,
        category=t.TemplateCategory.MARKETING,
        parameter_format=t.ParamFormat.NAMED,
        components=[
            header := t.HeaderText("Our {{sale}} is on", sale="Summer Sale"),
            words := t.BodyText("Until {{day}} with {{code}}, for all.", day="Monday", code="X"),
            t.FooterText(text="Not for shops"),
            t.Buttons(
                buttons=[
                    reply := t.QuickReplyButton(text="Stop"),
                    url := t.URLButton(text="Look", url="https://example.com/{{1}}", example="a"),
                    code := t.CopyCodeButton(example="SAVE20"),
                ]
            ),
        ],
    )
    created = wa.create_template(design)
    assert created.status is t.TemplateStatus.PENDING
    approve(own, created.id)
    params = [
        header.params(sale="Winter Sale"),
        words.params(day="Friday", code="25OFF"),
        reply.params(callback_data="stop", index=0),
        url.params(url_variable="winter", index=1),
        code.params(coupon_code="25OFF", index=2),
    ]
    message = wa.send_template(TO, template=design, params=params)
    found = own.get(f"/messages/{message.id}")
    assert (
        found["body"]
        == "Our Winter Sale is on\n\nUntil Friday with 25OFF, for all.\n\nNot for shops"
    )
    kept = found["content"]["template"]
    assert (kept["name"], kept["values"]) == (
        "pywa_sale",
        ["Winter Sale", "Friday", "25OFF", "winter", "25OFF"],
    )
    assert [part["type"] for part in kept["components"]] == ["header", "body", *["button"] * 3]
    shown = wa.get_template(created.id)
    assert (shown.parameter_format, shown.status) == (
        t.ParamFormat.NAMED,
        t.TemplateStatus.APPROVED,
    )
    assert [type(part) for part in shown.components] == [
        t.HeaderText,
        t.BodyText,
        t.FooterText,
        t.Buttons,
    ]
    changed = wa.update_template(
        created.id, new_components=[t.BodyText("Now {{day}} is the day.", day="Monday")]
    )
    assert (changed.success, changed.name) == (True, "pywa_sale")
    assert (
        sent(api, own, "pywa_sale", texts("body", day="Sunday"))["body"] == "Now Sunday is the day."
    )
    listed = wa.get_templates(name="pywa_sale", statuses=[t.TemplateStatus.APPROVED])
    assert [item.id for item in listed] == [created.id]
    assert listed.message_template_count >= 3
    assert wa.delete_template("pywa_sale", template_id=created.id).success
    assert declined(api, "pywa_sale") == (404, 132001)


def test_pywa_makes_a_password_template(wa: WhatsApp, own: Own) -> None:
    design = t.Template(
        name="pywa_code",
        language=EN,
        category=t.TemplateCategory.AUTHENTICATION,
        components=[
            t.AuthenticationBody(add_security_recommendation=True),
            t.AuthenticationFooter(code_expiration_minutes=5),
            t.Buttons(buttons=[t.CopyCodeOTPButton(text="Copy")]),
        ],
    )
    created = wa.create_template(design)
    approve(own, created.id)
    params = [t.AuthenticationBody.params(otp="123456"), t.CopyCodeOTPButton.params(otp="123456")]
    message = wa.send_template(TO, "pywa_code", EN, params)
    told = "Your code is 123456. Keep it to yourself.\n\nIt can be used for 5 minutes."
    assert own.get(f"/messages/{message.id}")["body"] == told
    assert isinstance(wa.get_template(created.id).components[0], t.AuthenticationBody)
    # The other doors give the code once; it is in the button, too.
    template = {"name": "pywa_code", "values": ["98"]}
    again = own.post(
        "/messages", {"channel": "whatsapp", "from": SENDER, "to": TO, "template": template}
    )
    kept = own.get(f"/messages/{again['id']}")["content"]["template"]["components"]
    assert kept[1]["parameters"] == [{"type": "text", "text": "98"}]


def test_pywa_uploads_an_example(wa: WhatsApp, api: Api, own: Own) -> None:
    file = body_of(400)
    shows = t.HeaderImage(file, mime_type="image/png")
    parts = [shows, t.BodyText("Look here")]
    category = t.TemplateCategory.MARKETING
    design = t.Template(name="pywa_picture", language=EN, category=category, components=parts)
    created = wa.create_template(design, app_id="123")
    (header, _) = api.get(f"/{created.id}")["components"]
    assert header["example"]["header_handle"][0].startswith("4::")
    assert isinstance(wa.get_template(created.id).components[0], t.HeaderImage)
    approve(own, created.id)
    link = "https://example.com/a.png"
    sent_one = wa.send_template(TO, template=design, params=[t.HeaderImage.params(image=link)])
    assert len(own.get(f"/messages/{sent_one.id}")["media"]) == 1
    uploaded = t.HeaderImage.params(image=file, mime_type="image/png")
    sent_two = wa.send_template(TO, template=design, params=[uploaded])
    found = own.get(f"/messages/{sent_two.id}")
    ((part,),) = (item["parameters"] for item in found["content"]["template"]["components"])
    assert part["image"]["id"].isdecimal()
    assert len(found["media"]) == 1


@pytest.mark.parametrize(
    "query",
    [
        "", "file_type=image/png", "file_type=x&file_length=5", "file_type=text/html&file_length=5",
        "file_type=image/png&file_length=0", "file_type=image/png&file_length=-1",
        "file_type=image/png&file_length=5&file_name=%00", "file_type=image/png&file_length=" + "9" * 30,
    ],
)  # fmt: skip
def test_an_upload_that_is_not_begun(api: Api, query: str) -> None:
    assert api.post(f"/123/uploads?{query}").refusal == (400, 100)


def test_an_upload_that_is_not_what_was_said(api: Api) -> None:
    file = body_of(400)
    kind = {"Content-Type": "image/png"}
    id = api.post(f"/123/uploads?file_type=image/png&file_length={len(file)}").json["id"]
    assert api.get(f"/{id}") == {"id": id, "file_offset": 0}
    for raw, headers in (
        (file[:-1], kind),
        (file + b"x", kind),
        (file, {**kind, "file_offset": "5"}),
    ):
        assert api.call("POST", f"/v23.0/{id}", raw, headers).refusal == (400, 100)
    assert api.call("POST", f"/v23.0/{id}", file, kind).json["h"].startswith("4::")
    for name in ("upload:x", "upload:%ff", "upload:W10"):
        assert api.call("POST", f"/v23.0/{name}", file, kind).status in (400, 404)


def test_pywa_goes_through_pages(wa: WhatsApp, api: Api) -> None:
    for language in ("en", "fr", "de"):
        asked = {"name": "paged", "language": language, "category": "UTILITY"}
        parts = {"components": [body("Hi")]}
        assert api.post(f"/{WABA}/message_templates", {**asked, **parts}).status == 200
    first = api.get(f"/{WABA}/message_templates", name="paged", limit=2)
    assert [item["language"] for item in first["data"]] == ["de", "fr"]
    path = first["paging"]["next"].split("/v23.0", 1)[1]
    second = api.get(path)
    assert [item["language"] for item in second["data"]] == ["en"]
    assert "next" not in second["paging"]
    back = api.get(second["paging"]["previous"].split("/v23.0", 1)[1])
    assert back["data"] == first["data"]
    found = wa.get_templates(name="paged", languages=[t.TemplateLanguage.FRENCH])
    assert [item.language for item in found] == [t.TemplateLanguage.FRENCH]
    assert api.delete(f"/{WABA}/message_templates?name=paged&language=fr").status == 200
    ids = ",".join(
        item["id"] for item in api.get(f"/{WABA}/message_templates", name="paged")["data"]
    )
    assert api.delete(f"/{WABA}/message_templates?hsm_ids={ids}").json == {"success": True}
    assert api.delete(f"/{WABA}/message_templates?hsm_ids={ids}").refusal == (400, 100)


def test_one_that_was_made_here_goes_out_through_the_other_doors(
    api: Api, own: Own, twilio: TwilioApi
) -> None:
    id = make(
        api,
        own,
        "for_all",
        {"type": "HEADER", "format": "TEXT", "text": "Order {{1}}"},
        body("Hi {{1}}, it is {{2}} now."),
        {"type": "FOOTER", "text": "Your shop"},
        {
            "type": "BUTTONS",
            "buttons": [{"type": "URL", "text": "See", "url": "https://example.com/{{1}}"}],
        },
    )
    shown = own.get(f"/templates/{int(id):032x}")
    assert shown["body"] == "Order {{1}}\n\nHi {{2}}, it is {{3}} now.\n\nYour shop"
    assert (shown["places"], shown["parameter_format"]) == (4, "POSITIONAL")
    assert [part["type"] for part in shown["components"]] == ["HEADER", "BODY", "FOOTER", "BUTTONS"]
    told = "Order 42\n\nHi Ada, it is ready now.\n\nYour shop"
    values = ["42", "Ada", "ready", "orders/42"]
    used = {"name": "for_all", "language": "en_US", "values": values}
    made = own.post(
        "/messages", {"channel": "whatsapp", "from": SENDER, "to": TO, "template": used}
    )
    hex = shown["id"]
    bearer = {"Authorization": f"Bearer {api.token}"}
    said = {"to": TO, "from": "whatsapp", "type": "text", "content": {"text": "x"}}
    said |= {"template_uuid": hex, "template_values": values, "optin_contact": True}
    callbell = api.call("POST", "/v1/messages/send", said, bearer).json["message"]["uuid"]
    form = {
        "From": f"whatsapp:{SENDER}",
        "To": f"whatsapp:{TO}",
        "ContentSid": f"HX{hex}",
        "ContentVariables": json.dumps(dict(zip("1234", values, strict=True))),
    }
    content = twilio.post(form).json["sid"]
    cloud = sent(
        api, own, "for_all", texts("HEADER", "42"), texts("BODY", "Ada", "ready"),
        {"type": "button", "sub_type": "url", "index": 0,
         "parameters": [{"type": "text", "text": "orders/42"}]},
    )  # fmt: skip
    for message in (made["id"], callbell, content, cloud["id"]):
        found = own.get(f"/messages/{message}")
        assert found["body"] == told
        kept = found["content"]["template"]
        assert kept["values"] == values
        assert [part["type"] for part in kept["components"]] == ["header", "body", "button"]
        assert kept["components"][2]["parameters"] == [{"type": "text", "text": "orders/42"}]


def test_one_of_another_door_goes_out_through_this_one(
    api: Api, own: Own, twilio: TwilioApi
) -> None:
    file = "https://example.com/a.pdf"
    asked = {"name": "from_own", "body": "Hi {{1}}, here it is.", "kind": "document"}
    made = own.post("/templates", {**asked, "media_url": file, "status": "approved"})
    header = {"type": "document", "document": {"link": "https://example.com/b.pdf"}}
    found = sent(
        api,
        own,
        "from_own",
        {"type": "header", "parameters": [header]},
        texts("body", "Ada"),
        language="en",
    )
    assert (found["body"], len(found["media"])) == ("Hi Ada, here it is.", 1)
    assert found["content"]["template"]["id"] == made["id"]
    usual = sent(api, own, "from_own", texts("body", "Ada"), language="en")
    assert len(usual["media"]) == 1
    shown = api.get(f"/{int(made['id'], 16)}")
    assert shown["components"] == [
        {"type": "HEADER", "format": "DOCUMENT", "example": {"header_handle": [file]}},
        {"type": "BODY", "text": asked["body"], "example": {"body_text": [["value 1"]]}},
    ]
    content = {
        "friendly_name": "x",
        "language": "en",
        "variables": {"2": "soon"},
        "types": {"twilio/text": {"body": "Hello {{1}}, see you {{2}}."}},
    }
    raw = json.dumps(content).encode()
    kind = {"Content-Type": "application/json"}
    sid = twilio.call("POST", "/v1/Content", raw, kind).json["sid"]
    at = f"/{int(sid[2:], 16)}"
    # Nobody asked WhatsApp for it yet: it does not know it.
    assert api.call("GET", f"/v23.0{at}").refusal == (400, 100)
    assert declined(api, "from_twilio", texts("body", "Ada", "soon"), language="en") == (
        404,
        132001,
    )
    approval = json.dumps({"name": "from_twilio", "category": "UTILITY"}).encode()
    twilio.call("POST", f"/v1/Content/{sid}/ApprovalRequests/whatsapp", approval, kind)
    own.call("PATCH", f"/templates/{sid}", {"status": "approved"})
    found = sent(api, own, "from_twilio", texts("body", "Ada", "soon"), language="en")
    assert found["body"] == "Hello Ada, see you soon."
    assert api.get(at)["name"] == "from_twilio"
    assert api.post(at, {"components": [body("Other")]}).refusal == (400, 100)


def test_the_samples_of_the_sandbox(api: Api, own: Own) -> None:
    assert sent(api, own, "hello_world")["body"].startswith("Hello World")
    assert declined(api, "hello_world", texts("body", "a")) == (400, 132000)
    assert declined(api, "hello_world", language="en") == (404, 132001)
    assert sent(api, own, "order_ready", language="en")["body"] == "Your order is ready."
    assert sent(api, own, "order_ready", texts("body", "Ada", "42"))["body"].endswith(": Ada, 42")
    picture = {"type": "image", "image": {"link": "https://media.example/h.png"}}
    header = {"type": "HEADER", "parameters": [picture]}
    price = {"fallback_value": "$1", "code": "USD", "amount_1000": 1000}
    money = {"type": "body", "parameters": [{"type": "currency", "currency": price}]}
    found = sent(api, own, "order_ready", header, money)
    assert (found["body"], len(found["media"])) == ("Your order is ready: $1", 1)
    assert declined(api, "order_ready", {"type": "body", "parameters": []}) == (400, 132000)
    assert declined(api, "order_ready", language="fr") == (404, 132001)
    assert declined(api, "nobody_made_it") == (404, 132001)


def test_one_that_an_account_makes_counts_in_place_of_a_sample(other: Api, other_own: Own) -> None:
    waba = other_own.server  # the other account has a business account of its own
    assert waba
    listed = other.call("GET", f"/v23.0/{WABA}/message_templates")
    assert (listed.refusal, listed.error["error_subcode"]) == ((400, 100), 33)
    other_own.post("/templates", {"name": "order_ready", "body": "Mine", "status": "approved"})
    assert sent(other, other_own, "order_ready", language="en")["body"] == "Mine"
    assert declined(other, "order_ready", language="en_US") == (404, 132001)


HEAD = {"type": "HEADER", "format": "TEXT", "text": "Order {{1}}"}
WORDS = body("Hi {{1}}, it is {{2}} now.")
BUTTONS = {
    "type": "BUTTONS",
    "buttons": [
        {"type": "QUICK_REPLY", "text": "No"},
        {"type": "URL", "text": "See", "url": "https://example.com/{{1}}"},
    ],
}
GOOD = (texts("header", "42"), texts("body", "Ada", "ready"))


def button(
    index: Any, sub_type: str = "url", kind: str = "text", value: str = "x"
) -> dict[str, Any]:
    return {
        "type": "button",
        "sub_type": sub_type,
        "index": index,
        "parameters": [{"type": kind, kind: value}],
    }


@pytest.fixture(scope="module")
def checked(server: Server, token: str) -> str:
    """A template with all that can go wrong."""
    make(Api(server, token), Own(server), "checked", HEAD, WORDS, BUTTONS)
    return "checked"


def test_what_fits_is_taken(api: Api, own: Own, checked: str) -> None:
    reply = button("0", "QUICK_REPLY", "payload")
    assert sent(api, own, checked, *GOOD, reply, button(1))["body"].startswith("Order 42\n\nHi Ada")


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ((), 132000),
        ((*GOOD,), 131008),  # the end of the URL
        ((GOOD[0], texts("body", "Ada"), button(1)), 132000),
        ((GOOD[0], texts("body", "Ada", "b", "c"), button(1)), 132000),
        ((texts("header"), GOOD[1], button(1)), 132000),
        ((texts("header", "x" * 60), GOOD[1], button(1)), 132005),
        ((GOOD[0], texts("body", "Ada", "x" * 1024), button(1)), 132005),
        ((*GOOD, button(2)), 132012),
        ((*GOOD, button(0), button(1)), 132012),
        ((*GOOD, button(1), button("1")), 132012),
        ((*GOOD, button(1, "url", "payload")), 132012),
        ((*GOOD, button("one")), 131009),
        ((*GOOD, GOOD[1], button(1)), 132012),
        ((GOOD[0], {"type": "body", "parameters": [
            {"type": "image", "image": {"link": "https://example.com/a.png"}},
            {"type": "text", "text": "b"},
        ]}, button(1)), 132012),
        (({"type": "header", "parameters": [{"type": "text"}]}, GOOD[1], button(1)), 131008),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(api: Api, checked: str, parts: Any, code: int) -> None:
    assert declined(api, checked, *parts) == (400, code)


def test_named_parameters(api: Api, own: Own) -> None:
    make(api, own, "named", body("Hi {{name}}, it is {{state}} now."), parameter_format="NAMED")
    found = sent(api, own, "named", texts("body", state="ready", name="Ada"))
    assert found["body"] == "Hi Ada, it is ready now."
    assert found["content"]["template"]["values"] == ["Ada", "ready"]
    assert declined(api, "named", texts("body", "Ada", "ready")) == (400, 132012)
    assert declined(api, "named", texts("body", name="Ada", other="ready")) == (400, 132012)
    assert declined(api, "named", texts("body", name="Ada")) == (400, 132000)


def test_headers_that_show_something(api: Api, own: Own) -> None:
    picture = {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::aW"]}}
    make(api, own, "picture", picture, body("Look"))
    make(api, own, "place", {"type": "HEADER", "format": "LOCATION"}, body("Come"))
    file = {"type": "image", "image": {"link": "https://example.com/a.png"}}
    film = {"type": "video", "video": {"link": "https://example.com/a.mp4"}}
    spot = {"latitude": "37.4", "longitude": -122.1, "name": "Cafe", "address": "Main St"}
    where = {"type": "location", "location": spot}
    assert len(sent(api, own, "picture", {"type": "header", "parameters": [file]})["media"]) == 1
    assert declined(api, "picture") == (400, 132012)
    assert declined(api, "picture", {"type": "header", "parameters": [film]}) == (400, 132012)
    assert sent(api, own, "place", {"type": "header", "parameters": [where]})["body"] == "Come"
    assert declined(api, "place", {"type": "header", "parameters": [file]}) == (400, 132012)
    used = {"name": "place", "values": []}
    asked = {"channel": "whatsapp", "from": SENDER, "to": TO, "template": used}
    refused = own.call("POST", "/messages", asked)
    assert refused.refusal[:2] == (400, "bad_request")


def test_cards_and_flows(api: Api, own: Own) -> None:
    card = {
        "components": [
            {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::aW"]}},
            {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "More"}]},
        ]
    }
    make(api, own, "cards", body("Look here"), {"type": "CAROUSEL", "cards": [card, card]})
    file = {"type": "image", "image": {"link": "https://example.com/a.png"}}
    shown = {"components": [{"type": "header", "parameters": [file]}]}
    filled = [{"card_index": index, **shown} for index in (0, 1)]
    assert sent(api, own, "cards", {"type": "carousel", "cards": filled})["body"] == "Look here"
    assert declined(api, "cards", {"type": "carousel", "cards": filled[:1]}) == (400, 132000)
    bare = [{"card_index": index, "components": []} for index in (0, 1)]
    assert declined(api, "cards", {"type": "carousel", "cards": bare}) == (400, 132012)
    flow = {"type": "BUTTONS", "buttons": [{"type": "FLOW", "text": "Begin", "flow_id": "1"}]}
    make(api, own, "flow", body("Fill this in"), flow)
    action = {"flow_token": "t", "flow_action_data": {"a": "b"}}
    part = {"type": "button", "sub_type": "flow", "index": "0"}
    asked = {**part, "parameters": [{"type": "action", "action": action}]}
    assert sent(api, own, "flow", asked)["body"] == "Fill this in"


@pytest.mark.parametrize(
    ("status", "code", "shown"),
    [
        ("paused", (400, 132015), "PAUSED"),
        ("disabled", (400, 132016), "DISABLED"),
        ("deactivated", (400, 132016), "DISABLED"),
        ("rejected", (404, 132001), "REJECTED"),
        ("in_appeal", (404, 132001), "IN_APPEAL"),
    ],
)
def test_what_is_not_approved_is_not_sent(
    api: Api, own: Own, status: str, code: tuple[int, int], shown: str
) -> None:
    id = make(api, own, f"was_{status}", body("Hi"))
    approve(own, id, status)
    assert declined(api, f"was_{status}") == code
    assert api.get(f"/{id}", fields="status") == {"status": shown, "id": id}


def test_editing(api: Api, own: Own, wa: WhatsApp) -> None:
    id = make(api, own, "edited", body("Hi"))
    assert api.post(f"/{id}", {"category": "MARKETING"}).refusal == (400, 100)  # it is approved
    assert api.post(f"/{id}", {}).refusal == (400, 100)
    approve(own, id, "rejected")
    answer = api.post(f"/{id}", {"category": "MARKETING"}).json
    assert answer == {"success": True, "id": id, "name": "edited", "category": "MARKETING"}
    assert api.get(f"/{id}")["status"] == "PENDING"
    assert api.post(f"/{id}", {"components": [body("Ho")]}).refusal == (400, 100)
    approve(own, id, "paused")
    assert wa.unpause_template(id).success
    assert not wa.unpause_template(id).success
    assert api.post(f"/{id}", {"components": [body("Hi {{1}}")]}).error["error_subcode"] == 2388299
    assert api.post(f"/{id}", {"message_send_ttl_seconds": 600}).status == 200
    assert wa.get_template(id).message_send_ttl_seconds == 600
    assert api.delete(f"/{id}").json == {"success": True}
    assert api.delete(f"/{id}").refusal == (400, 100)


def test_another_accounts_templates_are_unknown(api: Api, own: Own, other: Api) -> None:
    id = make(api, own, "mine", body("Hi"))
    for answer in (
        other.call("GET", f"/v23.0/{id}"),
        other.post(f"/{id}", {"category": "UTILITY"}),
        other.delete(f"/{id}"),
        other.post(f"/{id}/unpause"),
        other.post(f"/{WABA}/message_templates", {}),
        other.delete(f"/{WABA}/message_templates?name=mine"),
    ):
        assert (answer.refusal, answer.error.get("error_subcode")) == ((400, 100), 33)
    assert declined(other, "mine") == (404, 132001)
    assert api.get(f"/{id}")["name"] == "mine"
