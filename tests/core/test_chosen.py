"""Which sender a message leaves from where a channel is named, or one of its senders."""

import pytest

from estafette.core.senders import read_address
from estafette.model import BadValue, Channel, Connection
from tests.core.conftest import House

TELEGRAM = Channel.TELEGRAM


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (" shop_bot ", "shop_bot"),
        ("+14155550160", "+14155550160"),
        ("é" * 64, "é" * 64),
        ("x" * 65, None),
        ("", None),
        ("a b", None),
        ("a\0b", None),
        ("\ud800", None),
    ],
)
def test_an_address_may_be_whatever_a_platform_says(text: str, found: str | None) -> None:
    assert read_address(TELEGRAM, text) == found


async def test_the_named_one_then_the_main_one_then_the_oldest(house: House) -> None:
    core, sid = house.app.core.senders, house.account.sid
    assert await core.choose(sid, TELEGRAM) is None
    first, second = [
        await core.add(sid, TELEGRAM, name, connection="sandbox") for name in ("one", "two")
    ]
    assert await core.choose(sid, TELEGRAM) == first
    assert await core.choose(sid, TELEGRAM, second.id) == second
    assert await core.choose(sid, Channel.FACEBOOK, second.id) is None
    assert await core.choose("AC" + "9" * 32, TELEGRAM, second.id) is None
    main = await core.change(sid, second.id, main=True)
    assert await core.choose(sid, TELEGRAM) == main
    await core.release(sid, second.id)
    assert await core.choose(sid, TELEGRAM) == first
    assert await core.choose(sid, TELEGRAM, second.id) is None
    assert [item.id for item in await core.discarded(sid)] == [second.id]
    assert await core.discarded(sid, Channel.FACEBOOK) == []


async def test_what_carries_no_such_channel_is_refused(house: House) -> None:
    core, sid = house.app.core.senders, house.account.sid
    made = await core.add(sid, TELEGRAM, "bot", connection="sandbox")
    settings = {"account_sid": "AC" + "7" * 32, "auth_token": "x"}
    upstream = Connection(name="up", provider="twilio", settings=settings)
    await house.app.connections.add(upstream)
    for asked in (
        core.add(sid, TELEGRAM, "other", connection="up"),
        core.change(sid, made.id, connection="up"),
    ):
        with pytest.raises(BadValue) as error:
            await asked
        assert error.value.field == "connection"
