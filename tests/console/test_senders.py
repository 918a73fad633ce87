"""Senders, numbers and services on their pages."""

import time
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser import needs_chromium, violations
from tests.console.conftest import Guest, Look
from tests.doors.own.conftest import Own

NEW = {"channel": "sms", "connection": "sandbox", "title": "", "ref": "", "max_per_second": ""}
SET = {
    **NEW, "window": "9", "in_order": "yes", "inbound_method": "GET", "fallback_url": "",
    "inbound_url": "https://example.com/inbound", "fallback_method": "POST", "max_per_second": "2,5",
}  # fmt: skip


def id_of(answer: Any) -> str:
    return str(answer.headers["location"].rpartition("/")[2])


def added(owner: Guest, address: str, **more: str) -> str:
    return id_of(owner.post("/console/senders", **{**NEW, "address": address, **more}))


def test_a_sender_is_added_set_made_main_and_given_back(owner: Guest, own: Own) -> None:
    id = added(owner, "+14155550171", title="Shop", main="yes")
    assert own.get(f"/senders/{id}")["main"] is True
    path = f"/console/senders/{id}"
    owner.post(path, **{**SET, "title": "Desk"})
    found = own.get(f"/senders/{id}")
    assert (found["title"], found["max_per_second"], found["window"]) == ("Desk", 2.5, 9)
    assert (found["in_order"], found["inbound_method"]) == (True, "GET")
    assert found["inbound_url"] == "https://example.com/inbound"
    assert "https://example.com/inbound" in owner.get("/console/senders").text
    second = added(owner, "+14155550172")
    owner.post(f"/console/senders/{second}/main")
    assert own.get(f"/senders/{id}")["main"] is False
    for one in (id, second):
        assert owner.post(f"/console/senders/{one}/release").headers["location"] == (
            "/console/senders"
        )
        owner.get(f"/console/senders/{one}", 404)


def test_a_whatsapp_sender_has_an_id_at_its_carrier(owner: Guest, own: Own) -> None:
    id = added(owner, "+14155550173", channel="whatsapp", ref="200000000000099")
    assert own.get(f"/senders/{id}")["ref"] == "200000000000099"
    assert "200000000000099" in owner.get(f"/console/senders/{id}").text


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"address": ""}, "This is needed."),
        ({"address": "a-name-of-12x"}, "This is no address on this channel."),
        ({"address": "+1\0"}, "This is no address on this channel."),
        ({"address": "+15017122661"}, "This is a sender already."),
        ({"channel": "pigeon"}, "Choose one of these."),
        ({"connection": "nobody"}, "There is no such connection."),
        ({"title": "x" * 201}, "At most 200 characters."),
        ({"title": "a\0b"}, "Here is a character that cannot be kept."),
        ({"max_per_second": "fast"}, "A number from 0 to 100000."),
        ({"max_per_second": "nan"}, "A number from 0 to 100000."),
    ],
)
def test_what_is_wrong_with_a_new_sender_is_told(
    owner: Guest, change: dict[str, str], told: str
) -> None:
    form = {**NEW, "address": "+14155550174", **change}
    page = owner.post("/console/senders", 400, **form)
    assert told in page.text
    if "address" not in change:
        assert 'value="+14155550174"' in page.html


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"inbound_url": "nowhere"}, "An address such as https://example.com/inbound"),
        ({"inbound_method": "PUT"}, "Choose one of these."),
        ({"window": "0"}, "A whole number from 1 to 100000."),
        ({"ref": "x" * 129}, "At most 128 characters."),
    ],
)
def test_what_a_sender_cannot_be_set_to_is_told(
    owner: Guest, own: Own, change: dict[str, str], told: str
) -> None:
    sender = own.get("/senders")["items"][-1]
    page = owner.post(f"/console/senders/{sender['id']}", 400, **{**SET, "title": "Kept", **change})
    assert told in page.text
    assert 'value="Kept"' in page.html
    assert own.get(f"/senders/{sender['id']}") == sender


def test_a_number_is_looked_for_and_taken(owner: Guest, own: Own) -> None:
    page = owner.get("/console/senders/numbers", country="CA", area_code="416")
    assert "Toronto" in page.text
    id = id_of(owner.post("/console/senders/numbers", address="+14165550100"))
    assert own.get(f"/senders/{id}")["address"] == "+14165550100"
    for address in ("+14165550100", "+14155559999", "\0", ""):
        page = owner.post("/console/senders/numbers", 409, address=address)
        assert "not to be had" in page.text
    assert "Digits, with *" in owner.get("/console/senders/numbers", 400, contains="!").text
    assert "Three digits" in owner.get("/console/senders/numbers", 400, area_code="\0").text
    owner.get("/console/senders/numbers", 400, country="\0")
    assert "No free number" in owner.get("/console/senders/numbers", locality="Nowhere").text
    owner.post(f"/console/senders/{id}/release")


