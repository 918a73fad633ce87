"""One try to tell a callback: bounded in time, whoever leads it on."""

import json
import time

import pytest
from msgspec.structs import replace

from estafette.core import exchange
from estafette.core.clock import utc_now
from estafette.core.exchange import Exchange, Manner, Tried, Voice
from estafette.core.replies import Replies
from estafette.doors.own import notices
from estafette.doors.twilio import twiml
from estafette.doors.twilio.callbacks import post
from estafette.model import Channel, Failure, Hook, Incoming
from estafette.store import callbacks, senders
from tests.conftest import SENDER, free_port
from tests.core.conftest import House
from tests.receiver import Receiver, Said, receiving


async def told(house: House, receiver: Receiver, *, fallback: str = "") -> Tried:
    """The first try to tell somebody's message."""
    sender = (await house.app.store.read(senders.all_of))[0]
    hooks = {"inbound": Hook(f"{receiver.url}/a"), "fallback": Hook(fallback)}
    await house.app.store.write(lambda conn: senders.save(conn, replace(sender, **hooks)))
    asked = Incoming(channel=Channel.SMS, sender="+14155550150", recipient=SENDER, body="Hi")
    message = await house.app.inbound.receive("sandbox", asked)
    (callback,) = (await house.timeline(message)).callbacks
    app = house.app
    replies = Replies(app.store, app.gateway, app.people, utc_now)
    voice = Voice(post, twiml.hear, twiml.decline)
    return await Exchange(app.http, replies, voice, message, "token").tell(callback)


async def test_redirects_share_the_time_of_one_address(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "AT_MOST", 1.0)
    onward = Said("<Response><Redirect>/a</Redirect></Response>")
    with receiving() as receiver:
        receiver.answers = lambda heard: time.sleep(0.4) or onward
        began = time.monotonic()
        tried = await told(house, receiver)
        assert time.monotonic() - began < 3
        assert tried.failure is Failure.READ
        assert len(receiver.heard) <= 3


async def test_the_fallback_has_a_time_of_its_own(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "AT_MOST", 0.5)
    with receiving() as receiver:
        receiver.answers = lambda heard: time.sleep(1) or 200 if heard.path == "/a" else 204
        tried = await told(house, receiver, fallback=f"{receiver.url}/spare")
        assert tried.failure is None
        assert tried.answer.endswith("it did not answer in time, then the fallback: 204")
        assert receiver.heard[-1].form["ErrorCode"] == "11205"


async def test_an_address_that_may_not_be_asked_leaves_the_fallback(house: House) -> None:
    with receiving() as receiver:
        receiver.answers = lambda heard: Said(
            "<Response><Redirect>http://localhost:0/</Redirect></Response>"
        )
        tried = await told(house, receiver)
        assert (tried.code, tried.failure) == ("11100", None)
        receiver.answers = lambda heard: 500
        tried = await told(house, receiver, fallback="nonsense")
        assert (tried.failure, tried.is_hopeless) == (Failure.SERVER, False)


async def kept(house: House, receiver: Receiver, said: Said) -> dict[str, object]:
    """What is kept of one try, for a door that shows it."""
    receiver.answers = lambda _: said
    message = await house.send()
    owed = callbacks.Fact(message.id, "sent", house.account.sid, "own", f"{receiver.url}/a", 0)
    await house.app.store.write(lambda conn: callbacks.put(conn, [owed]))
    (callback,) = (await house.timeline(message)).callbacks
    app = house.app
    replies = Replies(app.store, app.gateway, app.people, utc_now)
    voice = Voice(notices.post, manner=Manner(shows_answers=True))
    tried = await Exchange(app.http, replies, voice, message, "token").tell(callback)
    assert tried.was_asked
    found: dict[str, object] = json.loads(tried.response)
    return found


async def test_what_was_sent_and_answered_is_kept_within_bounds(house: House) -> None:
    with receiving() as receiver:
        found = await kept(house, receiver, Said('{"status": "ok"}', "application/json"))
        assert (found["code"], found["body"]) == (200, {"status": "ok"})
        assert json.loads(str(found["sent"])) == json.loads(receiver.heard[0].body)
        headers = found["headers"]
        assert isinstance(headers, dict)
        assert headers["content-type"] == "application/json"
        found = await kept(house, receiver, Said("[" * 1_900, "application/json"))
        assert found["body"] == "[" * 1_900
        found = await kept(house, receiver, Said("é" * 60_000, "text/plain", 500))
        assert (found["code"], found["body"]) == (500, "é" * 2_000)
        found = await kept(house, receiver, Said(b"\xff\x00", "x/" + "y" * 500, 404))
        assert found["body"] == "\ufffd\x00"
        assert isinstance(found["headers"], dict)
        assert len(found["headers"]["content-type"]) == 200
    found = await kept(house, Receiver(port=free_port()), Said(""))
    assert list(found) == ["sent"]
