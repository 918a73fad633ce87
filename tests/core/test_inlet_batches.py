"""Many updates at once, what becomes of templates, and a carrier that asks for rest."""

from collections.abc import AsyncIterator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from estafette.core.inlet import Inlet
from estafette.model import (
    Approval,
    Busy,
    Channel,
    Filter,
    Incoming,
    Offer,
    Status,
    Throttled,
)
from tests.conftest import SENDER
from tests.core.carriers import Asked, open_gate, put_in, take, until
from tests.core.conftest import House, opened_house
from tests.core.test_inlet import Telling, asked, told


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with opened_house(f"sqlite:///{tmp_path}/estafette.db", tmp_path / "home") as found:
        yield found


def wrote(person: int, number: int) -> Incoming:
    return Incoming(
        channel=Channel.SMS,
        sender=f"+1415555{person:04}",
        recipient=SENDER,
        body=f"Number {number}, as I said it",
        ref=f"R{person}-{number}",
    )


async def bodies(house: House, person: int) -> list[str]:
    """What one person wrote, the first first."""
    filter = Filter(sender=f"+1415555{person:04}")
    page = await house.app.gateway.page(house.account, filter, limit=50)
    return [message.body.split()[1].strip(",") for message in reversed(page.items)]


async def test_many_updates_are_taken_in_at_once_each_persons_in_their_order(
    house: House,
) -> None:
    facts = tuple(wrote(person, number) for number in range(5) for person in range(100))
    await put_in(house, Telling(facts=facts))
    began = monotonic()
    assert await asked(house) == (204, b"")
    assert monotonic() - began < 10
    for person in (0, 77, 99):
        assert await bodies(house, person) == ["0", "1", "2", "3", "4"]
    assert await asked(house) == (204, b"")  # told again, all of it is known
    assert await bodies(house, 77) == ["0", "1", "2", "3", "4"]


async def test_what_one_could_not_be_kept_of_is_told_again_and_the_rest_is_there(
    house: House,
) -> None:
    class Deaf:
        async def receive(self, connection: str, incoming: Incoming, **more: Any) -> None:
            if incoming.sender.endswith("1"):
                raise Busy("no room")
            await house.app.core.inbound.receive(connection, incoming, **more)

    app = house.app
    inlet = Inlet(app.store, app.connections, app.gateway, Deaf(), app.core.templates)  # type: ignore[arg-type]
    await put_in(house, Telling(facts=(wrote(1, 0), wrote(2, 0), wrote(2, 1))))
    with pytest.raises(Busy):
        await inlet.take("sandbox", "sandbox", told())
    assert (await bodies(house, 1), await bodies(house, 2)) == ([], ["0", "1"])


async def test_what_becomes_of_a_template_is_kept(house: House) -> None:
    templates, account = house.app.core.templates, house.account
    made = await templates.create(
        account, name="ready", language="en_US", channel="whatsapp", kind="text", body="Hi"
    )
    says = Approval(name="ready", language="en_US", status="rejected", reason="INVALID_FORMAT")
    nobodys = Approval(name="another", language="en_US", status="approved")
    await put_in(house, Telling(facts=(says, nobodys)))
    assert await asked(house) == (204, b"")
    assert (await templates.get(account, made.id)).status == "rejected"


async def test_a_sender_rests_when_its_carrier_asks_for_it(house: House) -> None:
    """All that it sends waits, not only the message that was answered so."""
    refusals = [Throttled("too fast", retry_after=0.4, holds_lane=True)]

    def answer(offer: Offer) -> object:
        if refusals:
            raise refusals.pop()
        return take(offer)

    await put_in(house, carrier := open_gate(Asked(answer=answer)))  # type: ignore[arg-type]
    async with house.carrying():
        first = await house.send("+14155550100")
        await until(lambda: len(carrier.offers) == 1)
        rested_at = monotonic()
        second = await house.send("+14155550101")
        await house.until(second, Status.SENT)
        assert monotonic() - rested_at > 0.3
        await house.until(first, Status.SENT)
