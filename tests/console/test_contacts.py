"""Contacts: found, added, changed, forgotten; and the words that are used for them."""

import re

import pytest
from playwright.async_api import expect

from tests.browser import needs_chromium, violations
from tests.console.conftest import Guest, Look
from tests.doors.own.conftest import Own
from tests.doors.twilio.conftest import new_number


def made(owner: Guest, **form: str) -> str:
    """The path of a contact that was added."""
    asked = {"channel": "sms", "address": new_number(), **form}
    return owner.post("/console/contacts", **asked).headers["location"]


def test_one_is_added_found_changed_and_forgotten(owner: Guest, own: Own) -> None:
    path = made(owner, name="Anna Contacts", tags="VIP, bicycle", agreed="yes", note="Likes tea")
    id = path.rpartition("/")[2]
    shown = own.get(f"/contacts/{id}")
    assert (shown["name"], shown["tags"], shown["opt_in_source"]) == (
        "Anna Contacts", ["VIP", "bicycle"], "console",
    )  # fmt: skip
    for query in ({"search": "anna"}, {"tag": "vip"}, {"search": shown["address"]}):
        assert path in owner.get("/console/contacts", **query).html
    assert path not in owner.get("/console/contacts", search="anna", channel="whatsapp").html
    owner.post(path, name="Hannah", email="Hannah@Example.com", tags="")
    shown = own.get(f"/contacts/{id}")
    assert (shown["name"], shown["tags"], shown["opt_in_at"], shown["note"]) == (
        "Hannah", [], None, "",
    )  # fmt: skip
    owner.post(f"{path}/block", blocked="yes")
    assert own.get(f"/contacts/{id}")["blocked_at"]
    assert "blocked" in owner.get("/console/contacts", search="hannah").text
    owner.post(f"{path}/remove")
    owner.get(path, 404)


def test_what_cannot_be_kept_is_told_and_nothing_is_lost(owner: Guest) -> None:
    for form, told in (
        ({"address": "nobody"}, "not an address on this channel"),
        ({"address": new_number(), "email": "x"}, "not an e-mail address"),
        ({"address": new_number(), "name": "x" * 300}, "200 characters at the most"),
        ({"address": new_number(), "name": "a\nb"}, "stands in one line"),
        ({"address": new_number(), "tags": "x" * 300}, "at most 100 tags"),
        ({"address": "\0"}, "not an address"),
    ):
        answer = owner.post("/console/contacts", 400, channel="sms", note="Keep me", **form)
        assert told in answer.text
        assert "Keep me" in answer.html
    owner.get("/console/contacts/nowhere", 404)
    owner.get("/console/contacts/%00", 404)
    owner.get("/console/contacts", after="x", channel="x", search="%")


def test_the_accounts_own_fields_are_filled(owner: Guest, own: Own) -> None:
    here = "/console/contacts/words"
    owner.post(f"{here}/fields", name="Age", kind="number")
    owner.post(f"{here}/fields", name="Size", kind="dropdown", options="S, M, L")
    owner.post(f"{here}/fields", name="Likes", kind="checkbox", options="Tea, Cake")
    ids = {one["name"]: one["id"] for one in own.all_of("/fields")}
    path = made(owner)
    asked = {f"field-{ids['Age']}": "old", f"field-{ids['Size']}": "M"}
    answer = owner.post(path, 400, **asked)
    assert "not a number" in answer.text
    assert 'value="old"' in answer.html
    likes = {f"field-{ids['Likes']}": ["Tea", "Cake"]}
    owner.post(path, **{**asked, f"field-{ids['Age']}": "30"}, **likes)
    shown = own.get(f"/contacts/{path.rpartition('/')[2]}")["fields"]
    assert shown == {"Age": "30", "Size": "M", "Likes": ["Tea", "Cake"]}
    owner.post(path)
    assert own.get(f"/contacts/{path.rpartition('/')[2]}")["fields"] == {}


def test_words_are_added_changed_and_removed(owner: Guest, own: Own) -> None:
    here = "/console/contacts/words"
    owner.post(f"{here}/tags", name="Wholesale")
    (tag,) = [one for one in own.all_of("/tags") if one["name"] == "Wholesale"]
    again = owner.post(f"{here}/tags", 400, name="wholesale")
    assert 'value="wholesale"' in again.html
    owner.post(f"{here}/tags/{tag['id']}", name="Retail")
    assert own.get(f"/tags/{tag['id']}")["name"] == "Retail"
    owner.post(f"{here}/stages", name="Won", emoji="🏁", position="7")
    assert [one["position"] for one in own.all_of("/funnels") if one["name"] == "Won"] == [7]
    owner.post(f"{here}/stages", 400, name="Lost", position="x")
    owner.post(f"{here}/statuses", name="On holiday")
    owner.post(f"{here}/fields", 400, name="F", kind="x")
    owner.post(f"{here}/fields", 400, name="F", kind="dropdown")
    owner.post(f"{here}/nothing", 404, name="x")
    owner.post(f"{here}/tags/nowhere", 404, name="x")
    owner.post(f"{here}/tags/{tag['id']}/remove")
    assert not [one for one in own.all_of("/tags") if one["name"] == "Retail"]


@needs_chromium
@pytest.mark.asyncio(loop_scope="session")
async def test_pages_of_contacts_are_for_everybody(look: Look, owner: Guest) -> None:
    path = made(owner, name="Marie Curie", tags="VIP")
    async with look("/console/contacts", language="fr", is_dark=True) as page:
        assert await violations(page) == []
        await page.get_by_role("link", name="Marie Curie").click()
        assert await violations(page) == []
        await page.get_by_label("Nom", exact=True).fill("Marie Skłodowska")
        await page.get_by_role("button", name="Enregistrer").click()
        await expect(page.get_by_role("heading", name="Marie Skłodowska")).to_be_visible()
        await page.goto(re.sub(r"/console/.*", "/console/contacts/words", page.url))
        assert await violations(page) == []
    async with look(path, width=390) as page:
        assert await violations(page) == []
