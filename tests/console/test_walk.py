"""The way that a new user goes, from the first link to a thousand rows, in each language."""

import csv
import io
import re
from collections.abc import Iterator

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from estafette.console.words import LANGUAGES, words
from tests.browser import needs_chromium, opened
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, Server
from tests.console.conftest import link_of
from tests.doors.own.conftest import Own
from tests.receiver import Receiver, receiving

pytestmark = [pytest.mark.slow, needs_chromium, pytest.mark.asyncio(loop_scope="session")]

PERSON = "+14155550142"
ROWS = 1000


class Walk:
    """One page, spoken to in the words of its language."""

    def __init__(self, page: Page, server: Server, language: str) -> None:
        self.page = page
        self.server = server
        self.say = words(language).say

    def button(self, text: str) -> Locator:
        return self.page.get_by_role("main").get_by_role("button", name=self.say(text), exact=True)

    async def to(self, place: str) -> None:
        """By the menu."""
        menu = self.page.get_by_role("navigation", name=self.say("Pages"), exact=True)
        await menu.get_by_role("link", name=self.say(place), exact=True).click()

    async def fill(self, label: str, text: str) -> None:
        await self.page.get_by_label(re.compile(f"^{re.escape(self.say(label))}( \\*)?$")).fill(
            text
        )

    async def sees(self, text: str, **holes: object) -> None:
        await expect(self.page.get_by_role("main")).to_contain_text(self.say(text, **holes))


@pytest.fixture
def told() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_way_of_a_new_user(
    browser: Browser, own_server: Server, told: Receiver, language: str
) -> None:
    server = own_server.start()
    own = Own(server)
    async with opened(browser, language=language) as page:
        walk = Walk(page, server, language)
        await page.goto(f"{server.url}{link_of(server)}")
        for step in (sends, writes_back, replies, connects, replays, imports):
            await step(walk, own, told)


async def sends(walk: Walk, own: Own, told: Receiver) -> None:
    """A message is sent, delivered before one's eyes, and its story read."""
    await walk.to("Send")
    await walk.fill("To", PERSON)
    await walk.page.locator("#f-body").fill("Your order is ready")
    await walk.page.get_by_text(walk.say("Advanced")).click()
    await walk.fill("Callback address", told.url)
    await walk.button("Send").click()
    await expect(walk.page.locator(".head .badge")).to_have_text(walk.say("delivered"))
    await walk.sees("What became of it")
    await expect(walk.page.locator(".bubble")).to_have_text("Your order is ready")
    await expect(walk.page.get_by_text("sandbox").first).to_be_visible()


async def writes_back(walk: Walk, own: Own, told: Receiver) -> None:
    """The person it went to reads it on their telephone, and answers."""
    await walk.to("Phone")
    await walk.fill("Their number", PERSON)
    await walk.button("Show this telephone").click()
    await walk.page.get_by_text("Your order is ready").click()
    await walk.page.locator("#f-body").fill("Thank you, I am coming")
    await walk.page.locator("#write button").click()
    await expect(walk.page.locator("#screen")).to_contain_text("Thank you, I am coming")


async def replies(walk: Walk, own: Own, told: Receiver) -> None:
    """Somebody answers, and hands the conversation over."""
    own.post("/users", {"email": "desk@example.com", "name": "Front desk"})
    await walk.to("Conversations")
    await walk.page.get_by_text("Thank you, I am coming").click()
    await walk.fill("Answer", "See you soon")
    await walk.button("Send").click()
    await expect(walk.page.locator("#thread")).to_contain_text("See you soon")
    await walk.page.get_by_text(walk.say("Look after it")).click()
    await walk.page.locator("#f-assignee").select_option(label="Front desk")
    await walk.button("Save").click()
    await expect(walk.page.locator("#talk-items")).to_contain_text("Front desk")


async def connects(walk: Walk, own: Own, told: Receiver) -> None:
    """A carrier is tried, and added: here it is this very gateway, which speaks Twilio's API."""
    await walk.to("Connections")
    await walk.page.get_by_role("link", name="Twilio").click()
    await walk.page.locator("#f-name").fill("another")
    for name, text in (("account_sid", ACCOUNT_SID), ("auth_token", "wrong")):
        await walk.page.locator(f"#f-set_{name}").fill(text)
    await walk.page.locator("#f-set_base_url").fill(walk.server.url)
    await walk.button("Try it").click()
    await expect(walk.page.locator("#tried .bad")).to_be_visible()
    await walk.page.locator("#f-set_auth_token").fill(AUTH_TOKEN)
    await walk.button("Try it").click()
    await expect(walk.page.locator("#tried .good")).to_be_visible()
    await walk.button("Add").click()
    await expect(walk.page.get_by_role("heading", level=1)).to_contain_text("another")


async def replays(walk: Walk, own: Own, told: Receiver) -> None:
    """A callback is told once more."""
    before = len(told.wait(2))
    await walk.to("Callbacks")
    row = walk.page.get_by_role("row", name=walk.say("delivered"))
    await row.get_by_role("link").click()
    await walk.button("Tell it again").click()
    told.wait(before + 1)


async def imports(walk: Walk, own: Own, told: Receiver) -> None:
    """A thousand rows are looked through, and sent."""
    lines = [f"+1415555{number:04d},{number}" for number in range(ROWS)]
    file = {"name": "orders.csv", "mimeType": "text/csv"}
    await walk.to("Send")
    await walk.page.get_by_role("link", name=walk.say("Many from a file")).click()
    content = "\n".join(["phone,order", *lines]).encode()
    await walk.page.locator("#f-file").set_input_files([{**file, "buffer": content}])  # type: ignore[list-item]
    await walk.page.locator("#f-body").fill("Order {order} is ready")
    await walk.button("Look through it").click()
    await expect(walk.page.get_by_text("Order 3 is ready")).to_be_visible()
    walk.page.once("dialog", lambda dialog: dialog.accept())
    await walk.page.locator(".head form button").first.click()
    await expect(walk.page.locator("#bar")).to_have_attribute("value", str(ROWS))
    async with walk.page.expect_download() as waiting:
        await walk.page.get_by_role("link", name=walk.say("Result file")).click()
    path = await (await waiting.value).path()
    rows = list(csv.DictReader(io.StringIO(path.read_text())))
    assert [row["order"] for row in rows] == [str(number) for number in range(ROWS)]
    assert all(re.fullmatch("[0-9a-f]{32}", row["message_id"]) for row in rows)
