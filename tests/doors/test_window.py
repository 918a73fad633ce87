"""The 24-hour window at every door: who wrote yesterday is refused, in each door's own shape."""

import itertools
import json
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, SENDER, Server
from tests.doors.actions.conftest import Caller
from tests.doors.connectors.conftest import Plain
from tests.doors.own.conftest import Own
from tests.doors.twilio.conftest import Api, basic
from tests.doors.twilio.test_sdk import GatewayHttpClient
from tests.doors.workflowgen.conftest import Flow, context, data_set
from tests.patience import PATIENCE
from tests.receiver import receiving

OURS = "+15550783881"  # the WhatsApp sender of a fresh home
TEXT = (
    "Failed to send freeform message because you are outside the allowed window. If you are using"
    " WhatsApp, please use a Message Template."
)
REFUSED = (400, 63016, TEXT)
DAY = timedelta(hours=24)
_people = itertools.count(1000)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose policies change."""
    server = Server(tmp_path_factory.mktemp("window") / "home").start()
    try:
        yield server
    finally:
        server.close()


@pytest.fixture
def own(house: Server) -> Own:
    return Own(house)


@pytest.fixture
def api(house: Server) -> Api:
    return Api(house)


@pytest.fixture
def client(house: Server) -> Iterator[Client]:
    made = Client(ACCOUNT_SID, AUTH_TOKEN, http_client=GatewayHttpClient(house.url))
    yield made
    made.http_client.session.close()


def wrote(own: Own, age: timedelta, person: str = "") -> str:
    """A person who wrote so long ago."""
    person = person or f"+1415555{next(_people)}"
    at = (datetime.now(UTC) - age).isoformat()
    told = own.write(person, "Hello", OURS, channel="whatsapp", at=at)
    until = told["window_open_until"]
    assert (until is None) is (age >= DAY)
    assert until is None or datetime.fromisoformat(until) == datetime.fromisoformat(at) + DAY
    return person


@pytest.fixture
def late(own: Own) -> str:
    """Who wrote yesterday."""
    return wrote(own, timedelta(hours=25))


def create(client: Client, person: str, **more: Any) -> Any:
    asked = {"from_": f"whatsapp:{OURS}", "to": f"whatsapp:{person}", "body": "Hi there", **more}
    return client.messages.create(**{name: value for name, value in asked.items() if value})


def refusal(client: Client, person: str, **more: Any) -> tuple[int, int, str]:
    with pytest.raises(TwilioRestException) as told:
        create(client, person, **more)
    return (
        told.value.status,
        told.value.code,
        told.value.msg.removeprefix("Unable to create record: "),
    )


def said_to(person: str) -> dict[str, Any]:
    return {"channel": "whatsapp", "from": OURS, "to": person, "body": "Hi"}


def send(own: Own, person: str, **more: Any) -> Any:
    return own.post("/messages", {**said_to(person), **more})


# Twilio


def test_twilio_is_refused_at_once_and_nothing_is_written(
    own: Own, client: Client, api: Api, late: str
) -> None:
    before = api.newest()
    assert refusal(client, late) == REFUSED
    assert refusal(client, late, media_url=["https://example.com/a.png"]) == REFUSED
    answer = api.post({"To": f"whatsapp:{late}", "From": f"whatsapp:{OURS}", "Body": "Hi"})
    assert answer.refusal == REFUSED
    assert api.newest() == before
    wrote(own, timedelta(0), late)
    assert create(client, late).status == "queued"


@pytest.mark.parametrize(
    ("age", "status"),
    [
        (timedelta(hours=23, minutes=59), 201),
        (timedelta(hours=23, minutes=59, seconds=50), 201),
        (timedelta(hours=24), 400),
    ],
)
def test_the_edges(own: Own, api: Api, age: timedelta, status: int) -> None:
    person = wrote(own, age)
    answer = api.post({"To": f"whatsapp:{person}", "From": f"whatsapp:{OURS}", "Body": "Hi"})
    assert answer.status == status


def test_an_approved_content_goes_and_another_does_not(
    client: Client, own: Own, api: Api, late: str
) -> None:
    types = {"twilio/text": {"body": "Hello {{1}}"}}
    said = json.dumps({"friendly_name": "hello", "language": "en", "types": types}).encode()
    made = api.call("POST", "/v1/Content", said, {"Content-Type": "application/json"}).json["sid"]
    asked = {"body": "", "content_sid": made, "content_variables": '{"1": "Ann"}'}
    assert refusal(client, late, **asked) == REFUSED
    submit = json.dumps({"name": "hello_late", "category": "UTILITY"}).encode()
    path = f"/v1/Content/{made}/ApprovalRequests"
    answer = api.call("POST", f"{path}/whatsapp", submit, {"Content-Type": "application/json"})
    assert answer.status == 201
    end = time.monotonic() + PATIENCE
    while api.call("GET", path).json["whatsapp"]["status"] != "approved":
        assert time.monotonic() < end
        time.sleep(0.1)
    sent = create(client, late, **asked)
    assert sent.body == "Hello Ann"
    shown = own.get(f"/messages/{sent.sid}")
    assert shown["content"]["template"]["values"] == ["Ann"]
    assert shown["window_open_until"] is None
    assert refusal(client, late) == REFUSED  # what was sent opens nothing


def test_through_a_service_it_fails_and_that_is_told(
    client: Client, house: Server, late: str
) -> None:
    service = client.messaging.v1.services.create(friendly_name="Desk")
    house.run("services", "add", service.sid, OURS, "--channel", "whatsapp")
    with receiving() as receiver:
        asked = {"from_": "", "messaging_service_sid": service.sid}
        sent = create(client, late, **asked, status_callback=receiver.url)
        assert sent.status in ("accepted", "queued")
        api = Api(house)
        found = api.until(sent.sid, "failed")
        assert (found["error_code"], found["error_message"]) == (63016, TEXT)
        told = receiver.wait(1, sent.sid)[-1].form
    assert (told["MessageStatus"], told["ErrorCode"]) == ("failed", "63016")


# Our own


def test_the_own_api_says_so_and_until_when(own: Own, late: str) -> None:
    answer = own.call("POST", "/messages", said_to(late))
    assert answer.refusal == (400, "outside_window", "to")
    assert late in answer.json["error"]["message"]
    person = wrote(own, timedelta(hours=1))
    sent = send(own, person)
    until = datetime.fromisoformat(sent["window_open_until"])
    assert timedelta(hours=22) < until - datetime.now(UTC) < timedelta(hours=23)
    shown = own.get(f"/messages/{sent['id']}")
    assert shown["window_open_until"] == sent["window_open_until"]
    listed = own.get("/messages", to=person)["items"][0]
    assert listed["id"] == sent["id"]
    assert "window_open_until" not in listed


def test_who_never_wrote_and_an_sms_have_none(own: Own) -> None:
    assert send(own, "+14155559990")["window_open_until"] is None
    sms = own.send("+14155559991")
    assert (sms["window_open_until"], sms["from"]) == (None, SENDER)
    own.write("+14155559991", "Hi", SENDER, at="2026-01-01T00:00:00Z")
    own.send("+14155559991")


def test_an_old_message_that_comes_late_closes_nothing(own: Own) -> None:
    person = wrote(own, timedelta(hours=1))
    old = {"channel": "whatsapp", "at": "2026-01-01T00:00:00Z"}
    until = own.write(person, "I wrote this long ago", OURS, **old)["window_open_until"]
    assert until is not None
    assert send(own, person)["window_open_until"] == until


def test_the_same_request_keeps_its_answer(own: Own) -> None:
    person = wrote(own, DAY - timedelta(seconds=3))
    body = said_to(person)
    first = own.call("POST", "/messages", body, {"Idempotency-Key": f"w {person}"})
    assert first.status == 201
    end = time.monotonic() + PATIENCE
    while own.call("POST", "/messages", body).status == 201:
        assert time.monotonic() < end
        time.sleep(0.2)
    again = own.call("POST", "/messages", body, {"Idempotency-Key": f"w {person}"})
    assert (again.status, again.json["id"]) == (201, first.json["id"])


def test_what_is_scheduled_for_later_than_it_is_open_is_refused(own: Own) -> None:
    person = wrote(own, timedelta(hours=1))
    at = datetime.now(UTC) + timedelta(hours=24)
    asked = {**said_to(person), "send_at": at.isoformat()}
    assert own.call("POST", "/messages", asked).refusal[:2] == (400, "outside_window")
    asked["send_at"] = (at - timedelta(hours=2)).isoformat()
    assert own.post("/messages", asked)["status"] == "scheduled"


# Actions, connector, WorkflowGen


def inputs(person: str) -> Mapping[str, str]:
    return {"BODY": "Hi", "TO": f"whatsapp:{person}", "FROM": f"whatsapp:{OURS}"}


def test_actions(own: Own, house: Server, late: str) -> None:
    answer = Caller(house).run(**inputs(late))
    assert answer.status == 200
    assert answer.members == {
        "MESSAGE_SID": "", "ERROR_MESSAGE": TEXT, "ERROR_CODE": "63016"
    }  # fmt: skip
    wrote(own, timedelta(0), late)
    assert Caller(house).run(**inputs(late)).members["MESSAGE_SID"]


def test_actions_by_command(house: Server, late: str) -> None:
    pairs = [f"{name}={value}" for name, value in inputs(late).items()]
    done = house.run("action", "run", "SENDMESSAGE", *pairs, check=False)
    assert done.returncode == 1
    assert json.loads(done.stdout)["ERROR_CODE"] == "63016"


def test_the_connector(house: Server, late: str) -> None:
    asked = {"from": f"whatsapp:{OURS}", "to": f"whatsapp:{late}", "body": "Hi"}
    answer = Plain(house).call("POST", "/Messages.json", asked)
    assert answer.code == (400, 63016)
    assert answer.json["message"] == TEXT


def test_workflowgen(own: Own, house: Server, late: str) -> None:
    for document in (context(**inputs(late)), data_set(**inputs(late))):
        values = Flow(house).call(document).values
        assert (values["MESSAGE_SID"] or "", values["ERROR_CODE"]) == ("", "63016")
        assert values["ERROR_MESSAGE"] == TEXT
    wrote(own, timedelta(0), late)
    assert Flow(house).call(context(**inputs(late))).values["MESSAGE_SID"]


# Commands


def test_commands(house: Server, own: Own, late: str) -> None:
    command = ("send", "--channel", "whatsapp", "--to", late, "--body", "Hi")
    done = house.run(*command, check=False)
    assert done.returncode == 1
    assert f"{late} did not write in the last 24 hours" in done.stderr
    at = (datetime.now(UTC) - timedelta(hours=23)).isoformat()
    written = ("receive", late, OURS, "Me again", "--channel", "whatsapp", "--at", at, "--json")
    until = json.loads(house.run(*written).stdout)["window_open_until"]
    assert json.loads(house.run(*command, "--json").stdout)["window_open_until"] == until
    assert "queued (window open until 20" in house.run(*command).stdout


# What an account sets


def test_the_policy(house: Server, own: Own, api: Api, late: str) -> None:
    never = "+14155559980"
    assert own.get("/settings/window") == {"policy": "known"}
    try:
        assert own.call("PUT", "/settings/window", {"policy": "strict"}).json["policy"] == "strict"
        for person in (late, never):
            answer = own.call("POST", "/messages", said_to(person))
            assert answer.refusal == (400, "outside_window", "to")
        own.send(never)
        assert house.run("settings", "window").stdout == "strict\n"
        assert own.call("PUT", "/settings/window", {"policy": "off"}).status == 200
        send(own, late)
        made = json.loads(house.run("accounts", "create", "Another", "--json").stdout)
        other = Own(house, basic(made["sid"], made["auth_token"]))
        assert other.get("/settings/window") == {"policy": "known"}
    finally:
        own.call("PUT", "/settings/window", {"policy": "known"})


@pytest.mark.parametrize(
    "body",
    [
        {}, {"policy": None}, {"policy": 1}, {"policy": "KNOWN"}, {"policy": ""}, {"policy": []},
        {"policy": "known\0"}, {"policy": "\ud800"}, {"policy": "known", "more": 1}, [], "known",
        b"", b"{", {"policy": "x" * 100_000},
    ],
)  # fmt: skip
def test_a_policy_that_is_none_is_refused(own: Own, body: Any) -> None:
    answer = own.call("PUT", "/settings/window", body)
    assert answer.status == 400
    assert own.get("/settings/window") == {"policy": "known"}
