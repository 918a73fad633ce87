"""One message in the console: its story, what can be done, and the lines to take away."""

import os
import re
import shutil
import subprocess
import sys
import time
from html import unescape
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser import needs_chromium, violations
from tests.conftest import AUTH_TOKEN, SENDER, Server
from tests.console.conftest import Guest, Look
from tests.doors.own.conftest import Own
from tests.patience import PATIENCE

WHATSAPP = "+15550783881"
HARD = 'It\'s "5 $" \\ `date` @x\n— Zoë 😀 %s'


def until(own: Own, id: str, *statuses: str) -> Any:
    end = time.monotonic() + PATIENCE
    while (found := own.get(f"/messages/{id}"))["status"] not in statuses:
        assert time.monotonic() < end, found
        time.sleep(0.02)
    return found


def sent(own: Own, to: str = "+14155550123", body: str = "Tea is ready", **more: Any) -> str:
    id: str = own.post("/messages", {"from": SENDER, "to": to, "body": body, **more})["id"]
    until(own, id, "delivered", "failed", "undelivered", "scheduled", "read")
    return id


def test_the_story_of_a_message(owner: Guest, own: Own) -> None:
    id = sent(own)
    seen = owner.get(f"/console/messages/SM{id}")
    for said in (
        "delivered",
        "Tea is ready",
        "Attempt 1 through sandbox",
        "the carrier took it",
        f"SB{id[:4]}",
    ):
        assert said in seen.text, said
    assert "12 of 160" in seen.text
    assert "GSM-7" in seen.text
    assert "/console/live?about=" + id in seen.html
    assert AUTH_TOKEN not in seen.html


def test_why_it_failed_in_words_and_in_the_carriers(owner: Guest, own: Own) -> None:
    text = owner.get(f"/console/messages/{sent(own, '+15005520400')}").text
    assert "the carrier did not take it" in text
    assert "30007 · Message filtered" in text
    assert "The carrier or the recipient blocked it." in text


def test_where_segments_end_and_what_makes_them_short(owner: Guest, own: Own) -> None:
    text = owner.get(f"/console/messages/{sent(own, body='ç' + 'a' * 70)}").text
    assert "2 segments · UCS-2" in text
    assert "67 of 67" in text
    assert "because of: ç" in text


@pytest.mark.parametrize(
    "name", ["nothing", "SM" + "0" * 32, "%00", "%ED%A0%80", "%ff", "x" * 5000]
)
def test_what_is_not_there_is_unknown(owner: Guest, name: str) -> None:
    assert owner.get(f"/console/messages/{name}", 404)


def test_a_form_that_is_sent_twice_sends_one_message(owner: Guest, own: Own) -> None:
    id = sent(own, body="Once more")
    page = owner.get(f"/console/messages/{id}").html
    form = re.search(r'name="form" value="(\w+)"', page)
    assert form
    again = [owner.post(f"/console/messages/{id}/resend", form=form[1]) for _ in range(2)]
    first, second = [seen.headers["location"].rpartition("/")[2] for seen in again]
    assert first == second != id
    new = until(own, first, "delivered")
    assert (new["body"], new["from"], new["resent_from"]) == ("Once more", SENDER, id)
    assert own.get(f"/messages/{id}")["resent_as"] == [first]
    assert id in owner.get(f"/console/messages/{first}").text


def test_what_cannot_be_sent_again_says_why(owner: Guest, own: Own) -> None:
    own.write("+14155550124", "Hello")
    id = own.get("/messages", direction="inbound")["items"][0]["id"]
    page = owner.get(f"/console/messages/{id}")
    assert "Somebody wrote it." in page.text
    assert f"{id}/resend" not in page.html
    assert "somebody else" in owner.post(f"/console/messages/{id}/resend", 400).text
    assert "printable" in owner.post(f"/console/messages/{sent(own)}/resend", 400, form="é").text


def test_it_is_called_back_while_that_is_possible(owner: Guest, own: Own) -> None:
    id = _scheduled(own)
    assert "to be sent" in owner.get(f"/console/messages/{id}").text
    owner.post(f"/console/messages/{id}/cancel")
    assert own.get(f"/messages/{id}")["status"] == "canceled"
    assert "not possible any more" in owner.post(f"/console/messages/{id}/cancel", 409).text


def _scheduled(own: Own) -> str:
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 7200))
    return sent(own, send_at=at)


