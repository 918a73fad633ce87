"""Conversations: listed, read, answered, looked after."""

import asyncio
import re

import pytest
from playwright.async_api import Route, expect

from tests.browser import needs_chromium, violations
from tests.console.conftest import Guest, Look
from tests.doors.own.conftest import Own
from tests.doors.twilio.conftest import new_number

WHATSAPP = "+15550783881"
PNG = (
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\x9cc\xfc"
    b"\xff\xff?\0\x05\xfe\x02\xfe\xa3\xa8\xc7\x9f\0\0\0\0IEND\xaeB`\x82"
)


def begun(own: Own, body: str = "Hello", **more: object) -> str:
    """The path of a conversation that somebody began."""
    person = new_number()
    own.write(person, body, **more)
    (found,) = own.get("/conversations", search=person)["items"]
    return f"/console/conversations/{found['id']}"


def key_of(owner: Guest, path: str) -> str:
    found = re.search(r'name="key" value="([0-9a-f]{32})"', owner.get(path).html)
    assert found
    return found[1]


def said(own: Own, path: str) -> list[str]:
    items = own.get(f"/conversations/{path.rpartition('/')[2]}/messages")["items"]
    return [
        (one["message"] or {}).get("body") or (one["note"] or {}).get("text", "") for one in items
    ]


def test_a_list_stands_beside_a_thread(owner: Guest, own: Own) -> None:
    first, second = begun(own, "First question"), begun(own, "Second question")
    found = owner.get("/console/conversations")
    assert found.html.index(second) < found.html.index(first)
    assert float(found.headers["server-timing"].partition("=")[2]) < 1000
    page = owner.get(second).text
    assert "Second question" in page
    assert "First question" in page  # in the list
    person = own.get(f"/conversations/{first.rpartition('/')[2]}")["address"]
    narrowed = owner.get("/console/conversations", search=person).html
    assert first in narrowed
    assert second not in narrowed
    assert "No conversation is like that" in owner.get("/console/conversations", search="zzz").text
    for query in (
        {"after": "x"},
        {"who": "user-\0"},
        {"state": "x", "channel": "x"},
        {"who": "me"},
    ):
        owner.get("/console/conversations", **query)
    owner.get("/console/conversations/nowhere", 404)
    owner.get("/console/conversations/%00", 404)


def test_an_answer_goes_once_however_often_it_is_sent(owner: Guest, own: Own) -> None:
    path = begun(own)
    key = key_of(owner, path)
    for _ in range(2):
        owner.post(f"{path}/reply", body="We open at nine", key=key)
    assert said(own, path) == ["We open at nine", "Hello"]
    assert "We open at nine" in owner.get(path).text
    again = owner.post(f"{path}/reply", 400, body="We open at ten", key=key)
    assert "We open at ten" in again.text


def test_nothing_that_was_typed_is_lost(owner: Guest, own: Own) -> None:
    path = begun(own)
    for form, told in (
        ({"body": "x" * 5000}, "too long"),
        ({"body": " "}, "nothing to send"),
        ({"body": "See this", "url": "nonsense"}, "not the address of a file"),
        ({"body": "See", "template": "f" * 32}, "cannot be sent here"),
        ({"body": "a\0b"}, "characters in it"),
        ({"body": "See", "files": f"{'f' * 32} a.png"}, ""),
    ):
        answer = owner.post(f"{path}/reply", 400, **form)
        assert told in answer.text
        assert form["body"].strip().replace("\0", "") in answer.html.replace("\0", "")
    person = own.get(f"/conversations/{path.rpartition('/')[2]}")["address"]
    own.write(person, "STOP")
    answer = owner.post(f"{path}/reply", 400, body="But wait")
    assert "They opted out" in answer.text
    assert "But wait" in answer.html


def test_a_file_goes_with_an_answer_and_is_kept_where_that_fails(owner: Guest, own: Own) -> None:
    path = begun(own, channel="whatsapp", to=WHATSAPP)

    def sent(body: str, name: str, kind: str, content: bytes, status: int) -> str:
        parts = {"csrf": owner.csrf, "body": body}
        whole = b"".join(
            f'--x\r\ncontent-disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
            for key, value in parts.items()
        )
        whole += (
            f'--x\r\ncontent-disposition: form-data; name="file"; filename="{name}"\r\n'
            f"content-type: {kind}\r\n\r\n"
        ).encode()
        whole += content + b"\r\n--x--\r\n"
        headers = {"content-type": "multipart/form-data; boundary=x"}
        found = owner.ask("POST", f"{path}/reply", whole, headers)
        assert found.status == status, found.text[:800]
        return found.html

    sent("Our shop", "shop.png", "image/png", PNG, 303)
    (message, *_) = own.get(f"/conversations/{path.rpartition('/')[2]}/messages")["items"]
    assert message["message"]["media"]
    assert "/console/media/" in owner.get(path).html
    kept = sent("x" * 5000, "shop.png", "image/png", PNG, 400)
    assert re.search(r'name="files" value="[0-9a-f]{32} shop.png" checked', kept)
    assert "a.exe" in sent("Run this", "a.exe", "application/x-msdownload", b"MZ", 400)


def test_only_templates_go_where_the_window_is_closed(owner: Guest, own: Own) -> None:
    path = begun(own, channel="whatsapp", to=WHATSAPP, at="2026-01-02T03:04:05Z")
    assert "only a template can be sent until they write again" in owner.get(path).text
    answer = owner.post(f"{path}/reply", 400, body="Too late")
    assert "only a template" in answer.text
    one = next(item for item in own.all_of("/templates", status="approved") if item["places"] == 1)
    chosen = owner.post(f"{path}/reply", 200, template=one["id"], act="choose", body="Kept")
    assert "Kept" in chosen.html
    assert 'name="values"' in chosen.html
    preview = owner.ask(
        "GET",
        f"{path}/template?part=preview&template={one['id']}&values=Zoe",
        headers={"hx-request": "true"},
    )
    assert "Zoe" in preview.text
    assert "<html" not in preview.html
    wrong = owner.post(f"{path}/reply", 400, template=one["id"], values="")
    assert "Fill in all holes" in wrong.text
    owner.post(f"{path}/reply", template=one["id"], values="Ann")
    assert "Ann" in said(own, path)[0]


