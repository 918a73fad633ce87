"""The ids of business accounts: one for each account, the same each time."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from estafette.core.business import FIRST, business_id
from estafette.model import Account, Channel, Unknown
from tests.core.carriers import Asked, put_in
from tests.core.conftest import House


@dataclass(kw_only=True)
class Official(Asked):
    """A carrier with which we have a business account."""

    waba_id: str = "200000000000001"


def account(sid: str) -> Account:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return Account(sid=sid, name="", created_at=at, updated_at=at)


def test_it_comes_of_the_sid() -> None:
    one, two = account("AC" + "1" * 32), account("AC" + "2" * 32)
    assert business_id(one, is_first=True) == business_id(two, is_first=True) == FIRST
    found = [business_id(item, is_first=False) for item in (one, two, one)]
    assert found[0] == found[2] != found[1]
    assert all(len(id) == 15 and id.isdigit() and id != FIRST for id in found)


async def test_an_account_and_its_senders_have_one(house: House) -> None:
    business = house.app.core.business
    other, _ = await house.app.people.add_account("Second")
    assert await business.of(house.account.sid) == FIRST
    assert await business.of(other.sid) == business_id(other, is_first=False)
    second = business_id(other, is_first=False)
    assert [await business.owner(app) for app in (second, other.sid)] == [other.sid] * 2
    assert [await business.owner(app) for app in (FIRST, "1234")] == [house.account.sid] * 2
    for app in ("", "AC", "12 4", "AC" + "0" * 32):
        with pytest.raises(Unknown):
            await business.owner(app)
    with pytest.raises(Unknown):
        await business.of("AC" + "0" * 32)
    (sender,) = await house.app.core.senders.list(house.account.sid, Channel.WHATSAPP)
    assert await business.of_sender(sender) == FIRST
    carrier = Official()
    await put_in(house, carrier)
    assert await business.of_sender(sender) == carrier.waba_id
    assert await business.every(house.account.sid, [sender]) == {FIRST, carrier.waba_id}
