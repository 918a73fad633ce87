"""Connections on their pages: set up, tried, parked by a carrier, resumed and removed."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser import needs_chromium, violations
from tests.carrier import Carrier, carrying
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, Server
from tests.console.conftest import Guest, Look
from tests.doors.own.conftest import Own
from tests.patience import PATIENCE

USUAL = {"receipt_wait": "3600", "on_unclear": "fail"}


@pytest.fixture(scope="module")
def carrier() -> Iterator[Carrier]:
    with carrying() as found:
        yield found


def twilio(name: str, url: str, **more: str) -> dict[str, str]:
    """The form of a connection to what stands at an address."""
    known = {
        "provider": "twilio", "name": name, "set_account_sid": ACCOUNT_SID,
        "set_auth_token": "a-token-of-twilio", "set_base_url": url, **USUAL,
    }  # fmt: skip
    return {**known, **more}


def added(owner: Guest, name: str, url: str) -> str:
    answer = owner.post("/console/connections", **twilio(name, url))
    assert answer.headers["location"] == f"/console/connections/{name}"
    return answer.headers["location"]


def until_parked(own: Own, name: str) -> None:
    end = time.monotonic() + PATIENCE
    while own.get(f"/connections/{name}")["parked_at"] is None:
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_connection_is_added_shown_changed_and_removed(
    owner: Guest, own: Own, carrier: Carrier
) -> None:
    path = added(owner, "shown", carrier.url)
    page = owner.get(path)
    assert "The connection is there." in page.text
    assert "a-token-of-twilio" not in page.html
    assert own.get("/connections/shown")["fingerprints"]["auth_token"] in page.text
    assert f"{owner.server.url}/in/twilio/shown" in page.text
    before = own.get("/connections/shown")
    form = twilio("", carrier.url, set_auth_token="", receipt_wait="60", on_unclear="resend")
    owner.post(path, **form)
    after = own.get("/connections/shown")
    assert (after["receipt_wait"], after["on_unclear"]) == (60, "resend")
    assert after["fingerprints"] == before["fingerprints"]
    owner.post(path, **{**form, "set_auth_token": "another", "set_base_url": ""})
    after = own.get("/connections/shown")
    assert after["fingerprints"] != before["fingerprints"]
    assert "base_url" not in after["settings"]
    assert "shown" in owner.get("/console/connections").text
    assert owner.post(f"{path}/remove").headers["location"] == "/console/connections"
    owner.get(path, 404)


def test_every_provider_has_its_form_in_both_languages(owner: Guest) -> None:
    found = owner.get("/console/connections/-/add", provider="meta").text
    assert "WhatsApp business account id" in found
    owner.language = "fr"
    try:
        for provider, word in (
            ("meta", "Jeton de vérification"),
            ("sandbox", "avant qu’un message soit remis"),
            ("twilio", "Jeton d’authentification"),
        ):
            assert word in owner.get("/console/connections/-/add", provider=provider).text
    finally:
        owner.language = "en"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"name": "a/b"}, "1 to 64 letters"),
        ({"name": "sandbox"}, "Another connection is called that already."),
        ({"set_account_sid": ""}, "This is needed."),
        ({"set_auth_token": ""}, "This is needed."),
        ({"set_account_sid": "XX"}, "account_sid must be AC and 32 hex digits"),
        ({"set_base_url": "nowhere"}, "The beginning of an address, such as https://api.twilio"),
        ({"set_key_sid": "SK1"}, "key_sid and key_secret belong together"),
        ({"receipt_wait": "soon"}, "A whole number from 1 to 86400."),
        ({"on_unclear": "\0"}, "Choose one of these."),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_nothing_is_lost(
    owner: Guest, change: dict[str, str], told: str
) -> None:
    form = {**twilio("wrong", "https://carrier.example"), **change}
    page = owner.post("/console/connections", 400, **form)
    assert told in page.text
    assert 'aria-invalid="true"' in page.html
    assert "a-token-of-twilio" not in page.html
    for name, value in form.items():
        if value.strip("\0") and name not in ("set_auth_token", "on_unclear"):
            assert f'value="{value}"' in page.html, name


def test_a_number_that_is_none_is_told(owner: Guest) -> None:
    form = {"provider": "sandbox", "name": "odd", "set_delay": "soon", **USUAL}
    assert "This must be a number." in owner.post("/console/connections", 400, **form).text


def test_what_was_typed_is_tried_without_being_kept(
    owner: Guest, own: Own, carrier: Carrier
) -> None:
    carrier.says(200, {"sid": ACCOUNT_SID, "friendly_name": "Their account"})
    form = twilio("untried", carrier.url)
    assert "Their account" in owner.post("/console/connections/-/test", 200, **form).text
    path = "/console/connections/-/test"
    own_door = twilio("x", owner.server.url, set_auth_token=AUTH_TOKEN)
    assert ACCOUNT_SID in owner.post(path, 200, **own_door).text
    for (status, said), told in (
        ((401, {"code": 20003, "message": "Authenticate"}), "does not take these credentials"),
        ((429, "slow down"), "asks to come back later"),
        ((200, "<b>hello</b>"), "none that can be understood"),
    ):
        carrier.says(status, said)
        page = owner.post(path, 200, **form)
        assert told in page.text
        assert "a-token-of-twilio" not in page.html
    gone = owner.post(path, 200, **twilio("x", "http://127.0.0.1:9"))
    assert "nobody answers at its address" in gone.text
    assert "untried" not in {item["name"] for item in own.get("/connections")["items"]}


def test_a_kept_secret_goes_to_no_other_address(owner: Guest, carrier: Carrier) -> None:
    path = added(owner, "guarded", "http://127.0.0.1:9")
    before = len(carrier.asked)
    form = twilio("", carrier.url, set_auth_token="")
    assert "it must be given again" in owner.post(f"{path}/test", 200, **form).text
    assert len(carrier.asked) == before
    owner.post(f"{path}/remove")


def test_a_rejecting_carrier_parks_it_and_it_is_resumed(
    owner: Guest, own: Own, carrier: Carrier
) -> None:
    carrier.says(401, {"code": 20003, "message": "Authenticate"})
    path = added(owner, "rejected", carrier.url)
    sender = own.post("/senders", {"address": "+14155550150", "connection": "rejected"})
    own.post("/messages", {"from": sender["address"], "to": "+14155550160", "body": "Hi"})
    until_parked(own, "rejected")
    listed = owner.get("/console/connections")
    assert '<span class="badge parked">parked</span>' in listed.html
    assert "Authenticate" in listed.text
    assert "Authenticate" in owner.get(path).text
    assert "parked" in owner.get("/console/senders").text
    assert "does not work" in owner.get(f"/console/senders/{sender['id']}").text
    refused = owner.post(f"{path}/remove", 409)
    assert "+14155550150" in refused.text
    carrier.says(201, {"sid": "SM" + "1" * 32, "status": "queued"})
    assert "Its messages go on." in owner.follow(owner.post(f"{path}/resume")).text
    assert '<span class="badge ready">ready</span>' in owner.get(path).html


def test_another_account_sees_no_connection(home: Server, owner: Guest) -> None:
    made = json.loads(home.run("accounts", "create", "Another", "--json").stdout)
    guest = Guest(home)
    form = f"name={made['sid']}&secret={made['auth_token']}".encode()
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert guest.ask("POST", "/console/sign-in", form, kind).status == 303
    assert "set up by whoever runs this gateway" in guest.get("/console/connections").text
    for path in ("sandbox", "-/add?provider=sandbox"):
        guest.get(f"/console/connections/{path}", 404)
    guest.post("/console/connections", 404, **twilio("mine", "http://127.0.0.1:9"))
    assert 'type="text"' in guest.get("/console/senders/new").html


@pytest.mark.parametrize("path", ["nobody", "%00", "-", "ac_" + "0" * 32, "%F0%9F%92%A9"])
def test_what_is_not_there_is_not_found(owner: Guest, path: str) -> None:
    owner.get(f"/console/connections/{path}", 404)


@needs_chromium
@pytest.mark.asyncio(loop_scope="session")
async def test_a_connection_is_set_up_in_a_browser(look: Look, carrier: Carrier) -> None:
    carrier.says(401, {"code": 20003, "message": "Authenticate"})
    async with look("/console/connections", language="fr") as page:
        assert await violations(page) == []
        await page.get_by_role("link", name="Twilio").click()
        assert await violations(page) == []
        await page.get_by_label("Nom").fill("de-la-maison")
        await page.get_by_label("SID du compte").fill(ACCOUNT_SID)
        await page.get_by_label("Jeton d’authentification").fill("a-token-of-twilio")
        await page.get_by_label("Adresse de l’API").fill(carrier.url)
        await page.get_by_role("button", name="Essayer").click()
        await expect(page.locator("#tried")).to_contain_text("n’accepte pas ces identifiants")
        carrier.says(200, {"sid": ACCOUNT_SID, "friendly_name": "Notre compte"})
        await page.get_by_role("button", name="Essayer").click()
        await expect(page.locator("#tried")).to_contain_text("Notre compte")
        await page.get_by_role("button", name="Ajouter").click()
        await expect(page.get_by_role("heading", name="de-la-maison")).to_be_visible()
        assert await violations(page) == []
        await page.get_by_role("button", name="Copier").click()
        copied: Any = await page.evaluate("navigator.clipboard.readText()")
        assert copied.endswith("/in/twilio/de-la-maison")
        page.once("dialog", lambda dialog: dialog.accept())
        await page.get_by_role("button", name="Supprimer cette connexion").click()
        await expect(page.get_by_text("La connexion est supprimée.")).to_be_visible()
