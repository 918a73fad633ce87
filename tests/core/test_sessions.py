"""Who is signed in to the console: by what, how often they may try, and when it is over."""

import asyncio

import pytest

from estafette.core import tries as module
from estafette.core.passwords import Cost, Passwords
from estafette.core.people import NotProved
from estafette.core.sessions import Guest, Sessions
from estafette.core.tries import NAME, PAIR, PLACE, Tries
from estafette.model import BadValue, TooMany, Unknown
from estafette.model.session import Role
from tests.core.conftest import House

QUICK = Cost(log_n=4, r=1, p=1)
PASSWORD = "correct horse battery"
HERE, THERE = Guest("Firefox", "198.51.100.7"), Guest("Chrome", "198.51.100.8")


class Moments:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def moments(monkeypatch: pytest.MonkeyPatch) -> Moments:
    clock = Moments()
    monkeypatch.setattr(module, "monotonic", clock)
    return clock


@pytest.fixture
def sessions(house: House) -> Sessions:
    found = house.app.core.sessions
    found._passwords = Passwords(QUICK)
    return found


async def events(house: House, account: str = "") -> list[tuple[str, str]]:
    found = await house.app.core.audit.page(account or house.account.sid)
    return [(item.event, item.name) for item in found]


async def test_a_password_is_kept_with_how_it_was_made() -> None:
    passwords = Passwords(QUICK)
    kept = await passwords.digest(PASSWORD)
    assert kept.startswith("scrypt$4$1$1$")
    assert PASSWORD not in kept
    assert kept != await passwords.digest(PASSWORD)
    assert await passwords.fits(PASSWORD, kept)
    assert await Passwords().fits(PASSWORD, kept)  # whatever new ones cost
    assert not await passwords.fits(PASSWORD + " ", kept)
    assert not await passwords.fits(PASSWORD, "")
    assert not await passwords.fits("\ud800" * 400, kept)
    assert await passwords.fits("cafe\u0301 au lait", await passwords.digest("caf\u00e9 au lait"))


@pytest.mark.parametrize(
    "password", ["", "nine char", "x" * 201, "a" * 10 + "\0", "b" * 9 + "\ud800"]
)
async def test_what_cannot_be_a_password(password: str) -> None:
    with pytest.raises(BadValue) as found:
        await Passwords(QUICK).digest(password)
    assert found.value.field == "password"


async def test_a_user_signs_in_with_what_they_chose(house: House, sessions: Sessions) -> None:
    account, desk = house.account.sid, house.app.core.desk
    jo = await desk.add_user(account, email="jo@example.com", name="Jo", role="viewer")
    assert not await sessions.has_password(account, jo.id)
    for name in ("jo@example.com", "nobody@example.com", "no name", ""):
        with pytest.raises(NotProved):
            await sessions.sign_in(name, PASSWORD)
    await sessions.set_password(account, jo.id, PASSWORD)
    assert await sessions.with_password(account) == {jo.id}
    token = await sessions.sign_in(" JO@example.com", PASSWORD, who=HERE)
    found = await sessions.find(token)
    assert (found.account, found.holder, found.role, found.name, found.agent) == (
        account, jo.id, Role.VIEWER, "Jo", "Firefox",
    )  # fmt: skip
    assert (await events(house))[:2] == [("session.began", "Jo"), ("session.refused", "Jo")]
    with pytest.raises(NotProved):
        await sessions.change_password(account, jo.id, "not " + PASSWORD, "another password")
    other = await sessions.sign_in("jo@example.com", PASSWORD)
    await sessions.change_password(account, jo.id, PASSWORD, "another password", but=found.id)
    await sessions.find(token)
    with pytest.raises(Unknown):
        await sessions.find(other)
    with pytest.raises(Unknown):
        await sessions.set_password(account, "0" * 32, PASSWORD)
    link = await sessions.link(account, jo.id)
    await desk.remove_user(account, jo.id)
    sessions.forget()
    for gone in (sessions.find(token), sessions.enter(link), sessions.holder_of(link)):
        with pytest.raises(Unknown):
            await gone
    with pytest.raises(NotProved):
        await sessions.sign_in("jo@example.com", "another password")


