"""The list of messages: what it shows, how it is narrowed, and that it is live."""

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from playwright.async_api import expect

from tests.browser import needs_chromium, violations
from tests.conftest import SENDER, Server
from tests.console.conftest import Guest, Look
from tests.console.test_live import signed_in
from tests.doors.own.conftest import Own
from tests.doors.own.test_messages import counted, new_number, until

LIST = "/console/messages"
_ROW = re.compile(r'id="m-([0-9a-f]{32})"')


def rows(guest: Guest, **query: str) -> list[str]:
    """The ids of the messages on a page."""
    return _ROW.findall(guest.get(f"{LIST}?{urlencode(query)}").html)


def walked(guest: Guest, rel: str, path: str) -> list[list[str]]:
    """The ids on this page and on those that it leads to."""
    found = []
    while path:
        html = guest.get(path).html
        found.append(_ROW.findall(html))
        link = re.search(rf'rel="{rel}" href="([^"]*)"', html)
        path = link[1].replace("&amp;", "&") if link else ""
    return found


def last_page(guest: Guest, path: str) -> str:
    while link := re.search(r'rel="next" href="([^"]*)"', guest.get(path).html):
        path = link[1].replace("&amp;", "&")
    return path


def test_an_account_without_messages_is_told_what_to_do_next(home: Server, own: Own) -> None:
    own.send(new_number())
    made = json.loads(home.run("accounts", "create", "Another", "--json").stdout)
    guest = signed_in(home, made["sid"], made["auth_token"])
    shown = guest.get(LIST)
    assert "Nothing here yet" in shown.text
    for place in ("send", "phone", "doors", "connections"):
        assert f'href="/console/{place}"' in shown.html
    assert "No message is like that" in guest.get(LIST, text="x").text


def test_a_message_is_shown_with_what_became_of_it(owner: Guest, own: Own) -> None:
    sent = own.send("+15005520400", body="Hi <b>there</b>")
    until(own, sent["id"], "failed")
    own.send(new_number(), media=["https://example.com/a.png"])
    text = owner.get(LIST).text
    assert "failed" in text
    assert "Hi <b>there</b>" in text
    assert "1 file" in text
    assert "30007 · The carrier or the recipient blocked it." in text
    assert f'href="/console/messages/{sent["id"]}"' in owner.get(LIST).html
    own.post(f"/messages/{sent['id']}/redact", status=200)
    assert "Hi <b>there" not in owner.get(LIST).text
    owner.language = "fr"
    assert "effacé" in owner.get(LIST).text
    owner.language = "en"


def test_every_filter_narrows(owner: Guest, own: Own) -> None:
    to = new_number()
    sent = until(own, own.send(to, body="Une ÉCOLE")["id"], "delivered")["id"]
    written = own.write(to, "Bonjour")["id"]
    assert rows(owner, **{"with": to}) == [written, sent]
    spelled = f"{to[:5]} ({to[5:8]}) {to[8:]}"
    assert rows(owner, **{"with": spelled}) == [written, sent]
    narrow = [
        {"status": "delivered"}, {"direction": "outbound"}, {"channel": "sms", "sender": SENDER},
        {"text": "école"}, {"direction": "outbound-api"},
    ]  # fmt: skip
    for query in narrow:
        assert rows(owner, **{"with": to}, **query) == [sent], query
    assert rows(owner, **{"with": to}, channel="whatsapp") == []
    now = datetime.now(UTC)
    hour = timedelta(hours=1)
    times = [(now - hour, now, True), (now + hour, None, False), (None, now - hour, False)]
    for since, before, is_there in times:
        query = {
            name: f"{at:%Y-%m-%dT%H:%M}" for name, at in (("from", since), ("until", before)) if at
        }
        assert bool(rows(owner, **{"with": to}, **query)) is is_there, query


