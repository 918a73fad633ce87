"""What doors and commands may ask of the gateway, and what it declines."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from estafette.core.gateway import Gateway
from estafette.core.limits import LONGEST_BODY, MOST_MEDIA
from estafette.model import (
    Channel,
    Conflict,
    Cursor,
    Declined,
    Direction,
    Filter,
    Outcome,
    Reason,
    Receipt,
    Status,
    Unknown,
)
from estafette.model.ids import instant
from estafette.store import schema, senders
from estafette.store.jobs import Job
from tests.conftest import RECIPIENT, SENDER
from tests.core.carriers import Asked, Clock, change_sender, put_in, until
from tests.core.conftest import House, opened_house
from tests.patience import PATIENCE

MAGIC = "+15005550006"


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with capture_logs():
        yield


async def count(house: House, table: str) -> int:
    asked = schema.METADATA.tables[table].select()
    return len(await house.app.store.read(lambda conn: conn.execute(asked).fetchall()))


# Send


async def test_a_message_is_written_down_as_it_was_asked_for(house: House) -> None:
    media = ("https://example.com/a.png",)
    asked = {"media": media, "callback_url": "https://example.com/told", "valid_for": 60}
    message = await house.send(RECIPIENT, "Grüße", **asked)
    assert message == await house.find(message)
    assert (message.account, message.status) == (house.account.sid, Status.QUEUED)
    assert (message.channel, message.direction) == (Channel.SMS, Direction.API)
    assert (message.sender, message.recipient, message.body) == (SENDER, RECIPIENT, "Grüße")
    assert (message.media, message.callback_url) == (media, "https://example.com/told")
    assert message.expires_at == message.created_at + timedelta(seconds=60)
    assert (message.ref, message.reason, message.sent_at) == ("", None, None)
    assert not message.redacted
    rows = await house.app.store.read(lambda conn: conn.execute(schema.jobs.select()).fetchall())
    assert [Job(*row) for row in rows] == [
        Job(message.id, "send", message.lane, instant(message.created_at))
    ]


async def test_segments_are_counted_where_they_are_billed(house: House) -> None:
    sms = await house.send(body="a" * 161)
    whatsapp = await house.send(body="a" * 161, sender="+15550783881", channel=Channel.WHATSAPP)
    assert (sms.segments, whatsapp.segments) == (2, 1)


async def test_an_order_key_is_kept_where_the_sender_asks_for_order(house: House) -> None:
    await change_sender(house, in_order=True)
    await house.send()
    (row,) = await house.app.store.read(lambda conn: conn.execute(schema.jobs.select()).fetchall())
    assert Job(*row).order_key == RECIPIENT


DECLINED: dict[str, tuple[dict[str, Any], Reason, str]] = {
    "no text": ({"body": ""}, Reason.NOTHING_TO_SAY, ""),
    "a text with U+0000": ({"body": "a\0b"}, Reason.BAD_BODY, "U+0000"),
    "a text too long": ({"body": "a" * (LONGEST_BODY + 1)}, Reason.TOO_LONG, "1601"),
    "a text too long in UTF-16": ({"body": "👋" * 801}, Reason.TOO_LONG, "1602"),
    "too many media": (
        {"media": ("https://example.com/",) * (MOST_MEDIA + 1)},
        Reason.TOO_MANY_MEDIA,
        "11",
    ),
    "a sender of nobody": ({"sender": "+14155550100"}, Reason.FOREIGN_SENDER, "+14155550100"),
    "a sender on another channel": (
        {"channel": Channel.WHATSAPP},
        Reason.FOREIGN_SENDER,
        SENDER,
    ),
    "what the carrier never takes": (
        {"sender": MAGIC, "to": "+15005550001"},
        Reason.BAD_RECIPIENT,
        "+15005550001",
    ),
}


@pytest.mark.parametrize("case", DECLINED)
async def test_what_no_carrier_could_take_is_declined_and_nothing_is_written(
    house: House, case: str
) -> None:
    asked, reason, value = DECLINED[case]
    with pytest.raises(Declined) as told:
        await house.send(**asked)
    assert (told.value.reason, told.value.value) == (reason, value)
    assert (await count(house, "messages"), await count(house, "jobs")) == (0, 0)


@pytest.mark.parametrize(
    "asked",
    [
        {"body": "a" * LONGEST_BODY},
        {"body": "👋" * (LONGEST_BODY // 2)},
        {"body": "", "media": ("https://example.com/",) * MOST_MEDIA},
    ],
)
async def test_what_just_fits_is_taken(house: House, asked: dict[str, Any]) -> None:
    message = await house.send(**asked)
    assert (await house.find(message)).body == asked["body"]


async def test_nobody_sends_from_the_sender_of_another_account(house: House) -> None:
    other, _ = await house.app.people.add_account("Other")
    with pytest.raises(Declined) as told:
        await House(house.app, other).send()
    assert told.value.reason is Reason.FOREIGN_SENDER


async def test_a_new_sender_may_be_used_at_once(house: House) -> None:
    known = await house.app.store.read(senders.all_of)
    with pytest.raises(Declined):
        await house.send(sender="+14155550177")
    parts = {name: getattr(known[0], name) for name in known[0].__struct_fields__}
    new = type(known[0])(**{**parts, "id": "f" * 32, "address": "+14155550177"})
    await house.app.store.write(lambda conn: senders.add(conn, new))
    assert (await house.send(sender="+14155550177")).lane == "f" * 32


async def test_a_message_is_taken_although_its_connection_makes_no_provider(house: House) -> None:
    await change_sender(house, connection="nowhere")
    assert (await house.send()).status is Status.QUEUED


async def test_who_carries_is_woken_once_there_is_something_new(house: House) -> None:
    woken: list[bool] = []
    app = house.app
    gateway = Gateway(app.store, app.connections, Clock(), lambda: woken.append(True))
    mine = House(_with(app, gateway), house.account)
    await mine.send(idempotency_key="once")
    await mine.send(idempotency_key="once")
    with pytest.raises(Declined):
        await mine.send(body="")
    assert woken == [True]


def _with(app: Any, gateway: Gateway) -> Any:
    return replace(app, core=replace(app.core, gateway=gateway))


# Idempotency


async def test_the_same_request_under_one_key_gives_the_same_message(house: House) -> None:
    asked = {"idempotency_key": "key", "fingerprint": "print"}
    sent = await asyncio.gather(*(house.send(**asked) for _ in range(20)))
    assert len({message.id for message in sent}) == 1
    assert (await count(house, "messages"), await count(house, "jobs")) == (1, 1)


async def test_another_request_under_one_key_is_a_conflict(house: House) -> None:
    first = await house.send(idempotency_key="key", fingerprint="one")
    async with asyncio.TaskGroup() as group:
        fine = [group.create_task(house.send()) for _ in range(3)]
        wrong = group.create_task(_conflicts(house, idempotency_key="key", fingerprint="two"))
    assert wrong.result()
    assert len({first.id, *(task.result().id for task in fine)}) == 4
    assert await count(house, "messages") == 4


async def _conflicts(house: House, **asked: Any) -> bool:
    with pytest.raises(Conflict):
        await house.send(**asked)
    return True


async def test_a_key_is_remembered_after_the_message_was_carried(house: House) -> None:
    asked = {"idempotency_key": "key", "fingerprint": "print"}
    async with house.carrying():
        message = await house.until(await house.send(**asked), Status.DELIVERED)
        again = await house.send(**asked)
    assert again == message
    assert len((await house.timeline(message)).attempts) == 1


async def test_a_key_is_remembered_by_the_next_process(url: str, tmp_path: Path) -> None:
    asked = {"idempotency_key": "key", "fingerprint": "print"}
    async with opened_house(url, tmp_path / "home") as house:
        message = await house.send(**asked)
    async with opened_house(url, tmp_path / "home") as house:
        assert (await house.send(**asked)).id == message.id


# Find, list


async def test_nobody_sees_or_changes_the_message_of_another_account(house: House) -> None:
    async with house.carrying():
        message = await house.until(await house.send(), Status.DELIVERED)
    other, _ = await house.app.people.add_account("Other")
    gateway = house.app.gateway
    for ask in (
        gateway.find(other, message.id),
        gateway.find_by_ref(other, message.ref),
        gateway.redact(other, message.id),
        gateway.cancel(other, message.id),
        gateway.delete(other, message.id),
    ):
        with pytest.raises(Unknown):
            await ask
    page = await gateway.page(other, Filter(), limit=9)
    assert (page.items, page.has_next, page.has_previous) == ([], False, False)
    assert await house.find(message) == message


async def test_pages_of_a_list_follow_each_other(house: House) -> None:
    sent = [(await house.send(body=f"{n}")).id for n in range(5)]
    gateway, account = house.app.gateway, house.account
    first = await gateway.page(account, Filter(recipient=RECIPIENT), limit=3)
    cursor = Cursor(first.items[-1].id)
    last = await gateway.page(account, Filter(recipient=RECIPIENT), limit=3, cursor=cursor)
    assert [one.id for one in [*first.items, *last.items]] == sent[::-1]
    assert (first.has_next, last.has_next, last.has_previous) == (True, False, True)


# Redact


async def test_a_message_that_is_redacted_before_it_was_sent_is_sent_whole_and_then_forgotten(
    house: House,
) -> None:
    provider = Asked()
    await put_in(house, provider)
    message = await house.send(body="a secret")
    redacted = await house.app.gateway.redact(house.account, message.id)
    assert (redacted.redacted, redacted.body) == (True, "a secret")
    async with house.carrying():
        await until(lambda: provider.offers)
        again = await house.app.gateway.redact(house.account, message.id)
        assert (again.status, again.body) == (Status.SENDING, "a secret")
        provider.gate.set()
        found = await house.until(message, Status.SENT)
    assert provider.bodies == ["a secret"]
    assert (found.redacted, found.body) == (True, "")


async def test_a_message_that_is_redacted_after_it_was_sent_is_forgotten_at_once(
    house: House,
) -> None:
    async with house.carrying():
        message = await house.until(await house.send(body="a secret"), Status.DELIVERED)
    found = await house.app.gateway.redact(house.account, message.id)
    assert (found.redacted, found.body) == (True, "")
    assert found == await house.find(message)


@pytest.mark.parametrize("to", [RECIPIENT, "+15005520400", "+15005520408", "+15005530003"])
async def test_a_message_that_asks_for_it_is_forgotten_as_soon_as_it_need_not_be_sent(
    house: House, to: str
) -> None:
    async with house.carrying():
        found = await house.until(await house.send(to, body="a secret", discard=True))
    assert (found.redacted, found.body) == (True, "")


async def test_a_redacted_message_keeps_its_text_for_the_next_attempt(house: House) -> None:
    async with house.carrying():
        message = await house.send("+15005520429", body="a secret", discard=True)
        async with asyncio.timeout(PATIENCE):
            while not (await house.timeline(message)).attempts:
                await asyncio.sleep(0.02)
        found = await house.find(message)
        assert (found.status in {Status.SENDING, Status.QUEUED}, found.body) == (True, "a secret")


# Cancel, delete


async def test_a_message_that_waits_is_called_back_and_never_offered(house: House) -> None:
    message = await house.send(discard=True)
    found = await house.app.gateway.cancel(house.account, message.id)
    assert (found.status, found.body) == (Status.CANCELED, "")
    with pytest.raises(Conflict):
        await house.app.gateway.cancel(house.account, message.id)
    async with house.carrying():
        await house.until(await house.send(), Status.DELIVERED)
    assert (await house.find(message)).status is Status.CANCELED
    assert (await house.timeline(message)).attempts == []


async def test_a_message_that_was_offered_cannot_be_called_back(house: House) -> None:
    provider = Asked()
    await put_in(house, provider)
    message = await house.send()
    async with house.carrying():
        await until(lambda: provider.offers)
        with pytest.raises(Conflict):
            await house.app.gateway.cancel(house.account, message.id)
        provider.gate.set()
        await house.until(message, Status.SENT)


async def test_a_message_under_way_cannot_be_deleted(house: House) -> None:
    provider = Asked()
    await put_in(house, provider)
    message = await house.send()
    delete = house.app.gateway.delete
    with pytest.raises(Conflict):
        await delete(house.account, message.id)
    async with house.carrying():
        await until(lambda: provider.offers)
        with pytest.raises(Conflict):
            await delete(house.account, message.id)
        provider.gate.set()
        await house.until(message, Status.SENT)
    with pytest.raises(Conflict):
        await delete(house.account, message.id)
    assert (await house.find(message)).status is Status.SENT


async def test_a_message_that_was_sent_an_hour_ago_may_be_deleted(house: House) -> None:
    async with house.carrying():
        message = await house.until(await house.send("+15005520200"), Status.SENT)
    clock = Clock()
    clock.forward(3601)
    later = Gateway(house.app.store, house.app.connections, clock)
    await later.delete(house.account, message.id)
    with pytest.raises(Unknown):
        await house.find(message)


async def test_a_deleted_message_leaves_no_trace(house: House) -> None:
    async with house.carrying():
        message = await house.until(await house.send(idempotency_key="key"), Status.DELIVERED)
    await house.app.gateway.delete(house.account, message.id)
    for ask in (
        house.app.gateway.find(house.account, message.id),
        house.app.gateway.find_by_ref(house.account, message.ref),
        house.app.gateway.delete(house.account, message.id),
    ):
        with pytest.raises(Unknown):
            await ask
    timeline = await house.timeline(message)
    assert (timeline.attempts, timeline.receipts) == ([], [])
    assert (await house.send(idempotency_key="key")).id != message.id


# Record


async def test_what_a_carrier_tells_moves_its_message_and_is_kept(house: House) -> None:
    async with house.carrying():
        message = await house.until(await house.send("+15005520200"), Status.SENT)
    told = [
        Receipt(status=Status.DELIVERED, ref=message.ref, code="000", text="Delivered."),
        Receipt(status=Status.SENT, message=message.id),
        Receipt(status=Status.READ, message=message.id),
    ]
    moved = await house.app.gateway.record("sandbox", told)
    assert {move.message for move in moved} == {message.id}
    assert {move.status for move in moved} == {Status.READ}
    timeline = await house.timeline(message)
    assert [receipt.status for receipt, _ in timeline.receipts] == [one.status for one in told]
    assert (await house.find(message)).status is Status.READ
    assert [attempt.outcome for attempt in timeline.attempts] == [Outcome.ACCEPTED]


async def test_what_says_nothing_new_or_fits_nothing_moves_nothing(house: House) -> None:
    async with house.carrying():
        message = await house.until(await house.send(), Status.DELIVERED)
    told = [
        Receipt(status=Status.UNDELIVERED, message=message.id),
        Receipt(status=Status.DELIVERED, ref="nobody knows"),
    ]
    assert await house.app.gateway.record("sandbox", told) == []
    assert await house.app.gateway.record("sandbox", []) == []
    assert (await house.find(message)).status is Status.DELIVERED
    assert await count(house, "receipts") == 3