async def test_one_address_may_be_in_several_accounts(house: House, sessions: Sessions) -> None:
    desk, people = house.app.core.desk, house.app.people
    second, _ = await people.add_account("Second")
    third, _ = await people.add_account("Third")
    for account, password in (
        (house.account, "first " + PASSWORD),
        (second, PASSWORD),
        (third, PASSWORD),
    ):
        user = await desk.add_user(account.sid, email="ann@example.com")
        await sessions.set_password(account.sid, user.id, password)
    assert (
        await sessions.find(await sessions.sign_in("ann@example.com", PASSWORD))
    ).account == second.sid
    first = await sessions.sign_in("ann@example.com", "first " + PASSWORD)
    assert (await sessions.find(first)).account == house.account.sid


async def test_a_new_token_signs_out_who_showed_the_old_one(
    house: House, sessions: Sessions
) -> None:
    people, account = house.app.people, house.account.sid
    token = await people.token(account)
    one, two = await sessions.sign_in(account, token), await sessions.sign_in(account, token)
    link, mine = await sessions.link(account), (await sessions.find(one)).id
    await people.new_token(account, but=mine)
    sessions.forget()
    assert (await sessions.find(one)).role is Role.OWNER
    for gone in (sessions.find(two), sessions.enter(link), sessions.sign_in(account, token)):
        with pytest.raises(Unknown):
            await gone
    key, secret = await people.add_key(account, "for a program")
    with pytest.raises(NotProved):
        await sessions.sign_in(key.sid, secret)
    with pytest.raises(Unknown):
        await sessions.end_one("AC" + "0" * 32, mine)
    await sessions.end_one(account, mine)
    with pytest.raises(Unknown):
        await sessions.find(one)


async def test_a_link_works_once_however_many_open_it(house: House, sessions: Sessions) -> None:
    link = await sessions.link(house.account.sid)
    assert await sessions.holder_of(link) == ""
    tried = await asyncio.gather(*(sessions.enter(link) for _ in range(4)), return_exceptions=True)
    assert sorted(isinstance(one, Unknown) for one in tried) == [False, True, True, True]


async def test_who_tries_too_often_waits_and_then_gets_in(
    house: House, sessions: Sessions, moments: Moments
) -> None:
    account = house.account.sid
    token = await house.app.people.token(account)
    for _ in range(PAIR.most):
        with pytest.raises(NotProved):
            await sessions.sign_in(account, "wrong", who=HERE)
    with pytest.raises(TooMany) as found:
        await sessions.sign_in(account, token, who=HERE)
    assert 0 < found.value.retry_after <= PAIR.each
    assert await sessions.sign_in(account, token, who=THERE)
    moments.now += found.value.retry_after
    assert await sessions.sign_in(account, token, who=HERE)
    assert (await events(house)).count(("session.refused", "")) == PAIR.most


def test_nobody_is_held_up_by_those_who_try_elsewhere(moments: Moments) -> None:
    tries = Tries()
    tries.begin("ann", "home")
    tries.succeed("ann", "home")
    for place in range(NAME.most - 1):
        tries.begin("ann", f"place {place}")
    with pytest.raises(TooMany):
        tries.begin("ann", "yet another place")
    tries.begin("ann", "home")
    with pytest.raises(TooMany):
        tries.begin("ann", "work")
    moments.now += NAME.each
    tries.begin("ann", "work")


def test_one_place_cannot_try_many_names(moments: Moments) -> None:
    tries = Tries()
    for name in range(PLACE.most):
        tries.begin(f"name {name}", "there")
    with pytest.raises(TooMany):
        tries.begin("yet another name", "there")
    for name in range(2 * PLACE.most):  # behind a proxy that does not say whom it stands for
        tries.begin(f"name {name}", "10.0.0.1", is_shared=True)


def test_what_is_counted_stays_bounded(moments: Moments, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_REMEMBERED", 10)
    tries = Tries()
    for number in range(100):
        tries.begin(f"name {number}", f"place {number}")
        tries.succeed(f"name {number}", f"place {number}")
        tries.begin(f"name {number}", f"other {number}")
    for kept in (tries._pairs._left, tries._names._left, tries._places._left, tries._trusted):
        assert len(kept) <= 10
