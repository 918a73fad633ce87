"""What people write, from a carrier to the store: found, kept once, routed, and owed."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import insert

from estafette.core.clock import utc_now
from estafette.model import (
    Callback,
    Channel,
    Direction,
    Filter,
    Hook,
    Incoming,
    Message,
    Sender,
    Status,
    Unknown,
)
from estafette.model.ids import new_id
from estafette.store import schema, senders
from tests.conftest import SENDER
from tests.core.conftest import House

PERSON = "+14155550150"
URL = "https://customer.example/sms"
SPARE = "https://customer.example/spare"


def incoming(**parts: Any) -> Incoming:
    known = {"channel": Channel.SMS, "sender": PERSON, "recipient": SENDER, "body": "Hello"}
    return Incoming(**{**known, **parts})


async def given(house: House, **parts: Any) -> Sender:
    """The first sender, set so."""
    sender = (await house.app.store.read(senders.all_of))[0]
    changed = replace(sender, **parts)
    await house.app.store.write(lambda conn: senders.save(conn, changed))
    return changed


async def owed(house: House, message: Message) -> list[Callback]:
    return (await house.timeline(message)).callbacks


async def test_it_is_written_down_as_it_came(house: House) -> None:
    await given(house, inbound=Hook(URL, "GET"), fallback=Hook(SPARE))
    at = datetime(2026, 5, 4, 12, tzinfo=UTC)
    told = incoming(
        media=("https://carrier.example/1",), ref="R1", at=at, name="Ann", content={"a": {"b": 1}}
    )
    message = await house.app.inbound.receive("sandbox", told)
    assert message == await house.find(message)
    assert (message.direction, message.status) == (Direction.INBOUND, Status.RECEIVED)
    assert (message.sender, message.recipient) == (PERSON, SENDER)
    assert (message.created_at, message.sent_at) == (at, at)
    assert message.updated_at > at
    assert (message.media, message.ref) == (("https://carrier.example/1",), "R1")
    assert message.content == {"a": {"b": 1}, "name": "Ann"}
    (callback,) = await owed(house, message)
    assert (callback.status, callback.door) == (Status.RECEIVED, "twilio")
    assert (callback.url, callback.method) == (URL, "GET")
    assert callback.fallback == Hook(SPARE, "POST")
    assert abs((callback.created_at - utc_now()).total_seconds()) < 60


async def test_it_stands_first_in_lists_whenever_it_was_written(house: House) -> None:
    sent = await house.send()
    told = incoming(at=utc_now() - timedelta(days=3))
    message = await house.app.inbound.receive("sandbox", told)
    for filter in (Filter(), Filter(recipient=SENDER), Filter(sender=PERSON)):
        page = await house.app.gateway.page(house.account, filter, limit=5)
        assert page.items[0].id == message.id
    await house.app.store.tend()
    page = await house.app.gateway.page(house.account, Filter(recipient=SENDER), limit=5)
    assert [item.id for item in page.items] == [message.id]
    assert sent.id < message.id
    early = Filter(sent_until=utc_now() - timedelta(days=2))
    page = await house.app.gateway.page(house.account, early, limit=5)
    assert [item.id for item in page.items] == [message.id]


async def test_a_time_to_come_is_now(house: House) -> None:
    told = incoming(at=utc_now() + timedelta(days=1))
    message = await house.app.inbound.receive("sandbox", told)
    assert message.created_at <= utc_now()


async def test_what_is_told_twice_is_kept_and_owed_once(house: House) -> None:
    await given(house, inbound=Hook(URL))
    told = incoming(ref="twice")
    first, *others = await asyncio.gather(
        *(house.app.inbound.receive(name, told) for name in ("sandbox", "", "sandbox"))
    )
    again = await house.app.inbound.receive("sandbox", incoming(ref="twice", body="Other"))
    assert {item.id for item in (*others, again)} == {first.id}
    assert again.body == "Hello"
    assert len(await owed(house, first)) == 1
    unnamed = {(await house.app.inbound.receive("sandbox", incoming())).id for _ in range(2)}
    assert len(unnamed) == 2
    await house.app.gateway.delete(house.account, first.id)
    fresh = await house.app.inbound.receive("sandbox", told)
    assert fresh.id != first.id


async def test_a_message_is_found_by_the_ref_of_its_carrier(house: House) -> None:
    message = await house.app.inbound.receive("sandbox", incoming(ref="R9"))
    assert await house.app.gateway.find_by_ref(house.account, "R9") == message
    with pytest.raises(Unknown):
        await house.app.gateway.find_by_ref(house.account, "R10")


async def test_a_sender_is_found_by_its_ref_and_its_connection(house: House) -> None:
    told = incoming(channel=Channel.WHATSAPP, recipient="106540352242922", body="x" * 300)
    message = await house.app.inbound.receive("sandbox", told)
    assert (message.recipient, message.segments) == ("+15550783881", 1)
    assert (await house.app.inbound.receive("", told)).recipient == "+15550783881"
    for connection, parts in {
        "another": {}, "sandbox": {"recipient": "+14155550199"}, "": {"recipient": ""},
    }.items():  # fmt: skip
        with pytest.raises(Unknown):
            await house.app.inbound.receive(connection, incoming(**parts))
    with pytest.raises(Unknown):
        await house.app.inbound.receive("sandbox", incoming(channel=Channel.WHATSAPP))


async def test_nobody_writes_to_a_sender_that_was_given_back(house: House) -> None:
    await given(house, released_at=utc_now())
    with pytest.raises(Unknown):
        await house.app.inbound.receive("sandbox", incoming())


async def test_what_no_database_keeps_is_left_out(house: House) -> None:
    told = incoming(body="a\0b\ud800", name="\0", ref="r\0", content={"x": "\0"})
    message = await house.app.inbound.receive("sandbox", told)
    assert (await house.find(message)).body == "ab?"


async def pool(house: House, sender: Sender, settings: str) -> str:
    """A service that this sender is in."""
    now, id = 0, new_id(utc_now())
    row = {"id": id, "account": house.account.sid, "name": "P", "settings": settings}
    times = {"created_at": now, "updated_at": now}
    member = {"service": id, "sender": sender.id}

    def write(conn: Any) -> None:
        conn.execute(insert(schema.services).values(**row, **times))
        conn.execute(insert(schema.members).values(**member, **times))

    await house.app.store.write(write)
    return id


async def application(house: House, settings: str) -> str:
    id = new_id(utc_now())
    row = {"id": id, "account": house.account.sid, "name": "A", "settings": settings}
    times = {"created_at": 0, "updated_at": 0}
    await house.app.store.write(
        lambda conn: conn.execute(insert(schema.applications).values(**row, **times))
    )
    return id


async def told_to(house: House) -> tuple[Message, list[tuple[str, str, str, str]]]:
    """A message that comes in, and whom it is told to."""
    message = await house.app.inbound.receive("sandbox", incoming())
    found = await owed(house, message)
    return message, [(c.url, c.method, c.fallback.url, c.fallback.method) for c in found]


async def test_an_application_comes_before_the_hooks_of_its_senders(house: House) -> None:
    id = await application(
        house,
        '{"sms_url": "https://a.example/", "sms_method": "GET",'
        ' "sms_fallback_url": "https://a.example/2", "sms_fallback_method": "get"}',
    )
    await given(house, inbound=Hook(URL), application=id)
    _, found = await told_to(house)
    assert found == [("https://a.example/", "GET", "https://a.example/2", "GET")]
    await given(house, inbound=Hook(URL), application=new_id(utc_now()))
    assert (await told_to(house))[1] == [(URL, "POST", "", "POST")]
    await given(house, inbound=Hook(URL), application=await application(house, ""))
    assert (await told_to(house))[1] == []


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        (
            '{"inbound_request_url": "https://s.example/", "inbound_method": "POST",'
            ' "fallback_url": "https://s.example/2", "fallback_method": "GET"}',
            [("https://s.example/", "POST", "https://s.example/2", "GET")],
        ),
        ('{"inbound_request_url": null}', []),
        ('{"inbound_request_url": "https://s.example/", "use_inbound_webhook_on_number": true}',
         [(URL, "POST", "", "POST")]),
        ("not JSON", []),
    ],
)  # fmt: skip
async def test_a_service_comes_first_unless_it_leaves_it_to_the_number(
    house: House, settings: str, found: list[tuple[str, str, str, str]]
) -> None:
    sender = await given(house, inbound=Hook(URL))
    service = await pool(house, sender, settings)
    message, told = await told_to(house)
    assert (message.service, told) == (service, found)
