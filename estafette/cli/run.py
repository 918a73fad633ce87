"""What every command needs: an opened home, an account, and a way to print."""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import Annotated, Any, TypeVar

import typer
import uvloop
from rich.console import Console
from rich.table import Table
from rich.text import Text

from estafette import logs, settings
from estafette.app import App, opened
from estafette.cli import trail
from estafette.core.first import First
from estafette.core.keyring import BadKey
from estafette.core.vault import WrongKey
from estafette.home import BadHome
from estafette.model import (
    Account,
    BadValue,
    Busy,
    GatewayError,
    Misconfigured,
    NewerSchema,
    Unknown,
)
from estafette.server import PortTaken
from estafette.settings import BadSetting, Settings
from estafette.store.engine import BadUrl

T = TypeVar("T")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
OfAccount = Annotated[
    str, typer.Option("--account", help="AC…; the oldest account where it is left out.")
]

USUAL_URL = "http://127.0.0.1:8080"  # where `serve` listens unless it is told otherwise

REFUSED, BAD_INPUT, NOT_REACHABLE = 1, 2, 3


class BadInput(GatewayError):
    """What was typed cannot be used."""


def exit_code_of(error: GatewayError) -> int:
    """The exit code that tells a script what to do next."""
    if isinstance(error, BadInput | BadSetting | BadUrl | Misconfigured | BadValue):
        return BAD_INPUT
    if isinstance(error, Busy | BadHome | BadKey | NewerSchema | PortTaken | WrongKey):
        return NOT_REACHABLE
    return REFUSED


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's work to its end."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def read_settings() -> Settings:
    """The settings, with logging set up as they say."""
    found = settings.read()
    logs.set_up(found.log_level, found.log_format)
    return found


@contextlib.asynccontextmanager
async def home(
    wake: Callable[[], None] | None = None, *, host: str = "localhost", public_url: str = ""
) -> AsyncIterator[App]:
    """The home, opened; filled when it is new. `wake` is called when there is work to carry; a
    server listens on `host` and is reached at `public_url`.
    """
    wake = wake or (lambda: None)
    async with opened(read_settings(), wake, host=host, public_url=public_url) as app:
        first = await app.first_start()
        if first:
            tell_first(first, app.core.public_url)
        yield app
        await trail.write(app)


def tell_first(first: First, public_url: str) -> None:
    """Show what the first start made: the only time that it can be seen."""
    console = Console(stderr=True, highlight=False)
    console.print("A new home. Its first account, shown this once:", style="bold")
    lines = {
        "ESTAFETTE_ACCOUNT_SID": first.account_sid,
        "ESTAFETTE_AUTH_TOKEN": first.token,
        "ESTAFETTE_API_KEY": first.bearer,
    }
    for name, value in lines.items():
        if value:
            console.print(f"  {name}={value}", soft_wrap=True)
    console.print("The console, signed in by this link, once:", style="bold")
    console.print(f"  {public_url or USUAL_URL}/console/welcome/{first.link}", soft_wrap=True)


async def account_of(app: App, sid: str) -> Account:
    """The account that was named, or the oldest. Raises Unknown."""
    if sid:
        return await app.people.account(sid)
    found = await app.people.accounts()
    if not found:
        raise Unknown("there is no account yet: start `estafette serve` once")
    return found[0]


def print_json(value: Any) -> None:
    """JSON on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def print_json_line(value: Any) -> None:
    """One of several values: JSON on a line of its own."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")


def print_table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table for people. Its lines are whole, also on a narrow terminal: an id is to be copied."""
    console = Console(highlight=False, width=_WIDEST)
    table = Table(*names, box=None, pad_edge=False, show_header=any(names))
    for row in rows:
        table.add_row(*(Text(visible(cell)) for cell in row))
    console.print(table)


_WIDEST = 500  # columns; a table is no wider than what stands in it


def visible(text: str) -> str:
    """A text whose every character shows: what it could tell a terminal to do is spelled out."""
    return "".join(
        char if char.isprintable() or char == _JOINER else char.encode("unicode_escape").decode()
        for char in text
    )


_JOINER = "\u200d"  # holds together what is one emoji
