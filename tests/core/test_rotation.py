"""The key that seals is replaced: at no moment is anything unreadable, whoever else is at work."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, text
from structlog.testing import capture_logs

from estafette.app import opened
from estafette.core import rotation as core_rotation
from estafette.core import sealed as core_sealed
from estafette.core.rotation import NotRotated
from estafette.core.vault import Vault, WrongKey, key_id
from estafette.model import Connection
from estafette.model.messaging import Messaging
from estafette.settings import Settings
from estafette.store import sealed, senders
from estafette.store.lanes import now
from estafette.store.schema import METADATA, nodes
from estafette.store.schema.owners import subscriptions
from tests.core.conftest import House, opened_house

TOKEN = "a very secret token"
PANEL = Messaging(base_url="https://api.example.com", account_sid="ACx", auth_token="panel token")


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with capture_logs():
        yield


async def fill(house: House, accounts: int = 3) -> dict[str, str]:
    """Something sealed in every place; the tokens by account."""
    app = house.app
    made = [await app.people.add_account(f"Account {n}") for n in range(accounts)]
    await app.connections.add(
        Connection(name="mine", provider="sandbox", settings={"delay": 1, "token": TOKEN})
    )
    await app.core.panel.put(house.account.sid, PANEL)
    told = app.vault.seal("whsec", "subscription 5a")
    texts = [column.name for column in subscriptions.c if column.type.python_type is str]
    row: dict[str, Any] = {
        **dict.fromkeys(texts, ""),
        **{"id": "5a", "secret_sealed": told, "created_at": 0, "updated_at": 0},
    }
    await app.store.write(lambda conn: conn.execute(insert(subscriptions).values(row)))
    return {account.sid: token for account, token in made}


async def check(house: House, tokens: dict[str, str]) -> None:
    """Everything opens and is what it was."""
    app = house.app
    for sid, token in tokens.items():
        assert await app.people.token(sid) == token
    await app.connections.refresh()
    assert app.connections._plain("mine") == {"delay": 1, "token": TOKEN}
    assert await app.core.panel.get(house.account.sid) == PANEL
    asked = text("SELECT secret_sealed FROM subscriptions")
    held = await app.store.read(lambda conn: conn.execute(asked).scalar_one())
    assert app.vault.open(held, "subscription 5a") == "whsec"


def settle(home: Path) -> None:
    """As if the key had been changed long ago."""
    long_ago = time.time() - 3600
    os.utime(home / "secret.key", (long_ago, long_ago))


async def test_a_rotation_seals_everything_with_a_new_key(house: House, tmp_path: Path) -> None:
    tokens, app = await fill(house), house.app
    before = await app.rotation.state()
    assert (before.left, before.closed, len(before.known)) == (0, (), 1)
    # The first account and three more, a connection, the panel, a subscription, fingerprints.
    assert before.secrets == {before.current: 8}
    print_ = app.vault.fingerprint(TOKEN)
    done = await app.rotation.rotate()
    assert done.is_new
    assert done.renewed == 8
    assert done.state.current != before.current
    assert done.state.known == (done.state.current, before.current)
    assert done.state.secrets == {done.state.current: 8}
    await check(house, tokens)
    assert app.vault.fingerprint(TOKEN) == print_
    settle(tmp_path / "home")
    assert await app.rotation.forget() == (before.current,)
    assert (await app.rotation.state()).known == (done.state.current,)
    await check(house, tokens)


async def test_another_process_reads_on_and_writes_with_the_new_key(
    house: House, url: str, tmp_path: Path
) -> None:
    tokens = await fill(house)
    async with opened_house(url, tmp_path / "home") as other:
        provider = other.app.connections.at_hand("mine")
        await other.app.connections.refresh()
        provider = other.app.connections.at_hand("mine")
        assert provider
        done = await house.app.rotation.rotate()
        await check(other, tokens)
        # Only the key is another: what carries goes on.
        assert other.app.connections.at_hand("mine") is provider
        account, token = await other.app.people.add_account("Later")
        assert await house.app.people.token(account.sid) == token
        assert (await house.app.rotation.state()).secrets == {done.state.current: 9}
        print_ = house.app.vault.fingerprint("x")
        assert other.app.vault.fingerprint("x") == print_


async def test_a_rotation_that_was_killed_is_finished_by_the_next(
    house: House, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core_rotation, "_PAGE", 2)
    tokens = await fill(house, accounts=9)

    class Killed(BaseException):
        pass

    def killed(count: int) -> None:
        if count >= 4:
            raise Killed

    with pytest.raises(Killed):
        await house.app.rotation.rotate(killed)
    half = await house.app.rotation.state()
    assert len(half.secrets) == 2
    assert half.left == 14 - 4
    await check(house, tokens)
    async with opened_house(url, tmp_path / "home") as other:
        await check(other, tokens)
        settle(tmp_path / "home")
        assert await other.app.rotation.forget() == ()  # it is still needed
        done = await other.app.rotation.rotate()
        assert not done.is_new
        assert done.state.current == half.current
        assert done.state.secrets == {half.current: 14}
        await check(other, tokens)


async def test_what_is_written_meanwhile_is_not_lost(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens, store = await fill(house), house.app.store
    sid = next(iter(tokens))
    write, late = store.write, list[str]()

    async def meanwhile(work: Any) -> Any:
        """Once, between reading and replacing, somebody has another token."""
        if not late:
            late.append("")
            monkeypatch.setattr(store, "write", write)
            late[0] = await house.app.people.new_token(sid)
            monkeypatch.setattr(store, "write", meanwhile)
        return await write(work)

    monkeypatch.setattr(store, "write", meanwhile)
    done = await house.app.rotation.rotate()
    assert await house.app.people.token(sid) == late[0] != tokens[sid]
    assert done.state.secrets == {done.state.current: 8}


async def test_a_write_sealed_before_and_arriving_after_still_opens(
    house: House, tmp_path: Path
) -> None:
    tokens, app = await fill(house), house.app
    late = app.vault.seal("late", house.account.sid)
    before = key_id(app.vault.keyring.look()[0])
    await app.rotation.rotate()
    with pytest.raises(NotRotated, match="ask again in"):
        await app.rotation.forget()
    change = text("UPDATE accounts SET token_sealed = :held WHERE sid = :sid")
    await app.store.write(
        lambda conn: conn.execute(change, {"held": late, "sid": house.account.sid})
    )
    assert await app.people.token(house.account.sid) == "late"
    settle(tmp_path / "home")
    assert await app.rotation.forget() == ()
    assert before in (await app.rotation.state()).known
    await app.rotation.rotate()
    settle(tmp_path / "home")
    assert await app.rotation.forget() == (before,)
    assert await app.people.token(house.account.sid) == "late"
    await check(house, tokens)


async def test_what_was_sealed_as_one_is_read_and_written_anew(house: House) -> None:
    tokens, app = await fill(house), house.app
    held = {name: held for (found, held) in await rows(house) if (name := found.name)}
    assert set(json.loads(held["mine"])["sealed"]) == {"token"}
    whole = app.vault.seal(json.dumps({"delay": 1, "token": TOKEN}), "mine")
    await app.store.write(
        lambda conn: senders.save_connection(
            conn, Connection(name="mine", provider="sandbox"), whole
        )
    )
    await check(house, tokens)
    shown = app.connections.show(await app.connections.get("mine"))
    assert shown.settings == {"delay": 1, "token": "…"}
    assert shown.fingerprints == {"token": app.vault.fingerprint(TOKEN)}
    assert shown.is_ready
    done = await app.rotation.rotate()
    assert done.state.secrets == {done.state.current: 8}
    ((_, anew),) = [(one, kept) for one, kept in await rows(house) if one.name == "mine"]
    assert json.loads(anew)["plain"] == {"delay": 1}
    assert set(json.loads(anew)["sealed"]) == {"token"}
    await check(house, tokens)
    await app.store.write(
        lambda conn: senders.save_connection(
            conn, Connection(name="mine", provider="sandbox"), whole
        )
    )
    await app.connections.change("mine", {"delay": 1})
    ((_, saved),) = [(one, kept) for one, kept in await rows(house) if one.name == "mine"]
    assert set(json.loads(saved)["sealed"]) == {"token"}
    await check(house, tokens)


async def rows(house: House) -> list[tuple[Connection, str]]:
    return await house.app.store.read(senders.all_connections)


async def test_settings_of_a_later_versions_provider_are_sealed_anew_as_they_are(
    house: House,
) -> None:
    app = house.app
    whole = app.vault.seal('{"token": "foreign"}', "strange")
    strange = Connection(name="strange", provider="smoke-signals")
    await app.store.write(lambda conn: senders.add_connection(conn, strange, whole))
    done = await app.rotation.rotate()
    assert done.state.left == 0
    ((found, held),) = [(one, kept) for one, kept in await rows(house) if one.name == "strange"]
    assert core_sealed.read(app.vault, found, held) == {"token": "foreign"}
    await app.connections.refresh()
    shown = app.connections.show(found)
    assert (shown.settings, shown.is_ready) == ({"token": "…"}, False)


async def test_what_no_key_opens_is_told_and_left_as_it_is(house: House) -> None:
    app = house.app
    foreign = Vault(b"f" * 32)
    lost, _ = await app.people.add_account("Lost")
    held = foreign.seal("lost", lost.sid)
    change = text("UPDATE accounts SET token_sealed = :held WHERE sid = :sid")
    await app.store.write(lambda conn: conn.execute(change, {"held": held, "sid": lost.sid}))
    done = await app.rotation.rotate()
    (closed,) = done.state.closed
    assert closed.startswith(f"accounts {lost.sid}: it was sealed with the key {foreign.key_id}")
    assert "lost" not in closed.removeprefix(f"accounts {lost.sid}")
    asked = text("SELECT token_sealed FROM accounts WHERE sid = :sid")
    kept = await app.store.read(lambda conn: conn.execute(asked, {"sid": lost.sid}).scalar_one())
    assert kept == held
    assert await app.people.new_token(lost.sid) == await app.people.token(lost.sid)
    assert (await app.rotation.state()).closed == ()


async def test_the_wrong_key_changes_nothing_and_makes_none(
    house: House, url: str, tmp_path: Path
) -> None:
    wrong = Settings(home=tmp_path / "home", database_url=url, secret_key="ab" * 32)
    async with opened(wrong) as app:
        with pytest.raises(WrongKey, match="not that of this database"):
            await app.prove_key()
        with pytest.raises(NotRotated, match="none of the secrets"):
            await app.rotation.rotate()
    await house.app.prove_key()
    assert (await house.app.rotation.state()).closed == ()


async def test_after_the_key_is_lost_everything_can_be_set_anew(url: str, tmp_path: Path) -> None:
    async with opened_house(url, tmp_path / "home") as house:
        tokens = await fill(house, accounts=1)
        mine = house.account.sid
    (tmp_path / "home" / "secret.key").write_text("cd" * 32)
    async with opened_house(url, tmp_path / "home") as house:
        app = house.app
        assert len((await app.rotation.state()).closed) == 6
        await app.people.new_token(mine)
        await app.people.new_token(*tokens)
        await app.prove_key()
        await app.connections.save(
            Connection(name="mine", provider="sandbox", settings={"token": TOKEN})
        )
        await app.core.panel.put(mine, PANEL)
        done = await app.rotation.rotate()
        # What nobody can set anew but its owner is told.
        (closed,) = done.state.closed
        assert closed.startswith("subscriptions 5a: ")
    async with opened_house(url, tmp_path / "home") as one:
        found = one.app.vault.fingerprint("x")
        async with opened_house(url, tmp_path / "home") as two:
            assert two.app.vault.fingerprint("x") == found


async def test_keys_of_the_environment_are_changed_there(url: str, tmp_path: Path) -> None:
    old, new = "aa" * 32, "bb" * 32
    home = tmp_path / "home"
    async with opened(Settings(home=home, database_url=url, secret_key=old)) as app:
        await app.first_start()
        done = await app.rotation.rotate()
        assert (done.is_new, done.renewed, done.state.is_fixed) == (False, 0, True)
        with pytest.raises(NotRotated, match="ESTAFETTE_SECRET_KEY"):
            await app.rotation.forget()
        async with opened(
            Settings(home=home, database_url=url, secret_key=f"{new}, {old}")
        ) as other:
            done = await other.rotation.rotate()
            assert (done.is_new, done.state.left) == (False, 0)
            assert done.state.secrets == {key_id(bytes.fromhex(new)): 2}
            await other.prove_key()
        with pytest.raises(WrongKey):
            await app.prove_key()
    async with opened(Settings(home=home, database_url=url, secret_key=new)) as app:
        await app.prove_key()
    assert not (home / "secret.key").exists()


async def test_a_key_is_not_made_for_one_machine_of_several(house: House, url: str) -> None:
    asked = (await house.app.store.read(now)) - 1_000_000
    elsewhere = {"id": "n", "host": "far-away", "pid": 1, "started_at": asked, "seen_at": asked}
    await house.app.store.write(lambda conn: conn.execute(insert(nodes).values(elsewhere)))
    if url.startswith("sqlite"):
        assert (await house.app.rotation.rotate()).is_new
        return
    before = house.app.vault.keyring.look()
    with pytest.raises(NotRotated, match="far-away"):
        await house.app.rotation.rotate()
    assert house.app.vault.keyring.look() == before
    assert (await house.app.rotation.rotate(is_shared=True)).is_new


def test_every_column_that_is_sealed_is_known() -> None:
    """A new one would be left behind by a rotation."""
    named = {
        (table.name, column.name)
        for table in METADATA.tables.values()
        for column in table.columns
        if "sealed" in column.name
    }
    assert named <= {(place.table, place.column) for place in sealed.PLACES}
