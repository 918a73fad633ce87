"""Sending through a service: who is chosen, who is remembered, what is left to others."""

import asyncio
from collections import Counter

import pytest
from msgspec.structs import replace

from estafette.core.pools import Pools
from estafette.model import Channel, Declined, Message, Reason, Send, Sender, Unknown
from estafette.model.ids import new_id
from estafette.model.service import Service
from estafette.store import senders, services
from tests.core.carriers import Clock
from tests.core.conftest import House

US = ("+14155550170", "+14155550171", "+14155550172")


async def add(house: House, address: str, channel: Channel = Channel.SMS, **more: str) -> Sender:
    known = {"account": house.account.sid, "connection": "sandbox", **more}
    made = Sender(id=new_id(Clock()()), address=address, channel=channel, **known)  # type: ignore[arg-type]
    await house.app.store.write(lambda conn: senders.add(conn, made))
    return made


async def pool(house: House, *addresses: str, **settings: object) -> tuple[Service, list[Sender]]:
    pools = house.app.core.pools
    service = await pools.add(house.account, "Ours", settings)
    found = [await add(house, address) for address in addresses]
    for sender in found:
        await pools.join(house.account, service.id, sender.id)
    return service, found


async def send(house: House, service: Service, to: str, **more: object) -> Message:
    asked = {"channel": Channel.SMS, "sender": "", "body": "Hi", "service": service.id, **more}
    return await house.app.gateway.send(house.account, Send(recipient=to, **asked))  # type: ignore[arg-type]


async def declined(house: House, service: Service, to: str, **more: object) -> Reason:
    with pytest.raises(Declined) as caught:
        await send(house, service, to, **more)
    return caught.value.reason


def number(index: int) -> str:
    return f"+1972555{1000 + index}"


async def test_senders_take_turns_and_recipients_keep_theirs(house: House) -> None:
    service, _ = await pool(house, *US)
    first = [await send(house, service, number(index)) for index in range(9)]
    assert Counter(item.sender for item in first) == dict.fromkeys(US, 3)
    assert {item.service for item in first} == {service.id}
    again = [await send(house, service, item.recipient) for item in first]
    assert [item.sender for item in again] == [item.sender for item in first]
    assert [item.lane for item in again] == [item.lane for item in first]


async def test_without_sticky_they_only_take_turns(house: House) -> None:
    service, _ = await pool(house, *US, sticky_sender=False)
    found = [await send(house, service, number(0)) for _ in range(6)]
    assert [item.sender for item in found] == [*US, *US]


async def test_many_at_once_are_spread_and_all_written(house: House) -> None:
    service, _ = await pool(house, *US)
    found = await asyncio.gather(*(send(house, service, number(index)) for index in range(60)))
    assert Counter(item.sender for item in found) == dict.fromkeys(US, 20)
    for item in found[:5]:
        assert (await house.find(item)).sender == item.sender


async def test_turns_of_one_country_do_not_disturb_those_of_another(house: House) -> None:
    service, _ = await pool(house, *US[:2], "+16045550170", "+14165550170")
    to = [number(0), "+15065550100", number(1), "+15065550101"]
    found = [(await send(house, service, one)).sender for one in to]
    assert set(found) == {*US[:2], "+16045550170", "+14165550170"}


async def test_who_leaves_the_pool_is_replaced_for_good(house: House) -> None:
    service, found = await pool(house, *US[:2])
    first = await send(house, service, number(0))
    gone = next(item for item in found if item.address == first.sender)
    await house.app.core.pools.leave(house.account, service.id, gone.id)
    second = await send(house, service, number(0))
    assert second.sender != first.sender
    await house.app.core.pools.join(house.account, service.id, gone.id)
    assert (await send(house, service, number(0))).sender == second.sender


async def test_parked_connections_are_passed_over_and_come_back(house: House) -> None:
    connections = house.app.connections
    other = await _connection(house, "other")
    service, _ = await pool(house, *US[:1])
    parked = await add(house, US[1], connection=other)
    await house.app.core.pools.join(house.account, service.id, parked.id)
    known = next(
        item for item in [await send(house, service, number(n)) for n in range(2)]
        if item.sender == US[1]
    )  # fmt: skip
    await connections.park(other, "wrong")
    fresh = Pools(house.app.store, Clock())
    asked = Send(
        channel=Channel.SMS, sender="", recipient=known.recipient, body="Hi", service=service.id
    )
    fit = await fresh.fit(house.account, asked)
    assert (fit.sender.address, fit.sticks) == (US[0], False)
    await connections.park("sandbox", "wrong")
    # Nobody is well: what is taken waits, rather than being refused.
    fit = await Pools(house.app.store, Clock()).fit(house.account, asked)
    assert fit.sender.address in US
    await connections.resume(other)
    await connections.resume("sandbox")
    fit = await Pools(house.app.store, Clock()).fit(house.account, asked)
    assert fit.sender.address == US[1]


async def _connection(house: House, name: str) -> str:
    found = await house.app.connections.list()
    await house.app.connections.add(replace(found[0], name=name))
    return name


async def test_each_message_says_what_is_missing(house: House) -> None:
    service, _ = await pool(house)
    unknown = Service(
        id="0a" * 16, account="", name="", settings={}, created_at=Clock()(), updated_at=Clock()()
    )
    assert await declined(house, unknown, number(0)) is Reason.UNKNOWN_SERVICE
    assert await declined(house, service, number(0)) is Reason.EMPTY_POOL
    named = await add(house, "ACME")
    await house.app.core.pools.join(house.account, service.id, named.id)
    assert await declined(house, service, number(0)) is Reason.NO_FITTING_SENDER
    whatsapp = {"channel": Channel.WHATSAPP}
    assert await declined(house, service, number(0), **whatsapp) is Reason.NO_FITTING_SENDER
    assert await declined(house, service, number(0), sender=US[0]) is Reason.FOREIGN_SENDER
    assert (await send(house, service, "+447009500100")).sender == "ACME"


async def test_anothers_service_is_unknown(house: House) -> None:
    service, _ = await pool(house, US[0])
    other, _ = await house.app.people.add_account("Another")
    asked = Send(channel=Channel.SMS, sender="", recipient=number(0), body="Hi", service=service.id)
    with pytest.raises(Declined) as caught:
        await house.app.gateway.send(other, asked)
    assert caught.value.reason is Reason.UNKNOWN_SERVICE
    with pytest.raises(Unknown):
        await house.app.core.pools.members(other, service.id)
    with pytest.raises(Unknown):
        await house.app.core.pools.leave(other, service.id, "0a" * 16)


async def test_another_process_sees_a_change_within_two_seconds(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, found = await pool(house, *US[:2], sticky_sender=False)
    other = Pools(house.app.store, Clock())
    asked = Send(channel=Channel.SMS, sender="", recipient=number(0), body="Hi", service=service.id)
    await other.fit(house.account, asked)
    await house.app.core.pools.leave(house.account, service.id, found[0].id)
    monkeypatch.setattr("estafette.core.pools._KNOWN_FOR", 0.0)
    fit = [await other.fit(house.account, asked) for _ in range(3)]
    assert {item.sender.address for item in fit} == {US[1]}


async def test_an_idempotent_repetition_teaches_its_recipient_nothing(house: House) -> None:
    service, _ = await pool(house, *US)
    key = {"idempotency_key": "once", "fingerprint": "same"}
    first = await send(house, service, number(0), **key)
    again = await send(house, service, number(0), **key)
    assert again.id == first.id
    known = await house.app.store.read(
        lambda conn: services.known(conn, service.id, Channel.SMS, number(0))
    )
    assert known == first.lane
