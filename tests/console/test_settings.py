"""The panel Instant messaging, retention, the WhatsApp window and opt-out replies; and old messages go."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import expect

from estafette.store import Store
from tests.browser import needs_chromium, violations
from tests.conftest import ACCOUNT_SID, Server
from tests.console.conftest import Guest, Look
from tests.doors.own.conftest import Own
from tests.patience import PATIENCE
from tests.store.test_retention import put

HUGE = "x" * 5000
PANEL = "/console/settings/messaging"
TOKEN = "a token that nobody sees"


def test_settings_begin_with_the_panel(owner: Guest) -> None:
    assert owner.get("/console/settings", 303).headers["location"] == PANEL
    shown = owner.get(PANEL)
    assert "Configuration General Instant messaging" in shown.text
    assert "Nothing is set: actions send through this gateway itself" in shown.text
    assert "server-timing" in shown.headers


def test_the_panel_is_set_and_its_token_never_shown(owner: Guest, own: Own) -> None:
    asked = {
        "base_url": "https://api.example.com",
        "account_sid": "AC123",
        "sender": "+14155550100",
    }
    shown = owner.follow(owner.post(PANEL, **asked, auth_token=TOKEN))
    assert "through the account AC123 at https://api.example.com" in shown.text
    assert "A token is set" in shown.text
    assert TOKEN not in shown.html
    owner.post(PANEL, **asked, auth_token="")
    assert own.get("/settings/messaging")["auth_token"] == "…"
    wrong = owner.post(
        PANEL, 400, **{**asked, "base_url": "https://other.example.com"}, auth_token=""
    )
    assert "Give the token again" in wrong.text
    assert "https://other.example.com" in wrong.html
    owner.post(f"{PANEL}/clear")
    assert set(own.get("/settings/messaging").values()) == {""}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("base_url", "ftp://example.com"),
        ("base_url", HUGE),
        ("account_sid", "a\0b"),
        ("sender", HUGE),
    ],
)
def test_a_wrong_value_is_told_at_its_field(owner: Guest, field: str, value: str) -> None:
    wrong = owner.post(
        PANEL, 400, **{"base_url": "", "account_sid": "AC1", "sender": "", field: value}
    )
    assert f'id="u-{field}" class="error"' in wrong.html
    assert "AC1" in wrong.html or field == "account_sid"


def test_less_is_kept_only_once_that_is_confirmed(owner: Guest, own: Own) -> None:
    path = "/console/settings/retention"
    assert "kept for ever" in owner.get(path).text
    asked = owner.post(path, 200, redact_after_days="3000", delete_after_days="3650")
    assert "This cannot be undone" in asked.text
    assert own.get("/settings/retention")["delete_after_days"] is None
    owner.post(path, redact_after_days="3000", delete_after_days="3650", confirm="yes")
    assert own.get("/settings/retention") == {
        "redact_after_days": 3000, "delete_after_days": 3650, "audit_after_days": None,
    }  # fmt: skip
    owner.post(path, redact_after_days="", delete_after_days="3651")  # more is kept
    for bad in ("0", "-1", "1.5", "x", "99999", "9" * 5000, "٣", "1\0"):
        wrong = owner.post(path, 400, redact_after_days="7", delete_after_days=bad, confirm="yes")
        assert "whole number of days" in wrong.text
        assert own.get("/settings/retention")["redact_after_days"] is None
    owner.post(path)
    assert set(own.get("/settings/retention").values()) == {None}


@pytest.mark.parametrize(
    "body", [{"delete_after_days": 0}, {"delete_after_days": "7"}, {"days": 7}, []]
)
def test_the_api_refuses_what_is_no_number_of_days(own: Own, body: object) -> None:
    assert own.call("PUT", "/settings/retention", body).status == 400


def test_the_window_is_set(owner: Guest, own: Own) -> None:
    path = "/console/settings/window"
    assert "that have set nothing have: Known" in owner.get(path).text
    for policy in ("strict", "off", "known"):
        owner.post(path, policy=policy)
        assert own.get("/settings/window") == {"policy": policy}
        assert f'value="{policy}" checked' in owner.get(path).html
    owner.post(path, 400, policy="sometimes")


def test_words_and_answers_are_set(owner: Guest, own: Own) -> None:
    path = "/console/settings/opt-out"
    assert "UNSUBSCRIBE" in owner.get(path).html
    known = {"start_words": "start", "help_words": "help"}
    owner.post(path, **known, stop_words="arret, stop", stop_text="Fini.", enabled="yes")
    found = own.get("/settings/opt-out")
    assert (found["stop_words"], found["stop_text"]) == (["ARRET", "STOP"], "Fini.")
    assert (found["start_text"], found["enabled"]) == ("", True)
    twice = owner.post(path, 400, **known, stop_words="help")
    assert "cannot mean two things: it also stands for" in twice.text
    assert "longer than a word" in owner.post(path, 400, **known, stop_words="x" * 41).text
    assert "at most 100 words" in owner.post(path, 400, **known, stop_words="a " * 101).text
    assert "at most 1600" in owner.post(path, 400, **known, stop_text=HUGE).text


async def test_old_messages_go_by_themselves(home: Server, owner: Guest, own: Own) -> None:
    now = datetime.now(UTC)
    store = await Store.open(f"sqlite:///{home.home}/estafette.db")
    try:
        at = now - timedelta(days=50)
        old, older = await store.write(
            lambda conn: [
                put(conn, at, account=ACCOUNT_SID) for at in (at, at - timedelta(days=100))
            ]
        )
    finally:
        await store.close()
    fresh = own.send("+14155550142")["id"]
    owner.post(
        "/console/settings/retention", redact_after_days="40", delete_after_days="90", confirm="yes"
    )
    async with asyncio.timeout(PATIENCE):
        while own.call("GET", f"/messages/{older.id}").status == 200:
            await asyncio.sleep(0.1)
        while (found := own.get(f"/messages/{old.id}"))["body"]:
            await asyncio.sleep(0.1)
    assert found["status"] == "delivered"
    assert own.get(f"/messages/{fresh}")["body"] == "Hi there"
    owner.post("/console/settings/retention")


@needs_chromium
@pytest.mark.asyncio(loop_scope="session")
async def test_a_walk_through_the_settings_in_french(look: Look, owner: Guest) -> None:
    async with look("/console/settings", language="fr", is_dark=True) as page:
        crumbs = page.get_by_role("navigation", name="Vous êtes ici")
        await expect(crumbs).to_have_text(
            "Configuration Général Messagerie instantanée", use_inner_text=False
        )
        assert await violations(page) == []
        await page.get_by_label("SID du compte").fill("AC42")
        await page.get_by_role("button", name="Enregistrer").click()
        await expect(page.get_by_text("C’est enregistré.")).to_be_visible()
        page.on("dialog", lambda dialog: dialog.accept())
        await page.get_by_role("button", name="Effacer").click()
        await expect(page.get_by_text("Rien n’est défini")).to_be_visible()
        tabs = page.get_by_role("navigation", name="Réglages")
        await tabs.get_by_role("link", name="Conservation").click()
        await page.get_by_label("Supprimer les messages").fill("30")
        await page.get_by_role("button", name="Enregistrer").click()
        await expect(page.get_by_role("heading", name="C’est irréversible")).to_be_visible()
        assert await violations(page) == []
        await page.get_by_role("link", name="Laisser tel quel").click()
        for name in ("Fenêtre WhatsApp", "Réponses aux désinscriptions"):
            await tabs.get_by_role("link", name=name).click()
            await expect(page.get_by_role("heading", name=name)).to_be_visible()
            assert await violations(page) == []
