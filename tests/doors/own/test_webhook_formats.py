"""Webhooks that are told updates as the WhatsApp Cloud API tells them, set up through our own API."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.conftest import SENDER
from tests.doors.own.conftest import Own
from tests.receiver import Heard, Receiver, Said, receiving

CLOUD = "+15550783881"  # the WhatsApp sender of a fresh home
PHONE = "106540352242922"  # and its phone number id
TOKEN = "a verify token"
URL = "http://127.0.0.1:9/nobody"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def hooked(own: Own) -> Iterator[Own]:
    yield own
    for item in own.all_of("/webhooks"):
        own.call("DELETE", f"/webhooks/{item['id']}")


def answering(heard: Heard) -> Said | int:
    """As an address does that knows the token."""
    query = {name: values[0] for name, values in parse_qs(urlsplit(heard.path).query).items()}
    if query.get("hub.verify_token") != TOKEN or query["hub.mode"] != "subscribe":
        return 403
    return Said(query["hub.challenge"], "text/plain")


def asked(**more: Any) -> dict[str, Any]:
    return {"url": URL, "format": "whatsapp", **more}


def test_it_is_shown_listed_and_removed(hooked: Own) -> None:
    made = hooked.post("/webhooks", asked())
    assert (made["format"], made["sender"], made["has_secret"]) == ("whatsapp", None, False)
    assert made["events"] == ["received", "status"]
    plain = hooked.post("/webhooks", {"url": URL, "events": ["status"]})
    assert (plain["format"], plain["sender"]) == ("own", None)
    assert hooked.all_of("/webhooks") == [plain, made]
    assert hooked.get(f"/webhooks/{made['id']}") == made
    assert hooked.call("DELETE", f"/webhooks/{made['id']}").status == 204
    assert hooked.all_of("/webhooks", limit=1) == [plain]


def test_a_sender_goes_by_any_of_its_names(hooked: Own) -> None:
    (sender,) = [item for item in hooked.all_of("/senders") if item["address"] == CLOUD]
    for name in (sender["id"], CLOUD, PHONE):
        assert hooked.post("/webhooks", asked(sender=name))["sender"] == sender["id"]
    assert hooked.post("/webhooks", asked(sender="*"))["sender"] == "*"
    (sms,) = [item for item in hooked.all_of("/senders") if item["address"] == SENDER]
    for name in (SENDER, sms["id"], "1" * 15, "0" * 32, "nonsense"):
        refusal = hooked.call("POST", "/webhooks", asked(sender=name)).refusal
        assert refusal == (404, "not_found", "sender")


def test_an_address_is_asked_first(hooked: Own, receiver: Receiver) -> None:
    receiver.answers = answering
    made = hooked.post("/webhooks", asked(url=f"{receiver.url}/a?k=1", verify_token=TOKEN))
    (heard,) = receiver.heard
    assert (heard.method, heard.path.startswith("/a?k=1&hub.mode=subscribe&")) == ("GET", True)
    path = f"/webhooks/{made['id']}"
    moved = {"url": f"{receiver.url}/b"}
    assert hooked.call("PATCH", path, moved).refusal == (400, "bad_request", "verify_token")
    assert hooked.call("PATCH", path, {**moved, "verify_token": TOKEN}).status == 200
    assert receiver.heard[-1].path.startswith("/b?hub.mode=subscribe&")
    assert hooked.call("PATCH", path, {"secret": "x"}).status == 200
    assert len(receiver.heard) == 2  # nothing that concerns the address was changed
    for body in ({"verify_token": "another"}, {"url": URL, "verify_token": TOKEN}):
        refusal = hooked.call("PATCH", path, body).refusal
        assert refusal == (400, "bad_callback", "url")
    assert hooked.get(path)["url"] == f"{receiver.url}/b"
    assert hooked.call("PATCH", path, {"verify_token": ""}).status == 200
    assert hooked.call("PATCH", path, {"url": URL}).status == 200
    said = hooked.call("GET", "/webhooks").body + hooked.call("GET", path).body
    assert TOKEN.encode() not in said
    assert TOKEN not in hooked.server.log
    kept = [path.read_bytes() for path in hooked.server.home.rglob("*") if path.is_file()]
    assert not any(TOKEN.encode() in data for data in kept)


def test_one_that_does_not_answer_well_is_not_made(hooked: Own, receiver: Receiver) -> None:
    receiver.answers = answering
    for body in (
        asked(url=receiver.url, verify_token="wrong"),
        asked(verify_token=TOKEN),
        asked(url="nonsense", verify_token=TOKEN),
    ):
        answer = hooked.call("POST", "/webhooks", body)
        assert answer.refusal == (400, "bad_callback", "url")
        assert TOKEN.encode() not in answer.body
    assert hooked.all_of("/webhooks") == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (asked(events=["received", "contact_created"]), "events"),
        (asked(events=[]), "events"),
        (asked(format="graph"), "format"),
        (asked(format=None), "format"),
        (asked(sender=5), "sender"),
        (asked(sender="x" * 65), "sender"),
        (asked(verify_token=["a"]), "verify_token"),
        (asked(verify_token="x" * 257), "verify_token"),
        ({"url": URL, "events": ["status"], "sender": CLOUD}, "sender"),
        ({"url": URL, "events": ["status"], "verify_token": TOKEN}, "verify_token"),
        ({"url": URL}, "events"),
    ],
)
def test_what_is_wrong_says_where(hooked: Own, body: Any, field: str) -> None:
    assert hooked.call("POST", "/webhooks", body).refusal == (400, "bad_request", field)
    assert hooked.all_of("/webhooks") == []


def test_changes_keep_to_its_format(hooked: Own) -> None:
    cloud = f"/webhooks/{hooked.post('/webhooks', asked())['id']}"
    plain = f"/webhooks/{hooked.post('/webhooks', {'url': URL, 'events': ['status']})['id']}"
    wrong = (400, "bad_request")
    assert hooked.call("PATCH", cloud, {"events": ["agent_status_updated"]}).refusal[:2] == wrong
    assert hooked.call("PATCH", plain, {"verify_token": TOKEN}).refusal == (*wrong, "verify_token")
    for path in (cloud, plain):
        assert hooked.call("PATCH", path, {"format": "own"}).refusal == (*wrong, "format")
        assert hooked.call("PATCH", path, {"events": ["received"]}).json["events"] == ["received"]


def test_anothers_is_unknown(hooked: Own, other: Own) -> None:
    path = f"/webhooks/{hooked.post('/webhooks', asked())['id']}"
    assert other.all_of("/webhooks") == []
    for method, body in (("GET", None), ("PATCH", {"url": URL}), ("DELETE", None)):
        assert other.call(method, path, body).refusal[:2] == (404, "not_found")
    assert other.call("POST", "/webhooks", asked(sender=CLOUD)).refusal[:2] == (404, "not_found")
