"""Subscriptions: written down with a sealed secret, changed, removed; nobody else's."""

import pytest
from sqlalchemy import select

from estafette.core.clock import utc_now
from estafette.core.subscriptions import Subscriptions
from estafette.model import Declined, Reason, Status, Unknown
from estafette.store.schema import subscriptions as table
from tests.core.conftest import House

URL = "https://customer.example/hook?key=1"
MINE, OTHER = "AC" + "1" * 32, "AC" + "2" * 32


@pytest.fixture
def some(house: House) -> Subscriptions:
    return house.app.core.subscriptions


async def test_what_is_added_is_there_until_it_is_removed(some: Subscriptions) -> None:
    made = await some.add(MINE, door="own", event="received,status", url=URL, details={"a": [1]})
    assert await some.get(MINE, made.id) == made
    assert (made.events, made.details, made.has_secret) == (
        ("received", "status"),
        {"a": [1]},
        False,
    )
    later = await some.add(MINE, door="own", event="status", url=URL)
    elsewhere = await some.add(MINE, door="another", event="status", url=URL)
    assert await some.list(MINE, "own") == [later, made]
    assert await some.list(MINE, "another") == [elsewhere]
    assert await some.list(OTHER, "own") == []
    await some.remove(MINE, made.id)
    assert await some.list(MINE, "own") == [later]
    for asked in (some.get(MINE, made.id), some.remove(MINE, made.id), some.secret(made.id)):
        with pytest.raises(Unknown):
            await asked


async def test_anothers_is_unknown(some: Subscriptions) -> None:
    made = await some.add(MINE, door="own", event="status", url=URL)
    for asked in (some.get(OTHER, made.id), some.remove(OTHER, made.id)):
        with pytest.raises(Unknown):
            await asked
    with pytest.raises(Unknown):
        await some.change(OTHER, made.id, url=URL)
    assert await some.get(MINE, made.id) == made


async def test_the_secret_is_sealed_and_stays_until_there_is_another(
    some: Subscriptions, house: House
) -> None:
    made = await some.add(MINE, door="own", event="status", url=URL, secret="whsec_one")
    assert made.has_secret
    assert "whsec" not in repr(made)
    (row,) = await house.app.store.read(lambda conn: conn.execute(select(table)).all())
    assert "whsec" not in repr(row)
    assert house.app.vault.open(row.secret_sealed, f"subscription {made.id}") == "whsec_one"
    changed = await some.change(MINE, made.id, url=f"{URL}&more=2", details={"b": 2})
    assert (changed.url, changed.details, changed.event) == (f"{URL}&more=2", {"b": 2}, "status")
    assert changed.updated_at > made.updated_at
    assert await some.secret(made.id) == "whsec_one"
    assert (await some.change(MINE, made.id, secret="whsec_two")).has_secret
    assert await some.secret(made.id) == "whsec_two"
    assert not (await some.change(MINE, made.id, secret="")).has_secret
    assert await some.secret(made.id) == ""


@pytest.mark.parametrize(
    "bad", ["", "nonsense", "ftp://customer.example/", "https://", "http://a b/", "http://[::1"]
)
async def test_what_is_no_url_is_declined(some: Subscriptions, bad: str) -> None:
    with pytest.raises(Declined) as caught:
        await some.add(MINE, door="own", event="status", url=bad)
    assert caught.value.reason is Reason.BAD_CALLBACK
    made = await some.add(MINE, door="own", event="status", url=URL)
    with pytest.raises(Declined):
        await some.change(MINE, made.id, url=bad)


async def test_our_own_network_is_declined_where_it_may_not_be_asked(house: House) -> None:
    app = house.app
    strict = Subscriptions(app.store, app.vault, utc_now, allows_private=False)
    for url in ("http://127.0.0.1/", "http://localhost:8080/", "http://10.1.2.3/x"):
        with pytest.raises(Declined) as caught:
            await strict.add(MINE, door="own", event="status", url=url)
        assert caught.value.reason is Reason.BAD_CALLBACK
    await strict.add(MINE, door="own", event="status", url=URL)


async def test_a_subscription_wants_the_statuses_of_its_events(some: Subscriptions) -> None:
    both = await some.add(MINE, door="own", event="received,status", url=URL)
    one = await some.add(MINE, door="own", event="received", url=URL)
    assert {status for status in Status if both.wants(status)} == {
        *("received", "sent", "delivered", "read", "undelivered", "failed", "canceled"),
    }  # fmt: skip
    assert [status for status in Status if one.wants(status)] == [Status.RECEIVED]
