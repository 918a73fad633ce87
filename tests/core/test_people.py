"""Who may ask: what opens an account, for how long, and what is kept of it."""

from collections.abc import Iterator

import pytest

from estafette.core import people as module
from estafette.core.people import NotProved, split_bearer
from estafette.model import Unknown
from estafette.store import schema
from tests.core.conftest import House

NOBODY = "AC" + "0" * 32


class Moments:
    """A clock that goes up, as a test moves it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def moments(monkeypatch: pytest.MonkeyPatch) -> Iterator[Moments]:
    clock = Moments()
    monkeypatch.setattr(module, "monotonic", clock)
    return clock  # type: ignore[return-value]


async def test_an_account_is_opened_by_its_token_alone(house: House) -> None:
    people = house.app.people
    account, token = await people.add_account("Two")
    found = await people.prove(account.sid, token)
    assert (found.account, found.key) == (account, None)
    for user, shown, is_known in (
        (account.sid, "wrong", True),
        (account.sid, "", True),
        (account.sid, token + " ", True),
        (house.account.sid, token, True),
        (NOBODY, token, False),
        ("", token, False),
        (account.sid.lower(), token, False),
        (f"{account.sid}\n", token, False),
        (token, account.sid, False),
    ):
        with pytest.raises(NotProved) as told:
            await people.prove(user, shown)
        assert told.value.is_known is is_known


async def test_a_key_opens_its_account_until_it_is_revoked(house: House) -> None:
    people, account = house.app.people, house.account
    key, secret = await people.add_key(account.sid, "Label")
    found = await people.prove(key.sid, secret)
    assert (found.account, found.key) == (account, key)
    for user, shown in ((key.sid, "wrong"), (key.sid, key.sid), ("SK" + "0" * 32, secret)):
        with pytest.raises(NotProved):
            await people.prove(user, shown)
    await people.revoke_key(account.sid, key.sid)
    with pytest.raises(NotProved) as told:
        await people.prove(key.sid, secret)
    assert told.value.is_known is False


async def test_a_secret_alone_opens_its_account(house: House) -> None:
    people, sid = house.app.people, house.account.sid
    key, secret = await people.add_key(sid, "Label")
    other, _ = await people.add_account("Other")
    assert (await people.prove_secret(sid, await people.token(sid))).key is None
    for shown in (secret, f"{key.sid}.{secret}"):
        assert (await people.prove_secret(sid, shown)).key == key
        with pytest.raises(NotProved):
            await people.prove_secret(other.sid, shown)
    for shown in ("", "wrong", key.sid):
        with pytest.raises(NotProved):
            await people.prove_secret(sid, shown)
    await people.revoke_key(sid, key.sid)
    with pytest.raises(NotProved):
        await people.prove_secret(sid, secret)


async def test_a_text_of_its_own_form_may_be_a_bearer(house: House) -> None:
    people, account = house.app.people, house.account
    key, secret = await people.add_key(account.sid, "Own", bearer="a text of somebody's own")
    assert secret == "a text of somebody's own"
    found = await people.prove_bearer("a text of somebody's own")
    assert found.key == key
    with pytest.raises(NotProved):
        await people.prove_bearer("another text")


@pytest.mark.parametrize("between", [".", ":"])
async def test_a_bearer_is_the_sid_and_the_secret_of_a_key(house: House, between: str) -> None:
    people = house.app.people
    key, secret = await people.add_key(house.account.sid, "Label")
    assert (await people.prove_bearer(f"{key.sid}{between}{secret}")).key == key
    with pytest.raises(NotProved):
        await people.prove_bearer(f"{key.sid}{between}wrong")


def test_a_bearer_of_another_form_gets_a_sid_of_its_own() -> None:
    sid = "SK" + "a" * 32
    assert split_bearer(f"{sid}.a.b") == (sid, "a.b")
    assert split_bearer(f"{sid}:a.b") == (sid, "a.b")
    for odd in ("", "text", f"{sid}.", sid, "SKxyz.secret"):
        made, secret = split_bearer(odd)
        assert (len(made), made[:2], secret) == (34, "SK", odd)
        assert split_bearer(odd) == (made, secret)
    assert split_bearer("a")[0] != split_bearer("b")[0]


async def test_a_secret_with_a_colon_opens_its_account_either_way(house: House) -> None:
    people, sid = house.app.people, "SK" + "a" * 32
    key, _ = await people.add_key(house.account.sid, "Label", bearer=f"{sid}.pass:word")
    assert (await people.prove_bearer(f"{sid}.pass:word")).key == key
    assert (await people.prove(sid, "pass:word")).key == key


async def test_a_new_token_makes_the_one_before_worthless_at_once(house: House) -> None:
    people = house.app.people
    account, old = await people.add_account("Two")
    await people.prove(account.sid, old, shown=b"header")
    new = await people.new_token(account.sid)
    assert people.recall(b"header") is None
    with pytest.raises(NotProved):
        await people.prove(account.sid, old)
    assert (await people.prove(account.sid, new)).account.sid == account.sid
    assert await people.token(account.sid) == new
    for ask in (people.new_token(NOBODY), people.token(NOBODY), people.account(NOBODY)):
        with pytest.raises(Unknown):
            await ask


async def test_what_was_proved_is_remembered_for_two_seconds(
    house: House, moments: Moments
) -> None:
    people, account = house.app.people, house.account
    token = await people.token(account.sid)
    with pytest.raises(NotProved):
        await people.prove(account.sid, "wrong", shown=b"wrong header")
    proved = await people.prove(account.sid, token, shown=b"header")
    assert (people.recall(b"header"), people.recall(b"wrong header")) == (proved, None)
    moments.now += 1.99
    assert people.recall(b"header") == proved
    moments.now += 0.02
    assert people.recall(b"header") is None


async def test_nothing_is_remembered_of_a_key_that_was_revoked_here(house: House) -> None:
    people, account = house.app.people, house.account
    key, secret = await people.add_key(account.sid, "Label")
    await people.prove(key.sid, secret, shown=b"header")
    await people.revoke_key(account.sid, key.sid)
    assert people.recall(b"header") is None


async def test_only_so_much_is_remembered(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_REMEMBERED", 3)
    people, account = house.app.people, house.account
    token = await people.token(account.sid)
    for n in range(4):
        await people.prove(account.sid, token, shown=b"header %d" % n)
    remembered = [n for n in range(4) if people.recall(b"header %d" % n)]
    assert remembered == [3]


async def test_keys_are_listed_renamed_and_revoked_by_their_account_only(house: House) -> None:
    people, account = house.app.people, house.account
    first = (await people.keys(account.sid))[0]
    other, _ = await people.add_account("Other")
    key, _ = await people.add_key(account.sid, "Label")
    assert await people.keys(account.sid) == [first, key]
    assert await people.keys(other.sid) == []
    renamed = await people.rename_key(account.sid, key.sid, "New")
    assert (renamed.label, renamed.sid, renamed.created_at) == ("New", key.sid, key.created_at)
    assert renamed.updated_at >= key.updated_at
    for ask in (
        people.rename_key(other.sid, key.sid, "Mine"),
        people.revoke_key(other.sid, key.sid),
        people.revoke_key(account.sid, "SK" + "0" * 32),
    ):
        with pytest.raises(Unknown):
            await ask
    await people.revoke_key(account.sid, key.sid)
    assert await people.keys(account.sid) == [first]
    with pytest.raises(Unknown):
        await people.rename_key(account.sid, key.sid, "New")


async def test_accounts_are_listed_the_oldest_first(house: House) -> None:
    people = house.app.people
    named, token = await people.add_account("Named", sid="AC" + "9" * 32, token="a token")
    assert (named.sid, token) == ("AC" + "9" * 32, "a token")
    assert await people.accounts() == [house.account, named]
    assert await people.account(named.sid) == named


async def test_no_secret_stands_in_the_database_as_it_was_shown(house: House) -> None:
    people = house.app.people
    account, token = await people.add_account("Two")
    _, secret = await people.add_key(account.sid, "Label")
    kept = ""
    for table in schema.METADATA.sorted_tables:
        rows = await house.app.store.read(
            lambda conn, table=table: conn.execute(table.select()).fetchall()
        )
        kept += repr(rows)
    assert account.sid in kept
    assert token not in kept
    assert secret not in kept
