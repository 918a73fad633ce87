"""What a promise comes to when whoever ran it died, or it breaks."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from estafette import actions, settings
from estafette.actions import Asked
from estafette.app import App, opened
from estafette.core.courier import Task
from estafette.core.people import People
from estafette.doors.workflowgen.late import Late, Promise
from estafette.model import Busy
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN
from tests.doors.workflowgen.conftest import context, values

SENDMESSAGE = actions.find("SENDMESSAGE")


async def finished(app: App, *, is_again: bool) -> dict[str, Any]:
    promise = Promise(
        action="SENDMESSAGE", document=msgspec.json.encode(context()), is_xml=False, key="",
        is_shown=False,
    )  # fmt: skip
    people: People = app.people
    account = await people.account(ACCOUNT_SID)
    task = Task(account, msgspec.json.encode(promise).decode(), "5e" * 16, is_again)
    outcome = await Late(app.core).finish(task)
    assert outcome.content_type == "application/json"
    return values(outcome.body.encode())


def home(tmp_path: Path) -> settings.Settings:
    return settings.read(
        {
            "ESTAFETTE_HOME": str(tmp_path),
            "ESTAFETTE_ACCOUNT_SID": ACCOUNT_SID,
            "ESTAFETTE_AUTH_TOKEN": AUTH_TOKEN,
        }
    )


async def test_what_is_run_again_is_one_message(tmp_path: Path) -> None:
    async with opened(home(tmp_path)) as app:
        await app.first_start()
        first = await finished(app, is_again=False)
        assert first["MESSAGE_SID"]
        assert await finished(app, is_again=True) == first


async def test_what_could_be_done_twice_is_not_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An action that knows no idempotency key."""
    monkeypatch.setattr(actions, "find", lambda _: replace(SENDMESSAGE, keyed=False))
    async with opened(home(tmp_path)) as app:
        await app.first_start()
        assert (await finished(app, is_again=False))["MESSAGE_SID"]
        found = await finished(app, is_again=True)
    assert (found["MESSAGE_SID"], found["ERROR_CODE"]) == ("", "20500")
    assert "not known" in found["ERROR_MESSAGE"]


async def test_what_breaks_is_a_failure_and_what_is_busy_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raised: list[Exception] = [ZeroDivisionError(), Busy()]

    async def run(_: Asked) -> Any:
        raise raised.pop(0)

    monkeypatch.setattr(actions, "find", lambda _: replace(SENDMESSAGE, run=run))
    async with opened(home(tmp_path)) as app:
        await app.first_start()
        assert (await finished(app, is_again=False))["ERROR_CODE"] == "20500"
        with pytest.raises(Busy):
            await finished(app, is_again=False)
