"""Users and teams: who gets in by what, who may do what, and who is signed in."""

import re
from urllib.parse import urlencode

import pytest
from playwright.async_api import expect

from tests.browser import needs_chromium, violations
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, Server
from tests.console.conftest import Guest, Look, Seen
from tests.doors.own.conftest import Own

PASSWORD = "correct horse battery"
_LINK = re.compile(r"(/console/welcome/[\w-]+)")


def made(owner: Guest, email: str, role: str = "agent", name: str = "") -> str:
    """The page of a user who is added."""
    found = owner.post("/console/users", email=email, role=role, name=name)
    return found.headers["location"]


def enter(home: Server, owner: Guest, page: str) -> Guest:
    """A user who signed in by a link that an owner made."""
    found = _LINK.search(owner.post(f"{page}/link", 200).html)
    assert found
    guest = Guest(home)
    assert "once" in guest.get(found[1]).text  # a program that looks at links uses none up
    answer = guest.ask("POST", found[1], b"", {"content-type": ""})
    assert answer.status == 303, answer.text
    assert "This link was used" in Guest(home).get(found[1], 410).text
    return guest


def sign_in(home: Server, name: str, secret: str, **headers: str) -> tuple[Guest, Seen]:
    guest = Guest(home)
    form = urlencode({"name": name, "secret": secret}).encode()
    kind = {"content-type": "application/x-www-form-urlencoded", **headers}
    return guest, guest.ask("POST", "/console/sign-in", form, kind)


def test_a_user_gets_a_link_and_chooses_a_password(home: Server, owner: Guest, own: Own) -> None:
    page = made(owner, "Jo@Example.com", name="Jo")
    assert "They have no password yet" in owner.get(page).text
    jo = enter(home, owner, page)
    assert "Choose a password" in jo.get("/console/users/me").text
    me = "/console/users/me/password"
    assert "10 to 200 characters" in jo.post(me, 400, password="short", again="short").text
    assert "two different" in jo.post(me, 400, password=PASSWORD, again="x").text
    jo.post(me, password=PASSWORD, again=PASSWORD)
    assert "not your password" in jo.post(me, 400, old="no", password="x" * 12, again="x" * 12).text
    again, answer = sign_in(home, "jo@example.com", PASSWORD)
    assert answer.status == 303
    assert "Jo" in again.get("/console/users/me").text
    assert next(u for u in own.get("/users")["items"] if u["name"] == "Jo")["has_password"]
    wrong = sign_in(home, "jo@example.com", "wrong")[1]
    nobody = sign_in(home, "nobody@example.com", "wrong")[1]
    assert (wrong.status, wrong.text.replace("jo@", "")) == (
        401,
        nobody.text.replace("nobody@", ""),
    )
    trail = [(item["event"], item["via"], item["name"]) for item in own.get("/audit")["items"]]
    for line in (
        ("user.added", "console", ""),
        ("user.link_made", "console", ""),
        ("session.began", "console", "Jo"),
        ("user.password_set", "console", "Jo"),
        ("session.refused", "console", "Jo"),
    ):
        assert line in trail
    assert PASSWORD not in str(own.get("/audit"))


def test_roles_hold(home: Server, owner: Guest, own: Own) -> None:
    page = made(owner, "sam@example.com", "viewer")
    sam = enter(home, owner, page)
    for path in ("/console/users", page, "/console/users/me"):
        assert sam.get(path).status == 200
    assert "Make a link" not in sam.get(page).text
    for path in ("/console/keys", "/console/activity", "/console/teams/new"):
        sam.get(path, 403)
    for path in ("/console/users", page, f"{page}/link", f"{page}/remove", "/console/keys"):
        sam.post(path, 403, email="x@example.com", label="x", name="x")
    owner.post(page, email="sam@example.com", role="owner", available="yes")
    assert sam.get("/console/keys").status == 200
    sam.post(f"{page}/remove")  # the last but one way in: the account's token is always an owner
    sam.get("/console/users", 303)
    owner.get(page, 404)


