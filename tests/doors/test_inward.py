"""Where carriers call us: what is believed, what is kept, what is answered."""

import http.client
import json
import socket
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from twilio.request_validator import RequestValidator

from estafette.doors.inward.routes import LARGEST
from tests.conftest import ACCOUNT_SID, RECIPIENT, SENDER, Server
from tests.doors.twilio.conftest import Answer, Api, new_number
from tests.patience import PATIENCE
from tests.providers.twilio_stub import SID, TOKEN, Stub, twilio
from tests.receiver import receiving

UPSTREAM = "+14155550150"
NAME = "up stream"
AT = "/in/twilio/up%20stream"
THEIR_SID = "SM" + "a" * 32


@pytest.fixture(scope="module")
def stub() -> Iterator[Stub]:
    with twilio() as found:
        yield found


@pytest.fixture(scope="module")
def house(stub: Stub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a connection that speaks Twilio's API to the stub."""
    server = Server(tmp_path_factory.mktemp("inward") / "home").start()
    settings = (f"base_url={stub.url}", f"account_sid={SID}", f"auth_token={TOKEN}")
    server.run("connections", "add", NAME, "twilio", *settings)
    server.run("senders", "add", UPSTREAM, "--connection", NAME, "--max-per-second", "0")
    try:
        yield server
    finally:
        server.close()


@pytest.fixture
def here(house: Server) -> Api:
    return Api(house)


def call(
    server: Server, path: str, form: Mapping[str, str] | bytes = b"", *, method: str = "POST",
    **headers: str,
) -> Answer:  # fmt: skip
    """One request, as it stands."""
    body = form if isinstance(form, bytes) else urlencode(form).encode()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    sent = {"Content-Type": "application/x-www-form-urlencoded"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request(method, path, body or None, sent)
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, response.read())
    finally:
        connection.close()


def tell(
    server: Server, path: str, form: Mapping[str, str], *, token: str = TOKEN, base: str = "",
    **headers: str,
) -> Answer:  # fmt: skip
    """One request, signed as Twilio does."""
    signed = RequestValidator(token).compute_signature((base or server.url) + path, dict(form))
    return call(server, path, form, X_Twilio_Signature=signed, **headers)


def status(said: str, **more: str) -> dict[str, str]:
    return {
        "SmsSid": THEIR_SID, "SmsStatus": said, "MessageSid": THEIR_SID, "MessageStatus": said,
        "To": RECIPIENT, "From": UPSTREAM, "AccountSid": SID, "ApiVersion": "2010-04-01", **more,
    }  # fmt: skip


def callback_of(sid: str) -> str:
    return f"{AT}/{sid[2:]}"


def sent(here: Api, **more: str) -> dict[str, Any]:
    """A message that the stub has taken."""
    made = here.create(new_number(), From=UPSTREAM, **more)
    return here.until(made["sid"], "sent")


def test_a_message_is_offered_with_the_address_to_tell(here: Api, stub: Stub) -> None:
    made = sent(here)
    (form,) = (form for form in stub.asked if form["To"] == [made["to"]])
    assert form["StatusCallback"] == [here.server.url + callback_of(made["sid"])]


def test_a_status_moves_its_message_and_whoever_asked_is_told(here: Api) -> None:
    with receiving() as receiver:
        made = sent(here, StatusCallback=receiver.url)
        answer = tell(here.server, callback_of(made["sid"]), status("delivered"))
        assert (answer.status, answer.body) == (200, b"<Response/>")
        assert answer.headers["content-type"] == "text/xml"
        assert here.fetch(made["sid"])["status"] == "delivered"  # it is on disk once it is answered
        receiver.wait(2, made["sid"])
        assert receiver.statuses(made["sid"]) == ["sent", "delivered"]


def test_a_failure_keeps_the_carriers_code_and_text(here: Api) -> None:
    made = sent(here)
    form = status("undelivered", ErrorCode="30003", ErrorMessage="Unreachable, they say")
    assert tell(here.server, callback_of(made["sid"]), form).status == 200
    found = here.fetch(made["sid"])
    assert (found["status"], found["error_code"]) == ("undelivered", 30003)
    assert found["error_message"] == "Unreachable, they say"


def test_what_is_told_twice_or_late_changes_nothing(here: Api) -> None:
    made = sent(here)
    for said in ("delivered", "delivered", "sent", "queued", "failed", "nonsense"):
        assert tell(here.server, callback_of(made["sid"]), status(said)).status == 200
    assert here.fetch(made["sid"])["status"] == "delivered"


def test_a_message_whose_offer_was_not_answered_is_settled_by_what_is_told(here: Api) -> None:
    made = here.create("+14155550000", From=UPSTREAM)  # the stub hangs up
    time.sleep(0.5)
    assert here.until(made["sid"], "sending")
    assert tell(here.server, callback_of(made["sid"]), status("delivered")).status == 200
    assert here.fetch(made["sid"])["status"] == "delivered"


def test_a_status_without_our_id_goes_by_the_carriers(here: Api) -> None:
    made = sent(here)
    shown = json.loads(here.server.run("messages", "show", made["sid"], "--json").stdout)
    ref = {"MessageSid": shown["ref"], "SmsSid": shown["ref"]}
    assert tell(here.server, AT, status("delivered") | ref).status == 200
    assert here.fetch(made["sid"])["status"] == "delivered"


def test_a_connection_tells_only_of_its_own_messages(here: Api) -> None:
    others = here.until(here.create("+15005520200", From=SENDER)["sid"], "sent")
    for sid in (others["sid"], "SM" + "f" * 32):
        assert tell(here.server, callback_of(sid), status("delivered")).status == 200
    assert here.fetch(others["sid"])["status"] == "sent"


@pytest.mark.parametrize(
    ("change", "is_believed"),
    [
        ({}, True),
        ({"token": "another token"}, False),
        ({"base": "https://example.com"}, False),
        ({"Host": "example.com"}, True),
        ({"X_Forwarded_Host": "example.com", "X_Forwarded_Proto": "https"}, True),
    ],
)
def test_only_the_carrier_is_believed_at_the_address_that_it_was_given(
    here: Api, change: dict[str, str], is_believed: bool
) -> None:
    made = sent(here)
    answer = tell(here.server, callback_of(made["sid"]), status("delivered"), **change)
    assert answer.status == (200 if is_believed else 403)
    assert here.fetch(made["sid"])["status"] == ("delivered" if is_believed else "sent")
    assert TOKEN not in here.server.log


def test_what_is_not_signed_is_logged_without_what_it_said(here: Api) -> None:
    made = sent(here)
    path = callback_of(made["sid"])
    form = status("failed", ErrorMessage="a text of nobody")
    for answer in (call(here.server, path, form), call(here.server, path, method="GET")):
        assert answer.status == 403
        assert answer.json == {"error": "the signature is not that of the carrier"}
    lines = [line for line in here.server.log.splitlines() if made["sid"][2:] in line]
    assert [json.loads(line)["level"] for line in lines] == ["warning", "warning"]
    assert "a text of nobody" not in here.server.log


@pytest.mark.parametrize(
    "path",
    [
        "/in", "/in/", "/in/twilio", "/in/twilio/", "/in/twilio/nobody", "/in/sandbox/up%20stream",
        "/in/nothing/up%20stream", "/in//up%20stream", "/in/twilio/up%2520stream/x",
    ],
)  # fmt: skip
def test_where_no_carrier_is_expected_nothing_is(here: Api, path: str) -> None:
    assert tell(here.server, path, status("delivered")).status == 404


def test_a_carrier_that_never_calls_is_not_believed(here: Api) -> None:
    assert tell(here.server, "/in/sandbox/sandbox/x", status("delivered")).status == 403


def test_a_body_has_an_end(here: Api) -> None:
    answer = call(here.server, AT, b"Body=" + b"x" * LARGEST)
    assert answer.status == 413


def test_a_caller_that_goes_away_breaks_nothing(here: Api) -> None:
    with socket.create_connection(("127.0.0.1", here.server.port)) as caller:
        caller.sendall(f"POST {AT} HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nBody".encode())
    made = sent(here)
    assert tell(here.server, callback_of(made["sid"]), status("sent")).status == 200
    assert "Traceback" not in here.server.log


def test_what_tells_nothing_is_answered_all_the_same(here: Api) -> None:
    assert tell(here.server, AT, {"AccountSid": SID}).status == 200


def test_what_somebody_wrote_to_nobody_is_answered_and_logged(here: Api) -> None:
    form = {
        "SmsStatus": "received", "From": RECIPIENT, "To": "+14155550199", "Body": "a private text",
        "MessageSid": THEIR_SID, "NumMedia": "0", "AccountSid": SID,
    }  # fmt: skip
    assert tell(here.server, AT, form).status == 200
    assert "somebody wrote to an address that is no sender" in here.server.log
    assert "a private text" not in here.server.log
    assert "+14155550199" not in here.server.log


def test_another_token_counts_within_two_seconds(own_server: Server, stub: Stub) -> None:
    own_server.start()
    settings = (f"base_url={stub.url}", f"account_sid={SID}")
    own_server.run("connections", "add", "one", "twilio", *settings, "auth_token=the-first")
    form = status("delivered")
    assert tell(own_server, "/in/twilio/one", form, token="the-first").status == 200
    own_server.run("connections", "set", "one", *settings, "auth_token=the-second")
    time.sleep(2.1)
    assert tell(own_server, "/in/twilio/one", form, token="the-first").status == 403
    assert tell(own_server, "/in/twilio/one", form, token="the-second").status == 200


def test_the_public_address_is_what_counts(own_server: Server, stub: Stub) -> None:
    public = "https://sms.example.com/gateway"
    own_server.environment["ESTAFETTE_PUBLIC_URL"] = f"{public}/"
    own_server.start()
    settings = (f"base_url={stub.url}", f"account_sid={SID}", f"auth_token={TOKEN}")
    own_server.run("connections", "add", "one", "twilio", *settings)
    own_server.run("senders", "add", UPSTREAM, "--connection", "one", "--max-per-second", "0")
    made = sent(here := Api(own_server))
    (form,) = (form for form in stub.asked if form["To"] == [made["to"]])
    url = f"{public}/in/twilio/one/{made['sid'][2:]}"
    assert form["StatusCallback"] == [url]
    # A proxy takes its own part of the path away.
    path = urlsplit(url).path.removeprefix("/gateway")
    assert tell(own_server, path, status("delivered"), base=public).status == 200
    assert here.fetch(made["sid"])["status"] == "delivered"
    assert tell(own_server, path, status("delivered")).status == 403


def test_an_account_of_the_door_is_not_the_connections(here: Api) -> None:
    assert ACCOUNT_SID != SID
    assert tell(here.server, AT, status("sent"), token="a token for tests").status == 403
