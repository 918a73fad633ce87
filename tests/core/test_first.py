"""The first start: an empty database is filled once, with what makes every example run."""

import asyncio
from pathlib import Path

import pytest

from estafette.app import opened
from estafette.core.first import SENDERS, First, first_start
from estafette.core.vault import Vault
from estafette.settings import Settings
from estafette.store import Store, accounts, lanes, schema, senders
from tests.core.carriers import Clock

SID, TOKEN = "AC" + "7" * 32, "a token"
BEARER = f"SK{'8' * 32}.a secret"


def settings(url: str, tmp_path: Path, **more: str) -> Settings:
    return Settings(home=tmp_path / "home", database_url=url, **more)


async def test_what_was_made_is_shown_once_and_opens_the_account(url: str, tmp_path: Path) -> None:
    async with opened(settings(url, tmp_path)) as app:
        first = await app.first_start()
        assert first
        assert (await app.people.prove(first.account_sid, first.token)).key is None
        key = (await app.people.prove_bearer(first.bearer)).key
        assert key
        assert key.label == "First key"
        assert await app.first_start() is None
    async with opened(settings(url, tmp_path)) as app:
        assert await app.first_start() is None
        assert [one.sid for one in await app.people.accounts()] == [first.account_sid]


async def test_what_was_asked_for_is_taken_and_not_shown(url: str, tmp_path: Path) -> None:
    asked = settings(url, tmp_path, account_sid=SID, auth_token=TOKEN, api_key=BEARER)
    async with opened(asked) as app:
        made = await app.first_start()
        assert made == First(SID, link=made.link)
        assert (await app.people.prove(SID, TOKEN)).account.sid == SID
        assert (await app.people.prove_bearer(BEARER)).account.sid == SID


async def test_a_fresh_home_can_send_from_what_the_examples_name(url: str, tmp_path: Path) -> None:
    async with opened(settings(url, tmp_path)) as app:
        await app.first_start()
        found = await app.store.read(senders.all_of)
        assert [(one.channel, one.address, one.ref, one.title) for one in found] == list(SENDERS)
        assert {one.connection for one in found} == {"sandbox"}
        assert {one.account for one in found} == {(await app.people.accounts())[0].sid}
        assert await app.store.read(lanes.drivers) == dict.fromkeys([one.id for one in found], "")
        connection, provider = await app.connections.find("sandbox")
        assert provider
        assert (connection.receipt_wait, connection.on_unclear) == (30, "fail")


async def test_a_start_that_fails_fills_nothing(url: str, tmp_path: Path) -> None:
    """What was half made would keep the next start from making the rest."""
    async with opened(settings(url, tmp_path)) as app:
        await app.first_start()
        (one, *_) = await app.store.read(senders.all_of)
        everything = schema.accounts.delete()
        await app.store.write(lambda conn: conn.execute(everything))
        with pytest.raises(Exception, match="sandbox"):
            await app.first_start()
        assert await app.people.accounts() == []
        assert one in await app.store.read(senders.all_of)


async def test_two_first_starts_at_once_fill_once(url: str) -> None:
    vault = Vault(b"k" * 32)
    stores = [await Store.open(url) for _ in range(2)]
    try:
        starts = (first_start(store, vault, Clock(), First()) for store in stores)
        made = await asyncio.gather(*starts)
        assert sum(first is not None for first in made) == 1
        found = await stores[0].read(accounts.all_of)
        (first,) = (first for first in made if first)
        assert [one.sid for one in found] == [first.account_sid]
        assert len(await stores[0].read(senders.all_of)) == 3
    finally:
        for store in stores:
            await store.close()
