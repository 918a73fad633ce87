"""What the tests of actions share: an opened home that carries, an upstream, and steps of a workflow."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from estafette import actions
from estafette.actions import Asked, Ran
from estafette.app import opened
from estafette.model import Account, Filter, Message
from estafette.model.messaging import Messaging
from estafette.settings import Settings
from tests.actions.upstream import SID, TOKEN, Upstream, upstream
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, RECIPIENT
from tests.core.conftest import House

FROM = "+14155550199"  # the sender of the panel


@dataclass
class Steps:
    """Runs steps of a workflow in a home."""

    house: House

    async def run(
        self,
        *,
        account: Account | None = None,
        connection: str = "",
        key: str = "",
        **inputs: str,
    ) -> Ran:
        action = actions.find("SENDMESSAGE")
        said = {"BODY": "Your parcel is here", "TO": RECIPIENT, **inputs}
        asked = Asked(
            self.house.app.core,
            account or self.house.account,
            actions.read(action, said),
            connection=connection,
            idempotency_key=key,
        )
        return await actions.perform(action, asked)

    async def sid(self, **asked: Any) -> str:
        """The MESSAGE_SID of a step that succeeds."""
        ran = await self.run(**asked)
        assert ran.ok, ran
        assert (ran.outputs.error_code, ran.outputs.error_message) == ("", "")
        assert ran.outputs.message_sid
        return str(ran.outputs.message_sid)

    async def error(self, **asked: Any) -> tuple[str, str, int]:
        """Code, text and HTTP status of a step that fails."""
        ran = await self.run(**asked)
        assert ran.failure, ran
        assert ran.outputs.message_sid == ""
        shown = (ran.outputs.error_code, ran.outputs.error_message)
        assert shown == (ran.failure.code, ran.failure.text)
        return (*shown, ran.failure.status)

    async def code(self, **asked: Any) -> str:
        return (await self.error(**asked))[0]

    async def panel(self, **values: str) -> None:
        """Set the panel of the account anew."""
        await self.house.app.core.panel.put(self.house.account.sid, Messaging(**values))

    async def message(self, sid: str) -> Message:
        """A message by its MESSAGE_SID."""
        return await self.house.app.gateway.find_named(self.house.account, sid)

    async def last(self) -> Message:
        """The newest message of the account."""
        page = await self.house.app.gateway.page(self.house.account, Filter(), limit=1)
        return page.items[0]


async def _steps(home: Path, wait: float, url: str = "") -> AsyncIterator[Steps]:
    settings = Settings(
        home=home,
        database_url=url or f"sqlite:///{home}/estafette.db",
        account_sid=ACCOUNT_SID,
        auth_token=AUTH_TOKEN,
        sandbox_delay=0.05,
        action_wait=wait,
    )
    async with opened(settings, public_url="http://127.0.0.1:1") as app:
        await app.first_start()
        house = House(app, (await app.people.accounts())[0])
        async with house.carrying():
            yield Steps(house)


@pytest.fixture
async def steps(tmp_path: Path) -> AsyncIterator[Steps]:
    async for found in _steps(tmp_path / "home", 8):
        yield found


@pytest.fixture
async def hasty(tmp_path: Path) -> AsyncIterator[Steps]:
    """A home where a step waits for three seconds only."""
    async for found in _steps(tmp_path / "home", 3):
        yield found


@pytest.fixture
async def anywhere(url: str, tmp_path: Path) -> AsyncIterator[Steps]:
    """A home on a database of each kind."""
    async for found in _steps(tmp_path / "home", 8, url):
        yield found


@pytest.fixture
def far() -> Iterator[Upstream]:
    with upstream() as found:
        yield found


@pytest.fixture
async def paneled(steps: Steps, far: Upstream) -> Steps:
    """A home whose panel names an account at the upstream."""
    await steps.panel(base_url=far.url, account_sid=SID, auth_token=TOKEN, sender=FROM)
    return steps
