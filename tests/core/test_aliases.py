"""People on WhatsApp by their ids: heard, answered, and the same as the numbers that they stand for."""

import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from estafette.core.aliases import invented
from estafette.core.cards import Cards
from estafette.core.clock import utc_now
from estafette.model import Account, Channel, Declined, Incoming, Message, Reason, Send, Status
from estafette.model.ids import digits, wamid
from tests.core.conftest import House, opened_house

OURS = "+15550783881"
WHATSAPP = Channel.WHATSAPP
_numbers = itertools.count(1000)
pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One home for all of these, each with people of its own."""
    home: Path = tmp_path_factory.mktemp("aliases")
    async with opened_house(f"sqlite:///{home}/estafette.db", home / "home") as found:
        yield found


@pytest.fixture
def person() -> str:
    return f"+1415555{next(_numbers)}"


@pytest.fixture
def name() -> str:
    return f"US.1349120865530274{next(_numbers)}"


async def heard(house: House, sender: str = "", **more: Any) -> Message:
    known = {"channel": WHATSAPP, "sender": sender, "recipient": OURS, "body": "Hello"}
    return await house.app.inbound.receive("sandbox", Incoming(**{**known, **more}))


async def send(house: House, to: str, **more: Any) -> Message:
    asked = {"channel": WHATSAPP, "sender": OURS, "recipient": to, "body": "Hi", **more}
    return await house.app.gateway.send(house.account, Send(**asked))


async def contact_at(house: House, address: str) -> Any:
    found = await house.app.core.contacts.find(house.account.sid, WHATSAPP, address)
    return found.contact


async def test_an_id_beside_a_number_stands_for_it_from_then_on(
    house: House, person: str, name: str
) -> None:
    first = await heard(house, person, user_id=name)
    assert (first.sender, first.content) == (person, {"user_id": name})
    alone = await heard(house, user_id=name)
    assert (alone.sender, alone.content) == (person, {"user_id": name})
    aliases, sid = house.app.core.aliases, house.account.sid
    assert await aliases.resolve(sid, WHATSAPP, name) == person
    assert await aliases.user_id(sid, WHATSAPP, person) == name
    answer = await send(house, name)
    assert (answer.recipient, answer.content) == (person, {"user_id": name})


async def test_an_id_alone_is_an_address_with_a_window(house: House, name: str) -> None:
    message = await heard(house, user_id=name, name="Ada")
    assert (message.sender, message.recipient) == (name, OURS)
    contact = await contact_at(house, name)
    assert (contact.name, contact.address) == ("Ada", name)
    assert await house.app.core.window.until(message)
    answer = await send(house, name)
    assert answer.recipient == name
    assert (await house.app.core.contacts.messages(house.account.sid, contact.id))[1] == 2
    await house.app.core.window.set_policy(house.account.sid, "strict")
    try:
        assert (await send(house, name)).status is Status.QUEUED
        with pytest.raises(Declined) as told:
            await send(house, "US.13491208655300000000")
        assert told.value.reason is Reason.OUTSIDE_WINDOW
    finally:
        await house.app.core.window.set_policy(house.account.sid, "known")


async def test_an_invented_id_leads_back_and_stays(house: House, person: str) -> None:
    aliases, sid = house.app.core.aliases, house.account.sid
    assert await aliases.user_id(sid, WHATSAPP, person) == ""
    await heard(house, person)
    made = await aliases.user_id(sid, WHATSAPP, person)
    assert made == invented((await contact_at(house, person)).id)
    assert made.startswith("US.")
    assert made[3:].isdigit()
    assert await aliases.resolve(sid, WHATSAPP, made) == person
    assert await aliases.resolve("AC" + "9" * 32, WHATSAPP, made) == made
    assert await aliases.resolve(sid, Channel.SMS, made) == made
    assert (await heard(house, made)).sender == person
    assert await aliases.user_id(sid, WHATSAPP, person) == made
    assert (await send(house, made)).recipient == person


async def test_what_is_nobodys_id_stays(house: House) -> None:
    aliases, sid = house.app.core.aliases, house.account.sid
    for name in (
        "US.1",
        "US." + "9" * 60,
        "US.x.y",
        "+14155550199",
        "",
        "\0",
        f"US.{digits('f' * 32)}",
    ):
        assert await aliases.resolve(sid, WHATSAPP, name) == name


async def test_another_account_knows_nobody_by_it(house: House, person: str, name: str) -> None:
    await heard(house, person, user_id=name)
    other: Account = (await house.app.people.add_account("Other"))[0]
    assert await house.app.core.aliases.resolve(other.sid, WHATSAPP, name) == name
    assert await house.app.core.aliases.user_id(other.sid, WHATSAPP, person) == ""


async def test_a_number_that_moved_takes_its_id_along(house: House, person: str, name: str) -> None:
    await heard(house, person, user_id=name)
    moved = f"+1415555{next(_numbers)}"
    await heard(house, moved, user_id=name)
    assert (await send(house, name)).recipient == moved


async def test_cards_have_the_id(house: House, person: str, name: str) -> None:
    cards = Cards(house.app.core.contacts, house.app.core.aliases, utc_now)
    message = await send(house, person)
    made = (await cards.of(message)).contact
    assert made.user_id == invented(made.id)
    await heard(house, person, user_id=name)
    assert (await cards.of(message)).contact.user_id == name
    hidden = await send(house, "US.13491208655302799999")
    before = (await cards.of(hidden)).contact
    await heard(house, f"+1415555{next(_numbers)}", user_id=hidden.recipient)
    assert (await cards.of(hidden)).contact.id == before.id
    await house.app.core.contacts.remove(house.account.sid, made.id)
    sms = await house.send("+14155550198")
    assert (await cards.of(sms)).contact.user_id == ""


async def test_plain_texts_ask_nothing_about_it(house: House) -> None:
    asked = Incoming(channel=Channel.SMS, sender="+14155550197", recipient="+15017122661", body="x")
    message = await house.app.inbound.receive("sandbox", asked)
    assert message.content == {}


async def test_what_people_refer_to_is_named_as_we_name_it(house: House, person: str) -> None:
    first = await heard(house, person, ref=f"wamid.IN{person}")
    ours = await send(house, person)
    theirs = {"from": person[1:], "id": f"wamid.IN{person}", "forwarded": True}
    content = {
        "type": "reaction", "reaction": {"message_id": wamid(ours.id), "emoji": "x"}, "context": theirs,
    }  # fmt: skip
    said = await heard(house, person, content=content)
    assert said.content["context"] == {**theirs, "id": wamid(first.id)}
    assert said.content["reaction"] == content["reaction"]
    for kind in ("edit", "revoke"):
        part = {"original_message_id": f"wamid.IN{person}", "more": [1]}
        said = await heard(house, person, content={"type": kind, kind: part})
        assert said.content[kind] == {**part, "original_message_id": wamid(first.id)}
    said = await heard(house, person, content={"context": {"message_id": f"SM{ours.id}"}})
    assert said.content["context"] == {"id": wamid(ours.id), "from": OURS[1:]}


@pytest.mark.parametrize(
    "content",
    [
        {"context": {"id": "wamid.nobody", "from": "1"}},
        {"context": {"forwarded": True}},
        {"context": {"id": 5}},
        {"context": {"id": ["a"], "message_id": {}}},
        {"context": "x", "reaction": None, "edit": [], "revoke": 5},
        {"reaction": {"message_id": "a\0b"}},
        {"reaction": {"message_id": "x" * 10_000}},
    ],
)
async def test_what_is_not_known_stays_as_it_came(house: House, person: str, content: Any) -> None:
    assert (await heard(house, person, content=content)).content == content
