"""The handset beside the sandbox: what reached somebody, and what they answer."""

import json
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.async_api import expect

from estafette.model.ids import wamid
from tests.browser import needs_chromium, violations
from tests.console.conftest import Guest, Look, Seen
from tests.doors import exchange
from tests.doors.own.conftest import Own
from tests.doors.own.test_messages import until
from tests.pictures import PNG

OURS = "+15550783881"
QUESTION = {
    "type": "button",
    "body": {"text": "Coming?"},
    "action": {"buttons": [{"type": "reply", "reply": {"id": "y", "title": "Yes"}}]},
}
LIST = {
    "type": "list",
    "body": {"text": "When?"},
    "action": {"button": "Times", "sections": [{"rows": [{"id": "t", "title": "Nine"}]}]},
}


def sender(own: Own, channel: str = "whatsapp") -> str:
    held = [one for one in own.get("/senders")["items"] if one["connection"] == "sandbox"]
    return str(next(one["id"] for one in held if one["channel"] == channel))


def sent(own: Own, to: str, **more: Any) -> Any:
    asked = {"channel": "whatsapp", "from": OURS, "to": to, **more}
    return until(own, own.post("/messages", asked)["id"], "delivered")


def last(own: Own, person: str) -> Any:
    return own.get("/messages", **{"from": person})["items"][0]


def line(own: Own, person: str, channel: str = "whatsapp") -> dict[str, str]:
    return {"person": person, "with": sender(own, channel)}


def screen(owner: Guest, own: Own, person: str, channel: str = "whatsapp") -> Seen:
    return owner.get("/console/phone", channel=channel, **line(own, person, channel))


def upload(owner: Guest, fields: dict[str, str], *files: tuple[str, str, bytes]) -> Seen:
    """Send a form with files."""
    bound = "b0undary"
    parts = [
        f'--{bound}\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'.encode()
        for name, text in {"csrf": owner.csrf, **fields}.items()
    ]
    for name, kind, raw in files:
        head = f'--{bound}\r\ncontent-disposition: form-data; name="files"; filename="{name}"\r\n'
        parts.append(f"{head}content-type: {kind}\r\n\r\n".encode() + raw + b"\r\n")
    body = b"".join(parts) + f"--{bound}--\r\n".encode()
    kind = f"multipart/form-data; boundary={bound}"
    return owner.ask("POST", "/console/phone/write", body, {"content-type": kind})


def test_what_was_sent_is_on_the_screen_and_answered(owner: Guest, own: Own) -> None:
    person = "+14155550121"
    asked = sent(own, person, type="interactive", interactive=QUESTION)
    listed = owner.get("/console/phone", channel="whatsapp", person=person)
    assert "Coming?" in listed.text
    assert "Unread" in listed.text
    shown = screen(owner, own, person)
    assert f'value="{asked["id"]}:b0"' in shown.html
    gone = owner.post("/console/phone/tap", **line(own, person), tap=f"{asked['id']}:b0")
    query = parse_qs(urlsplit(gone.headers["location"]).query)
    assert query == {"channel": ["whatsapp"], **{k: [v] for k, v in line(own, person).items()}}
    heard = last(own, person)
    reply = {"type": "button_reply", "button_reply": {"id": "y", "title": "Yes"}}
    assert (heard["body"], heard["content"]["interactive"]) == ("Yes", reply)
    assert heard["content"]["context"]["id"] == wamid(asked["id"])
    owner.post("/console/phone/read", **line(own, person))
    assert own.get(f"/messages/{asked['id']}")["status"] == "read"


def test_a_row_a_template_and_a_reaction_are_told_as_whatsapp_does(owner: Guest, own: Own) -> None:
    person = "+14155550122"
    make_template(own)
    rows = sent(own, person, type="interactive", interactive=LIST)
    asked = sent(own, person, template={"name": "fine", "language": "en"})
    owner.post("/console/phone/tap", **line(own, person), tap=f"{rows['id']}:r0.0")
    reply = {"type": "list_reply", "list_reply": {"id": "t", "title": "Nine"}}
    assert last(own, person)["content"]["interactive"] == reply
    owner.post("/console/phone/tap", **line(own, person), tap=f"{asked['id']}:b0")
    assert last(own, person)["content"]["button"] == {"text": "Quite", "payload": "Quite"}
    owner.post("/console/phone/tap", **line(own, person), react=f"{asked['id']}:👍")
    reaction = {"message_id": wamid(asked["id"]), "emoji": "👍"}
    assert last(own, person)["content"]["reaction"] == reaction
    assert '<span class="reaction">👍</span>' in screen(owner, own, person).html
    owner.post("/console/phone/tap", **line(own, person), react=f"{asked['id']}:")
    assert '<span class="reaction">' not in screen(owner, own, person).html


