"""Status callbacks, as a customer's address hears them and twilio-python checks them."""

import re
import threading
import time
import uuid
from collections.abc import Iterator
from urllib.parse import parse_qsl

import pytest
from twilio.request_validator import RequestValidator

from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, SENDER, Server
from tests.doors.twilio.conftest import Api, new_number
from tests.patience import PATIENCE
from tests.receiver import Heard, Receiver, receiving

UNDELIVERED = "+15005530003"
EIGHT = {
    "SmsSid", "SmsStatus", "MessageSid", "MessageStatus", "To", "From", "AccountSid", "ApiVersion",
}  # fmt: skip


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def is_signed(heard: Heard, url: str, token: str = AUTH_TOKEN) -> bool:
    form: dict[str, str | list[str]] = dict(heard.form)
    return RequestValidator(token).validate(url, form, heard.headers["x-twilio-signature"])


def test_each_status_is_told_in_order_in_a_form_that_the_sdk_believes(
    api: Api, receiver: Receiver
) -> None:
    url = f"{receiver.url}/told?order=7&again=a&again=b%20c"
    to = new_number()
    sid = api.create(to, StatusCallback=url)["sid"]
    sent, delivered = receiver.wait(2, sid)
    assert receiver.statuses(sid) == ["sent", "delivered"]
    assert set(sent.form) == EIGHT
    assert sent.form == {
        "SmsSid": sid, "SmsStatus": "sent", "MessageSid": sid, "MessageStatus": "sent", "To": to,
        "From": SENDER, "AccountSid": ACCOUNT_SID, "ApiVersion": "2010-04-01",
    }  # fmt: skip
    assert set(delivered.form) == EIGHT | {"RawDlrDoneDate"}
    assert re.fullmatch(r"\d{10}", delivered.form["RawDlrDoneDate"])
    for heard in (sent, delivered):
        assert f"{receiver.url}{heard.path}" == url
        assert is_signed(heard, url)
        assert not is_signed(heard, f"{url}x")
        assert not is_signed(heard, url, "another token")
        assert heard.headers["content-type"].startswith("application/x-www-form-urlencoded")
        uuid.UUID(heard.headers["i-twilio-idempotency-token"])


def test_a_failure_is_told_with_its_code(api: Api, receiver: Receiver) -> None:
    sid = api.create(UNDELIVERED, StatusCallback=receiver.url)["sid"]
    _, last = receiver.wait(2, sid)
    assert receiver.statuses(sid) == ["sent", "undelivered"]
    assert last.form["ErrorCode"] == "30003"
    assert last.form["ErrorMessage"] == "Unreachable destination handset"
    refused = api.create("+15005520400", StatusCallback=receiver.url)["sid"]
    (told,) = receiver.wait(1, refused)
    assert (told.form["MessageStatus"], told.form["ErrorCode"]) == ("failed", "30007")
    assert is_signed(told, f"{receiver.url}/")


def test_being_called_back_is_told(api: Api, receiver: Receiver) -> None:
    sid = api.create("+15005520599", StatusCallback=receiver.url)["sid"]
    api.cancel(sid)
    (told,) = receiver.wait(1, sid)
    assert told.form["MessageStatus"] == "canceled"


def test_a_whatsapp_message_that_is_read_is_told_so(api: Api, receiver: Receiver) -> None:
    form = {"From": "whatsapp:+15550783881", "StatusCallback": receiver.url}
    sid = api.create("whatsapp:+15005520207", **form)["sid"]
    *_, last = receiver.wait(3, sid)
    assert receiver.statuses(sid) == ["sent", "delivered", "read"]
    assert last.form["EventType"] == "READ"
    assert last.form["ChannelPrefix"] == "whatsapp"
    assert last.form["To"] == "whatsapp:+15005520207"


def test_an_address_that_fails_is_asked_again_and_hears_everything_in_order(
    api: Api, receiver: Receiver
) -> None:
    failures = iter([500, None, 404])
    receiver.answers = lambda heard: next(failures, 200)
    sids = [api.create(new_number(), StatusCallback=receiver.url)["sid"] for _ in range(3)]
    receiver.wait(9)
    for sid in sids:
        first, *more = receiver.of(sid)
        assert receiver.statuses(sid) == ["sent", "sent", "delivered"]
        assert (
            more[0].headers["i-twilio-idempotency-token"]
            == (first.headers["i-twilio-idempotency-token"])
        )
        assert 3 < more[0].at - first.at < 8


