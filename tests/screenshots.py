"""Make the pictures of the READMEs anew: `make screenshots`.

A server of its own is filled through its own API with what a small shop sends in a day; each page
is looked at in English and in French. What they show is made up.
"""

from playwright.async_api import Page

from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, Server
from tests.doors.own.conftest import Own
from tests.tables import ROOT

FOLDER = ROOT / "docs/images"
WHATSAPP = "+15550783881"
SIZE = (1280, 860)

#: What is sent: to whom, and what. Some of these numbers have a bad day.
SENT = (
    ("+14155550101", "Your order 1042 is ready. We are open until 19:00."),
    ("+14155550102", "Your bicycle is repaired: 48.00 EUR. Reply STOP to hear no more."),
    ("+15005520207", "Your table for two is booked for 20:30 tonight."),
    ("+15005520400", "Spring sale: everything 20 % off."),
    ("+14155550103", "Code: 481 516. It is good for ten minutes."),
    ("+14155550104", "Votre colis est arrivé 📦 Le code du casier : 2342."),
)


def fill(own: Own, hook: str) -> dict[str, str]:
    """Send, write back, and have somebody look after it; the ids that pages are found by."""
    for address, body in SENT:
        own.send(address, body=body)
    told = own.send("+14155550105", body="Shall we keep your place on the list?", callback_url=hook)
    person = "+14155550142"
    own.write(person, "Hello! Is the blue one in size M still there?", WHATSAPP, channel="whatsapp")
    own.post(
        "/messages",
        {"channel": "whatsapp", "to": person, "body": "It is. Shall we keep one for you?"},
    )
    own.write(person, "Yes please, until Saturday.", WHATSAPP, channel="whatsapp")
    for tail, name in (("0142", "Order 1057"), ("0101", "Order 1042"), ("0102", "Repair 311")):
        _name(own, f"+1415555{tail}", name)
    own.post("/users", {"email": "desk@example.com", "name": "Front desk", "role": "agent"})
    return {"message": told["id"]}


def _name(own: Own, address: str, name: str) -> None:
    for contact in own.all_of("/contacts"):
        if contact["address"] == address:
            own.call("PATCH", f"/contacts/{contact['id']}", {"name": name})


async def sign_in(page: Page, server: Server) -> None:
    """Come in with the account's own token."""
    await page.goto(f"{server.url}/console/sign-in")
    await page.locator("[name=name]").fill(ACCOUNT_SID)
    await page.locator("[name=secret]").fill(AUTH_TOKEN)
    await page.locator("main button").first.click()
    await page.wait_for_url("**/console/messages")
