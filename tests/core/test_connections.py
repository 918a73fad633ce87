"""Connections: each a provider made from settings that only the vault can read."""

import asyncio
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from estafette.core import worker as core_worker
from estafette.core.connections import Connections
from estafette.core.vault import Vault
from estafette.model import Conflict, Connection, Misconfigured, Status, Unknown
from estafette.providers import Place
from estafette.providers.sandbox import Sandbox
from estafette.store import senders
from tests.core.carriers import Asked, Clock, open_gate, put_in, until
from tests.core.conftest import House, opened_house

Logged = list[MutableMapping[str, Any]]


@pytest.fixture(autouse=True)
def logged() -> Iterator[Logged]:
    with capture_logs() as entries:
        yield entries


def connection(name: str = "second", **parts: Any) -> Connection:
    return Connection(name=name, provider="sandbox", **parts)


@dataclass(kw_only=True)
class Watched(Asked):
    """Knows whether it was let go."""

    is_closed: bool = False

    async def close(self) -> None:
        self.is_closed = True


async def provider_of(house: House, name: str) -> Sandbox | None:
    _, provider = await house.app.connections.find(name)
    assert provider is None or isinstance(provider, Sandbox)
    return provider


async def test_a_new_connection_can_be_used_at_once(house: House) -> None:
    connections = house.app.connections
    new = connection(settings={"delay": 7}, receipt_wait=9, on_unclear="resend")
    await connections.add(new)
    found, provider = await connections.find("second")
    assert (found.name, found.provider) == ("second", "sandbox")
    assert (found.receipt_wait, found.on_unclear) == (9, "resend")
    assert (found.parked_at, found.parked_text) == (None, "")
    assert isinstance(provider, Sandbox)
    assert provider.delay == 7
    assert [one.name for one in await connections.list()] == ["sandbox", "second"]


async def test_what_a_connection_does_not_set_has_the_default_of_this_process(
    house: House,
) -> None:
    await house.app.connections.add(connection())
    provider = await provider_of(house, "second")
    assert provider
    assert provider.delay == 0.05
    assert await house.app.connections.settings("second") == {}


async def test_a_name_is_given_once(house: House) -> None:
    with pytest.raises(Conflict):
        await house.app.connections.add(connection("sandbox"))


@pytest.mark.parametrize(
    "wrong",
    [
        Connection(name="second", provider="nobody"),
        connection(settings={"colour": "green"}),
    ],
)
async def test_settings_that_fit_no_provider_are_not_written_down(
    house: House, wrong: Connection
) -> None:
    connections = house.app.connections
    with pytest.raises(Misconfigured):
        await connections.add(wrong)
    with pytest.raises(Misconfigured):
        await connections.save(Connection(**{**_parts(wrong), "name": "sandbox"}))
    assert [one.name for one in await connections.list()] == ["sandbox"]
    assert await provider_of(house, "sandbox")


def _parts(one: Connection) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__struct_fields__}


async def test_changed_settings_make_another_provider_and_close_the_one_before(
    house: House,
) -> None:
    connections = house.app.connections
    await put_in(house, before := Watched())
    await connections.save(connection("sandbox", settings={"delay": 3}, receipt_wait=5))
    found, after = await connections.find("sandbox")
    assert before.is_closed
    assert found.receipt_wait == 5
    assert isinstance(after, Sandbox)
    assert after.delay == 3


async def test_the_same_settings_keep_their_provider(house: House) -> None:
    before = await provider_of(house, "sandbox")
    await house.app.connections.refresh()
    await house.app.connections.park("sandbox", "for a while")
    await house.app.connections.resume("sandbox")
    assert await provider_of(house, "sandbox") is before


async def test_nobody_changes_what_is_not_there(house: House) -> None:
    connections = house.app.connections
    for ask in (connections.save(connection()), connections.resume("second")):
        with pytest.raises(Unknown):
            await ask
    missing, provider = await connections.find("second")
    assert (missing.provider, missing.parked_text, provider) == ("", "no such connection", None)
    assert await connections.settings("second") == {}


async def test_a_secret_is_sealed_kept_and_never_shown(house: House, logged: Logged) -> None:
    connections = house.app.connections
    await connections.add(connection(settings={"delay": 1, "token": "a very secret token"}))
    assert await connections.settings("second") == {"delay": 1, "token": "…"}
    provider = await provider_of(house, "second")
    assert provider
    assert provider.token == "a very secret token"
    found, sealed = (await house.app.store.read(senders.all_connections))[1]
    shown = repr((provider, found, sealed, await connections.list(), logged))
    assert "very secret" not in shown
    assert "second" in shown


async def test_what_is_parked_stays_so_for_the_first_reason(house: House) -> None:
    connections = house.app.connections
    await connections.park("sandbox", "first")
    await connections.park("sandbox", "second")
    found, _ = await connections.find("sandbox")
    assert found.parked_at
    assert found.parked_text == "first"
    await connections.resume("sandbox")
    found, _ = await connections.find("sandbox")
    assert (found.parked_at, found.parked_text) == (None, "")


