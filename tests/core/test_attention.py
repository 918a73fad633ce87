"""What people see of us while they wait, and what a WhatsApp message says in full: by the carrier's ids."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from estafette.model import (
    Channel,
    Incoming,
    Message,
    Misconfigured,
    Reason,
    Refused,
    Sender,
    SendError,
)
from estafette.model.ids import wamid
from estafette.model.whatsapp import envelope
from tests.core.carriers import Asked, put_in
from tests.core.conftest import House, opened_house

PERSON = "+16505550142"
OURS = "+15550783881"
PHONE = "106540352242922"


@dataclass(kw_only=True)
class Attentive(Asked):
    """Notes what it is to show, or refuses."""

    shown: list[tuple[str, str, bool]] = field(default_factory=list)
    refuses: SendError | None = None

    async def heed(self, sender_ref: str, ref: str, *, is_typing: bool = False) -> None:
        if self.refuses:
            raise self.refuses
        self.shown.append((sender_ref, ref, is_typing))


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with opened_house(f"sqlite:///{tmp_path}/estafette.db", tmp_path / "home") as found:
        yield found


@pytest.fixture
async def carrier(house: House) -> Attentive:
    made = Attentive()
    await put_in(house, made)
    return made


async def sender_of(house: House) -> Sender:
    return await house.app.core.senders.by_ref(house.account.sid, Channel.WHATSAPP, PHONE)


async def written(house: House, ref: str) -> Message:
    """What a person wrote, as its carrier told it."""
    told = Incoming(
        channel=Channel.WHATSAPP, ref=ref, sender=PERSON, recipient=OURS, body="Is it ready?"
    )
    return await house.app.inbound.receive("sandbox", told)


async def test_the_carrier_is_asked_by_its_own_ids(house: House, carrier: Attentive) -> None:
    message, sender = await written(house, "wamid.theirs=="), await sender_of(house)
    heed = house.app.core.attention.heed
    for name in (message.id, wamid(message.id), "wamid.theirs=="):
        await heed(house.account, sender, name)
    await heed(house.account, sender, message.id, is_typing=True)
    await heed(house.account, sender, "wamid.nobodys==")
    read = (PHONE, "wamid.theirs==", False)
    assert carrier.shown == [
        read, read, read, (PHONE, "wamid.theirs==", True), (PHONE, "wamid.nobodys==", False)
    ]  # fmt: skip


async def test_its_refusal_is_told(house: House, carrier: Attentive) -> None:
    carrier.refuses = Refused("no such message", code="131009", reason=Reason.BAD_BODY)
    with pytest.raises(Refused) as caught:
        await house.app.core.attention.heed(house.account, await sender_of(house), "wamid.x")
    assert caught.value is carrier.refuses


async def test_a_connection_that_cannot_be_used_is_told(house: House, carrier: Attentive) -> None:
    house.app.connections._providers.clear()
    with pytest.raises(Misconfigured):
        await house.app.core.attention.heed(house.account, await sender_of(house), "wamid.x")


async def test_what_is_answered_and_reacted_to_is_named_as_its_carrier_does(house: House) -> None:
    message, sender = await written(house, "wamid.theirs=="), await sender_of(house)
    body = {"messaging_product": "whatsapp", "to": PERSON, "text": {"body": "With milk?"}}
    whole = house.app.core.sayings.whole
    known = {"message_id": wamid(message.id), "ref": "wamid.theirs=="}
    answer = {**body, "context": {"message_id": wamid(message.id)}}
    assert (await whole(house.account, sender, envelope(answer))).content["context"] == known
    reaction = {"message_id": wamid(message.id), "emoji": "\N{HOT BEVERAGE}"}
    said = await whole(
        house.account, sender, envelope({**body, "type": "reaction", "reaction": reaction})
    )
    assert said.content == {"type": "reaction", "reaction": reaction, "context": known}
