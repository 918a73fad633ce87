"""Who gets in, and who does not."""

import pytest
from playwright.async_api import Browser, expect

from tests.browser import needs_chromium, opened, violations
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, Server
from tests.console.conftest import Guest, Look, link_of


def test_the_link_of_the_first_start_signs_in_once(home: Server) -> None:
    link, guest = link_of(home), Guest(home)
    assert guest.get(link, 303).headers["location"] == "/console/messages"
    assert ACCOUNT_SID[:10] in guest.get("/console/doors").text
    assert "This link was used" in Guest(home).get(link, 410).text


def test_nobody_sees_anything_without_signing_in(home: Server) -> None:
    assert Guest(home).get("/console/messages", 303).headers["location"] == (
        "/console/sign-in?next=/console/messages"
    )


def test_a_form_of_another_page_does_nothing(owner: Guest) -> None:
    answer = owner.ask(
        "POST", "/console/sign-out", b"", {"sec-fetch-site": "cross-site", "content-type": ""}
    )
    assert answer.status == 403


@needs_chromium
@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("is_dark", [False, True])
async def test_anybody_can_sign_in(browser: Browser, home: Server, is_dark: bool) -> None:
    async with opened(browser, language="fr", is_dark=is_dark) as page:
        await page.goto(f"{home.url}/")
        assert await violations(page) == []
        await page.get_by_label("SID du compte ou adresse e-mail").fill(ACCOUNT_SID)
        await page.get_by_label("Jeton d’authentification ou mot de passe").fill(AUTH_TOKEN)
        await page.get_by_role("button", name="Se connecter").click()
        await expect(page.get_by_role("link", name="Messagerie instantanée")).to_be_visible()


@needs_chromium
@pytest.mark.asyncio(loop_scope="session")
async def test_the_language_can_be_changed(look: Look) -> None:
    async with look("/console/doors") as page:
        await page.get_by_role("button", name="Français").click()
        await expect(page.get_by_role("link", name="Connexions")).to_be_visible()