def test_times_are_those_of_who_reads(owner: Guest, own: Own) -> None:
    to = new_number()
    sent = own.send(to)["id"]
    now = datetime.now(UTC)
    for zone, hours in (("Asia%2FTokyo", 9), ("America%2FBogota", -5), ("nowhere", 0)):
        owner.cookies["estafette_zone"] = zone
        here = now + timedelta(hours=hours)
        around = {
            "from": f"{here - timedelta(minutes=5):%Y-%m-%dT%H:%M}",
            "until": f"{here + timedelta(minutes=5):%Y-%m-%dT%H:%M}",
        }
        assert rows(owner, **{"with": to}, **around) == [sent]
    del owner.cookies["estafette_zone"]


WRONG = [
    ("from", "yesterday", "no date and time"),
    ("until", "2026-13-01T00:00", "no date and time"),
    ("from", "0001-01-01T00:00", "no date and time"),
    ("from", "9999-12-31T23:59", "no date and time"),
    ("from", "\uff12\uff10\uff12\uff16-01-01T00:00", "no date and time"),
    ("status", "lost", "none of the choices"),
    ("direction", "up", "none of the choices"),
    ("channel", "pigeon", "none of the choices"),
    ("text", "x" * 201, "too long"),
    ("with", "x" * 5000, "too long"),
]


@pytest.mark.parametrize(("name", "value", "why"), WRONG)
def test_what_cannot_be_read_is_told_at_its_field(
    owner: Guest, name: str, value: str, why: str
) -> None:
    shown = owner.get(f"{LIST}?{urlencode({name: value, 'sender': 'kept'})}", 400)
    assert why in shown.text
    assert 'value="kept"' in shown.html
    assert "text/html" in shown.headers["content-type"]


def test_a_time_that_is_before_the_other_is_told(owner: Guest) -> None:
    query = {"from": "2026-05-04T18:00", "until": "2026-05-04T17:00"}
    assert "not after the first" in owner.get(LIST, 400, **query).text


def test_no_address_breaks_the_page(owner: Guest) -> None:
    for raw in (
        "text=%00", "text=%ED%A0%80", "with=%ff%fe", "after=zzz", "before=%00", "after=" + "f" * 32,
        "before=" + "0" * 32, "sender=%25%27%22", "text=%5C%25_", "seen=zz", "from=&until=", "text=a&text=b",
    ):  # fmt: skip
        assert owner.ask("GET", f"{LIST}?{raw}").status == 200, raw
        part = owner.ask("GET", f"{LIST}?{raw}", headers={"hx-request": "true"})
        assert part.status == 200, raw
        assert "<html" not in part.html


def test_pages_lead_on_and_back_and_keep_the_filter(owner: Guest, own: Own) -> None:
    to = new_number()
    sent = [own.send(to, body=f"Number {n}")["id"] for n in range(120)][::-1]
    first = f"{LIST}?text=number&with=%2B{to[1:]}"
    forth = walked(owner, "next", first)
    assert forth == [sent[:50], sent[50:100], sent[100:]]
    back = walked(owner, "prev", last_page(owner, first))
    assert back == forth[::-1]
    assert 'hx-trigger="sse:changed"' in owner.get(first).html
    assert 'hx-trigger="sse:changed"' not in owner.get(last_page(owner, first)).html


def test_a_part_is_the_list_alone_and_what_is_new_is_marked(owner: Guest, own: Own) -> None:
    to = new_number()
    old = own.send(to)["id"]
    new = own.send(to)["id"]
    asked = {"hx-request": "true"}
    part = owner.ask("GET", f"{LIST}?status=&with=%2B{to[1:]}&seen={old}", headers=asked)
    assert part.headers["hx-push-url"] == "false"
    assert re.findall(r'class="new">\s*<td[^>]*><a[^>]* id="m-(\w+)"', part.html) == [new]
    part = owner.ask("GET", f"{LIST}?status=&with=%2B{to[1:]}", headers=asked)
    assert part.headers["hx-push-url"] == f"{LIST}?with=%2B{to[1:]}"
    restored = {**asked, "hx-history-restore-request": "true"}
    assert "<html" in owner.ask("GET", LIST, headers=restored).html