def make_template(own: Own) -> None:
    """One with a button, as the Cloud API makes it."""
    bearer = own.post("/keys", {"label": "x"})["bearer"]
    parts = [
        {"type": "BODY", "text": "Fine?"},
        {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Quite"}]},
    ]
    asked = {"name": "fine", "language": "en", "category": "UTILITY", "components": parts}
    path, headers = (
        "/v23.0/102290129340398/message_templates",
        {"authorization": f"Bearer {bearer}"},
    )
    raw = json.dumps(asked).encode()
    made = exchange.exchange(exchange.Answer, own.server.port, "POST", path, raw, headers)
    own.call(
        "PATCH", f"/templates/{own.get('/templates')['items'][0]['id']}", {"status": "approved"}
    )
    assert made.status == 200, made.body


def test_pictures_and_places_are_sent(owner: Guest, own: Own) -> None:
    person = "+14155550123"
    fields = {**line(own, person), "body": "Look"}
    assert upload(owner, fields, ("a.png", "image/png", PNG)).status == 303
    heard = last(own, person)
    assert (heard["type"], heard["body"], len(heard["media"])) == ("image", "Look", 1)
    path = f"/console/media/{heard['id']}/0"
    assert owner.get(path).body == PNG
    wrong = upload(owner, fields, ("a.html", "text/html", b"<p>"))
    assert (wrong.status, "text/html" in wrong.text) == (400, True)
    assert 'value="Look"' in wrong.html
    assert upload(owner, fields, ("a.png", "image/png", b"no picture")).status == 400
    owner.post("/console/phone/place", **line(own, person), latitude="48.5", longitude="2")
    assert last(own, person)["content"]["location"] == {"latitude": 48.5, "longitude": 2}
    for latitude in ("", "x", "91", "nan", "1e999"):
        path = "/console/phone/place"
        owner.post(path, 400, **line(own, person), latitude=latitude, longitude="2")


def test_who_hides_their_number_writes_too(owner: Guest, own: Own) -> None:
    person = "US.13491208655302741918"
    owner.post("/console/phone/write", **line(own, person), body="Guess who", name="Ann")
    heard = last(own, person)
    assert heard["body"] == "Guess who"
    assert "Guess who" in screen(owner, own, person).text
    sent(own, person, body="I cannot")
    assert "I cannot" in screen(owner, own, person).text


def test_people_opt_out_and_in_again(owner: Guest, own: Own) -> None:
    person = "+14155550124"
    owner.post("/console/phone/write", **line(own, person, "sms"), word="STOP")
    assert "has opted out" in screen(owner, own, person, "sms").text
    assert own.suppressions(person)
    owner.post("/console/phone/write", **line(own, person, "sms"), word="START")
    assert "has opted out" not in screen(owner, own, person, "sms").text
    assert not own.suppressions(person)


def test_nobody_speaks_in_the_place_of_a_real_carrier(owner: Guest, own: Own) -> None:
    settings = {"base_url": "http://127.0.0.1:9", "account_sid": "AC1", "auth_token": "t"}
    own.post("/connections", {"name": "real", "provider": "twilio", "settings": settings})
    asked = {"channel": "sms", "address": "+14155550199", "connection": "real"}
    real = own.post("/senders", asked)["id"]
    form = {"person": "+14155550125", "with": real}
    assert "415-555-0199" not in owner.get("/console/phone", person="+14155550125").text
    owner.get("/console/phone", 404, **form)
    for path in ("write", "tap", "place", "read"):
        owner.post(f"/console/phone/{path}", 409, body="Hi", tap="x:b0", **form)


@pytest.mark.parametrize("person", ["", "nobody", "+1", "\0", "x" * 3000, "+1415555\00100"])
def test_a_number_that_is_none_is_told(owner: Guest, own: Own, person: str) -> None:
    if person:
        assert "no telephone number" in owner.get("/console/phone", 400, person=person).text
    owner.post("/console/phone/write", 400, person=person, body="x", **{"with": sender(own)})


@pytest.mark.parametrize(
    "form",
    [
        {"body": ""},
        {"body": "x" * 5000},
        {"body": "a\0b", "name": "a\0b"},
        {"tap": "x:b0"},
        {"tap": f"{'0a' * 16}:b0"},
        {"react": "x"},
        {"latitude": "\0", "longitude": "٣"},
        {"with": "\0"},
        {"with": ""},
        {"before": "\0"},
    ],
)
def test_nothing_that_is_sent_breaks_it(owner: Guest, own: Own, form: dict[str, str]) -> None:
    for path in ("write", "tap", "place", "read"):
        asked = {**line(own, "+14155550126"), **form, "csrf": owner.csrf}
        kind = {"content-type": "application/x-www-form-urlencoded"}
        raw = urlencode(asked).encode()
        assert owner.ask("POST", f"/console/phone/{path}", raw, kind).status < 500
    seen = owner.ask("GET", f"/console/phone?{urlencode(form)}&channel=whatsapp")
    assert seen.status < 500


@needs_chromium
@pytest.mark.asyncio(loop_scope="session")
async def test_a_person_answers_from_the_handset(look: Look, own: Own) -> None:
    person = "+14155550127"
    sent(own, person, type="interactive", interactive=QUESTION)
    path = f"/console/phone?person=%2B{person[1:]}&channel=whatsapp"
    async with look(path, language="fr") as page:
        assert await violations(page) == []
        await page.get_by_role("link", name="Coming?").click()
        await page.get_by_role("button", name="Yes").click()
        thread = page.get_by_role("log")
        await expect(thread.locator(".mine")).to_contain_text("Yes")
        await page.get_by_label("Message", exact=True).fill("On my way")
        await page.get_by_role("button", name="Envoyer", exact=True).click()
        await expect(thread.locator(".mine").last).to_contain_text("On my way")
        await expect(page.get_by_label("Message", exact=True)).to_be_empty()
        own.post("/messages", {"channel": "whatsapp", "from": OURS, "to": person, "body": "Good"})
        await expect(thread).to_contain_text("Good")  # by itself
        assert await violations(page) == []
    async with look(path, is_dark=True, width=390) as page:
        await page.get_by_role("link", name="Good").click()
        await page.get_by_text("More", exact=True).click()
        await page.get_by_role("button", name="Mark as read").click()
        await expect(page.locator(".theirs .ticks.read").last).to_be_visible()
        assert await violations(page) == []
