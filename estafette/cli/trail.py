"""What is written into the audit trail when a command changed something."""

import getpass
from contextvars import ContextVar
from typing import Any

import structlog
import typer
from typer.core import TyperCommand

from estafette.app import App
from estafette.core.audit import CLI, DONE, event_of
from estafette.model import Busy

log = structlog.get_logger()

#: Commands that show what there is where they are given nothing.
_SHOW = {"messaging", "window", "balance"}
_BESIDE = {"account", "as_json"}  #: options that say nothing of what is changed

_running: ContextVar[typer.Context | None] = ContextVar("running", default=None)


class Noted(TyperCommand):
    """A command that is known while it runs."""

    def invoke(self, ctx: Any) -> Any:
        """Run it."""
        before = _running.set(ctx)
        try:
            return super().invoke(ctx)
        finally:
            _running.reset(before)


async def write(app: App) -> None:
    """Write down what the command did that is running, where it changed something."""
    context = _running.get()
    if context is None or context.parent is None:
        return
    verb, many = context.info_name or "", context.parent.info_name or ""
    if many == "settings":
        verb, many = "set", verb
    elif verb not in DONE:
        return
    given = _given(context)
    if context.info_name in _SHOW and not set(given) - {"sid"}:
        return
    event = event_of(many, verb)
    try:
        await _note(app, context, event, given)
    except Busy:
        log.error("a change is not in the audit trail", change=event)


async def _note(app: App, context: typer.Context, event: str, given: list[str]) -> None:
    account = await _account(app, context)
    fields = [name for name in given if name not in _arguments(context)]
    if account:
        await app.core.audit.note(
            account,
            name=_person(),
            via=CLI,
            event=event,
            about=_about(context),
            details={"fields": fields} if fields else {},
        )


def _given(context: typer.Context) -> list[str]:
    """What was typed behind the command, by name: a value may be a secret."""
    return [name for name in context.params if name not in _BESIDE and _is_typed(context, name)]


def _is_typed(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _arguments(context: typer.Context) -> list[str]:
    found = [item for item in context.command.params if item.param_type_name == "argument"]
    return [item.name or "" for item in found]


def _about(context: typer.Context) -> str:
    """What is changed: the first thing that the command is given."""
    value = context.params.get(next(iter(_arguments(context)), ""))
    return value if isinstance(value, str) else ""


async def _account(app: App, context: typer.Context) -> str:
    """Whose trail it is: the account that is named, else the oldest."""
    known = [account.sid for account in await app.people.accounts()]
    named = [context.params.get(name) for name in ("account", "sid")]
    return next((sid for sid in named if sid in known), known[0] if known else "")


def _person() -> str:
    """Who runs the command, as the system calls them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
