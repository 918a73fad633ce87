"""npm's @kapso/whatsapp-cloud-api, pointed here by its own option: see tests/node/whatsapp-driver.js.

Needs node, and `npm ci` in tests/node.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.conftest import Server
from tests.doors.own.conftest import Own
from tests.doors.whatsapp.conftest import PHONE, WABA
from tests.doors.whatsapp.said import EARLIER, FILE, LINK, TO
from tests.npm import Driver, Thrown, driving

#: Each of its ways to send, what it is given, and the type that the message has here.
SENDS: list[tuple[str, dict[str, Any], str]] = [
    ("sendAudio", {"audio": {"link": f"{LINK}.ogg"}}, "audio"),
    (
        "sendContacts",
        {
            "contacts": [
                {
                    "name": {"formattedName": "Grace H", "firstName": "Grace"},
                    "phones": [{"phone": "+16505550143", "waId": "16505550143", "type": "WORK"}],
                }
            ]
        },
        "contacts",
    ),
    (
        "sendDocument",
        {"document": {"link": f"{LINK}.pdf", "caption": "Your bill", "filename": "bill.pdf"}},
        "document",
    ),
    ("sendImage", {"image": {"link": f"{LINK}.png", "caption": "The kettle"}}, "image"),
    ("sendVideo", {"video": {"link": f"{LINK}.mp4"}}, "video"),
    ("sendSticker", {"sticker": {"id": FILE}}, "sticker"),
    (
        "sendLocation",
        {"location": {"latitude": 41.49, "longitude": -71.3, "name": "The Quay", "address": "7"}},
        "location",
    ),
    ("sendReaction", {"reaction": {"messageId": EARLIER, "emoji": "\N{HOT BEVERAGE}"}}, "reaction"),
    (
        "sendTemplate",
        {
            "template": {
                "name": "hello_name",
                "language": {"code": "en"},
                "components": [{"type": "body", "parameters": [{"type": "text", "text": "Grace"}]}],
            }
        },
        "template",
    ),
    (
        "sendInteractiveButtons",
        {"bodyText": "Which one?", "buttons": [{"id": "tea", "title": "Tea"}]},
        "interactive",
    ),
    (
        "sendInteractiveList",
        {
            "bodyText": "Which one?",
            "buttonText": "See all",
            "sections": [{"title": "Hot", "rows": [{"id": "a", "title": "Assam"}]}],
        },
        "interactive",
    ),
    (
        "sendInteractiveLocationRequest",
        {"bodyText": "Where are you?", "parameters": {"requestMessage": "?"}},
        "interactive",
    ),
    (
        "sendInteractiveCtaUrl",
        {
            "bodyText": "Ours",
            "parameters": {"displayText": "To the shop", "url": "https://shop.example"},
        },
        "interactive",
    ),
]


@dataclass(frozen=True)
class Npm:
    """The package, pointed at a server of ours."""

    driver: Driver
    base: str
    token: str

    def tell(self, call: str, token: str = "", **given: Any) -> Any:
        shown = {"base": self.base, "token": token or self.token}
        return self.driver.ask({"call": call, "given": {"phoneNumberId": PHONE, **given}, **shown})


@pytest.fixture(scope="module")
def npm(server: Server, token: str) -> Iterator[Npm]:
    with driving("whatsapp-driver.js", "@kapso/whatsapp-cloud-api") as driver:
        yield Npm(driver, server.url, token)


@pytest.mark.parametrize(("method", "given", "type"), SENDS)
def test_it_sends_every_kind(
    method: str, given: dict[str, Any], type: str, npm: Npm, own: Own
) -> None:
    answer = npm.tell(f"messages.{method}", to=TO, **given)
    assert answer["contacts"] == [{"input": TO, "waId": TO[1:]}]
    (message,) = answer["messages"]
    assert own.get(f"/messages/{message['id']}")["content"]["type"] == type


def test_it_sends_text_that_answers_another(npm: Npm, own: Own) -> None:
    first = npm.tell("messages.sendText", to=TO, body="Tea is ready")["messages"][0]["id"]
    answer = npm.tell(
        "messages.sendText", to=TO, body="With milk", previewUrl=True, contextMessageId=first
    )
    found = own.get(f"/messages/{answer['messages'][0]['id']}")
    assert found["body"] == "With milk"
    assert found["content"]["context"]["message_id"] == first


def test_it_writes_to_who_has_no_number(npm: Npm) -> None:
    person = "US.1906120919920101"
    answer = npm.tell("messages.sendText", recipient=person, body="Tea is ready")
    assert answer["contacts"] == [{"input": person, "userId": person}]


def test_it_marks_messages_read(npm: Npm) -> None:
    for more in ({}, {"typingIndicator": {"type": "text"}}):
        assert npm.tell("messages.markRead", messageId=EARLIER, **more) == {"success": True}


def test_an_error_is_an_exception_with_its_code(npm: Npm) -> None:
    with pytest.raises(Thrown) as caught:
        npm.tell("messages.sendText", to="12", body="Hello")
    error = caught.value.error
    assert (error["name"], error["httpStatus"], error["code"]) == ("GraphApiError", 400, 131009)
    assert error["details"].startswith("to ")
    assert error["fbtraceId"]


def test_a_wrong_token_is_one_to_renew(npm: Npm) -> None:
    with pytest.raises(Thrown) as caught:
        npm.tell("messages.sendText", token="EAAnobodys", to=TO, body="Hello")
    error = caught.value.error
    assert (error["httpStatus"], error["code"], error["category"]) == (401, 190, "authorization")


def test_it_keeps_templates(npm: Npm) -> None:
    at = {"businessAccountId": WABA, "phoneNumberId": None}
    parts = [{"type": "BODY", "text": "Hi {{1}}, welcome.", "example": {"bodyText": [["Ada"]]}}]
    asked = {"name": "npm_kept", "language": "en_US", "category": "UTILITY", "components": parts}
    made = npm.tell("templates.create", **at, **asked)
    assert (made["status"], made["category"]) == ("PENDING", "UTILITY")
    (found,) = npm.tell("templates.list", **at, name="npm_kept", limit=5)["data"]
    assert (found["id"], found["language"]) == (made["id"], "en_US")
    assert npm.tell("templates.get", **at, templateId=made["id"])["name"] == "npm_kept"
    assert npm.tell("templates.delete", **at, name="npm_kept")["success"]
    with pytest.raises(Thrown):
        npm.tell("templates.get", **at, templateId=made["id"])


def test_it_sets_up_a_number(npm: Npm) -> None:
    done = {"success": True}
    phones = "phoneNumbers"
    assert npm.tell(f"{phones}.requestCode", codeMethod="SMS", language="en_US") == done
    assert npm.tell(f"{phones}.verifyCode", code="123456") == done
    assert npm.tell(f"{phones}.register", pin="424242", dataLocalizationRegion="DE") == done
    with pytest.raises(Thrown) as caught:
        npm.tell(f"{phones}.register", pin="242424")
    assert caught.value.error["code"] == 133005
    profile = {"about": "Tea", "websites": ["https://example.com"], "vertical": "RETAIL"}
    assert npm.tell(f"{phones}.businessProfile.update", **profile) == done
    (shown,) = npm.tell(f"{phones}.businessProfile.get", fields="about,websites,vertical")["data"]
    assert shown == profile
    calling = {"status": "ENABLED"}
    assert npm.tell(f"{phones}.settings.update", fallbackLanguage="en", calling=calling) == done
    assert npm.tell(f"{phones}.settings.get")["calling"] == calling
