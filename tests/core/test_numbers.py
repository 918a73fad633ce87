"""Numbers, trial and test accounts, by way of the core."""

import asyncio

import pytest

from estafette.model import Account, AccountKind, Channel, Conflict, Declined, Reason, Send
from estafette.model.number import Number, NumberKind, Wanted
from tests.core.conftest import House


def send(sender: str, to: str = "+14155550199", **more: object) -> Send:
    known = {"channel": Channel.SMS, "sender": sender, "recipient": to, "body": "Hi there"}
    return Send(**{**known, **more})  # type: ignore[arg-type]


async def account(house: House, kind: AccountKind) -> Account:
    made, _ = await house.app.people.add_account("Another", kind=kind)
    return made


async def test_of_many_who_want_a_number_one_gets_it(house: House) -> None:
    numbers = house.app.core.numbers
    (free,) = await numbers.free(Wanted(country="US", area_code="212"), limit=1)
    tries = [numbers.take(house.account, free) for _ in range(5)]
    done = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(item, Conflict) for item in done) == 4
    with pytest.raises(Conflict):
        await numbers.one(free.address)
    (after,) = await numbers.free(Wanted(country="US", area_code="212"), limit=1)
    assert after.address != free.address


async def test_what_is_read_while_a_number_is_given_back_is_not_believed(house: House) -> None:
    numbers, gateway = house.app.core.numbers, house.app.gateway
    free = await numbers.one("+12125550111")
    taken = await numbers.take(house.account, free)
    for _ in range(20):
        asked = [gateway.send(house.account, send(taken.address)) for _ in range(3)]
        given = numbers.release(house.account, taken.id)
        await asyncio.gather(*asked, given, return_exceptions=True)
        with pytest.raises(Declined) as declined:
            await gateway.send(house.account, send(taken.address))
        assert declined.value.reason is Reason.FOREIGN_SENDER
        taken = await numbers.take(house.account, free)


async def test_a_row_of_the_inventory_comes_before_what_a_carrier_offers(house: House) -> None:
    numbers = house.app.core.numbers
    row = Number(address="+12125550100", country="US", kind=NumberKind.MOBILE, connection="sandbox")
    assert await numbers.put([row]) == 1
    assert await numbers.one(row.address) == row
    every = await numbers.every()
    assert [number for number, _ in every if number.address == row.address] == [row]
    assert (await numbers.countries())["US"] >= {NumberKind.MOBILE, NumberKind.LOCAL}


async def test_a_trial_account_is_bound_on_every_way_in(house: House) -> None:
    core = house.app.core
    trial = await account(house, AccountKind.TRIAL)
    taken = await core.numbers.take(trial, await core.numbers.one("+12125550112"))
    with pytest.raises(Declined) as declined:
        await core.gateway.send(trial, send(taken.address))
    assert (declined.value.reason, declined.value.value) == (Reason.UNVERIFIED, "+14155550199")
    made = await core.verified.add(trial.sid, "+14155550199")
    message = await core.gateway.send(trial, send(taken.address))
    assert message.body == "Sent from your Twilio trial account - Hi there"
    media = send(taken.address, body="", media=("https://example.com/a.png",))
    assert (await core.gateway.send(trial, media)).body == ""
    await core.verified.remove(trial.sid, made.id)
    with pytest.raises(Declined):
        await core.gateway.send(trial, send(taken.address))


async def test_what_nobody_was_asked_about_goes_through_a_sandbox_only(house: House) -> None:
    core = house.app.core
    trial = await account(house, AccountKind.TRIAL)
    to = "+14155550199"
    await core.verified.add(trial.sid, to, is_pretended=True)
    asked = Send(channel=Channel.SMS, sender="+14155550100", recipient=to, body="Hi there")
    assert (await core.verified.bound(trial, asked, is_pretended=True)).body.endswith("Hi there")
    with pytest.raises(Declined):
        await core.verified.bound(trial, asked, is_pretended=False)
    await core.verified.add(trial.sid, to)
    assert await core.verified.bound(trial, asked, is_pretended=False)


async def test_a_test_account_sends_nothing_on_any_way_in(house: House) -> None:
    core = house.app.core
    test = await account(house, AccountKind.TEST)
    taken = await core.numbers.take(test, await core.numbers.one("+12125550113"))
    with pytest.raises(Declined) as declined:
        await core.gateway.send(test, send(taken.address))
    assert declined.value.reason is Reason.TEST_ACCOUNT
