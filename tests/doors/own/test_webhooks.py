"""Webhooks: told what happens in the account, signed, each in its own time."""

import hashlib
import hmac
import json
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import AUTH_TOKEN, SENDER, Server
from tests.doors.own.conftest import Own
from tests.doors.own.test_messages import until as come_to
from tests.doors.twilio.conftest import Api, basic, new_number
from tests.patience import PATIENCE, until
from tests.pictures import Pictures, showing
from tests.receiver import Heard, Receiver, Said, receiving

BOTH = ["received", "status"]


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of these tests: a webhook hears what everybody sends."""
    server = Server(tmp_path_factory.mktemp("webhooks") / "home").start()
    yield server
    server.close()


@pytest.fixture
def other(shared_server: Server) -> Own:
    """A second account on that server."""
    made = json.loads(shared_server.run("accounts", "create", "Other", "--json").stdout)
    shared_server.run("senders", "add", "+14155550170", "--account", made["sid"])
    return Own(shared_server, basic(made["sid"], made["auth_token"]))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def spare() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def pictures() -> Iterator[Pictures]:
    with showing() as found:
        yield found


@pytest.fixture
def hooked(own: Own) -> Iterator[Own]:
    """The door, with no webhook left behind."""
    yield own
    for item in own.all_of("/webhooks"):
        own.call("DELETE", f"/webhooks/{item['id']}")


def is_signed(heard: Heard, secret: str) -> bool:
    digest = hmac.new(secret.encode(), heard.body, hashlib.sha256).hexdigest()
    return heard.headers["x-estafette-signature"] == f"sha256={digest}"


def told(receiver: Receiver, id: str) -> list[Any]:
    """What a receiver was told of a message."""
    found = [json.loads(heard.body) for heard in list(receiver.heard)]
    return [item for item in found if item["message"] == id]


def wait(receiver: Receiver, id: str, *statuses: str, seconds: float = PATIENCE) -> list[Any]:
    """What a receiver was told of a message, once that are these statuses, in this order."""
    end = time.monotonic() + seconds
    while True:
        found = told(receiver, id)
        if [item["status"] for item in found] == list(statuses):
            return found
        assert time.monotonic() < end, found
        time.sleep(0.02)


def test_a_webhook_is_added_shown_changed_and_removed(hooked: Own) -> None:
    made = hooked.post("/webhooks", {"url": "https://c.example/a?k=1", "events": BOTH[::-1]})
    assert made | {"url": "https://c.example/a?k=1", "events": BOTH, "has_secret": False} == made
    assert hooked.get(f"/webhooks/{made['id']}") == made
    later = hooked.post(
        "/webhooks", {"url": "https://c.example/b", "events": ["status"], "secret": "hush"}
    )
    assert later["has_secret"]
    assert "hush" not in json.dumps(later)
    assert hooked.all_of("/webhooks", limit=1) == [later, made]
    path = f"/webhooks/{later['id']}"
    changed = json.loads(hooked.call("PATCH", path, {"events": ["received"]}).body)
    assert changed["has_secret"]
    assert (changed["events"], changed["url"]) == (["received"], "https://c.example/b")
    changed = json.loads(
        hooked.call("PATCH", path, {"url": "http://d.example/", "secret": ""}).body
    )
    assert (changed["url"], changed["has_secret"]) == ("http://d.example/", False)
    assert hooked.call("DELETE", path).status == 204
    for method in ("GET", "DELETE"):
        assert hooked.call(method, path).refusal[:2] == (404, "not_found")
    assert hooked.call("PATCH", path, {}).refusal[:2] == (404, "not_found")
    assert hooked.all_of("/webhooks") == [made]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, (400, "bad_request", "url")),
        ({"url": "http://c.example/"}, (400, "bad_request", "events")),
        ({"url": "http://c.example/", "events": []}, (400, "bad_request", "events")),
        ({"url": "http://c.example/", "events": ["fax"]}, (400, "bad_request", "events[0]")),
        ({"url": "", "events": BOTH}, (400, "bad_callback", "url")),
        ({"url": "nonsense", "events": BOTH}, (400, "bad_callback", "url")),
        ({"url": "ftp://c.example/", "events": BOTH}, (400, "bad_callback", "url")),
        (
            {"url": "http://c.example/", "events": BOTH, "secret": "x" * 257},
            (400, "bad_request", "secret"),
        ),
        (
            {"url": "http://c.example/", "events": BOTH, "colour": "red"},
            (400, "bad_request", "colour"),
        ),
    ],
)
def test_what_is_wrong_says_where(hooked: Own, body: Any, told: tuple[Any, ...]) -> None:
    assert hooked.call("POST", "/webhooks", body).refusal == told
    assert hooked.all_of("/webhooks") == []
    assert hooked.call("GET", "/webhooks?after=x").refusal == (400, "bad_request", "after")


def test_anothers_webhook_is_unknown(hooked: Own, other: Own, receiver: Receiver) -> None:
    id = hooked.post("/webhooks", {"url": receiver.url, "events": BOTH})["id"]
    assert other.all_of("/webhooks") == []
    for method, body in (("GET", None), ("PATCH", {}), ("DELETE", None)):
        refusal = other.call(method, f"/webhooks/{id}", body).refusal
        assert refusal[:2] == (404, "not_found")
    other.post("/messages", {"from": "+14155550170", "to": new_number(), "body": "Not mine"})
    message = hooked.send(new_number())["id"]
    wait(receiver, message, "sent", "delivered")
    assert {json.loads(heard.body)["message"] for heard in receiver.heard} == {message}


def test_statuses_are_told_of_messages_that_name_no_address(
    hooked: Own, twilio: Api, receiver: Receiver
) -> None:
    made = hooked.post("/webhooks", {"url": f"{receiver.url}/w?k=1", "events": ["status"]})
    to = new_number()
    id = twilio.create(to, Body="Hello there")["sid"][2:]
    first, second = wait(receiver, id, "sent", "delivered")
    assert first["event"] == "status"
    assert (first["webhook"], first["message"], first["to"]) == (made["id"], id, to)
    assert (first["body"], first["error"], first["direction"]) == (
        "Hello there",
        None,
        "outbound-api",
    )
    assert second["status"] == "delivered"
    assert receiver.heard[0].path == "/w?k=1"
    assert is_signed(receiver.heard[0], AUTH_TOKEN)
    hooked.write("+14155550188", "This is told to nobody here")
    failed = hooked.send("+15005520400")["id"]
    (failure,) = wait(receiver, failed, "failed")
    assert (failure["error"]["reason"], failure["error"]["code"]) == ("blocked", "30007")
    assert {json.loads(heard.body)["event"] for heard in receiver.heard} == {"status"}


def test_what_somebody_writes_is_told_and_the_answer_ignored(
    hooked: Own, receiver: Receiver, pictures: Pictures
) -> None:
    twiml = "<Response><Message>Not from here</Message></Response>"
    receiver.answers = lambda heard: Said(twiml)
    hooked.post("/webhooks", {"url": receiver.url, "events": ["received"], "secret": "whsec_1"})
    person = new_number()
    id = hooked.write(person, "Hi", media=[pictures.url(size=2000)])["id"]
    (found,) = wait(receiver, id, "received")
    assert (found["event"], found["body"], found["from"]) == ("received", "Hi", person)
    assert (found["to"], found["direction"]) == (SENDER, "inbound")
    (media,) = found["media"]
    assert media.startswith(f"http://127.0.0.1:{hooked.server.port}/")  # ours, not the carrier's
    (heard,) = receiver.heard
    assert is_signed(heard, "whsec_1")
    assert not is_signed(heard, AUTH_TOKEN)
    time.sleep(0.5)
    assert hooked.all_of("/messages", to=person) == []


def test_one_that_fails_holds_up_no_other_and_recovers(
    hooked: Own, twilio: Api, receiver: Receiver, spare: Receiver
) -> None:
    good = hooked.post("/webhooks", {"url": f"{receiver.url}/good", "events": BOTH})["id"]
    bad = hooked.post("/webhooks", {"url": spare.url, "events": BOTH, "secret": "s"})["id"]
    spare.answers = lambda heard: 503 if len(spare.heard) < 2 else 204
    sid = twilio.create(new_number(), StatusCallback=f"{receiver.url}/mine")["sid"]
    id = sid[2:]
    receiver.wait(4)
    assert len(spare.heard) < 3  # it waits for its next try
    paths: dict[str, list[str]] = {}
    for heard in receiver.heard:
        said = heard.form if heard.path == "/mine" else json.loads(heard.body)
        paths.setdefault(heard.path, []).append(said.get("MessageStatus") or said["status"])
    assert paths == {"/mine": ["sent", "delivered"], "/good": ["sent", "delivered"]}

    def listed() -> list[Any]:
        return [item for item in hooked.get("/callbacks")["items"] if item["message"] == id]

    # What an answer came to is written down a moment after it.
    until(lambda: {i["told"] for i in listed() if i["subscription"] != bad} == {"told"})
    waiting = listed()
    assert {item["subscription"] for item in waiting} == {None, good, bad}
    assert {i["told"] for i in waiting if i["subscription"] != bad} == {"told"}
    assert {i["told"] for i in waiting if i["subscription"] == bad} == {"waiting"}
    wait(spare, id, "sent", "sent", "delivered")
    assert len(receiver.heard) == 4


def test_one_is_told_once_more_by_itself_or_all_are(
    hooked: Own, twilio: Api, receiver: Receiver, spare: Receiver
) -> None:
    hook = hooked.post("/webhooks", {"url": spare.url, "events": ["status"]})["id"]
    id = twilio.create(new_number(), StatusCallback=receiver.url)["sid"][2:]
    all_told(hooked, id, 4)
    again = hooked.post(f"/callbacks/{id}/replay", {"subscription": hook}, 200)
    assert again["items"] == ["sent", "delivered"]
    wait(spare, id, *["sent", "delivered"] * 2)
    all_told(hooked, id, 4)
    assert len(receiver.heard) == 2
    asked = {"subscription": "", "status": "sent"}
    assert hooked.post(f"/callbacks/{id}/replay", asked, 200)["items"] == ["sent"]
    receiver.wait(3)
    all_told(hooked, id, 4)
    assert len(spare.heard) == 4
    assert hooked.post(f"/callbacks/{id}/replay", status=200)["items"] == ["sent", "delivered"]
    receiver.wait(5)
    wait(spare, id, *["sent", "delivered"] * 3)
    none = hooked.post(f"/callbacks/{id}/replay", {"subscription": "0" * 32}, 200)
    assert none["items"] == []


def all_told(own: Own, id: str, count: int) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        found = [i["told"] for i in own.get("/callbacks")["items"] if i["message"] == id]
        if found == ["told"] * count:
            return
        assert time.monotonic() < end, found
        time.sleep(0.02)


def test_what_a_removed_webhook_is_owed_is_given_up(hooked: Own, receiver: Receiver) -> None:
    receiver.answers = lambda heard: 500
    hook = hooked.post("/webhooks", {"url": receiver.url, "events": ["status"]})["id"]
    id = hooked.send(new_number())["id"]
    receiver.wait(1)
    come_to(hooked, id, "delivered")
    assert hooked.call("DELETE", f"/webhooks/{hook}").status == 204
    end = time.monotonic() + PATIENCE
    while True:
        found = [i for i in hooked.get("/callbacks")["items"] if i["message"] == id]
        if [item["told"] for item in found] == ["given_up"] * 2:
            break
        assert time.monotonic() < end, found
        time.sleep(0.05)
    assert {item["answer"] for item in found} == {"its subscription was removed"}
    assert len(receiver.heard) == 1
    later = hooked.send(new_number())["id"]
    come_to(hooked, later, "delivered")
    assert [i for i in hooked.get("/callbacks")["items"] if i["message"] == later] == []


def test_what_is_owed_goes_to_a_new_address(
    hooked: Own, receiver: Receiver, spare: Receiver
) -> None:
    receiver.answers = lambda heard: 500
    hook = hooked.post("/webhooks", {"url": receiver.url, "events": ["status"]})["id"]
    id = hooked.send(new_number())["id"]
    receiver.wait(1)
    assert hooked.call("PATCH", f"/webhooks/{hook}", {"url": f"{spare.url}/new"}).status == 200
    wait(spare, id, "sent", "delivered")
    all_told(hooked, id, 2)
    shown = [i for i in hooked.get("/callbacks")["items"] if i["message"] == id]
    assert {item["url"] for item in shown} == {f"{spare.url}/new"}


@pytest.fixture
def killed(url: str, tmp_path: Path) -> Iterator[Server]:
    """A server on each engine in turn."""
    server = Server(tmp_path / "home", database_url=url)
    yield server
    server.close()


@pytest.mark.slow
def test_a_flood_is_told_in_order_and_survives_a_crash(
    killed: Server, receiver: Receiver, spare: Receiver
) -> None:
    """A server that is killed in the middle tells all to all, in order; a few of it twice."""
    killed.start()
    own, twilio = Own(killed), Api(killed)
    for url in (receiver.url, spare.url):
        own.post("/webhooks", {"url": url, "events": BOTH})
    spare.answers = lambda heard: 503 if len(spare.heard) == 10 else 204
    ids = [
        twilio.create(new_number(), StatusCallback=f"{receiver.url}/mine")["sid"][2:]
        for _ in range(60)
    ]
    receiver.wait(30)
    killed.kill()
    killed.start()
    end = time.monotonic() + 90
    while True:
        found = [ordered(receiver, "/mine"), ordered(receiver, "/"), ordered(spare, "/")]
        if all(seen.get(id) == ["sent", "delivered"] for seen in found for id in ids):
            break
        assert time.monotonic() < end, [Counter(map(tuple, seen.values())) for seen in found]
        time.sleep(0.2)


@pytest.mark.slow
def test_a_flood_is_told_whole(own_server: Server, receiver: Receiver) -> None:
    own_server.start()
    own = Own(own_server)
    own.post("/webhooks", {"url": receiver.url, "events": ["status"]})
    with ThreadPoolExecutor(8) as pool:
        sent = list(pool.map(lambda _: own.send(new_number())["id"], range(1000)))
    end = time.monotonic() + 120
    while ordered(receiver, "/") != {id: ["sent", "delivered"] for id in sent}:
        assert time.monotonic() < end, Counter(map(tuple, ordered(receiver, "/").values()))
        time.sleep(0.5)
    listed = own.all_of("/callbacks", limit=700)
    assert len({(item["message"], item["status"]) for item in listed}) == len(listed) == 2000


def ordered(receiver: Receiver, path: str) -> dict[str, list[str]]:
    """By message, the statuses that one address was told, each once, in the order of the first."""
    found: dict[str, list[str]] = {}
    for heard in list(receiver.heard):
        if heard.path != path:
            continue
        said = heard.form if path == "/mine" else json.loads(heard.body)
        id = said["MessageSid"][2:] if path == "/mine" else said["message"]
        status = said["MessageStatus"] if path == "/mine" else said["status"]
        seen = found.setdefault(id, [])
        if status not in seen:
            seen.append(status)
    return found