def test_a_list_is_given_as_a_sheet(owner: Guest, own: Own) -> None:
    to = new_number()
    said = ['=HYPERLINK("http://127.0.0.1/")', 'Hi, "you"\nthere', "École"]
    sent = [own.send(to, body=body)["id"] for body in said][::-1]
    path = re.search(r'href="(/console/messages.csv[^"]*)"', owner.get(LIST, **{"with": to}).html)
    assert path
    answer = owner.get(path[1])
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    found = list(csv.DictReader(io.StringIO(answer.body.decode("utf-8-sig"))))
    assert [line["id"] for line in found] == sent
    assert [line["text"] for line in found] == [said[2], said[1], f"'{said[0]}"]
    assert owner.get(f"{LIST}.csv?status=lost", 303).headers["location"] == f"{LIST}?status=lost"


def test_no_address_in_a_sheet_is_a_formula(owner: Guest, own: Own) -> None:
    shop = {"channel": "telegram", "address": "shop", "connection": "sandbox"}
    own.post("/senders", shop)
    kept = own.write('=HYPERLINK("http://127.0.0.1/")', "Hi", "shop", channel="telegram")
    answer = owner.get(f"{LIST}.csv", channel="telegram")
    found = list(csv.DictReader(io.StringIO(answer.body.decode("utf-8-sig"))))
    assert [(line["id"], line["from"]) for line in found] == [
        (kept["id"], '\'=HYPERLINK("http://127.0.0.1/")')
    ]


def test_the_last_hours_are_drawn_and_told(owner: Guest, own: Own) -> None:
    until(own, own.send(new_number())["id"], "delivered")
    counted(own, "delivered")
    part = owner.ask("GET", "/console/pulse", headers={"hx-request": "true"})
    assert '<rect class="delivered"' in part.html
    assert 'role="img"' in part.html
    assert "style=" not in part.html
    assert '<th scope="row">' in part.html


@needs_chromium
@pytest.mark.asyncio(loop_scope="session")
async def test_it_is_live_and_filters_take_effect_at_once(look: Look, own: Own) -> None:
    to = new_number()
    async with look(f"{LIST}?with=%2B{to[1:]}") as page:
        await expect(page.get_by_text("No message is like that.")).to_be_visible()
        sent = own.send(to, body="Un café")["id"]
        row = page.locator("#list tbody tr").filter(has=page.locator(f"#m-{sent}"))
        await expect(row.get_by_text("delivered")).to_be_visible()
        own.write(to, "Merci")
        await expect(page.locator("#list tbody tr")).to_have_count(2)
        await page.get_by_label("Text", exact=True).fill("CAFÉ")
        await expect(page.locator("#list tbody tr")).to_have_count(1)
        await page.wait_for_url(f"**/messages?text=CAF%C3%89&with=%2B{to[1:]}")
        await page.get_by_label("Status").select_option("failed")
        await expect(page.get_by_text("No message is like that.")).to_be_visible()
        await page.go_back()
        await expect(page.locator("#list tbody tr")).to_have_count(1)
        assert await violations(page) == []


@needs_chromium
@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("width", [1280, 390])
async def test_anybody_can_read_it(look: Look, own: Own, width: int) -> None:
    until(own, own.send("+15005520400")["id"], "failed")
    counted(own, "failed")
    async with look(LIST, language="fr", is_dark=width == 390, width=width) as page:
        await expect(page.get_by_role("img", name="dernières 24 heures")).to_be_visible()
        await page.get_by_text("Sous forme de tableau").click()
        await expect(page.get_by_role("columnheader", name="Heure").first).to_be_visible()
        await page.get_by_text("Plus de filtres").click()
        assert await violations(page) == []
        wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0
