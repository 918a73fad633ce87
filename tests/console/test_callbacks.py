"""Callbacks in the console: what was told, telling it again, and who wants to be told."""

import json
import re
import time
from collections.abc import Iterator
from html import unescape

import pytest
from playwright.async_api import expect

from tests.browser import needs_chromium, violations
from tests.conftest import AUTH_TOKEN, SENDER
from tests.console.conftest import Guest, Look, Seen
from tests.doors.own.conftest import Own
from tests.patience import PATIENCE
from tests.receiver import Receiver, receiving

WEBHOOKS = "/console/callbacks/webhooks"


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def seen_with(owner: Guest, path: str, said: str) -> Seen:
    """A page once it says something."""
    end = time.monotonic() + PATIENCE
    while said not in (seen := owner.ask("GET", path)).text:
        assert time.monotonic() < end, seen.text
        time.sleep(0.05)
    return seen


def told(owner: Guest, own: Own, url: str) -> str:
    """A message whose callbacks were told."""
    asked = {"from": SENDER, "to": "+14155550123", "body": "Tea", "callback_url": url}
    id: str = own.post("/messages", asked)["id"]
    seen_with(owner, f"/console/callbacks/{id}/sent", "sent told")
    return id


def test_one_is_shown_with_what_it_tells_and_told_again(
    owner: Guest, own: Own, receiver: Receiver
) -> None:
    id = told(owner, own, f"{receiver.url}/told?key=hidden")
    path = f"/console/callbacks/{id}/sent"
    page = owner.get(path)
    assert '"status":"sent"' in unescape(page.html).replace(" ", "")
    assert "x-estafette-signature: …" in page.text
    assert "key=hidden" not in page.html
    assert "/told" in owner.get("/console/callbacks").text
    count = len(receiver.wait(2))
    assert "told once more" in owner.follow(owner.post(f"{path}/replay", hook="")).text
    assert receiver.wait(count + 1)
    shown = own.get(f"/callbacks/{id}/sent")
    assert json.loads(shown["request"]["body"])["status"] == "sent"
    assert shown["request"]["headers"]["x-estafette-signature"] == "…"


@pytest.mark.parametrize("path", ["0/sent", "%00/x", "x/%ED%A0%80", f"{'0' * 32}/sent?hook=%00"])
def test_what_is_not_there_is_unknown(owner: Guest, path: str) -> None:
    assert owner.get(f"/console/callbacks/{path}", 404)


@pytest.mark.parametrize(
    "query", ["state=told", "state=owed", "state=%00", "after=%00", "after=1-x-y"]
)
def test_lists_take_any_question(owner: Guest, query: str) -> None:
    assert owner.get(f"/console/callbacks?{query}").status == 200


def test_what_was_given_up_at_an_address_is_told_again(
    owner: Guest, own: Own, receiver: Receiver
) -> None:
    made = own.post("/webhooks", {"url": f"{receiver.url}/hook", "events": ["status"]})["id"]
    receiver.answers = lambda _: 500
    asked = {"from": SENDER, "to": "+14155550125", "body": "Tea"}
    id = own.post("/messages", asked)["id"]
    path = f"/console/callbacks/{id}/sent"
    seen_with(owner, f"{path}?hook={made}", "500")
    owner.post(f"{WEBHOOKS}/{made}/turn", on="no")
    seen_with(owner, f"{path}?hook={made}", "given up")
    assert own.get(f"/webhooks/{made}")["disabled_at"]
    assert "disabled" in owner.get(WEBHOOKS).text
    receiver.answers = lambda _: 200
    owner.post(f"{WEBHOOKS}/{made}/turn", on="yes")
    assert own.get(f"/webhooks/{made}")["disabled_at"] is None
    seen_with(owner, f"/console/messages/{id}", "delivered")
    done = owner.follow(owner.post(f"{path}/replay-all", hook=made)).text
    assert re.search(r"\d callbacks? (is|are) told once more", done)
    seen_with(owner, f"{path}?hook={made}", "sent told")
    owner.post(f"{WEBHOOKS}/{made}/remove")
    assert own.call("GET", f"/webhooks/{made}").status == 404


def test_through_our_own_api_too(own: Own) -> None:
    assert own.call("POST", "/callbacks/replay", {"url": "http://127.0.0.1:9/no"}).json == {
        "count": 0
    }
    made = own.post("/webhooks", {"url": "http://127.0.0.1:9/x", "events": ["received"]})["id"]
    turned = own.call("PATCH", f"/webhooks/{made}", {"enabled": False}).json
    assert turned["disabled_at"]
    assert own.call("PATCH", f"/webhooks/{made}", {"enabled": True}).json["disabled_at"] is None
    assert own.call("DELETE", f"/webhooks/{made}").status == 204


def test_a_secret_that_is_made_is_shown_once(owner: Guest, own: Own) -> None:
    page = owner.post(
        WEBHOOKS, 200, url="http://127.0.0.1:9/made", event=["received", "status"], makes="yes"
    )
    secret = re.search(r"<code>([\w-]{43})</code>", page.html)
    assert secret
    assert secret[1] not in owner.get(WEBHOOKS).html
    (found,) = [item for item in own.get("/webhooks")["items"] if item["url"].endswith("/made")]
    assert (found["events"], found["has_secret"]) == (["received", "status"], True)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"url": "nowhere", "event": "received"}, "not one that may be told"),
        ({"url": "http://[", "event": "received"}, "not one that may be told"),
        ({"url": "http://a.example/\0", "event": "received"}, "not one that may be told"),
        ({"url": "https://a.example/x"}, "Choose what"),
        ({"url": "https://a.example/x", "event": "nothing"}, "Choose what"),
        ({"url": "https://a.example/x", "event": "status", "secret": "x" * 257}, "at most 256"),
        ({"url": "https://a.example/x", "event": "contact_created", "format": "whatsapp"}, "messages only"),
        ({"url": "https://a.example/x", "event": "status", "format": "whatsapp", "sender": "1"}, "No WhatsApp"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_field(owner: Guest, form: dict[str, str], said: str) -> None:
    page = owner.post(WEBHOOKS, 400, **form)
    assert said in page.text
    assert "\0" in form["url"] or form["url"] in unescape(page.html)


@needs_chromium
@pytest.mark.asyncio(loop_scope="session")
async def test_a_callback_is_replayed_by_hand(
    look: Look, owner: Guest, own: Own, receiver: Receiver
) -> None:
    told(owner, own, f"{receiver.url}/by-hand")
    async with look("/console/callbacks", language="fr") as page:
        assert await violations(page) == []
        await page.get_by_label("État").select_option("told")
        await page.get_by_role("link", name="envoyé").first.click()
        await page.get_by_role("button", name="Rejouer").click()
        await expect(page.get_by_text("Il est rejoué.")).to_be_visible()
        assert await violations(page) == []
    async with look(WEBHOOKS, is_dark=True, width=390) as page:
        assert await violations(page) == []
        await page.get_by_label("Address *").fill("http://127.0.0.1:9/hand")
        await page.get_by_role("button", name="Add", exact=True).click()
        await expect(page.get_by_text("shown only now")).to_be_visible()
        assert AUTH_TOKEN not in await page.content()
