"""What was offered and answered, made again for who looks; and messages that are sent once more."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from estafette.core import asked
from estafette.core.offers import answer_of, on_way
from estafette.model import BadValue, Channel, Conflict, Connection, Fallback, Offer, Send, Status
from estafette.model.fallback import Why
from tests.conftest import RECIPIENT, SENDER
from tests.core.conftest import House

WHATSAPP = "+15550783881"


async def test_a_timeline_has_what_was_asked_and_answered(house: House) -> None:
    async with house.carrying():
        message = await house.until(await house.send(body="Tea"))
        refused = await house.until(await house.send("+15005520400"))
    offers = house.app.core.offers
    found = await offers.timeline(message)
    (attempt,) = found.attempts
    assert '"body":"Tea"' in found.requests[attempt.id].body
    assert answer_of(attempt) == {"status": None, "headers": None, "body": {"ref": attempt.ref}}
    (attempt,) = (await offers.timeline(refused)).attempts
    answer = answer_of(attempt)
    assert answer
    assert answer["body"] == {"code": "30007", "text": "Message filtered"}


async def test_nothing_of_either_is_left_of_a_text_that_is_forgotten(house: House) -> None:
    async with house.carrying():
        message = await house.until(await house.send(body="Tea"))
        dropped = await house.until(await house.send(body="Tea", discard=True))
    gone = await house.app.gateway.redact(house.account, message.id)
    for one in (gone, dropped):
        found = await house.app.core.offers.timeline(await house.find(one))
        assert not found.requests
        assert [attempt.answer for attempt in (await house.timeline(one)).attempts] == [""]


async def test_a_connection_shows_no_secret(house: House) -> None:
    settings = {
        "account_sid": "AC" + "1" * 32,
        "auth_token": "s3cret",
        "base_url": "http://[::1]:9",
    }
    connections = house.app.connections
    await connections.add(Connection(name="up", provider="twilio", settings=settings))
    _, provider = await connections.find("up")
    message = await house.send(body="Tea & cake")
    assert provider
    shown = provider.describe(Offer("0" * 32, 1, message), datetime.now(UTC))
    assert shown
    assert shown.headers["Authorization"] == "Basic …"
    assert "Body=Tea+%26+cake" in shown.body
    assert "s3cret" not in str(shown)


async def test_each_way_is_shown_as_it_was(house: House) -> None:
    fallback = Fallback(channel=Channel.SMS, after=60)
    send = Send(
        channel=Channel.WHATSAPP, sender=WHATSAPP, recipient="+16505551131", body="Tea",
        fallback=fallback,
    )  # fmt: skip
    core = house.app.core
    message = await core.gateway.send(house.account, send)
    second = (await core.gateway.timeline(message)).second
    assert second
    assert asked.own(message, second) == {
        "to": "+16505551131", "from": WHATSAPP, "channel": "whatsapp", "body": "Tea",
        "fallback": {"channel": "sms", "after": 60, "from": second.way.sender},
    }  # fmt: skip
    async with house.carrying():
        await house.until(message)
        (attempt,) = (await house.timeline(message)).attempts
    turned = replace(
        second, taken_at=message.created_at, why=Why.LATE, due_at=None, last=attempt.id
    )
    now = replace(message, channel=Channel.SMS, sender=SENDER, content={"way": 2})
    was = on_way(now, attempt, turned)
    assert was
    assert (was.channel, was.sender, was.content) == (Channel.WHATSAPP, WHATSAPP, {})
    assert on_way(now, attempt, replace(turned, body="Other")) is None


async def test_a_message_is_sent_once_more_under_one_name(house: House) -> None:
    resends, url = house.app.core.resends, "https://customer.example/told?key=1"
    first = await house.send(body="Tea", callback_url=url, valid_for=600)
    again = await resends.send(house.account, first.id, "a")
    assert (await resends.send(house.account, first.id, "a")).id == again.id != first.id
    other = await resends.send(house.account, first.id)
    assert (again.body, again.sender, again.recipient, again.callback_url) == (
        "Tea", SENDER, RECIPIENT, url,
    )  # fmt: skip
    assert (again.expires_at - again.created_at).total_seconds() == 600
    assert (await house.timeline(first)).resent_as == (again.id, other.id)
    assert (await house.timeline(again)).resent_from == first.id
    with pytest.raises(Conflict):
        await resends.send(house.account, first.id, "a", sender="+15005550006")
    with pytest.raises(BadValue):
        await resends.send(house.account, first.id, "a\n")


async def test_what_is_forgotten_cannot_be_sent_again(house: House) -> None:
    message = await house.send(discard=True)
    with pytest.raises(Conflict, match="forgotten"):
        await house.app.core.resends.send(house.account, message.id)
    assert message.status is Status.QUEUED
    assert asked.own(message) is None
