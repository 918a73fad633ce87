"""Test credentials, and trial accounts: trying without anybody being written to by mistake."""

import time
from collections.abc import Iterator

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from estafette.core.verified import PREFIX
from tests.conftest import Server
from tests.doors.twilio.accounts import new_account
from tests.doors.twilio.conftest import Api, new_number
from tests.patience import PATIENCE
from tests.receiver import receiving

MAGIC = "+15005550006"
CALLERS = "/OutgoingCallerIds"


@pytest.fixture(scope="module")
def test(shared_server: Server) -> Api:
    """A test account."""
    return new_account(shared_server, "test")


@pytest.fixture(scope="module")
def client(shared_server: Server, test: Api) -> Iterator[Client]:
    made = Client(test.sid, test.token)
    made.api.base_url = shared_server.url
    made.messaging.base_url = shared_server.url
    yield made
    made.http_client.session.close()


# Test credentials ---------------------------------------------------------------------------------


def test_a_good_message_is_answered_as_if_and_is_nowhere(client: Client, test: Api) -> None:
    with receiving() as receiver:
        message = client.messages.create(
            to=new_number(), from_=MAGIC, body="Hi there", status_callback=receiver.url
        )
        assert (message.status, message.direction) == ("queued", "outbound-api")
        assert (message.body, message.from_, message.num_segments) == ("Hi there", MAGIC, "1")
        assert (message.account_sid, message.date_sent, message.price) == (test.sid, None, None)
        assert message.sid.startswith("SM")
        again = client.messages.create(to=new_number(), from_=MAGIC, body="Hi there")
        assert again.sid != message.sid
        shown = test.server.run("messages", "list", "--account", test.sid, "--json").stdout
        assert '"items": []' in shown
        time.sleep(0.5)
        assert receiver.heard == []


@pytest.mark.parametrize(
    ("form", "refusal"),
    [
        ({"From": "+15005550001"}, (400, 21212)),
        ({"From": "+15005550007"}, (400, 21606)),
        ({"From": "+15005550008"}, (429, 21611)),
        ({"From": "+14155550100"}, (400, 21606)),
        ({"To": "+15005550001"}, (400, 21211)),
        ({"To": "+15005550002"}, (400, 21612)),
        ({"To": "+15005550003"}, (400, 21408)),
        ({"To": "+15005550004"}, (400, 21610)),
        ({"To": "+15005550009"}, (400, 21614)),
        ({"To": "nobody"}, (400, 21211)),
        ({"To": ""}, (400, 21604)),
        ({"From": ""}, (400, 21603)),
        ({"Body": ""}, (400, 21602)),
        ({"Body": "x" * 1601}, (400, 21617)),
        ({"StatusCallback": "nowhere"}, (400, 21609)),
        ({"From": "+15005550007", "Body": ""}, (400, 21606)),
        ({"From": "+15005550008", "Body": ""}, (429, 21611)),
        ({"MessagingServiceSid": "MG" + "0a" * 16}, (403, 20008)),
    ],
)
def test_the_magic_numbers_answer_as_documented(
    test: Api, form: dict[str, str], refusal: tuple[int, int]
) -> None:
    good = {"To": "+14155550123", "From": MAGIC, "Body": "Hi there"}
    assert test.post({**good, **form}).refusal[:2] == refusal


@pytest.mark.parametrize(
    ("form", "refusal"),
    [
        ({"PhoneNumber": "+15005550000"}, (400, 21422)),
        ({"PhoneNumber": "+15005550001"}, (400, 21421)),
        ({"PhoneNumber": "+14155550100"}, (400, 21421)),
        ({"AreaCode": "533"}, (400, 21452)),
        ({"AreaCode": "415"}, (400, 21452)),
        ({}, (400, 21421)),
        ({"PhoneNumber": MAGIC, "SmsUrl": "nowhere"}, (400, 21402)),
    ],
)
def test_the_magic_numbers_to_take_answer_as_documented(
    test: Api, form: dict[str, str], refusal: tuple[int, int]
) -> None:
    assert test.call("POST", "/IncomingPhoneNumbers.json", form).refusal[:2] == refusal


def test_a_number_is_taken_as_if(client: Client, test: Api) -> None:
    made = client.incoming_phone_numbers.create(phone_number=MAGIC, sms_url="https://example.com/")
    assert (made.phone_number, made.sms_url) == (MAGIC, "https://example.com/")
    assert made.sid.startswith("PN")
    assert client.incoming_phone_numbers.create(area_code="500").phone_number == MAGIC
    shown = test.server.run("senders", "list", "--account", test.sid, "--json").stdout
    assert MAGIC not in shown


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/Messages.json"),
        ("GET", "/Messages/SM" + "0" * 32 + ".json"),
        ("DELETE", "/Messages/SM" + "0" * 32 + ".json"),
        ("GET", "/IncomingPhoneNumbers.json"),
        ("GET", "/AvailablePhoneNumbers.json"),
        ("GET", "/AvailablePhoneNumbers/US/Local.json"),
        ("GET", "/Usage/Records.json"),
        ("GET", "/Balance.json"),
        ("POST", "/OutgoingCallerIds.json"),
        ("GET", ".json"),
        ("POST", "/Keys.json"),
    ],
)
def test_all_else_is_closed_to_test_credentials(test: Api, method: str, path: str) -> None:
    assert test.call(method, path).refusal == (
        403,
        20008,
        "Resource not accessible with Test Account Credentials",
    )


