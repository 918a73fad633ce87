"""Senders: added, changed, given back; what counts here at once, and what is declined."""

from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from estafette.core.senders import Senders, is_main, read_address
from estafette.model import Channel, Conflict, Declined, Hook, Reason, Unknown
from tests.core.carriers import Clock
from tests.core.conftest import House

ADDRESS = "+14155550160"


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with capture_logs():
        yield


@pytest.mark.parametrize(
    ("channel", "text", "found"),
    [
        (Channel.SMS, ADDRESS, ADDRESS),
        (Channel.SMS, "14155550160", ADDRESS),
        (Channel.SMS, "+1 (415) 555-0160", ADDRESS),
        (Channel.SMS, "12345", "12345"),
        (Channel.SMS, "ACME", "ACME"),
        (Channel.SMS, "a-name-of-12x", None),
        (Channel.SMS, "", None),
        (Channel.WHATSAPP, "14155550160", ADDRESS),
        (Channel.WHATSAPP, "12345", None),
        (Channel.WHATSAPP, "ACME", None),
    ],
)
def test_addresses_are_kept_in_one_form(channel: Channel, text: str, found: str | None) -> None:
    assert read_address(channel, text) == found


async def test_a_sender_has_its_main_place_alone(house: House) -> None:
    core, sid = house.app.core.senders, house.account.sid
    whatsapp = await core.add(sid, Channel.WHATSAPP, ADDRESS, main=True, connection="sandbox")
    first = await core.add(sid, Channel.SMS, ADDRESS, main=True, connection="sandbox")
    other = await core.add(sid, Channel.SMS, "ACME", main=True, connection="sandbox")
    assert await core.main(sid, Channel.SMS) == other
    await core.change(sid, first.id, main=True)
    assert (await core.main(sid, Channel.SMS) or other).id == first.id
    assert await core.main(sid, Channel.WHATSAPP) == whatsapp
    await core.release(sid, first.id)
    assert await core.main(sid, Channel.SMS) is None
    assert not is_main(await core.get(sid, other.id))


async def test_a_change_keeps_what_doors_keep_with_a_sender(house: House) -> None:
    core, sid = house.app.core.senders, house.account.sid
    made = await core.add(sid, Channel.SMS, ADDRESS, connection="sandbox")
    await core.change(sid, made.id, details={"twilio": {"friendly_name": "x"}})
    await core.change(sid, made.id, main=True)
    await core.change(sid, made.id, title="Shop", inbound=Hook("https://example.com", "GET"))
    found = await core.get(sid, made.id)
    assert is_main(found)
    assert found.details["twilio"] == {"friendly_name": "x"}
    assert (found.title, found.inbound) == ("Shop", Hook("https://example.com", "GET"))
    assert (await core.change(sid, made.id, main=False)).details == {
        "twilio": {"friendly_name": "x"}
    }


async def test_a_sender_given_back_counts_at_once(house: House) -> None:
    core, sid = house.app.core.senders, house.account.sid
    made = await core.add(sid, Channel.SMS, ADDRESS, connection="sandbox")
    await house.send(sender=ADDRESS)
    await core.release(sid, made.id)
    with pytest.raises(Declined) as told:
        await house.send(sender=ADDRESS)
    assert told.value.reason is Reason.FOREIGN_SENDER
    for asked in (core.get(sid, made.id), core.change(sid, made.id), core.release(sid, made.id)):
        with pytest.raises(Unknown):
            await asked
    with pytest.raises(Unknown):
        await core.find(sid, Channel.SMS, ADDRESS)
    again = await core.add(sid, Channel.SMS, ADDRESS, connection="sandbox")
    assert (await core.find(sid, Channel.SMS, "14155550160")).id == again.id


async def test_what_cannot_be_a_sender_is_refused(house: House) -> None:
    core, sid = house.app.core.senders, house.account.sid
    await core.add(sid, Channel.SMS, ADDRESS, connection="sandbox")
    with pytest.raises(Conflict):
        await core.add(sid, Channel.SMS, ADDRESS, connection="sandbox")
    with pytest.raises(Declined):
        await core.add(sid, Channel.SMS, "+1", connection="sandbox")
    with pytest.raises(Unknown):
        await core.add(sid, Channel.SMS, "ACME", connection="nope")
    with pytest.raises(Unknown):
        await core.change("AC" + "9" * 32, (await core.list(sid))[0].id, title="x")
    public = Senders(house.app.store, house.app.connections, Clock(), allows_private=False)
    inside = Hook("http://127.0.0.1/")
    with pytest.raises(Declined) as told:
        await public.add(sid, Channel.SMS, "ACME", connection="sandbox", inbound=inside)
    assert told.value.reason is Reason.BAD_CALLBACK


async def test_a_whatsapp_sender_is_found_by_its_ref(house: House) -> None:
    core, sid = house.app.core.senders, house.account.sid
    found = await core.find(sid, Channel.WHATSAPP, "106540352242922")
    assert found.address == "+15550783881"
    made = await core.add(sid, Channel.WHATSAPP, ADDRESS, connection="sandbox")
    assert made.ref.isdigit()
    assert await core.find(sid, Channel.WHATSAPP, made.ref) == made
