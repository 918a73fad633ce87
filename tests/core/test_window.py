"""The 24-hour window in the core: who is refused, and what is known of it; on each kind of database."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection as Conn
from structlog.testing import capture_logs

from estafette.app import opened
from estafette.core.clock import utc_now
from estafette.core.gateway import Gateway
from estafette.core.replies import Replies
from estafette.core.window import BadPolicy, Window
from estafette.model import (
    Channel,
    Declined,
    Direction,
    Filter,
    Incoming,
    Message,
    Reason,
    Send,
    Sender,
    Status,
)
from estafette.model.ids import instant
from estafette.model.rules import WindowPolicy
from estafette.settings import Settings
from estafette.store import encounters, schema, senders
from estafette.store.encounters import Encounter
from tests.conftest import RECIPIENT, SENDER
from tests.core.carriers import Asked, Clock, open_gate, put_in
from tests.core.conftest import House

OURS = "+15550783881"  # the WhatsApp sender of a fresh home
DAY, TICK = timedelta(hours=24), timedelta(microseconds=1)
TEMPLATE = {
    "template": {"id": "t", "name": "hello", "language": "en", "kind": "text", "values": []}
}


class Unofficial(Asked):
    """Carries WhatsApp by a line of its own, which has no window."""

    has_window: ClassVar[bool] = False


@dataclass
class Desk:
    """A home by a clock that stands still, and what is exchanged on WhatsApp there."""

    house: House
    clock: Clock
    gateway: Gateway

    async def sender(self, channel: Channel = Channel.WHATSAPP) -> Sender:
        ours = SENDER if channel is Channel.SMS else OURS
        return await self.house.app.core.senders.find(self.house.account.sid, channel, ours)

    async def wrote(self, age: timedelta, *, sender: str = "", **parts: Any) -> None:
        """Somebody wrote so long ago to our sender."""
        whom = sender or (await self.sender()).id
        at = self.clock() - age
        sid = self.house.account.sid
        await self.house.app.store.write(lambda conn: note(conn, sid, whom, at, **parts))

    async def policy(self, policy: WindowPolicy) -> None:
        await self.gateway.window.set_policy(self.house.account.sid, policy)

    async def send(self, through: Sender | None = None, **parts: Any) -> Message:
        asked = {
            "channel": Channel.WHATSAPP, "sender": OURS, "recipient": RECIPIENT, "body": "Hi", **parts
        }  # fmt: skip
        return await self.gateway.send(self.house.account, Send(**asked), through=through)

    async def refused(self, **parts: Any) -> bool:
        """Whether the window refuses that; then nothing was written down."""
        before, declined = await self.count(), None
        try:
            await self.send(**parts)
        except Declined as error:
            declined = (error.reason, error.value)
        assert declined in (None, (Reason.OUTSIDE_WINDOW, RECIPIENT))
        assert await self.count() == before + (declined is None)
        return declined is not None

    async def count(self) -> int:
        table = schema.messages.select()
        found = await self.house.app.store.read(lambda conn: conn.execute(table).fetchall())
        return len(found)

    async def until(self, message: Message) -> datetime | None:
        return await self.gateway.window.until(message)


def note(
    conn: Conn,
    account: str,
    sender: str,
    at: datetime | None,
    *,
    person: str = RECIPIENT,
    channel: Channel = Channel.WHATSAPP,
) -> None:
    """In the conversation of a person with a sender, they wrote last at that time, or we did."""
    now = instant(at or datetime.now(UTC))
    heard_at = now if at else None
    met = Encounter(account, str(channel), person, sender, now, now, heard_at)
    encounters.meet(conn, [met], datetime.now(UTC))


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with capture_logs():
        yield


@pytest.fixture
def desk(house: House) -> Desk:
    clock = Clock(stands_still=True)
    return Desk(house, clock, Gateway(house.app.store, house.app.connections, clock))


@pytest.mark.parametrize(
    ("age", "is_refused"),
    [
        (timedelta(hours=23, minutes=59), False),
        (timedelta(hours=23, minutes=59, seconds=59), False),
        (DAY - TICK, False),
        (DAY, True),
        (timedelta(hours=25), True),
    ],
)
async def test_the_edges(desk: Desk, age: timedelta, is_refused: bool) -> None:
    await desk.wrote(age)
    assert await desk.refused() is is_refused
    assert not await desk.refused(content=TEMPLATE)
    assert await desk.refused(content={"made_of": {"id": "t"}}) is is_refused
    assert await desk.refused(direction=Direction.REPLY) is is_refused


async def test_who_never_wrote_is_written_to_unless_it_is_strict(desk: Desk) -> None:
    assert not await desk.refused()
    sid, whom = desk.house.account.sid, (await desk.sender()).id
    await desk.house.app.store.write(lambda conn: note(conn, sid, whom, None))
    assert not await desk.refused()
    await desk.policy(WindowPolicy.STRICT)
    assert await desk.refused()
    assert not await desk.refused(content=TEMPLATE)
    await desk.policy(WindowPolicy.OFF)
    assert not await desk.refused()


async def test_where_it_is_off_nobody_asks_who_wrote(desk: Desk) -> None:
    await desk.wrote(DAY)
    await desk.policy(WindowPolicy.OFF)
    assert not await desk.refused()
    await desk.policy(WindowPolicy.STRICT)
    assert await desk.refused()
    await desk.policy(WindowPolicy.KNOWN)
    assert await desk.refused()


async def test_what_we_send_opens_nothing(desk: Desk) -> None:
    await desk.wrote(DAY - TICK)
    first = await desk.send()
    assert await desk.until(first) == desk.clock() + TICK
    desk.clock.forward(1)
    assert await desk.refused()
    assert await desk.until(first) is None
    template = await desk.send(content=TEMPLATE)
    assert await desk.until(template) is None
    assert await desk.refused()


async def test_it_is_each_conversations_own(desk: Desk) -> None:
    await desk.wrote(DAY, sender="f" * 32)  # to another of our senders
    assert not await desk.refused()
    await desk.policy(WindowPolicy.STRICT)
    assert await desk.refused()


async def test_other_channels_have_none(desk: Desk) -> None:
    await desk.policy(WindowPolicy.STRICT)
    sms = await desk.sender(Channel.SMS)
    await desk.wrote(DAY, sender=sms.id, channel=Channel.SMS)
    sent = await desk.send(channel=Channel.SMS, sender=SENDER)
    assert (sent.status, await desk.until(sent)) == (Status.QUEUED, None)


async def test_a_line_that_is_not_official_has_none(desk: Desk) -> None:
    await desk.wrote(timedelta(hours=1))
    message = await desk.send()
    assert await desk.until(message) == desk.clock() + timedelta(hours=23)
    await put_in(desk.house, open_gate(Unofficial()))
    await desk.policy(WindowPolicy.STRICT)
    desk.clock.forward(86_400)
    assert not await desk.refused()
    assert await desk.until(message) is None


async def test_through_a_service_it_fails_and_that_is_owed(desk: Desk) -> None:
    await desk.wrote(DAY)
    pools = desk.house.app.core.pools
    pool = await pools.add(desk.house.account, "Shop", {})
    await pools.join(desk.house.account, pool.id, (await desk.sender()).id)
    asked = {"service": pool.id, "sender": "", "callback_url": "https://customer.example/told"}
    sent = await desk.send(**asked)
    assert sent.status is Status.QUEUED
    found = await desk.house.find(sent)
    assert (found.status, found.reason) == (Status.FAILED, Reason.OUTSIDE_WINDOW)
    (owed,) = (await desk.house.timeline(sent)).callbacks
    assert (owed.status, owed.reason) == (Status.FAILED, Reason.OUTSIDE_WINDOW)
    template = await desk.send(**asked, content=TEMPLATE)
    assert (await desk.house.find(template)).status is Status.QUEUED


async def test_a_lane_to_an_account_elsewhere_goes_by_the_sender_that_is_named(desk: Desk) -> None:
    """Nobody can write to such a lane; they write to the sender of ours that has the address."""
    house = desk.house
    lane = Sender(
        id="e" * 32, account=house.account.sid, channel=Channel.WHATSAPP, address="",
        connection="sandbox", created_at=desk.clock(), updated_at=desk.clock(),
        released_at=desk.clock(),
    )  # fmt: skip
    await house.app.store.write(lambda conn: senders.add_once(conn, lane))
    assert not await desk.refused(through=lane, sender="+14155550199")
    await desk.wrote(DAY - TICK)
    sent = await desk.send(through=lane)
    assert await desk.until(sent) == desk.clock() + TICK
    desk.clock.forward(1)
    assert await desk.refused(through=lane)
    assert not await desk.refused(through=lane, sender="+14155550199")
    await desk.policy(WindowPolicy.STRICT)
    assert await desk.refused(through=lane, sender="+14155550199")


async def test_the_same_request_has_its_answer_once_it_is_closed_too(desk: Desk) -> None:
    await desk.wrote(DAY - TICK)
    sent = await desk.send(idempotency_key="k", fingerprint="f")
    desk.clock.forward(1)
    assert await desk.send(idempotency_key="k", fingerprint="f") == sent
    assert await desk.refused(idempotency_key="another")


async def test_what_is_scheduled_is_judged_for_its_time(desk: Desk) -> None:
    await desk.wrote(timedelta(hours=20))
    closes_at = desk.clock() + timedelta(hours=4)
    sent = await desk.send(send_at=closes_at - TICK)
    assert sent.status is Status.SCHEDULED
    assert await desk.refused(send_at=closes_at)
    assert not await desk.refused(send_at=closes_at, content=TEMPLATE)


async def test_a_plain_sms_asks_the_database_nothing_more(desk: Desk) -> None:
    window, store = desk.gateway.window, desk.house.app.store
    asked, plain_read = 0, store.read

    async def counting(work: Callable[[Conn], Any]) -> Any:
        nonlocal asked
        asked += 1
        return await plain_read(work)

    store.read = counting  # type: ignore[method-assign]
    sender = await desk.sender(Channel.SMS)
    account, asked = desk.house.account.sid, 0
    send = Send(channel=Channel.SMS, sender=SENDER, recipient=RECIPIENT, body="Hi")
    assert await window.lets(account, send, sender)
    assert asked == 0
    ours = await desk.sender()
    await desk.house.app.connections.refresh()
    asked = 0
    send = Send(channel=Channel.WHATSAPP, sender=OURS, recipient=RECIPIENT, body="Hi")
    for count in (2, 3, 4):  # the policy once, and each time who wrote
        assert await window.lets(account, send, ours)
        assert asked == count
    await window.set_policy(account, "off")
    for _ in range(3):
        assert await window.lets(account, send, ours)
        assert asked == 5


async def test_the_policy(desk: Desk) -> None:
    sid, app = desk.house.account.sid, desk.house.app
    strict = Window(app.store, app.connections, desk.clock, WindowPolicy.STRICT)
    assert await desk.gateway.window.policy(sid) is WindowPolicy.KNOWN
    assert await strict.policy(sid) is WindowPolicy.STRICT
    for policy in WindowPolicy:
        assert await desk.gateway.window.set_policy(sid, policy.value) is policy
        assert await strict.policy(sid) is policy
    assert await strict.policy("AC" + "2" * 32) is WindowPolicy.STRICT
    for bad in ("", "KNOWN", "none", "\0", "\ud800"):
        with pytest.raises(BadPolicy):
            await strict.set_policy(sid, bad)
    assert await strict.policy(sid) is WindowPolicy.OFF


async def test_a_connection_that_cannot_be_used_has_one(desk: Desk) -> None:
    app = desk.house.app
    lane = Sender(
        id="d" * 32, account=desk.house.account.sid, channel=Channel.WHATSAPP,
        address="+14155550123", connection="gone", created_at=desk.clock(),
        updated_at=desk.clock(),
    )  # fmt: skip
    await app.store.write(lambda conn: senders.add(conn, lane))
    await desk.wrote(DAY, sender=lane.id)
    assert await desk.refused(sender=lane.address)


async def test_what_answers_who_wrote_is_inside(house: House) -> None:
    """By nature, also where it is strict: they have just written."""
    core = house.app.core
    await core.window.set_policy(house.account.sid, WindowPolicy.STRICT)
    told = Incoming(channel=Channel.WHATSAPP, sender=RECIPIENT, recipient=OURS, body="STOP")
    kept = await core.inbound.receive("", told)
    page = await house.app.gateway.page(house.account, Filter(recipient=RECIPIENT), limit=9)
    assert [item.direction for item in page.items] == [Direction.REPLY]
    replies = Replies(house.app.store, house.app.gateway, house.app.people, utc_now)
    await core.suppressions.remove(house.account.sid, RECIPIENT)
    asked = Send(channel=Channel.WHATSAPP, sender=OURS, recipient=RECIPIENT, body="Hi")
    assert (await replies.send(kept, 0, asked)).direction is Direction.REPLY
    with pytest.raises(Declined):
        await replies.send(kept, 1, replace(asked, recipient="+14155550101"))


async def test_who_wrote_before_counts_by_their_own_time(house: House) -> None:
    core, now = house.app.core, utc_now()
    for age, is_open in ((timedelta(hours=30), False), (timedelta(hours=3), True), (DAY, True)):
        told = Incoming(
            channel=Channel.WHATSAPP, sender=RECIPIENT, recipient=OURS, body="Hi", at=now - age
        )  # fmt: skip
        kept = await core.inbound.receive("", told)
        until = now + timedelta(hours=21) if is_open else None
        assert await core.window.until(kept) == until


async def test_the_environment_says_what_accounts_do_that_set_nothing(tmp_path: Path) -> None:
    home = tmp_path / "strict"
    url = f"sqlite:///{home}/estafette.db"
    settings = Settings(home=home, database_url=url, window_policy="strict")
    async with opened(settings) as app:
        await app.first_start()
        (account,) = await app.people.accounts()
        assert await app.core.window.policy(account.sid) is WindowPolicy.STRICT
        send = Send(channel=Channel.WHATSAPP, sender=OURS, recipient=RECIPIENT, body="Hi")
        with pytest.raises(Declined):
            await app.gateway.send(account, send)