@pytest.mark.parametrize(
    ("overrides", "answer", "tries"),
    [
        ("#rc=2&rp=all", 500, 3),
        ("#rc=2&rp=5xx", 404, 1),
        ("#rc=1&rp=4xx,5xx", 404, 2),
        ("#rp=rt", None, 2),
        ("#rc=0", 500, 1),
        ("#rc=99&rp=nonsense", 500, 1),
    ],
)
def test_retries_are_as_the_address_asks_after_its_hash(
    api: Api, receiver: Receiver, overrides: str, answer: int | None, tries: int
) -> None:
    receiver.answers = lambda heard: answer if heard.form["MessageStatus"] == "sent" else 200
    sid = api.create(new_number(), StatusCallback=f"{receiver.url}/a{overrides}")["sid"]
    receiver.wait(tries + 1, sid)
    assert receiver.statuses(sid) == ["sent"] * tries + ["delivered"]
    assert {heard.path for heard in receiver.heard} == {"/a"}
    assert is_signed(receiver.heard[0], f"{receiver.url}/a")


def test_an_address_that_hangs_keeps_no_other_waiting(api: Api, receiver: Receiver) -> None:
    is_over = threading.Event()
    with receiving() as slow:
        slow.answers = lambda heard: 200 if is_over.wait(PATIENCE) else None
        for _ in range(40):
            api.create(new_number(), StatusCallback=slow.url)
        sid = api.create(new_number(), StatusCallback=receiver.url)["sid"]
        receiver.wait(2, sid, seconds=12)  # before the first of them is given up
        is_over.set()


def test_a_message_that_nobody_asked_about_is_told_to_nobody(api: Api, receiver: Receiver) -> None:
    api.delivered(new_number())
    sid = api.create(new_number(), StatusCallback=receiver.url)["sid"]
    receiver.wait(2, sid)
    assert {heard.form["MessageSid"] for heard in receiver.heard} == {sid}


def test_what_was_told_is_listed_and_told_once_more_on_request(
    own_server: Server, receiver: Receiver
) -> None:
    own_server.start()
    api = Api(own_server)
    receiver.answers = lambda heard: 500
    sid = api.create(new_number(), StatusCallback=f"{receiver.url}/x?key=1#rc=0")["sid"]
    receiver.wait(2, sid)
    listed = own_server.run("callbacks", "--json").stdout
    assert '"given_up"' in listed
    assert "key=1" not in listed
    receiver.answers = lambda heard: 200
    said = own_server.run("callbacks", "replay", sid).stdout
    assert said == "to be told once more: sent, delivered\n"
    receiver.wait(4, sid)
    assert receiver.statuses(sid) == ["sent", "delivered"] * 2
    assert "given_up" not in own_server.run("callbacks", "list", "--told", "given_up").stdout
    assert own_server.run("messages", "show", sid).stdout.count("callback") == 2


@pytest.mark.slow
def test_a_crash_loses_no_callback(own_server: Server, receiver: Receiver) -> None:
    own_server.start()
    api = Api(own_server)
    receiver.answers = lambda heard: time.sleep(0.2) or 200
    sids = [api.create(new_number(), StatusCallback=receiver.url)["sid"] for _ in range(60)]
    receiver.wait(20)
    own_server.kill()
    own_server.start()
    end = time.monotonic() + 90
    while any(list(dict.fromkeys(receiver.statuses(sid))) != ["sent", "delivered"] for sid in sids):
        assert time.monotonic() < end, [receiver.statuses(sid) for sid in sids]
        time.sleep(0.2)


def test_the_form_is_one_that_parses_back(api: Api, receiver: Receiver) -> None:
    sid = api.create(new_number(), StatusCallback=receiver.url)["sid"]
    (heard, *_) = receiver.wait(1, sid)
    pairs = parse_qsl(heard.body.decode(), keep_blank_values=True, strict_parsing=True)
    assert len(pairs) == len(heard.form)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/x", "http://localhost:9/x", "http://169.254.169.254/latest",
        "http://[::1]/x", "http://2130706433/x", "https://10.0.0.1/x",
    ],
)  # fmt: skip
def test_addresses_inside_are_refused_at_once_where_they_are_not_allowed(
    guarded: Api, url: str
) -> None:
    form = {"To": new_number(), "From": SENDER, "Body": "x"}
    answer = guarded.post({**form, "StatusCallback": url})
    assert answer.refusal[:2] == (400, 21609)
    assert guarded.post({**form, "MediaUrl": url}).refusal[:2] == (400, 21620)
    assert guarded.newest() is None


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    home = tmp_path_factory.mktemp("guarded") / "home"
    server = Server(home, environment={"ESTAFETTE_ALLOW_PRIVATE_ADDRESSES": "false"}).start()
    try:
        yield Api(server)
    finally:
        server.close()
