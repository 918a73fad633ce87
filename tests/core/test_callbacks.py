"""Telling what is owed to subscriptions: who fails for hours is told nothing more."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from estafette.core.callbacks import Callbacks
from estafette.core.cards import Cards
from estafette.core.clock import utc_now
from estafette.core.exchange import Manner, Voice
from estafette.core.replies import Replies
from estafette.doors.callbell.notices import Notices
from estafette.doors.own.notices import post, tell
from estafette.model import CallbackStatus, Channel, Subscription
from estafette.model.contact import Card
from estafette.store import callbacks as rows
from estafette.store import outbox
from tests.core.carriers import until
from tests.core.conftest import House
from tests.patience import PATIENCE
from tests.receiver import Receiver, receiving

HOUR = timedelta(hours=1)
EVENTS = "created,status,contact_created,contact_updated"
GIVEN_UP, TOLD, WAITING = CallbackStatus.GIVEN_UP, CallbackStatus.TOLD, CallbackStatus.WAITING


class Watch:
    """A clock that is set by hand, ahead of the real one."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


@pytest.fixture
def watch() -> Watch:
    return Watch()


@contextlib.asynccontextmanager
async def telling(house: House, watch: Watch) -> AsyncIterator[Callbacks]:
    """What tells callbacks, by this clock: a door that disables, and one that does not."""
    app = house.app
    notices = Notices("http://127.0.0.1:9", watch)
    manner = Manner(shows_contacts=True, shows_answers=True, disables_after=6 * 3600.0)
    voices = {
        "callbell": Voice(notices.post, tell=notices.tell, manner=manner),
        "own": Voice(post, tell=tell),
    }
    teller = Callbacks(
        app.store,
        app.people,
        app.http,
        watch,
        voices,
        Replies(app.store, app.gateway, app.people, watch),
        app.core.media,
        app.core.subscriptions,
        Cards(app.core.contacts, app.core.aliases, watch),
    )
    task = asyncio.create_task(teller.run())
    try:
        yield teller
    finally:
        teller.stop()
        await task


async def subscribed(house: House, door: str, url: str) -> Subscription:
    known = house.app.core.subscriptions
    return await known.put(house.account.sid, door=door, event=EVENTS, url=url)


async def again(house: House, made: Subscription) -> Subscription:
    return await house.app.core.subscriptions.get(house.account.sid, made.id)


async def added(house: House, address: str) -> Card:
    sid = house.account.sid
    return await house.app.core.contacts.add(sid, channel=Channel.SMS, address=address)


async def told_of(house: House, card: Card) -> list[tuple[CallbackStatus, str]]:
    found = await house.app.store.read(lambda conn: rows.of_message(conn, card.contact.id))
    return [(item.told, item.answer) for item in found]


async def fail_on(house: House, teller: Callbacks, receiver: Receiver, watch: Watch) -> None:
    """One more hour, in which one more try fails."""
    known = len(receiver.heard)
    watch.ahead += HOUR + timedelta(seconds=5)
    teller.wake()
    await until(lambda: len(receiver.heard) > known)
    await asyncio.sleep(0.1)  # until that is written down


async def test_who_fails_for_six_hours_is_told_nothing_until_it_subscribes_again(
    house: House, watch: Watch
) -> None:
    with receiving() as receiver:
        receiver.answers = lambda _: 503
        made = await subscribed(house, "callbell", receiver.url)
        async with telling(house, watch) as teller:
            first = await added(house, "+14155550141")
            await until(lambda: len(receiver.heard) == 1)
            for _ in range(5):
                await fail_on(house, teller, receiver, watch)
            known = await again(house, made)
            assert known.failing_since
            assert known.disabled_at is None
            await fail_on(house, teller, receiver, watch)
            assert (await again(house, made)).disabled_at
            assert await told_of(house, first) == [(GIVEN_UP, outbox.DISABLED)]
            second = await added(house, "+14155550142")
            assert await told_of(house, second) == []
            count = len(receiver.heard)
            await house.app.gateway.replay(house.account, first.contact.id)
            teller.wake()
            async with asyncio.timeout(PATIENCE):
                while await told_of(house, first) != [(GIVEN_UP, outbox.DISABLED)]:
                    await asyncio.sleep(0.02)
            assert len(receiver.heard) == count
            receiver.answers = lambda _: 200
            enabled = await subscribed(house, "callbell", receiver.url)
            assert (enabled.id, enabled.disabled_at, enabled.failing_since) == (made.id, None, None)
            third = await added(house, "+14155550143")
            teller.wake()
            await until(lambda: len(receiver.heard) == count + 1)
            async with asyncio.timeout(PATIENCE):
                while await told_of(house, third) != [(TOLD, "200")]:
                    await asyncio.sleep(0.02)


async def test_one_that_hears_something_goes_on(house: House, watch: Watch) -> None:
    with receiving() as receiver:
        receiver.answers = lambda _: 503
        made = await subscribed(house, "callbell", receiver.url)
        async with telling(house, watch) as teller:
            await added(house, "+14155550141")
            await until(lambda: len(receiver.heard) == 1)
            for _ in range(4):
                await fail_on(house, teller, receiver, watch)
            receiver.answers = lambda _: 204
            await fail_on(house, teller, receiver, watch)
            assert (await again(house, made)).failing_since is None
            receiver.answers = lambda _: 503
            await added(house, "+14155550142")
            for _ in range(4):
                await fail_on(house, teller, receiver, watch)
            known = await again(house, made)
            assert known.failing_since
            assert known.disabled_at is None


async def test_other_doors_go_on_for_a_day(house: House, watch: Watch) -> None:
    with receiving() as receiver:
        receiver.answers = lambda _: 503
        made = await subscribed(house, "own", receiver.url)
        async with telling(house, watch) as teller:
            card = await added(house, "+14155550141")
            await until(lambda: len(receiver.heard) == 1)
            for _ in range(8):
                await fail_on(house, teller, receiver, watch)
            known = await again(house, made)
            assert (known.failing_since, known.disabled_at) == (None, None)
            assert await told_of(house, card) == [(WAITING, "503")]


async def test_what_is_not_the_fault_of_the_address_does_not_count(
    house: House, watch: Watch
) -> None:
    made = await subscribed(house, "callbell", "http://127.0.0.1:9/")
    async with telling(house, watch) as teller:
        card = await added(house, "+14155550141")
        await house.app.core.subscriptions.remove(house.account.sid, made.id)
        teller.wake()
        gone = [(GIVEN_UP, "its subscription was removed")]
        async with asyncio.timeout(PATIENCE):
            while await told_of(house, card) not in (gone, []):
                await asyncio.sleep(0.02)


async def test_whom_a_message_goes_to_is_filed_where_nobody_did(house: House, watch: Watch) -> None:
    message = await house.send("+14155550144")
    cards = Cards(house.app.core.contacts, house.app.core.aliases, watch)
    card = await cards.of(message)
    assert card.contact.address == "+14155550144"
    assert (await cards.of(message)).contact.id == card.contact.id
    await house.app.core.contacts.remove(house.account.sid, card.contact.id)
    watch.ahead = HOUR
    gone = await cards.of(message)
    assert gone.contact.address == "+14155550144"
    assert gone.contact.id != card.contact.id
    assert (await cards.of(message)).contact.id == gone.contact.id
    assert (await house.app.core.contacts.page(house.account.sid)).count == 0
