"""Second ways in the core, by workers in this process, on each kind of database."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from estafette.model import (
    BadFallback,
    Channel,
    Connection,
    Declined,
    Fallback,
    Incoming,
    Message,
    Outcome,
    Reason,
    Receipt,
    Status,
)
from estafette.model.fallback import WINDOW_CLOSED, Why
from estafette.model.ids import instant
from tests.conftest import RECIPIENT, SENDER
from tests.core.conftest import House, opened_house
from tests.patience import PATIENCE

OURS = "+15550783881"
SILENT, REFUSED, UNREACHED = "+15005520200", "+15005520400", "+15005520599"
PHONE = "+14155550123"


async def send(house: House, to: str, **parts: Any) -> Message:
    fallback = Fallback(**{"channel": Channel.SMS, "recipient": PHONE, **parts})
    return await house.send(to, channel=Channel.WHATSAPP, sender=OURS, fallback=fallback)


async def test_two_nodes_take_a_second_way_once(house: House, tmp_path: Path) -> None:
    url = house.app.settings.database_url
    async with opened_house(url, tmp_path / "home") as other:
        with capture_logs() as logs:
            async with house.carrying(), other.carrying():
                sent = [await send(house, REFUSED) for _ in range(40)]
                for one in sent:
                    await house.until(one, Status.DELIVERED)
    assert not [line for line in logs if line["log_level"] == "error"]
    for one in sent:
        found = await house.timeline(one)
        assert found.second is not None
        assert [
            (found.second.way_of(item.id, item.lane).channel, item.outcome)
            for item in found.attempts
        ] == [(Channel.WHATSAPP, Outcome.REFUSED), (Channel.SMS, Outcome.ACCEPTED)]


async def test_a_late_success_of_the_first_way_withdraws_the_second(house: House) -> None:
    async with house.carrying():
        one = await send(house, SILENT, after=1, recipient=UNREACHED)
        await house.until(one, Status.SENT)
        (first,) = (await house.timeline(one)).attempts
        async with asyncio.timeout(PATIENCE):
            while (second := (await house.timeline(one)).second) is None or not second.taken_at:
                await asyncio.sleep(0.05)
        assert (await house.find(one)).status is Status.SENT
        early = Receipt(message=one.id, ref=first.ref, status=Status.UNDELIVERED, code="1")
        assert await house.app.gateway.record("sandbox", [early]) == []
        assert (await house.find(one)).status is Status.SENT
        late = Receipt(message=one.id, ref=first.ref, status=Status.DELIVERED)
        assert len(await house.app.gateway.record("sandbox", [late])) == 1
    assert (await house.find(one)).status is Status.DELIVERED
    found = await house.timeline(one)
    assert Outcome.ACCEPTED not in [item.outcome for item in found.attempts[1:]]
    assert [receipt.code for receipt, _ in found.receipts] == ["1", ""]


async def test_a_connection_that_is_parked_does_not_hold_it_up(house: House) -> None:
    connections = house.app.connections
    await connections.add(Connection(name="other", provider="sandbox", settings={}))
    await house.app.core.senders.change(
        house.account.sid, (await _ours(house)).id, connection="other"
    )
    await connections.park("other", "wrong token")
    async with house.carrying():
        one = await send(house, RECIPIENT, after=1)
        found = await house.until(one, Status.DELIVERED)
    assert (found.channel, found.recipient) == (Channel.SMS, PHONE)
    line = await house.timeline(one)
    assert len(line.attempts) == 1
    assert line.second is not None
    assert line.second.why is Why.LATE


async def _ours(house: House) -> Any:
    return await house.app.core.senders.find(house.account.sid, Channel.WHATSAPP, OURS)


async def wrote_long_ago(house: House) -> None:
    told = Incoming(
        channel=Channel.WHATSAPP, sender=RECIPIENT, recipient=OURS, body="Hello?", ref="r",
        at=datetime.now(UTC) - timedelta(hours=25),
    )  # fmt: skip
    await house.app.inbound.receive("sandbox", told)


@pytest.mark.parametrize(
    ("parts", "part", "reason"),
    [
        ({"after": 0}, "after", Reason.OTHER),
        ({"after": 86_401}, "after", Reason.OTHER),
        ({"channel": Channel.TELEGRAM, "recipient": ""}, "channel", Reason.NO_SENDER),
        ({"sender": "+14155550999"}, "from", Reason.FOREIGN_SENDER),
        ({"sender": "\0"}, "from", Reason.FOREIGN_SENDER),
        ({"recipient": "Ann"}, "to", Reason.BAD_RECIPIENT),
        ({"body": "x" * 1601}, "body", Reason.TOO_LONG),
        ({"body": "\0"}, "body", Reason.BAD_BODY),
        ({"channel": Channel.WHATSAPP, "recipient": ""}, "", Reason.OTHER),
        ({"sender": "+15005550006", "recipient": "+15005550001"}, "to", Reason.BAD_RECIPIENT),
    ],
)
async def test_what_cannot_be_gone_is_declined(
    house: House, parts: dict[str, Any], part: str, reason: Reason
) -> None:
    with pytest.raises(BadFallback) as caught:
        await send(house, RECIPIENT, **parts)
    assert (caught.value.part, caught.value.reason) == (part, reason)


async def test_a_text_that_is_to_be_forgotten_has_no_second_way(house: House) -> None:
    with pytest.raises(BadFallback):
        await house.send(discard=True, fallback=Fallback(channel=Channel.WHATSAPP))


async def test_a_name_on_one_platform_is_nobody_on_another(house: House) -> None:
    await house.app.core.senders.add(
        house.account.sid, Channel.TELEGRAM, "shop", connection="sandbox"
    )
    asked = {"channel": Channel.TELEGRAM, "sender": "shop"}
    with pytest.raises(BadFallback) as caught:
        await house.send("31612345678", **asked, fallback=Fallback(channel=Channel.SMS))
    assert caught.value.part == "to"
    fallback = Fallback(channel=Channel.SMS, recipient=PHONE)
    one = await house.send("31612345678", **asked, fallback=fallback)
    second = (await house.timeline(one)).second
    assert second is not None
    assert (second.first.recipient, second.way.recipient) == ("31612345678", PHONE)


async def test_without_a_name_it_leaves_from_the_main_sender(house: House) -> None:
    core, sid = house.app.core.senders, house.account.sid
    one = await send(house, RECIPIENT)
    other = await core.add(sid, Channel.SMS, PHONE, connection="sandbox", main=True)
    two = await send(house, RECIPIENT)
    lines = [(await house.timeline(message)).second for message in (one, two)]
    assert [line.way.sender for line in lines if line] == [SENDER, other.address]


async def test_an_approved_text_is_plain_on_another_channel(house: House) -> None:
    content = {"template": {"id": "t", "name": "hello", "language": "en", "values": ["Ann"]}}
    one = await house.send(
        REFUSED, "Hello Ann", channel=Channel.WHATSAPP, sender=OURS, content=content,
        fallback=Fallback(channel=Channel.SMS, recipient=PHONE),
    )  # fmt: skip
    async with house.carrying():
        found = await house.until(one, Status.DELIVERED)
    assert (found.channel, found.body) == (Channel.SMS, "Hello Ann")


async def test_outside_the_window_it_goes_at_once_or_not_at_all(house: House) -> None:
    await wrote_long_ago(house)
    one = await send(house, RECIPIENT, after=300, body="By SMS")
    assert (one.channel, one.recipient, one.body) == (Channel.SMS, PHONE, "By SMS")
    line = await house.timeline(one)
    (attempt,) = line.attempts
    assert (attempt.outcome, attempt.code) == (Outcome.REFUSED, WINDOW_CLOSED)
    assert line.second is not None
    assert (line.second.why, line.second.due_at) == (Why.WINDOW, None)
    assert instant(attempt.started_at) == instant(one.created_at)
    async with house.carrying():
        assert (await house.until(one)).status is Status.DELIVERED
    core = house.app.core
    item = core.suppressions.read(house.account.sid, PHONE)
    await core.suppressions.add(item)
    with pytest.raises(Declined) as caught:
        await send(house, RECIPIENT)
    assert caught.value.reason is Reason.OPTED_OUT


async def test_through_a_service_it_goes_at_once_too(house: House) -> None:
    await wrote_long_ago(house)
    pools = house.app.core.pools
    pool = await pools.add(house.account, "shop", {})
    await pools.join(house.account, pool.id, (await _ours(house)).id)
    asked = {"channel": Channel.WHATSAPP, "sender": "", "service": pool.id}
    one = await house.send(
        RECIPIENT, **asked, callback_url="https://customer.example/told",
        fallback=Fallback(channel=Channel.SMS),
    )  # fmt: skip
    assert (one.channel, one.sender, one.service) == (Channel.SMS, SENDER, pool.id)
    assert [item.said for item in (await house.timeline(one)).callbacks] == ["queued"]
    plain = await house.send(RECIPIENT, **asked)
    assert (await house.find(plain)).reason is Reason.OUTSIDE_WINDOW
