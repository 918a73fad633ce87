"""npm's twilio: numbers, usage, the balance, test credentials and trial accounts."""

import pytest

from tests.conftest import Server
from tests.doors.twilio.accounts import new_account
from tests.doors.twilio.conftest import Api, new_number
from tests.doors.twilio.test_npm import Npm, npm
from tests.npm import Thrown

__all__ = ["npm"]


@pytest.fixture(scope="module")
def mine(shared_server: Server) -> Api:
    return new_account(shared_server, "full")


def shown(api: Api) -> dict[str, str]:
    return {"user": api.sid, "password": api.token}


def test_a_number_is_found_taken_set_listed_and_given_back(npm: Npm, mine: Api) -> None:
    who = shown(mine)
    assert {"US", "GB"} <= set(npm.tell("countries", **who))
    asked = {"country": "US", "kind": "local", "areaCode": 206, "smsEnabled": True, "limit": 2}
    free = npm.tell("available", asked, **who)
    assert len(free) == 2
    assert (free[0]["locality"], free[0]["capabilities"]["sms"]) == ("Seattle", True)
    number = free[1]["phoneNumber"]
    made = npm.tell("takeNumber", {"phoneNumber": number, "friendlyName": "Desk"}, **who)
    assert (made["phoneNumber"], made["friendlyName"], made["smsUrl"]) == (number, "Desk", "")
    assert made["capabilities"] == {"voice": True, "sms": True, "mms": True, "fax": False}
    told = {"sid": made["sid"], "smsUrl": "https://example.com/sms", "smsMethod": "GET"}
    changed = npm.tell("setNumber", told, **who)
    assert (changed["smsUrl"], changed["smsMethod"]) == ("https://example.com/sms", "GET")
    assert npm.tell("numbers", {"phoneNumber": number}, **who) == [made["sid"]]
    assert npm.tell("releaseNumber", {"sid": made["sid"]}, **who) is True
    assert npm.tell("numbers", {"phoneNumber": number}, **who) == []
    with pytest.raises(Thrown) as caught:
        npm.tell("takeNumber", {"phoneNumber": "+14155559999"}, **who)
    assert (caught.value.error["status"], caught.value.error["code"]) == (400, 21422)


def test_usage_and_balance_are_read(npm: Npm, mine: Api) -> None:
    who = shown(mine)
    (found,) = npm.tell("usage", {"kind": "daily", "category": "sms"}, **who)
    assert (found["category"], found["count"], found["usageUnit"]) == ("sms", "0", "segments")
    assert (found["price"], found["priceUnit"]) == ("0", "usd")
    assert len(npm.tell("usage", {"pageSize": 7}, **who)) > 20
    assert npm.tell("balance", **who) == {
        "accountSid": mine.sid,
        "balance": "0.00",
        "currency": "USD",
    }


def test_test_credentials_answer_as_if(npm: Npm, shared_server: Server) -> None:
    who = shown(new_account(shared_server, "test"))
    good = {"to": new_number(), "from": "+15005550006", "body": "Hi there"}
    assert npm.tell("create", good, **who)["status"] == "queued"
    with pytest.raises(Thrown) as caught:
        npm.tell("create", {**good, "to": "+15005550009"}, **who)
    assert caught.value.error["code"] == 21614
    with pytest.raises(Thrown) as caught:
        npm.tell("list", **who)
    assert (caught.value.error["status"], caught.value.error["code"]) == (403, 20008)


def test_a_trial_account_verifies_whom_it_writes_to(npm: Npm, shared_server: Server) -> None:
    who = shown(new_account(shared_server, "trial", "+14155550186"))
    good = {"to": new_number(), "from": "+14155550186", "body": "Hi there"}
    with pytest.raises(Thrown) as caught:
        npm.tell("create", good, **who)
    assert caught.value.error["code"] == 21608
    assert len(npm.tell("verify", {"phoneNumber": good["to"]}, **who)["validationCode"]) == 6
    assert npm.tell("verified", **who) == [good["to"]]
    sent = npm.tell("create", good, **who)
    assert sent["body"] == "Sent from your Twilio trial account - Hi there"