def test_a_service_is_made_filled_set_and_deleted(owner: Guest, own: Own) -> None:
    id = id_of(owner.post("/console/services", name="Appointments"))
    path, sender = f"/console/services/{id}", added(owner, "+14155550175")
    owner.post(f"{path}/join", sender=sender)
    assert [one["id"] for one in own.get(f"/services/{id}/senders")["items"]] == [sender]
    assert "in this service already" in owner.post(f"{path}/join", 409, sender=sender).text
    other = id_of(owner.post("/console/services", name="Orders"))
    elsewhere = owner.post(f"/console/services/{other}/join", 409, sender=sender)
    assert "in another service" in elsewhere.text
    kept = own.get(f"/services/{id}")["settings"]
    form = {
        "name": "Visits", "validity_period": "60", "status_callback": "https://example.com/told",
        "inbound_request_url": "", "inbound_method": "GET", "fallback_url": "",
        "fallback_method": "POST", "smart_encoding": "yes",
    }  # fmt: skip
    owner.post(path, **form)
    found = own.get(f"/services/{id}")
    assert found["name"] == "Visits"
    assert found["settings"] == {
        **kept, "validity_period": 60, "status_callback": "https://example.com/told",
        "inbound_method": "GET", "sticky_sender": False, "area_code_geomatch": False,
        "mms_converter": False, "fallback_to_long_code": False,
    }  # fmt: skip
    for change, told in (
        ({"name": ""}, "1 to 64 characters."),
        ({"name": "a\0"}, "1 to 64 characters."),
        ({"validity_period": "36001"}, "A whole number of seconds"),
        ({"status_callback": "ftp://x"}, "An address such as"),
        ({"inbound_method": "PUT"}, "Choose one of these."),
    ):
        assert told in owner.post(path, 400, **{**form, **change}).text
    assert own.get(f"/services/{id}") == found
    assert "Visits" in owner.get("/console/senders").text
    owner.post(f"{path}/leave", sender=sender)
    owner.post(f"{path}/leave", 404, sender=sender)
    owner.post(f"{path}/join", 404, sender="\0")
    for one in (id, other):
        owner.post(f"/console/services/{one}/remove")
        owner.get(f"/console/services/{one}", 404)
    owner.post(f"/console/senders/{sender}/release")


@pytest.mark.parametrize("path", ["senders", "services"])
@pytest.mark.parametrize("id", ["x", "%00", "0" * 32, "%F0%9F%92%A9"])
def test_what_is_not_there_is_not_found(owner: Guest, path: str, id: str) -> None:
    owner.get(f"/console/{path}/{id}", 404)
    owner.post(f"/console/{path}/{id}", 404)


def test_many_senders_are_paged(owner: Guest, own: Own) -> None:
    made = [own.post("/senders", {"address": f"+141555503{n:02}"})["id"] for n in range(52)]
    began = time.perf_counter()
    first = owner.get("/console/senders")
    assert time.perf_counter() - began < 2
    assert 'rel="next"' in first.html
    after = first.html.split('rel="next" href="')[1].split('"')[0]
    assert "+1 415-555-0351" in owner.get(after).text
    for id in made:
        assert own.call("DELETE", f"/senders/{id}").status == 204


@needs_chromium
@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("is_dark", [False, True])
async def test_the_pages_are_for_everybody(look: Look, own: Own, is_dark: bool) -> None:
    sender = own.get("/senders")["items"][0]
    service = own.post("/services", {"name": "Appointments"})
    async with look("/console/senders", is_dark=is_dark, width=390 if is_dark else 1280) as page:
        assert await violations(page) == []
        rest = ("senders/new", "senders/numbers", "services/new", "connections")
        one = (f"senders/{sender['id']}", f"services/{service['id']}", "connections/sandbox")
        for path in (*one, *(rest if is_dark else ())):
            await page.goto(f"{own.server.url}/console/{path}")
            assert await violations(page) == []
            wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, path


@needs_chromium
@pytest.mark.asyncio(loop_scope="session")
async def test_a_pool_is_filled_in_a_browser(look: Look, own: Own) -> None:
    async with look("/console/senders", language="fr") as page:
        await page.get_by_role("link", name="Ajouter un service").click()
        await page.get_by_label("Nom").fill("Rendez-vous")
        await page.get_by_role("button", name="Ajouter").click()
        await page.get_by_role("button", name="Faire entrer").click()
        await expect(page.get_by_text("L’expéditeur est entré.")).to_be_visible()
        await page.get_by_label("Un destinataire garde son expéditeur").uncheck()
        await page.get_by_role("button", name="Enregistrer").click()
        await expect(page.get_by_text("Le service est enregistré.")).to_be_visible()
        assert await violations(page) == []
    (found,) = (one for one in own.get("/services")["items"] if one["name"] == "Rendez-vous")
    assert found["settings"]["sticky_sender"] is False