def test_nothing_of_a_forgotten_text_is_shown(owner: Guest, own: Own, home: Server) -> None:
    id = sent(own, body="A word that is secret", callback_url="http://127.0.0.1:9/x?key=hidden")
    assert "A word that" in owner.get(f"/console/messages/{id}").text
    owner.post(f"/console/messages/{id}/redact")
    for seen in (f"/console/messages/{id}", f"/console/callbacks/{id}/sent"):
        html = owner.get(seen).html
        assert "A word that" not in unescape(html)
        assert "key=hidden" not in html
    shown = own.get(f"/messages/{id}")
    assert "A word that" not in str(shown)
    assert [event["answer"] for event in shown["timeline"] if event["what"] == "attempt"] == [None]
    assert "A word that" not in home.run("messages", "show", id, "--wire").stdout


def test_a_message_is_deleted(owner: Guest, own: Own) -> None:
    id = sent(own)
    assert owner.post(f"/console/messages/{id}/delete").headers["location"] == "/console/messages"
    assert owner.get(f"/console/messages/{id}", 404)


def copied(page: str) -> dict[str, str]:
    """The lines to take away, by what they are for."""
    names = re.findall(r'id="c-(\w+)"', page)
    texts = re.findall(r'<div class="pick">.*?<code>(.*?)</code>', page, re.DOTALL)
    return dict(zip(names, map(unescape, texts), strict=True))


@pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl")
def test_what_is_copied_sends_the_same(owner: Guest, own: Own) -> None:
    media = ["https://example.com/a%20b.png?x='1'"]
    sms = owner.get(f"/console/messages/{sent(own, body=HARD)}").html
    chat = own.post(
        "/messages",
        {
            "from": WHATSAPP,
            "to": "+16505550142",
            "channel": "whatsapp",
            "body": HARD,
            "media": media,
        },
    )
    lines = [
        *copied(sms).items(),
        *copied(owner.get(f"/console/messages/{chat['id']}").html).items(),
    ]
    assert [name for name, _ in lines] == [
        "curl", "python", "own", "curl", "python", "own", "cloud",
    ]  # fmt: skip
    before = {item["id"] for item in own.all_of("/messages")}
    for name, text in lines:
        assert AUTH_TOKEN not in text
        run = [sys.executable, "-c", text] if name == "python" else ["sh", "-c", f"{text} -sSf"]
        env = {"PATH": os.environ["PATH"], "ESTAFETTE_AUTH_TOKEN": AUTH_TOKEN}
        done = subprocess.run(run, env=env, capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 0, (name, done.stderr, done.stdout)
    new = [item for item in own.all_of("/messages") if item["id"] not in before]
    assert len(new) == len(lines)
    for item in new:
        assert item["body"] == HARD
        if item["channel"] == "whatsapp":
            assert item["media"] == media


def test_a_template_is_copied_by_its_name(owner: Guest, own: Own) -> None:
    name = own.get("/templates")["items"][0]
    asked = {"from": WHATSAPP, "to": "+16505550143", "channel": "whatsapp"}
    values = [f"value {number}" for number in range(name["places"])]
    id = own.post("/messages", {**asked, "template": {"name": name["name"], "values": values}})[
        "id"
    ]
    found = copied(owner.get(f"/console/messages/{id}").html)
    assert f"ContentSid={name['sid']}" in found["curl"]
    assert name["name"] in found["own"]
    assert name["name"] in found["cloud"]


@needs_chromium
@pytest.mark.asyncio(loop_scope="session")
async def test_a_message_is_followed_and_sent_again(look: Look, own: Own) -> None:
    id = own.post("/messages", {"from": SENDER, "to": "+15005520102", "body": "Soon"})["id"]
    async with look(f"/console/messages/{id}", is_dark=True) as page:
        await expect(page.locator("h1")).to_contain_text("delivered")  # it comes by itself
        assert await violations(page) == []
        await page.get_by_text("What the carrier was asked").click()
        await page.get_by_text("Python", exact=True).click()
        await expect(page.get_by_text("from twilio.rest import Client")).to_be_visible()
        page.on("dialog", lambda dialog: dialog.accept())
        await page.get_by_role("button", name="Send again").click()
        await expect(page.get_by_text("is on its way once more")).to_be_visible()
    async with look(f"/console/messages/{id}", language="fr", width=390) as page:
        await expect(page.get_by_text("Demandé par : API d’Estafette")).to_be_visible()
        assert await violations(page) == []
