"""Who opted out is not written to, and is told so in time; on each kind of database."""

from collections.abc import Iterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from estafette.core.suppressions import Suppressions, key_of
from estafette.model import (
    CallbackStatus,
    Channel,
    Declined,
    Direction,
    Incoming,
    Keyword,
    Message,
    OptOut,
    Reason,
    Sender,
    Status,
    Suppression,
    Unknown,
)
from tests.conftest import RECIPIENT, SENDER
from tests.core.carriers import Clock
from tests.core.conftest import House

ANOTHER = "+15005550006"  # a sender that is in no service


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with capture_logs():
        yield


async def sender_of(house: House) -> Sender:
    return await house.app.core.senders.find(house.account.sid, Channel.SMS, SENDER)


async def service_of(house: House) -> str:
    """A service with one sender, the usual one."""
    pools = house.app.core.pools
    made = await pools.add(house.account, "Shop", {})
    await pools.join(house.account, made.id, (await sender_of(house)).id)
    return made.id


def read(house: House, **parts: Any) -> Suppression:
    return house.app.core.suppressions.read(house.account.sid, RECIPIENT, **parts)


async def write(house: House, body: str, **parts: Any) -> Message:
    incoming = Incoming(channel=Channel.SMS, sender=RECIPIENT, recipient=SENDER, body=body, **parts)
    return await house.app.core.inbound.receive("", incoming)


async def replies(house: House) -> list[str]:
    found = await house.app.gateway.page(house.account, filter_of_replies(), limit=50)
    return [item.body for item in found.items[::-1]]


def filter_of_replies() -> Any:
    from estafette.model import Filter

    return Filter(direction=Direction.REPLY)


async def test_a_suppressed_recipient_is_declined_at_once(house: House) -> None:
    await house.send()
    await house.app.core.suppressions.add(read(house, scope=(await sender_of(house)).id))
    with pytest.raises(Declined) as told:
        await house.send()
    assert (told.value.reason, told.value.value) == (Reason.OPTED_OUT, RECIPIENT)
    await house.send(sender=ANOTHER)
    await house.send(despite_opt_out=True)
    await house.app.core.suppressions.remove(house.account.sid, RECIPIENT)
    await house.send()


async def test_through_a_service_it_fails_and_that_is_owed(house: House) -> None:
    service = await service_of(house)
    await house.app.core.suppressions.add(read(house, scope=service))
    url = "https://customer.example/told"
    sent = await house.send(service=service, callback_url=url, idempotency_key="k")
    assert sent.status is Status.QUEUED
    found = await house.find(sent)
    assert (found.status, found.reason) == (Status.FAILED, Reason.OPTED_OUT)
    (owed,) = (await house.timeline(sent)).callbacks
    assert (owed.status, owed.reason, owed.url) == (Status.FAILED, Reason.OPTED_OUT, url)
    assert owed.told is CallbackStatus.WAITING
    again = await house.send(service=service, callback_url=url, idempotency_key="k")
    assert again == found
    async with house.carrying():
        other = await house.send(RECIPIENT.replace("0", "1"), service=service)
        await house.until(other, Status.DELIVERED)
    assert (await house.find(sent)).status is Status.FAILED
    await house.app.gateway.delete(house.account, sent.id)


async def test_it_is_also_written_so_where_a_scribe_writes_what_is_plain(house: House) -> None:
    await house.app.store.hire()
    service = await service_of(house)
    await house.app.core.suppressions.add(read(house, scope=service))
    sent = await house.send(service=service)
    plain = await house.send("+14155550188", service=service)
    assert (await house.find(sent)).reason is Reason.OPTED_OUT
    assert (await house.find(plain)).status is Status.QUEUED


async def test_an_account_without_suppressions_asks_for_them_once(house: House) -> None:
    found = Suppressions(house.app.store, Clock())
    asked = 0
    plain_read = house.app.store.read

    async def counting(work: Any) -> Any:
        nonlocal asked
        asked += 1
        return await plain_read(work)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(house.app.store, "read", counting)
        for _ in range(5):
            assert not await found.is_suppressed(
                house.account.sid, RECIPIENT, Channel.SMS, sender="x"
            )
        assert asked == 1
    # What is added here counts here at once.
    await found.add(read(house))
    with pytest.raises(Declined):
        await found.check(house.account.sid, RECIPIENT, Channel.SMS, sender="x")