def test_a_test_account_sends_nothing_by_a_command_either(test: Api) -> None:
    test.server.run("senders", "add", "+14155550181", "--account", test.sid)
    words = ("--from", "+14155550181", "--to", "+14155550182", "--body", "x")
    done = test.server.run("send", *words, "--account", test.sid, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "test_account" in done.stderr


# Trial accounts -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trial(shared_server: Server) -> Api:
    """A trial account with a sender."""
    return new_account(shared_server, "trial", "+14155550183")


def sent(trial: Api, to: str, **more: str) -> dict[str, str]:
    return {"To": to, "From": "+14155550183", "Body": "Hi there", **more}


def test_a_trial_account_writes_to_verified_recipients_only(trial: Api) -> None:
    to = new_number()
    status, code, text = trial.post(sent(trial, to)).refusal
    assert (status, code) == (400, 21608)
    assert text.startswith(
        f"The number {to} is unverified. Trial accounts cannot send messages to unverified numbers;"
        f" verify {to} "
    )
    trial.server.run("accounts", "verify", trial.sid, to, "--title", "Mine")
    message = trial.post(sent(trial, to)).json
    assert message["body"] == "Sent from your Twilio trial account - Hi there"
    assert trial.until(message["sid"], "delivered")["body"] == PREFIX + "Hi there"
    assert to in trial.server.run("accounts", "verified", trial.sid).stdout
    trial.server.run("accounts", "unverify", trial.sid, to)
    end = time.monotonic() + PATIENCE
    while trial.post(sent(trial, to)).status == 201:
        assert time.monotonic() < end
        time.sleep(0.2)


def test_what_stands_before_a_text_counts(trial: Api) -> None:
    to = new_number()
    assert trial.call("POST", f"{CALLERS}.json", {"PhoneNumber": to}).status == 200
    long = trial.post(sent(trial, to, Body="x" * 125)).json
    assert (long["num_segments"], len(long["body"])) == ("2", 163)
    assert trial.post(sent(trial, to, Body="x" * 1562)).status == 201
    assert trial.post(sent(trial, to, Body="x" * 1563)).refusal[1] == 21617
    assert trial.post(sent(trial, to, Body="")).refusal[1] == 21602


def test_an_account_says_what_it_is_and_becomes_a_full_one(trial: Api) -> None:
    other = new_account(trial.server, "trial", "+14155550184")
    assert other.get(".json")["type"] == "Trial"
    form = {"To": new_number(), "From": "+14155550184", "Body": "Hi there"}
    assert other.post(form).refusal[1] == 21608
    trial.server.run("accounts", "set", other.sid, "--kind", "full")
    end = time.monotonic() + PATIENCE
    while (answer := other.post(form)).status != 201:
        assert time.monotonic() < end
        time.sleep(0.2)
    assert answer.json["body"] == "Hi there"
    assert other.get(".json")["type"] == "Full"


def test_recipients_are_verified_listed_named_and_taken_back(
    shared_server: Server, trial: Api
) -> None:
    client = Client(trial.sid, trial.token)
    client.api.base_url = shared_server.url
    to = new_number()
    asked = client.validation_requests.create(phone_number=to, friendly_name="A friend")
    assert (asked.phone_number, asked.friendly_name) == (to, "A friend")
    assert asked.validation_code.isdigit()
    assert len(asked.validation_code) == 6
    assert asked.call_sid.startswith("CA")
    (found,) = client.outgoing_caller_ids.list(phone_number=to)
    assert [item.sid for item in client.outgoing_caller_ids.list(friendly_name="A friend")] == [
        found.sid
    ]
    assert found.sid in {item.sid for item in client.outgoing_caller_ids.list()}
    named = client.outgoing_caller_ids(found.sid).update(friendly_name="A good friend")
    assert client.outgoing_caller_ids(found.sid).fetch().friendly_name == "A good friend"
    with pytest.raises(TwilioRestException) as refused:
        client.validation_requests.create(phone_number=to)
    assert (refused.value.status, refused.value.code) == (400, 21450)
    assert trial.post(sent(trial, to)).status == 201
    assert named.delete()
    assert trial.post(sent(trial, to)).refusal[1] == 21608
    with pytest.raises(TwilioRestException) as refused:
        named.fetch()
    assert refused.value.code == 20404
    client.http_client.session.close()


def test_verified_recipients_are_paged_and_are_the_accounts_own(shared_server: Server) -> None:
    api = new_account(shared_server, "trial")
    numbers = [new_number() for _ in range(5)]
    for number in numbers:
        assert api.call("POST", f"{CALLERS}.json", {"PhoneNumber": number}).status == 200
    first = api.get(f"{CALLERS}.json?PageSize=3")
    second = api.get(first["next_page_uri"])
    found = first["outgoing_caller_ids"] + second["outgoing_caller_ids"]
    assert [item["phone_number"] for item in found] == numbers[::-1]
    assert second["next_page_uri"] is None
    assert api.get(second["previous_page_uri"])["outgoing_caller_ids"] == found[:3]
    sid = found[0]["sid"]
    stranger = new_account(shared_server, "full")
    for method in ("GET", "POST", "DELETE"):
        assert stranger.call(method, f"{CALLERS}/{sid}.json").refusal[:2] == (404, 20404)
    assert api.call("POST", f"{CALLERS}.json", {"PhoneNumber": "me"}).refusal[:2] == (400, 21421)
    xml = api.call("POST", CALLERS, {"PhoneNumber": new_number()}).body
    assert b"<ValidationRequest><AccountSid>" in xml
    assert b"<OutgoingCallerIds end=" in api.call("GET", CALLERS).body