async def test_a_change_made_by_one_process_is_seen_by_another(
    house: House, url: str, tmp_path: Path
) -> None:
    async with opened_house(url, tmp_path / "home") as other:
        assert (await provider_of(other, "sandbox")) is not None
        await house.app.connections.save(connection("sandbox", settings={"delay": 3}))
        await house.app.connections.add(connection())
        await house.app.connections.park("second", "for a while")
        await other.app.connections.refresh()
        found, _ = await other.app.connections.find("second")
        changed = await provider_of(other, "sandbox")
        assert found.parked_text == "for a while"
        assert changed
        assert changed.delay == 3


async def test_settings_that_only_a_later_version_understands_are_its_own_trouble(
    house: House, logged: Logged
) -> None:
    connections = house.app.connections
    sealed = Vault(b"k" * 32).seal("{}", "foreign")
    strange = Connection(name="strange", provider="smoke-signals")
    written = connections._vault.seal('{"token": "a very secret token"}', "strange")
    for one, kept in ((Connection(name="foreign", provider="sandbox"), sealed), (strange, written)):
        await house.app.store.write(
            lambda conn, one=one, kept=kept: senders.add_connection(conn, one, kept)
        )
    await connections.refresh()
    await connections.refresh()
    assert [await provider_of(house, name) for name in ("foreign", "strange")] == [None, None]
    assert await provider_of(house, "sandbox")
    events = [(entry["event"], entry["connection"]) for entry in logged]
    assert events == [
        ("connection is misconfigured", "foreign"),
        ("connection is misconfigured", "strange"),
    ]
    assert "very secret" not in repr(logged)


async def test_settings_that_stop_making_sense_take_their_provider_away(house: House) -> None:
    await put_in(house, before := Watched())
    strange = house.app.connections._vault.seal('{"colour": 1}', "sandbox")
    await house.app.store.write(
        lambda conn: senders.save_connection(conn, connection("sandbox"), strange)
    )
    await house.app.connections.refresh()
    assert before.is_closed
    assert await provider_of(house, "sandbox") is None


async def test_a_provider_that_cannot_open_yet_is_opened_later(
    house: House, tmp_path: Path, logged: Logged
) -> None:
    """The folder of its ledger is a file, until somebody mends that."""
    app, home = house.app, tmp_path / "other"
    home.mkdir()
    (home / "sandbox").write_text("in the way")
    mine = Connections(app.store, app.vault, Clock(), Place(home, "node", app.http), {})
    await mine.refresh()
    assert (await mine.find("sandbox"))[1] is None
    assert [entry["event"] for entry in logged] == ["a provider broke"]
    (home / "sandbox").unlink()
    await mine.refresh()
    assert (await mine.find("sandbox"))[1] is not None
    await mine.close()


async def test_a_worker_learns_of_other_settings_and_goes_on_after_a_failed_look(
    house: House, url: str, tmp_path: Path, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core_worker, "_REFRESH", 0.05)
    rename = "ALTER TABLE {} RENAME TO {}"
    async with house.carrying(), opened_house(url, tmp_path / "home") as other:
        away = text(rename.format("connections", "away"))
        await house.app.store.write(lambda conn: conn.execute(away))
        await until(lambda: any("could not be read" in entry["event"] for entry in logged))
        back = text(rename.format("away", "connections"))
        await house.app.store.write(lambda conn: conn.execute(back))
        await other.app.connections.park("sandbox", "for a while")
        await until(lambda: house.app.connections._known["sandbox"].parked_at)
        message = await house.send()
        await other.app.connections.save(connection("sandbox", settings={"delay": 0}))
        await house.until(message, Status.DELIVERED)


async def test_providers_are_let_go_at_the_end(url: str, tmp_path: Path) -> None:
    async with opened_house(url, tmp_path / "home") as house:
        await put_in(house, provider := Watched())
        assert not provider.is_closed
    assert provider.is_closed


async def test_an_offer_meets_a_provider_while_another_is_being_made(house: House) -> None:
    """Making one takes time: until it is there, the one before is asked."""
    slow = asyncio.Event()

    class Slow(Sandbox):
        async def open(self, place: Place) -> None:
            await slow.wait()

    asked = open_gate(Asked())
    await put_in(house, asked)
    connections = house.app.connections
    sealed = connections._vault.seal('{"delay": 9}', "sandbox")
    await house.app.store.write(
        lambda conn: senders.save_connection(conn, connection("sandbox"), sealed)
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("estafette.core.connections.make", lambda _name, _settings: Slow())
        refreshing = asyncio.create_task(connections.refresh())
        await until(lambda: connections._sealed["sandbox"] == sealed)
        assert (await connections.find("sandbox"))[1] is asked
        slow.set()
        await refreshing
    assert isinstance((await connections.find("sandbox"))[1], Slow)
