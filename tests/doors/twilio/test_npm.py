"""npm's twilio, as its users write it, pointed here: see tests/node/twilio-driver.js.

Needs node, and `npm ci` in tests/node.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, SENDER, Server
from tests.doors.twilio.conftest import NEVER_REACHED, Api, new_number
from tests.npm import Driver, Thrown, driving
from tests.pictures import NO_PICTURE
from tests.receiver import receiving


@dataclass(frozen=True)
class Npm:
    """The package, pointed at a server of ours."""

    driver: Driver
    base: str

    def tell(self, story: str, given: Any = None, **client: Any) -> Any:
        usual = {"base": self.base, "user": ACCOUNT_SID, "password": AUTH_TOKEN}
        return self.driver.ask({"story": story, "given": given or {}, **usual, **client})

    def create(self, to: str, **more: Any) -> Any:
        return self.tell("create", {"to": to, "from": SENDER, "body": "Hi there", **more})


@pytest.fixture(scope="module")
def npm(shared_server: Server) -> Iterator[Npm]:
    with driving("twilio-driver.js", "twilio") as driver:
        yield Npm(driver, shared_server.url)


def test_the_first_example_of_the_tutorial_sends_a_message_that_arrives(npm: Npm, api: Api) -> None:
    message = npm.tell(
        "create",
        {
            "body": "Join Earth's mightiest heroes. Like Kevin Bacon.",
            "from": "+15017122661",
            "to": "+15558675310",
        },
    )
    assert message["body"] == "Join Earth's mightiest heroes. Like Kevin Bacon."
    assert message["status"] == "queued"
    api.until(message["sid"], "delivered")


def test_every_property_of_a_message_is_there(npm: Npm, api: Api) -> None:
    to = new_number()
    made = npm.create(to)
    uri = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/{made['sid']}"
    at = parsedate_to_datetime(api.fetch(made["sid"])["date_created"])
    assert made == {
        "body": "Hi there",
        "numSegments": "1",
        "direction": "outbound-api",
        "from": SENDER,
        "to": to,
        "dateUpdated": f"{at:%Y-%m-%dT%H:%M:%S}.000Z",
        "price": None,
        "errorMessage": None,
        "uri": f"{uri}.json",
        "accountSid": ACCOUNT_SID,
        "numMedia": "0",
        "status": "queued",
        "messagingServiceSid": None,
        "sid": made["sid"],
        "dateSent": None,
        "dateCreated": f"{at:%Y-%m-%dT%H:%M:%S}.000Z",
        "errorCode": None,
        "priceUnit": "USD",
        "apiVersion": "2010-04-01",
        "subresourceUris": {"media": f"{uri}/Media.json"},
    }
    api.until(made["sid"], "delivered")
    found = npm.tell("fetch", {"sid": made["sid"]})
    assert found["dateSent"] >= found["dateCreated"]
    assert set(found["subresourceUris"]) == {"media", "feedback"}


def test_a_created_message_fetches_itself(npm: Npm) -> None:
    asked = {"to": new_number(), "from": SENDER, "body": "Hi there"}
    assert npm.tell("createAndFetch", asked)["to"] == asked["to"]


def test_text_comes_back_as_it_was_sent(npm: Npm) -> None:
    body = "a+b&c=d%20e\r\n“quoted” \N{FAMILY}\N{ZERO WIDTH JOINER} ñ \t\x01 "
    assert npm.create(new_number(), body=body)["body"] == body


def test_media_make_it_an_mms(npm: Npm) -> None:
    urls = [NO_PICTURE, f"{NO_PICTURE}?2"]
    message = npm.create(new_number(), mediaUrl=urls)
    assert (message["sid"][:2], message["numMedia"]) == ("MM", "2")


def test_lists_and_pages_give_the_newest_first(npm: Npm) -> None:
    to = new_number()
    found = [npm.create(to)["sid"] for _ in range(3)][::-1]
    assert npm.tell("list", {"to": to}) == found
    assert npm.tell("list", {"to": to, "limit": 2}) == found[:2]
    assert npm.tell("list", {"to": to, "pageSize": 1}) == found
    assert npm.tell("list", {"to": to, "limit": 2000}) == found
    assert npm.tell("list", {"to": to, "from": SENDER}) == found
    assert npm.tell("list", {"limit": 3}) == found
    assert npm.tell("each", {"to": to, "pageSize": 1}) == found
    assert npm.tell("pages", {"to": to, "pageSize": 2}) == {
        "first": found[:2],
        "second": found[2:],
        "back": found[:2],
        "again": found[2:],
    }


def test_a_list_is_narrowed_by_when_messages_were_sent(npm: Npm, api: Api) -> None:
    to = new_number()
    older = api.delivered(to)
    time.sleep(1.1)
    newer = api.delivered(to)
    at = [parsedate_to_datetime(each["date_sent"]).isoformat() for each in (older, newer)]
    sids = [newer["sid"], older["sid"]]
    on_the_day = sids if at[0][:10] == at[1][:10] else sids[:1]
    assert npm.tell("list", {"to": to, "dateSent": at[1]}) == on_the_day
    assert npm.tell("list", {"to": to, "dateSentAfter": at[1]}) == sids[:1]
    assert npm.tell("list", {"to": to, "dateSentBefore": at[0]}) == sids[1:]
    both = {"dateSentAfter": at[0], "dateSentBefore": at[1]}
    assert npm.tell("list", {"to": to, **both}) == sids


def test_a_redacted_message_keeps_everything_but_its_body(npm: Npm, api: Api) -> None:
    sid = api.delivered(new_number())["sid"]
    before = npm.tell("fetch", {"sid": sid})
    after = npm.tell("redact", {"sid": sid})
    assert {**after, "dateUpdated": None} == {**before, "body": "", "dateUpdated": None}


def test_a_message_that_waits_is_canceled_once(npm: Npm, api: Api) -> None:
    sid = npm.create(NEVER_REACHED)["sid"]
    api.cancel(sid)
    assert npm.tell("fetch", {"sid": sid})["status"] == "canceled"
    with pytest.raises(Thrown) as caught:
        npm.tell("cancel", {"sid": sid})
    assert (caught.value.error["status"], caught.value.error["code"]) == (409, 30409)


def test_a_deleted_message_is_gone(npm: Npm, api: Api) -> None:
    sid = api.delivered(new_number())["sid"]
    assert npm.tell("remove", {"sid": sid}) is True
    with pytest.raises(Thrown) as caught:
        npm.tell("fetch", {"sid": sid})
    assert (caught.value.error["status"], caught.value.error["code"]) == (404, 20404)


def test_smart_encoding_makes_one_part_of_three(npm: Npm) -> None:
    body = f"\u201c{'a' * 158}\u201d"
    usual, unasked, smart = (
        npm.create(new_number(), body=body, **more)
        for more in ({}, {"smartEncoded": False}, {"smartEncoded": True})
    )
    for message in (usual, unasked):
        assert (message["body"], message["numSegments"]) == (body, "3")
    assert (smart["body"], smart["numSegments"]) == (f'"{"a" * 158}"', "1")


def test_feedback_is_confirmed_or_not(npm: Npm) -> None:
    sid = npm.create(new_number())["sid"]
    told = npm.tell("feedback", {"sid": sid, "outcome": "unconfirmed"})
    assert told == {
        "accountSid": ACCOUNT_SID,
        "messageSid": sid,
        "outcome": "unconfirmed",
        "dateCreated": told["dateCreated"],
        "dateUpdated": told["dateCreated"],
        "uri": f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/{sid}/Feedback.json",
    }
    assert npm.tell("feedback", {"sid": sid})["outcome"] == "confirmed"
    with pytest.raises(Thrown) as caught:
        npm.tell("feedback", {"sid": sid, "outcome": "perhaps"})
    assert (caught.value.error["status"], caught.value.error["code"]) == (400, 20001)


def test_an_error_is_an_exception_with_its_status_code_and_text(npm: Npm) -> None:
    with pytest.raises(Thrown) as caught:
        npm.create("123")
    assert caught.value.error == {
        "name": "Error",
        "status": 400,
        "code": 21211,
        "message": "The 'To' number 123 is not a valid phone number.",
        "moreInfo": "https://www.twilio.com/docs/errors/21211",
    }


def test_a_wrong_token_is_an_exception_also_for_a_list(npm: Npm) -> None:
    for story in ("create", "list"):
        with pytest.raises(Thrown) as caught:
            npm.tell(story, {"to": new_number(), "from": SENDER}, password="wrong")
        assert (caught.value.error["status"], caught.value.error["code"]) == (401, 20003)


def test_an_account_is_fetched(npm: Npm) -> None:
    account = npm.tell("account")
    assert (account["sid"], account["status"]) == (ACCOUNT_SID, "active")


def test_a_new_key_opens_messages_until_it_is_deleted(npm: Npm) -> None:
    made = npm.tell("newKey", {"friendlyName": "mine"})
    shown = {"user": made["sid"], "password": made["secret"], "accountSid": ACCOUNT_SID}
    to = new_number()
    asked = {"to": to, "from": SENDER, "body": "Hi there"}
    sids = [npm.tell("create", asked, **shown)["sid"]]
    sids.insert(0, npm.tell("create", asked, **shown, httpClient=True)["sid"])
    assert npm.tell("list", {"to": to, "pageSize": 1}, **shown, httpClient=True) == sids
    assert made["sid"] in npm.tell("keys")
    assert npm.tell("removeKey", {"sid": made["sid"]}) is True
    with pytest.raises(Thrown) as caught:
        npm.tell("create", asked, **shown)
    assert caught.value.error["code"] == 20003


@pytest.mark.parametrize("tail", ["", "/told?order=7&again=a&again=b%20c", "/#rc=2&rp=all"])
def test_its_validator_believes_a_status_callback(npm: Npm, tail: str) -> None:
    with receiving() as receiver:
        sid = npm.create(new_number(), statusCallback=f"{receiver.url}{tail}")["sid"]
        heard, _ = receiver.wait(2, sid)
    signed = {
        "token": AUTH_TOKEN,
        "signature": heard.headers["x-twilio-signature"],
        "url": f"{receiver.url}{tail}".partition("#")[0],
        "form": heard.form,
    }
    assert npm.tell("validate", signed) is True
    assert npm.tell("validate", {**signed, "form": {**heard.form, "To": "x"}}) is False
    assert npm.tell("validate", {**signed, "token": "another"}) is False
