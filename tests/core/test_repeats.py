"""What a webhook did not take is said to it again, byte for byte; what is nothing to it is not said."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from estafette.core.callbacks import Callbacks
from estafette.core.cards import Cards
from estafette.core.clock import utc_now
from estafette.core.exchange import Voice
from estafette.core.replies import Replies
from estafette.doors.whatsapp import door
from estafette.model import Callback, CallbackStatus, Channel, Incoming, Message, Send
from tests.core.conftest import House, opened_house
from tests.core.test_callbacks import Watch
from tests.patience import PATIENCE
from tests.receiver import Receiver, receiving

OURS, PERSON = "+15550783881", "+14155550151"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with opened_house(f"sqlite:///{tmp_path}/estafette.db", tmp_path / "home") as found:
        yield found


@contextlib.asynccontextmanager
async def telling(house: House, watch: Watch) -> AsyncIterator[Callbacks]:
    """What tells updates, by a clock that is set by hand."""
    core, cloud = house.app.core, door(house.app.core)
    teller = Callbacks(
        house.app.store,
        core.people,
        house.app.http,
        watch,
        {"whatsapp": Voice(cloud.post, manner=cloud.manner, look=cloud.look)},
        Replies(house.app.store, core.gateway, core.people, watch),
        core.media,
        core.subscriptions,
        Cards(core.contacts, core.aliases, watch),
    )
    task = asyncio.create_task(teller.run())
    try:
        yield teller
    finally:
        teller.stop()
        await task


async def subscribe(house: House, receiver: Receiver) -> None:
    place = {"door": "whatsapp", "channel": "whatsapp", "event": "received,status"}
    await house.app.core.subscriptions.add(house.account.sid, url=receiver.url, **place)


async def heard(house: House, name: str) -> Message:
    told = Incoming(channel=Channel.WHATSAPP, sender=PERSON, recipient=OURS, body="Hi", name=name)
    return await house.app.inbound.receive("sandbox", told)


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not is_so():
            await asyncio.sleep(0.01)


async def one(house: House, message: Message, told: CallbackStatus) -> Callback:
    """The one callback of a message, once it is there and no try of it is under way."""
    async with asyncio.timeout(PATIENCE):
        while True:
            (found,) = (await house.timeline(message)).callbacks
            if found.told is told and found.answer:
                return found
            await asyncio.sleep(0.01)


async def test_a_retry_is_the_same_though_all_has_changed(house: House) -> None:
    watch = Watch()
    with receiving() as receiver:
        receiver.answers = lambda _: 503 if len(receiver.heard) < 2 else 204
        await subscribe(house, receiver)
        async with telling(house, watch) as teller:
            message = await house.app.gateway.send(
                house.account,
                Send(channel=Channel.WHATSAPP, sender=OURS, recipient=PERSON, body="Hello"),
            )
            await house.app.gateway.cancel(house.account, message.id)
            said = await heard(house, "Ada")
            teller.wake()
            await one(house, said, CallbackStatus.WAITING)
            contacts = house.app.core.contacts
            found = await contacts.find(house.account.sid, Channel.WHATSAPP, PERSON)
            await contacts.change(house.account.sid, found.contact.id, name="Another")
            await house.app.gateway.redact(house.account, message.id)
            watch.ahead = timedelta(minutes=1)
            teller.wake()
            await until(lambda: len(receiver.heard) > 1)
            done = await one(house, said, CallbackStatus.TOLD)
        first, second = receiver.heard
        assert first.body == second.body
        name = "x-hub-signature-256"
        assert first.headers[name] == second.headers[name]
        assert done.response == {}  # it is kept for as long as it may be needed


async def test_what_nobody_is_told_of_is_asked_of_nobody(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    with receiving() as receiver:
        await subscribe(house, receiver)
        asked = Send(
            channel=Channel.WHATSAPP, sender=OURS, recipient=PERSON, body="Hello",
            send_at=utc_now() + timedelta(hours=1),
        )  # fmt: skip
        message = await house.app.gateway.send(house.account, asked)
        await house.app.gateway.cancel(house.account, message.id)
        async with telling(house, Watch()):
            found = await one(house, message, CallbackStatus.TOLD)
        assert (found.status, found.answer) == ("canceled", "there is nothing to tell")
        assert receiver.heard == []
    assert "given up" not in capsys.readouterr().out