async def test_what_another_process_added_counts_soon(house: House) -> None:
    mine, theirs = (Suppressions(house.app.store, Clock()) for _ in range(2))
    asked = {"account": house.account.sid, "recipient": RECIPIENT, "channel": Channel.SMS}
    assert not await mine.is_suppressed(**asked, sender="x")
    await theirs.add(read(house))
    assert not await mine.is_suppressed(**asked, sender="x")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("estafette.core.suppressions._KNOWN_FOR", 0.0)
        assert await mine.is_suppressed(**asked, sender="x")
        await theirs.remove(house.account.sid, RECIPIENT)
        assert not await mine.is_suppressed(**asked, sender="x")


async def test_many_are_added_in_slices_and_taken_out_whole(house: House) -> None:
    core, sid = house.app.core.suppressions, house.account.sid
    many = [core.read(sid, f"+1415555{number:04}", source="test") for number in range(1201)]
    assert await core.add_all(many) == (1201, 0)
    assert await core.add_all(many[:700]) == (0, 700)
    assert [key_of(item) async for item in core.export(sid)] == [key_of(item) for item in many]


@pytest.mark.parametrize(
    ("text", "parts"),
    [("nobody", {}), ("", {}), ("US.123", {}), (RECIPIENT, {"scope": "here"})],
)
async def test_what_is_no_recipient_and_no_scope_is_declined(
    house: House, text: str, parts: dict[str, str]
) -> None:
    with pytest.raises(Declined):
        house.app.core.suppressions.read(house.account.sid, text, **parts)


async def test_whatsapps_own_ids_of_people_are_recipients_there(house: House) -> None:
    read = house.app.core.suppressions.read
    assert read(house.account.sid, "US.123abc", channel=Channel.WHATSAPP).recipient == "US.123abc"


# Words


async def test_a_stop_in_a_service_counts_for_the_service(house: House) -> None:
    sid, service = house.account.sid, await service_of(house)
    said = await write(house, "STOP")
    assert (said.service, said.content["opt_out"]) == (service, Keyword.STOP)
    (kept,) = await house.app.core.suppressions.page(sid, limit=5)
    assert (kept.recipient, kept.scope) == (RECIPIENT, service)
    await house.send(sender=ANOTHER)
    with pytest.raises(Declined):  # not through the service, but from one of its senders
        await house.send()
    failed = await house.send(sender="", service=service)
    assert (await house.find(failed)).status is Status.FAILED
    await write(house, "START")
    await house.send()
    assert len(await replies(house)) == 2
    assert await house.app.core.suppressions.page(sid, limit=5) == []


async def test_the_same_message_heard_again_does_nothing_more(house: House) -> None:
    message = await write(house, "STOP")
    assert len(await replies(house)) == 1
    for _ in range(2):
        await house.app.core.keywords.hear(await sender_of(house), message)
    assert len(await replies(house)) == 1
    await write(house, "STOP")
    assert len(await replies(house)) == 1


async def test_a_reply_goes_to_who_opted_out(house: House) -> None:
    await write(house, "STOP")
    found = await house.app.gateway.page(house.account, filter_of_replies(), limit=5)
    (reply,) = found.items
    assert (reply.sender, reply.recipient) == (SENDER, RECIPIENT)
    assert reply.body == OptOut().stop_text
    async with house.carrying():
        await house.until(reply, Status.DELIVERED)


async def test_what_a_carrier_has_answered_is_not_answered_again(house: House) -> None:
    await write(house, "STOP", content={"opt_out": "STOP"})
    assert await replies(house) == []
    with pytest.raises(Declined):
        await house.send()


async def test_what_an_account_shut_out_a_word_does_not_open(house: House) -> None:
    await house.app.core.suppressions.add(read(house, source="court"))
    await write(house, "START")
    assert await replies(house) == []
    with pytest.raises(Declined):
        await house.send()


async def test_a_toll_free_sender_does_not_take_yes_for_start(house: House) -> None:
    sid = house.account.sid
    sender = await house.app.core.senders.add(
        sid, Channel.SMS, "+18005550123", connection="sandbox"
    )
    asked = {"channel": Channel.SMS, "sender": RECIPIENT, "recipient": sender.address}
    for body, count in (("STOP", 1), ("YES", 1), ("UNSTOP", 0)):
        await house.app.core.inbound.receive("", Incoming(**asked, body=body))
        assert len(await house.app.core.suppressions.page(sid, limit=5)) == count


async def test_nobody_writes_to_a_sender_that_is_not_there(house: House) -> None:
    with pytest.raises(Unknown):
        await house.app.core.inbound.receive(
            "", Incoming(channel=Channel.SMS, sender=RECIPIENT, recipient="+14155550199")
        )
