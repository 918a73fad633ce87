"""A gateway and its worker in this process, on a real database of each kind."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from estafette.app import App, opened
from estafette.core.timelines import Timeline
from estafette.model import Account, Channel, Message, Send, Status
from estafette.model.rules import FINAL
from estafette.settings import Settings
from tests.conftest import RECIPIENT, SENDER
from tests.databases import KINDS, emptied
from tests.patience import PATIENCE


@dataclass
class House:
    """An opened home, and shortcuts for what tests do with it."""

    app: App
    account: Account

    async def send(self, to: str = RECIPIENT, body: str = "Hi there", **more: object) -> Message:
        asked = {"channel": Channel.SMS, "sender": SENDER, "recipient": to, "body": body, **more}
        return await self.app.gateway.send(self.account, Send(**asked))  # type: ignore[arg-type]

    async def find(self, message: Message) -> Message:
        return await self.app.gateway.find(self.account, message.id)

    async def timeline(self, message: Message) -> Timeline:
        return await self.app.gateway.timeline(message)

    @contextlib.asynccontextmanager
    async def carrying(self) -> AsyncIterator[None]:
        """A worker drives the lanes for as long as this is open."""
        worker = self.app.worker()
        task = asyncio.create_task(worker.run())
        try:
            yield
        finally:
            worker.stop()
            await task

    async def until(
        self, message: Message, *statuses: Status, seconds: float = PATIENCE
    ) -> Message:
        """The message once it is in one of these statuses; in a final one if none is named."""
        wanted = set(statuses) or FINAL
        async with asyncio.timeout(seconds):
            while (found := await self.find(message)).status not in wanted:
                await asyncio.sleep(0.02)
        return found


@contextlib.asynccontextmanager
async def opened_house(url: str, home: Path, *, delay: float = 0.05) -> AsyncIterator[House]:
    """Open a home on a database; fill it when it is empty."""
    async with opened(Settings(home=home, database_url=url, sandbox_delay=delay)) as app:
        await app.first_start()
        yield House(app, (await app.people.accounts())[0])


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of each kind in turn that has its tables, and nothing in them."""
    return emptied(request, tmp_path)


@pytest.fixture
async def house(url: str, tmp_path: Path) -> AsyncIterator[House]:
    async with opened_house(url, tmp_path / "home") as found:
        yield found
