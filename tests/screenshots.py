"""Make the pictures of the READMEs anew: `make screenshots`.

A server of its own is filled through its own API with what a small shop sends in a day; each page
is looked at in English and in French. What they show is made up.
"""

import asyncio
import sys
import tempfile
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import quote

from playwright.async_api import Browser

from estafette.console.words import LANGUAGES
from tests.browser import CHROMIUM, browsing, opened
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, Server
from tests.doors.own.conftest import Own
from tests.listening import listening
from tests.tables import ROOT

FOLDER = ROOT / "docs/images"
WHATSAPP = "+15550783881"
READER = "+15005520207"  # reads what it is sent

#: What is sent: to whom, and what. Some of these numbers have a bad day.
SENT = (
    ("+14155550101", "Your order 1042 is ready. We are open until 19:00."),
    ("+14155550102", "Your bicycle is repaired: 48.00 EUR. Reply STOP to hear no more."),
    ("+15005520400", "Spring sale: everything 20 % off."),
    ("+14155550103", "Code: 481 516. It is good for ten minutes."),
    ("+14155550104", "Votre colis est arrivé. Le code du casier : 2342."),
)


#: Somebody who writes, and what was said so far: a person's words, and the answers to them.
PERSON = "+14155550142"
SAID = (
    ("Hello! Is the blue one in size M still there?", "It is. Shall we keep one for you?"),
    ("Yes please, until Saturday. Is it this one?", ""),
)
NAMES = {"+14155550142": "Order 1057", "+14155550101": "Order 1042", "+14155550102": "Repair 311"}


def fill(own: Own, hook: str) -> None:
    """Send, write back, and have somebody look after it."""
    for address, body in SENT:
        own.send(address, body=body)
    own.send(READER, body="Your table for two is booked for 20:30 tonight.", callback_url=hook)
    for question, answer in SAID:
        own.write(PERSON, question, WHATSAPP, channel="whatsapp")
        if answer:
            own.send(PERSON, **{"from": WHATSAPP}, channel="whatsapp", body=answer)
    own.post("/users", {"email": "desk@example.com", "name": "Front desk", "role": "agent"})
    meta = {"token": "token", "app_secret": "secret", "verify_token": "verify", "waba_id": "1"}
    own.post("/connections", {"name": "whatsapp-shop", "provider": "meta", "settings": meta})


def name(own: Own) -> None:
    """Call people something, once they are known."""
    until = time.monotonic() + 20
    while time.monotonic() < until and len(own.all_of("/contacts")) < len(SENT):
        time.sleep(0.2)
    for contact in own.all_of("/contacts"):
        if called := NAMES.get(contact["address"]):
            own.call("PATCH", f"/contacts/{contact['id']}", {"name": called})


def paths(own: Own) -> dict[str, str]:
    """The pages, by the names of their pictures."""
    told = own.get("/messages", to=READER)["items"][0]
    talk = own.get("/conversations", channel="whatsapp")["items"][0]
    sender = own.get("/senders", channel="whatsapp")["items"][0]
    return {
        "messages": "/console/messages",
        "message": f"/console/messages/{told['id']}",
        "conversation": f"/console/conversations/{talk['id']}",
        "phone": f"/console/phone?person={quote(PERSON)}&channel=whatsapp&with={sender['id']}",
        "connections": "/console/connections",
    }


async def look(browser: Browser, server: Server, pages: dict[str, str], language: str) -> None:
    """Make the pictures in one language."""
    folder = FOLDER / language
    folder.mkdir(parents=True, exist_ok=True)
    async with opened(browser, language=language) as page:
        await page.set_viewport_size({"width": 1280, "height": 860})
        await page.goto(f"{server.url}/console/sign-in")
        await page.locator("[name=name]").fill(ACCOUNT_SID)
        await page.locator("[name=secret]").fill(AUTH_TOKEN)
        await page.locator("main button").first.click()
        await page.wait_for_url("**/console/messages")
        for title, path in pages.items():
            await page.goto(f"{server.url}{path}")
            await page.wait_for_timeout(1500)  # what comes after the page, such as a plot
            await page.screenshot(path=folder / f"{title}.png")
            print(f"docs/images/{language}/{title}.png")  # noqa: T201


async def main() -> None:
    """Make all of them."""
    with tempfile.TemporaryDirectory() as folder, listening(Receiver) as port:
        server = Server(Path(folder) / "home", delay=0.3).start()
        try:
            own = Own(server)
            fill(own, f"http://127.0.0.1:{port}/told")
            name(own)
            async with browsing() as browser:
                for language in LANGUAGES:
                    await look(browser, server, paths(own), language)
        finally:
            server.close()


class Receiver(BaseHTTPRequestHandler):
    """Somebody who is told."""

    def do_POST(self) -> None:
        """Listen."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    if not CHROMIUM:
        sys.exit("there is no chromium on this machine: apt-get install chromium")
    asyncio.run(main())