def test_it_is_looked_after(owner: Guest, own: Own) -> None:
    path = begun(own)
    id = path.rpartition("/")[2]
    user = own.post("/users", {"email": "talks@example.com", "name": "Joe Talks"})
    stage = own.post("/funnels", {"name": "Second look"})
    owner.post(f"{path}/assign", assignee=user["id"], team="", funnel=stage["id"])
    shown = own.get(f"/conversations/{id}")
    assert (shown["assignee"], shown["stage"]) == ("talks@example.com", stage["id"])
    assert path in owner.get("/console/conversations", who=f"user-{user['id']}").html
    assert path not in owner.get("/console/conversations", who="nobody").html
    owner.post(f"{path}/note", note="Call back")
    owner.post(f"{path}/note", 400, note="x" * 6000)
    assert "Call back" in owner.get(path).text
    owner.post(f"{path}/tags", more="VIP, bicycle")
    owner.post(f"{path}/block", blocked="yes")
    contact = own.get(f"/contacts/{shown['contact']}")
    assert (contact["tags"], bool(contact["blocked_at"])) == (["VIP", "bicycle"], True)
    owner.post(f"{path}/block", blocked="no")
    owner.post(f"{path}/close", reason="solved")
    assert own.get(f"/conversations/{id}")["closing_reason"] == "solved"
    assert path in owner.get("/console/conversations", state="closed").html
    owner.post(f"{path}/open")
    assert own.get(f"/conversations/{id}")["closed_at"] is None
    owner.post(f"{path}/assign", 404, assignee="nobody-knows")
    seen = re.search(r'id="seen" name="seen" value="([^"]+)"', owner.get(path).html)
    assert seen
    live = f"{path}?part=live&seen={seen[1]}"
    assert owner.ask("GET", live, headers={"hx-request": "true"}).status == 204


def test_a_thread_goes_back_part_by_part(owner: Guest, own: Own) -> None:
    path = begun(own, "The very first")
    person = own.get(f"/conversations/{path.rpartition('/')[2]}")["address"]
    for number in range(52):
        own.write(person, f"Number {number}")
    newest = owner.get(path)
    thread = newest.html[newest.html.index('id="thread"') :]
    assert "The very first" not in thread
    link = re.search(r'href="([^"]+before=[^"]+)"', newest.html)
    assert link
    assert "The very first" in owner.get(link[1].replace("&amp;", "&")).text


@needs_chromium
@pytest.mark.asyncio(loop_scope="session")
async def test_somebody_is_answered_and_what_they_say_appears(look: Look, own: Own) -> None:
    path = begun(own, "Êtes-vous ouverts ?")
    id = path.rpartition("/")[2]
    person = own.get(f"/conversations/{id}")["address"]
    async with look(path, language="fr") as page:
        assert await violations(page) == []
        box = page.get_by_label("Réponse")
        await box.fill("Oui, à neuf heures")
        await expect(page.locator("#size")).to_contain_text("1 segment")
        await box.press("Control+Enter")
        await expect(page.locator("#thread .outbound").first).to_contain_text("Oui, à neuf heures")
        await expect(page.get_by_label("Réponse")).to_have_value("")
        await page.get_by_label("Réponse").fill("Et aussi")
        own.write(person, "Merci beaucoup !")
        await expect(page.locator("#thread")).to_contain_text("Merci beaucoup !")
        await expect(page.get_by_label("Réponse")).to_have_value("Et aussi")


@needs_chromium
@pytest.mark.asyncio(loop_scope="session")
async def test_an_answer_is_sent_while_it_is_being_measured(look: Look, own: Own) -> None:
    path = begun(own, "Are you open?")
    is_sent = asyncio.Event()

    async def hold(route: Route) -> None:
        await is_sent.wait()
        await route.continue_()

    async with look(path) as page:
        await page.route("**/count", hold)
        async with page.expect_request("**/count"):
            await page.get_by_label("Answer").fill("At nine")
        await page.get_by_role("button", name="Send", exact=True).click()
        await expect(page.locator("#thread .outbound").first).to_contain_text("At nine")
        is_sent.set()
        await page.unroute_all(behavior="wait")


@needs_chromium
@pytest.mark.asyncio(loop_scope="session")
async def test_on_a_dark_phone_the_list_leads_to_the_thread(look: Look, own: Own) -> None:
    path = begun(own, "Is it late?", channel="whatsapp", to=WHATSAPP, at="2026-01-02T03:04:05Z")
    async with look("/console/conversations?state=all", is_dark=True, width=390) as page:
        assert await violations(page) == []
        await page.locator(f'a[href^="{path}"]').click()
        await expect(page.locator(".talk-list")).to_be_hidden()
        one = next(x for x in own.all_of("/templates", status="approved") if x["places"] == 1)
        await page.get_by_label("Template", exact=True).select_option(one["id"])
        await page.get_by_label("Hole 1").fill("Ann")
        await expect(page.locator("#preview")).to_contain_text("Ann")
        assert await violations(page) == []
        await page.get_by_role("button", name="Send", exact=True).click()
        await expect(page.locator("#thread .outbound").first).to_contain_text("Ann")
        await page.get_by_role("link", name="All conversations").click()
        await expect(page.locator(".talk-list")).to_be_visible()
