"""What webhooks are told, without a server: signatures, names of events, and contents that are odd."""

import random
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from estafette.doors.callbell.details import KINDS, said, shown
from estafette.doors.callbell.notices import (
    CREATED_EVENT,
    EVENTS,
    STATUS_EVENT,
    Notices,
    event_of,
    read_sent,
    signature,
)
from estafette.doors.callbell.payloads import status_payload
from estafette.model import (
    Callback,
    CallbackStatus,
    Channel,
    Direction,
    Message,
    Reason,
    Status,
    Subscription,
)
from estafette.model.meta import code_of
from estafette.model.notice import Event, Notice
from estafette.model.subscription import EVENT

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
SECRET = "whsec_test_0123456789abcdef"


def message(**parts: Any) -> Message:
    known: dict[str, Any] = {
        "id": "a" * 32, "account": "AC1", "lane": "1", "channel": Channel.WHATSAPP,
        "direction": Direction.API, "sender": "+15550783881", "recipient": "+14155550100",
        "body": "Hi", "media": (), "segments": 1, "status": Status.SENT, "ref": "", "reason": None,
        "code": "", "text": "", "callback_url": "", "redacted": False, "created_at": NOON,
        "updated_at": NOON, "sent_at": None, "expires_at": NOON,
    }  # fmt: skip
    return Message(**{**known, **parts})


def callback(**parts: Any) -> Callback:
    known: dict[str, Any] = {
        "message": "a" * 32, "said": "sent", "account": "AC1", "door": "callbell",
        "url": "http://a.example/x#y", "reason": None, "code": "", "text": "", "created_at": NOON,
        "told": CallbackStatus.WAITING, "due_at": None, "tries": 1, "answer": "", "closed_at": None,
    }  # fmt: skip
    return Callback(**{**known, **parts})


def subscription(*, has_secret: bool) -> Subscription:
    return Subscription(
        id="b" * 32, account="AC1", door="callbell", event="status", url="http://a.example/x",
        details={}, has_secret=has_secret, created_at=NOON, updated_at=NOON,
    )  # fmt: skip


def test_the_signature_is_that_of_the_known_vector() -> None:
    body = '{"event":"message_created","payload":{"text":"héllo"}}'.encode()
    assert len(body) == 55
    assert signature(SECRET, 1790000000, body) == (
        "t=1790000000,v1=f2b19d84dcf12763a800309bc747f5e58330bf768dd23f946938a51642b50106"
    )


def test_only_a_secret_of_its_own_signs() -> None:
    notices = Notices("http://h.example", lambda: NOON)
    for has_secret in (True, False):
        owed = callback(subscription=subscription(has_secret=has_secret))
        post = notices.post(owed, message(), SECRET)
        assert ("X-Callbell-Signature" in post.headers) is has_secret
        assert (post.url, post.method, post.total_in) == ("http://a.example/x", "POST", 10.0)
    assert SECRET not in str(post)


def test_every_status_and_event_has_one_name() -> None:
    assert event_of(callback(said="received")) == CREATED_EVENT
    assert event_of(callback(said="queued")) == CREATED_EVENT
    others = {event_of(callback(said=status)) for status in EVENT} - {CREATED_EVENT}
    assert others == {STATUS_EVENT}
    for event in Event:
        assert event_of(callback(said="c" * 32, event=event)) == event
        assert EVENTS[event] == (event,)


@pytest.mark.parametrize("event", list(Event))
def test_every_notice_has_words(event: Event) -> None:
    at = "2026-05-04T12:00:00Z"
    known = {"id": "c" * 32, "account": "AC1", "created_at": at, "updated_at": at}
    facts: dict[str, Any] = {
        "contact": {**known, "channel": "whatsapp", "address": "+14155550100", "tags": ["a"]},
        "user": {**known, "email": "ada@desk.example", "available_at": at},
        "status": None,
        "team": {**known, "name": "Support", "members": 1},
        "reason": "agent_added",
        "action": "user_logged_in",
    }
    notice = Notice(
        id="d" * 32, account="AC1", event=event, about="c" * 32, facts=facts, created_at=NOON
    )
    owed = callback(message="c" * 32, said="d" * 32, event=event)
    post = Notices("http://h.example").tell(owed, notice, "")
    assert post
    told = msgspec.json.decode(post.body)
    assert told["event"] == event
    assert told["payload"]
    assert read_sent(post.body.decode()) == told["payload"]


def test_what_is_forgotten_is_not_told() -> None:
    place = {"latitude": 1, "longitude": 2}
    found = message(redacted=True, body="secret", content={"location": place}, media=("http://m/",))
    post = Notices("").post(callback(said="queued"), found, "")
    payload = msgspec.json.decode(post.body)["payload"]
    assert (payload["text"], payload["attachments"]) == ("", [])
    assert "messageLocation" not in payload
    assert read_sent("") == read_sent("[]") == read_sent("nonsense") == {}


def test_contents_may_be_anything() -> None:
    dice = random.Random(5)
    leaves: list[Any] = [None, 7, -1.5, "x", "", True, [], {}, [None], {"a": 1}, 10**400, "\0"]
    words = [
        "location", "contacts", "interactive", "button", "context", "button_reply", "list_reply",
        "name", "phones", "title", "id", "payload", "text", "latitude", "longitude", "from",
    ]  # fmt: skip

    def anything(depth: int) -> Any:
        if not depth or dice.random() < 0.3:
            return dice.choice(leaves)
        if dice.random() < 0.3:
            return [anything(depth - 1) for _ in range(2)]
        return {dice.choice(words): anything(depth - 1) for _ in range(4)}

    for _ in range(3_000):
        content = {word: anything(3) for word in dice.sample(words, 5)}
        found = message(content=content, body="")
        assert isinstance(said(found), str)
        assert set(shown(found)) <= set(KINDS)
        msgspec.json.encode(shown(found))


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("reason", [None, *Reason])
def test_every_end_has_a_payload(status: Status, reason: Reason | None) -> None:
    for code, text in (("", ""), ("30007", "no"), ("x-1", ""), ("9" * 40, "no")):
        found = status_payload(message(), status, code, text, reason)
        assert found["destination"] == "14155550100"
        if found["type"] == "failed":
            (error,) = found["messaging"]["value"]["statuses"][0]["errors"]
            assert error["message"]
            assert error["code"] == found["payload"]["code"]
            expected: Any = {"30007": 30007, "": code_of(reason)}
            assert error["code"] == expected.get(code, code)
        else:
            assert "messaging" not in found
