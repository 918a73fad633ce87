"""The panel Instant messaging: what an account sets there, and who can read it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import asdict, replace
from sqlalchemy import text
from structlog.testing import capture_logs

from estafette.core.panel import BadMessaging
from estafette.core.vault import HIDDEN, WrongKey
from estafette.model.messaging import Messaging
from estafette.store import settings
from tests.core.conftest import House, opened_house

SET = Messaging(
    base_url="https://api.example.com", account_sid="ACx", auth_token="a token", sender="+1415"
)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with capture_logs():
        yield


async def test_a_panel_is_empty_and_each_accounts_own(house: House) -> None:
    panel = house.app.core.panel
    mine = house.account.sid
    other, _ = await house.app.people.add_account("Other")
    assert await panel.get(mine) == Messaging()
    await panel.put(mine, SET)
    assert await panel.get(mine) == SET
    assert await panel.get(other.sid) == Messaging()
    await panel.put(mine, Messaging())
    assert await panel.get(mine) == Messaging()


async def test_blanks_around_values_are_none_of_them(house: House) -> None:
    blanks = {name: f" \t{value}\n" for name, value in asdict(SET).items()}
    await house.app.core.panel.put(house.account.sid, Messaging(**blanks))
    assert await house.app.core.panel.get(house.account.sid) == SET
    await house.app.core.panel.put(house.account.sid, Messaging(**dict.fromkeys(blanks, "  ")))
    assert await house.app.core.panel.get(house.account.sid) == Messaging()


async def test_its_token_is_sealed_for_this_account_and_shown_nowhere(house: House) -> None:
    panel, mine = house.app.core.panel, house.account.sid
    await panel.put(mine, SET)
    held = await house.app.store.read(lambda conn: settings.get(conn, mine, "messaging"))
    assert "https://api.example.com" in held
    assert "a token" not in held
    assert "a token" not in repr(SET)
    other, _ = await house.app.people.add_account("Other")
    await house.app.store.write(lambda conn: settings.put(conn, other.sid, "messaging", held, 0))
    with pytest.raises(WrongKey):
        await panel.get(other.sid)


async def test_a_hidden_token_stays_but_never_for_another_address(house: House) -> None:
    panel, mine = house.app.core.panel, house.account.sid
    await panel.put(mine, replace(SET, auth_token=HIDDEN))
    assert (await panel.get(mine)).auth_token == ""
    await panel.put(mine, SET)
    await panel.put(mine, replace(SET, auth_token=HIDDEN, sender="+1500"))
    assert await panel.get(mine) == replace(SET, sender="+1500")
    with pytest.raises(BadMessaging) as told:
        await panel.put(mine, replace(SET, auth_token=HIDDEN, base_url="https://elsewhere.example"))
    assert told.value.field == "auth_token"
    assert (await panel.get(mine)).base_url == "https://api.example.com"


@pytest.mark.parametrize(
    "wrong",
    [
        "api.example.com", "ftp://api.example.com", "https://", "https:///x", "https://a b",
        "https://user:pass@api.example.com", "https://api.example.com/?a=b", "https://x:port",
        "https://api.example.com#x", "https://ä.example", "https://a\nb", "javascript:alert(1)",
    ],
)  # fmt: skip
async def test_an_address_that_is_none_is_refused(house: House, wrong: str) -> None:
    with pytest.raises(BadMessaging) as told:
        await house.app.core.panel.put(house.account.sid, replace(SET, base_url=wrong))
    assert told.value.field == "base_url"
    assert await house.app.core.panel.get(house.account.sid) == Messaging()


async def test_it_is_there_for_the_next_process(house: House, url: str, tmp_path: Path) -> None:
    await house.app.core.panel.put(house.account.sid, SET)
    print_ = house.app.vault.fingerprint("a token")
    async with opened_house(url, tmp_path / "home") as other:
        assert await other.app.core.panel.get(house.account.sid) == SET
        assert other.app.vault.fingerprint("a token") == print_
        rows = await other.app.store.read(
            lambda conn: conn.execute(text("SELECT value FROM settings")).scalars().all()
        )
    assert len(rows) == 2
