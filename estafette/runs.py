"""Actions from Python: `estafette.actions.run("SENDMESSAGE", TO=…, BODY=…)`.

It is a way in, as the command is: it works on the home that the environment names, and whoever may
read that home is trusted.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from typing import Any, TypeVar

import msgspec
import structlog

from estafette import logs, settings
from estafette.actions import (
    LONGEST_LOOK,
    Asked,
    Failed,
    Looked,
    Ran,
    check_key,
    find,
    perform,
    read,
    seen,
)
from estafette.app import App, opened
from estafette.cli.run import account_of, tell_first
from estafette.model import Unknown

T = TypeVar("T")

# A new home is filled by one at a time.
_OPENING = threading.Lock()


class Outcome(Mapping[str, Any]):
    """What came of a run: the outputs, by their outside names, as members and as attributes.

    It equals the object that HTTP answers in JSON.
    """

    def __init__(self, ran: Ran) -> None:
        self.outputs: dict[str, Any] = msgspec.to_builtins(ran.outputs) or {}
        self.failure: Failed | None = ran.failure  #: None where it was done

    @property
    def ok(self) -> bool:
        """Whether it was done."""
        return self.failure is None

    def __getitem__(self, name: str) -> Any:
        return self.outputs[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.outputs)

    def __len__(self) -> int:
        return len(self.outputs)

    def __getattr__(self, name: str) -> Any:
        """An output; only asked for what is no attribute of ours."""
        try:
            return self.__dict__["outputs"][name]
        except KeyError:
            raise AttributeError(f"there is no output {name}") from None

    def __repr__(self) -> str:
        return f"Outcome({'done' if self.ok else 'failed'}, {self.outputs!r})"


def run(
    name: str,
    /,
    *,
    account: str | None = None,
    connection: str | None = None,
    idempotency_key: str | None = None,
    raise_on_error: bool = False,
    mask_output: bool = False,
    **inputs: Any,
) -> Outcome:
    """Run an action for an account, the oldest where none is named, and wait for its outputs.

    It may be called from any thread, and from a function that an event loop runs: that waits, too.

    Raises BadInputs for what is no input of it, Unknown where there is no such action or account,
    Failed for a failure if it is to be raised; and what opening the home raises.
    """
    action = find(name)
    asked = read(action, inputs)
    key = check_key(idempotency_key or "")

    async def work(app: App) -> Ran:
        return await perform(
            action,
            Asked(
                core=app.core,
                account=await account_of(app, account or ""),
                inputs=asked,
                connection=connection or "",
                idempotency_key=key if action.keyed else "",
                mask_output=mask_output,
            ),
        )

    ran = _apart(lambda: asyncio.run(_at_home(work)))
    if raise_on_error and ran.failure:
        raise ran.failure
    return Outcome(ran)


def look(name: str, id: str, /, *, account: str | None = None, wait: float = 0.0) -> Outcome:
    """What became of a run, by the id that its outputs have: the same outputs as they are now.

    It waits for at most `wait` seconds, 25 at the most, until they are final. Raises Unknown where
    there is no such action, account or thing, or the action is over once it ran.
    """
    action = find(name)
    patience = min(max(wait, 0.0), LONGEST_LOOK)

    async def work(app: App) -> Ran:
        owner = await account_of(app, account or "")
        return await seen(action, Looked(app.core, owner, id, patience))

    ran = _apart(lambda: asyncio.run(_at_home(work)))
    if ran.failure:
        raise Unknown(ran.failure.text)
    return Outcome(ran)


async def _at_home(work: Callable[[App], Awaitable[T]]) -> T:
    found = settings.read()
    if not structlog.is_configured():  # the log is the program's own: it is not set up anew
        logs.set_up(found.log_level, found.log_format)
    async with AsyncExitStack() as stack:
        with _OPENING:
            app = await stack.enter_async_context(opened(found))
            first = await app.first_start()
        if first:
            tell_first(first, app.core.public_url)
        return await work(app)


def _apart(work: Callable[[], T]) -> T:
    """Work that brings an event loop of its own: in another thread, as this one may have a loop."""
    found: list[T] = []
    raised: list[BaseException] = []

    def do() -> None:
        try:
            found.append(work())
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=do, name="estafette-action")
    thread.start()
    thread.join()
    if raised:
        raise raised[0]
    return found[0]
