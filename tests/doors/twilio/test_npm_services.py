"""Services, schedules, contents and applications through npm's twilio."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.conftest import ACCOUNT_SID, SENDER, Server
from tests.doors.twilio.conftest import Api, new_number
from tests.doors.twilio.test_npm import Npm, npm
from tests.npm import Thrown

__all__ = ["npm"]

NUMBERS = ("+14155550195", "+14155550196")


@pytest.fixture(scope="module")
def numbers(shared_server: Server) -> list[str]:
    """The SIDs of two senders that no other test uses."""
    for number in NUMBERS:
        shared_server.run("senders", "add", number)
    found = json.loads(shared_server.run("senders", "--json").stdout)["items"]
    return [f"PN{item['id']}" for item in found if item["address"] in NUMBERS]


@pytest.fixture
def service(npm: Npm, numbers: list[str]) -> Iterator[str]:
    made = npm.tell("service", {"friendlyName": "Ours", "numbers": numbers})
    assert made["numbers"] == list(NUMBERS[::-1])
    assert (made["stickySender"], made["links"]["phone_numbers"]) == (
        True,
        f"{npm.base}/v1/Services/{made['sid']}/PhoneNumbers",
    )
    yield made["sid"]
    assert npm.tell("removeService", {"sid": made["sid"]}) is True


def test_services_are_listed_and_changed(npm: Npm, service: str) -> None:
    assert npm.tell("services", {"limit": 1})[0] == service
    assert service in npm.tell("services", {"pageSize": 1})
    changed = npm.tell(
        "updateService", {"sid": service, "validityPeriod": 60, "stickySender": False}
    )
    assert (changed["validityPeriod"], changed["stickySender"]) == (60, False)


def test_a_message_through_a_service_arrives(npm: Npm, service: str, api: Api) -> None:
    asked = {"to": new_number(), "messagingServiceSid": service, "body": "Hi there"}
    made = npm.tell("create", asked)
    assert (made["status"], made["from"], made["numSegments"]) == ("accepted", None, "0")
    assert api.until(made["sid"], "delivered")["from"] in NUMBERS
    assert npm.tell("fetch", {"sid": made["sid"]})["messagingServiceSid"] == service


def test_a_scheduled_message_is_called_back(npm: Npm, service: str) -> None:
    at = datetime.now(UTC) + timedelta(hours=1)
    asked = {"to": new_number(), "messagingServiceSid": service, "body": "Later"}
    made = npm.tell(
        "create", {**asked, "scheduleType": "fixed", "sendAt": f"{at:%Y-%m-%dT%H:%M:%SZ}"}
    )
    assert (made["status"], made["from"], made["dateSent"]) == ("scheduled", None, None)
    assert npm.tell("cancel", {"sid": made["sid"]})["status"] == "canceled"
    with pytest.raises(Thrown) as caught:
        npm.tell("create", {**asked, "scheduleType": "fixed"})
    assert caught.value.error["code"] == 35111


def test_a_content_is_made_approved_sent_and_deleted(npm: Npm) -> None:
    made = npm.tell(
        "content",
        {
            "friendly_name": "a greeting",
            "language": "en",
            "variables": {"1": "you"},
            "types": {"twilio/text": {"body": "Hi {{1}}"}},
        },
    )
    sid = made["sid"]
    assert (made["friendlyName"], made["types"]) == (
        "a greeting",
        {"twilio/text": {"body": "Hi {{1}}"}},
    )
    assert npm.tell("contents", {"limit": 1}) == [sid]
    asked = {"name": "a_greeting", "category": "UTILITY"}
    assert npm.tell("approve", {"sid": sid, **asked}) == ["received", "a_greeting"]
    form = {"to": new_number(), "from": SENDER, "contentSid": sid}
    assert npm.tell("create", form)["body"] == "Hi you"
    assert npm.tell("create", {**form, "contentVariables": '{"1": "Ada"}'})["body"] == "Hi Ada"
    assert npm.tell("removeContent", {"sid": sid}) is True
    with pytest.raises(Thrown) as caught:
        npm.tell("create", form)
    assert caught.value.error["code"] == 21655


def test_an_application_is_made_and_found(npm: Npm) -> None:
    made = npm.tell("application", {"friendlyName": "npm's", "smsUrl": "https://example.com/"})
    assert (made["accountSid"], made["smsUrl"]) == (ACCOUNT_SID, "https://example.com/")
    assert npm.tell("applications", {"friendlyName": "npm's"}) == [made["sid"]]
