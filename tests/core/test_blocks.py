"""Who is blocked on WhatsApp: carriers are told, nobody else hears of it, and sends ask little."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from estafette.model import Channel, Declined, Incoming, Reason, Refused, Sender, Status
from tests.conftest import RECIPIENT
from tests.core.carriers import Asked, put_in
from tests.core.conftest import House

ANN, BOB = "+14155550341", "+14155550342"
OURS = "+15550783881"


@pytest.fixture
def url(tmp_path: Path) -> str:
    """One kind of database: what is asked of it is tested on both beside the store."""
    return f"sqlite:///{tmp_path}/estafette.db"


@dataclass(kw_only=True)
class Blocking(Asked):
    """A carrier that keeps a block list."""

    blocked: list[tuple[str, Sequence[str], bool]] = field(default_factory=list)
    refuses: bool = False

    async def block(self, sender_ref: str, people: Sequence[str], *, blocks: bool) -> None:
        if self.refuses:
            raise Refused("not now", code="139103")
        self.blocked.append((sender_ref, people, blocks))


async def sender_of(house: House) -> Sender:
    return await house.app.core.senders.find(house.account.sid, Channel.WHATSAPP, OURS)


async def write(house: House, **more: Any) -> Any:
    whatsapp = {"channel": Channel.WHATSAPP, "sender": OURS}
    return await house.send(ANN, **{**whatsapp, **more})


async def test_a_carrier_that_blocks_is_told_first(house: House) -> None:
    carrier, sender = Blocking(), await sender_of(house)
    await put_in(house, carrier)
    blocks = house.app.core.blocks
    await blocks.block(sender, [BOB, ANN, ANN])
    assert carrier.blocked == [(sender.ref, [ANN, BOB], True)]
    assert await blocks.page(house.account.sid, limit=9) == [ANN, BOB]
    await blocks.unblock(sender, [BOB])
    assert carrier.blocked[1:] == [(sender.ref, [BOB], False)]
    carrier.refuses = True
    with pytest.raises(Refused):
        await blocks.unblock(sender, [ANN])
    assert await blocks.page(house.account.sid, limit=9) == [ANN]


async def test_what_they_write_is_told_to_nobody(house: House) -> None:
    core, sender = house.app.core, await sender_of(house)
    await core.blocks.block(sender, [ANN])
    told = Incoming(channel=Channel.WHATSAPP, sender=ANN, recipient=OURS, body="STOP", ref="W1")
    await core.inlet._receive(
        "sandbox", told, {}
    )  # as its carrier tells: there is nothing to answer
    assert not await core.suppressions.page(house.account.sid, limit=9)
    card = await core.contacts.find(house.account.sid, Channel.WHATSAPP, ANN)
    assert (card.contact.blocked_at is not None, card.conversation) == (True, None)


async def test_sends_are_declined_on_whatsapp_only(house: House) -> None:
    core, sender = house.app.core, await sender_of(house)
    await core.blocks.block(sender, [ANN])
    with pytest.raises(Declined) as declined:
        await write(house)
    assert (declined.value.reason, declined.value.code) == (Reason.BLOCKED, "130403")
    assert (await house.send(ANN)).status is Status.QUEUED
    service = await core.pools.add(house.account, "Shop", {})
    await core.pools.join(house.account, service.id, sender.id)
    queued = await write(house, sender="", service=service.id)
    failed = await house.find(queued)
    assert (failed.status, failed.reason) == (Status.FAILED, Reason.BLOCKED)


async def test_who_blocks_nobody_is_asked_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    read = house.app.store.read

    async def counting(work: Any) -> Any:
        asked.append(work)
        return await read(work)

    await write(house)
    await house.send(RECIPIENT)
    blocks = house.app.core.blocks
    monkeypatch.setattr(house.app.store, "read", counting)
    for channel, address in ((Channel.WHATSAPP, ANN), (Channel.SMS, RECIPIENT)):
        assert not await blocks.is_blocked(house.account.sid, channel, address)
    assert asked == []
    await blocks.block(await sender_of(house), [BOB])
    asked.clear()
    assert await blocks.is_blocked(house.account.sid, Channel.WHATSAPP, BOB)
    assert not await blocks.is_blocked(house.account.sid, Channel.SMS, BOB)
    assert len(asked) == 2