def test_what_is_wrong_is_said_at_its_field_and_kept(owner: Guest) -> None:
    made(owner, "ann@example.com", name="Ann")
    taken = owner.post("/console/users", 400, email="ANN@example.com", name="Anna", role="viewer")
    assert "is a user already" in taken.text
    assert 'value="Anna"' in taken.html
    for email in ("", "x", "a@b\0.c", "é" * 500):
        assert owner.post("/console/users", 400, email=email).status == 400
    owner.post("/console/users", 400, email="y@example.com", name="n" * 201)
    half = b"email=%ED%A0%80@example.com&csrf=" + owner.csrf.encode()
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert owner.ask("POST", "/console/users", half, kind).status in (303, 400)
    owner.get("/console/users/%00", 404)
    owner.get("/console/welcome/%ff%00", 410)
    owner.get("/console/users/" + "0" * 32, 404)
    owner.post("/console/users/sessions/nobody/end", 404)
    owner.post("/console/users/me/password", 409, password=PASSWORD, again=PASSWORD)


def test_teams_are_added_changed_and_removed(owner: Guest, own: Own) -> None:
    made(owner, "kim@example.com", name="Kim")
    assert "has 1 to 200 characters" in owner.post("/console/teams", 400, name=" ").text
    wrong = owner.post("/console/teams", 400, name="Night", members="nobody@example.com")
    assert "no user has the e-mail address" in wrong.text
    owner.post("/console/teams", name="Night", members="kim@example.com")
    team = next(item for item in own.get("/teams")["items"] if item["name"] == "Night")
    assert team["members"] == ["kim@example.com"]
    path = f"/console/teams/{team['id']}"
    assert "checked" in owner.get(path).html
    owner.post(path, name="Day", default="yes")
    day = own.get(f"/teams/{team['id']}")
    assert (day["name"], day["members"], day["default"]) == ("Day", [], True)
    assert "cannot be removed" in owner.post(f"{path}/remove", 409).text
    first = next(item for item in own.get("/teams")["items"] if item["name"] == "General")
    owner.post(f"/console/teams/{first['id']}", name="General", default="yes")
    owner.post(f"{path}/remove")
    owner.get(path, 404)


def test_an_owner_signs_others_out(home: Server, owner: Guest) -> None:
    page = made(owner, "bo@example.com")
    bo, lee = enter(home, owner, page), enter(home, owner, made(owner, "lee@example.com"))
    (id,) = re.findall(r"/console/users/sessions/([0-9a-f]+)/end", owner.get(page).html)
    lee.post(f"/console/users/sessions/{id}/end", 404)
    owner.post(f"/console/users/sessions/{id}/end", back=page)
    bo.get("/console/users", 303)


def test_who_tries_too_often_is_asked_to_wait(home: Server) -> None:
    there = {"x-forwarded-for": "198.51.100.1, 203.0.113.9"}
    for _ in range(5):
        assert sign_in(home, ACCOUNT_SID, "wrong", **there)[1].status == 401
    answer = sign_in(home, ACCOUNT_SID, AUTH_TOKEN, **there)[1]
    assert answer.status == 429
    assert 0 < int(answer.headers["retry-after"]) <= 30
    assert "Too many tries. Wait" in answer.text
    assert sign_in(home, ACCOUNT_SID, AUTH_TOKEN)[1].status == 303  # from elsewhere


@needs_chromium
@pytest.mark.asyncio(loop_scope="session")
async def test_an_owner_adds_a_colleague_and_makes_a_link(look: Look, owner: Guest) -> None:
    async with look("/console/users") as page:
        await page.locator("details.more").evaluate("details => { details.open = true; }")
        await page.get_by_label("E-mail address").fill("max@example.com")
        await page.get_by_label("Role").select_option("owner")
        await page.get_by_role("button", name="Add", exact=True).click()
        await expect(page.get_by_role("status")).to_contain_text("max@example.com is added")
        assert await violations(page) == []
        await page.get_by_role("button", name="Make a link").click()
        await page.get_by_role("button", name="Copy").click()
        link = await page.evaluate("navigator.clipboard.readText()")
        assert await violations(page) == []
        await page.context.clear_cookies()
        await page.goto(link)
        await page.get_by_role("button", name="Sign in").click()
        await page.get_by_label("New password").fill(PASSWORD)
        await page.get_by_label("Once more").fill(PASSWORD)
        await page.get_by_role("button", name="Save").first.click()
        await expect(page.get_by_role("status")).to_contain_text("Your password is set")
        assert await violations(page) == []


@needs_chromium
@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("path", ["users", "users/me", "teams/new", "keys", "activity"])
async def test_pages_are_for_everybody(look: Look, path: str) -> None:
    async with look(f"/console/{path}", language="fr", is_dark=True) as page:
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert await violations(page) == []
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
