"""One try to tell a callback: bounded in time, whoever leads it on."""

import time

import pytest
from msgspec.structs import replace

from estafette.core import exchange
from estafette.core.clock import utc_now
from estafette.core.exchange import Exchange, Tried, Voice
from estafette.core.replies import Replies
from estafette.doors.twilio import twiml
from estafette.doors.twilio.callbacks import post
from estafette.model import Channel, Failure, Hook, Incoming
from estafette.store import senders
from tests.conftest import SENDER
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
