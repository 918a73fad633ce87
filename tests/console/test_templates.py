"""Templates in the console: listed, seen as WhatsApp shows them, made, changed, removed."""

import re

import pytest
from playwright.async_api import expect

from tests.browser import needs_chromium, violations
from tests.console.conftest import Guest, Look
from tests.doors.own.conftest import Own

LIST = "/console/templates"
NEW = {
    "name": "order_here", "language": "fr", "category": "UTILITY", "header": "TEXT",
    "header_text": "Commande", "body": "Bonjour {{1}}, voici {{2}} pour vous.", "samples": "Ada\nle colis",
    "footer": "Merci", "button_0_type": "URL", "button_0_text": "Voir",
    "button_0_value": "https://example.com/{{1}}",
}  # fmt: skip


def made(owner: Guest, name: str, **more: str) -> str:
    """The path of a template that was made."""
    return owner.post(LIST, **{**NEW, "name": name, **more}).headers["location"]


def test_they_are_listed_searched_and_filtered(owner: Guest, own: Own) -> None:
    assert {"hello_name", "hello_three"} <= set(owner.get(LIST).text.split())
    found = owner.get(LIST, q="THREE").text
    assert "hello_three" in found
    assert "hello_name" not in found
    assert "There is no such template" in owner.get(f"{LIST}?status=rejected").text
    assert "hello_name" in owner.get(f"{LIST}?channel=whatsapp&status=approved").text
    assert "hello_name" not in owner.get(LIST, channel="any").text
    assert "hello_name" not in owner.get(LIST, q="%").text
    for query in (
        {"q": "\0"},
        {"channel": "x"},
        {"channel": "\0"},
        {"after": "x"},
        {"q": "x" * 5000},
    ):
        owner.get(LIST, **query)
    assert [it["name"] for it in own.get("/templates", search="THREE")["items"]] == ["hello_three"]


def test_one_is_made_shown_changed_and_removed(owner: Guest, own: Own) -> None:
    path = made(owner, "order_here")
    shown = owner.get(path)
    assert "3 values fill it" in shown.text
    assert "<mark>le colis</mark>" in shown.html
    known = own.get(f"/templates/{path.rpartition('/')[2]}")
    assert [part["type"] for part in known["components"]] == ["HEADER", "BODY", "FOOTER", "BUTTONS"]
    assert known["components"][1]["example"] == {"body_text": [["Ada", "le colis"]]}
    owner.post(f"{path}/status", approval="approved")
    form = owner.get(f"{path}/change").html
    assert "https://example.com/{{1}}" in form
    owner.post(f"{path}/change", **{**NEW, "footer": "À bientôt"})
    assert "À bientôt" in owner.get(path).text
    owner.post(f"{path}/status", approval="nonsense")
    owner.post(f"{path}/remove")
    owner.get(path, 404)
    owner.post(f"{path}/remove", 404)
    owner.get(f"{LIST}/nonsense", 404)


def test_what_was_made_of_a_text_can_be_changed_too(owner: Guest, own: Own) -> None:
    id = own.post("/templates", {"name": "plain", "body": "Hi {{1}} there", "status": "approved"})[
        "id"
    ]
    owner.post(f"{LIST}/{id}/change", body="Hello {{1}} there", category="UTILITY")
    assert own.get(f"/templates/{id}")["body"] == "Hello {{1}} there"
    wrong = owner.post(f"{LIST}/{id}/change", 400, body="{{1}}", category="UTILITY")
    assert "neither begins nor ends" in wrong.text


@pytest.mark.parametrize(
    ("parts", "field", "told"),
    [
        ({"name": "Not So"}, "name", "underscores only"),
        ({"name": ""}, "name", "underscores only"),
        ({"language": "französisch"}, "language", "A code such as"),
        ({"category": "NONE"}, "category", "For what was approved"),
        ({"body": ""}, "body", "A text is needed"),
        ({"body": "x" * 2000}, "body", "too long"),
        ({"body": "Hi {{1}} and {{3}} you"}, "body", "without a gap"),
        ({"body": "Hi {{1} you"}, "body", "without a gap"),
        ({"header_text": "x" * 61}, "header_text", "too long"),
        ({"header_text": "a*b"}, "header_text", "no line break"),
        ({"header": "NONE"}, "header", "no such header"),
        ({"header": "IMAGE", "header_url": "x"}, "header_url", "http or https"),
        ({"footer": "{{1}}"}, "footer", "no holes"),
        ({"button_0_text": ""}, "button_0_text", "A button needs"),
        ({"button_0_type": "NONE"}, "button_0_text", "A button needs"),
        ({"button_0_type": "", "button_2_type": "URL", "button_2_text": "x"}, "button_2_text", "A button"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_at_its_field(
    owner: Guest, parts: dict[str, str], field: str, told: str
) -> None:
    wrong = owner.post(LIST, 400, **{**NEW, **parts})
    found = re.search(rf'id="u-{field}" class="error">([^<]*)', wrong.html)
    assert found
    assert told in found[1]
    assert "Bonjour" in wrong.html or "body" in parts


def test_a_name_is_taken_once_and_strange_bytes_break_nothing(owner: Guest) -> None:
    made(owner, "taken_once")
    assert (
        "of this name in this language"
        in owner.post(LIST, 400, **{**NEW, "name": "taken_once"}).text
    )
    for text in ("\0", "\ud7ff\uffff", "{{" * 500, "<script>alert(1)</script>"):
        seen = owner.post(f"{LIST}/preview", 200, **{**NEW, "body": text, "samples": text})
        assert "<script>" not in seen.html
    assert "The text stands here" in owner.post(f"{LIST}/preview", 200).text


@needs_chromium
@pytest.mark.asyncio(loop_scope="session")
async def test_one_is_made_while_it_is_seen(look: Look) -> None:
    async with look(f"{LIST}/new", width=390) as page:
        assert await violations(page) == []
        await page.get_by_label("Name").fill("seen_here")
        await page.get_by_label("Text *").fill("Dear {{1}} of ours")
        preview = page.locator("#preview")
        await expect(preview.locator("mark")).to_have_text("{{1}}")
        await page.get_by_label("Samples").fill("Ada")
        await expect(preview.locator("mark")).to_have_text("Ada")
        await page.get_by_label("Button 1", exact=True).select_option("QUICK_REPLY")
        await page.get_by_label("Label of button 1").fill("Thanks")
        await expect(preview).to_contain_text("Thanks")
        await page.get_by_role("button", name="Make it").click()
        await expect(page.get_by_role("heading", name="seen_here")).to_be_visible()
        assert await violations(page) == []
        await page.goto(page.url.rpartition("/")[0])
        assert await violations(page) == []
