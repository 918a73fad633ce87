"""`connections`: list, add, set and resume what carries messages."""

import sys
from typing import Annotated, Any

import msgspec
import typer

from estafette.app import App
from estafette.cli.run import AsJson, BadInput, home, print_json, print_table, run
from estafette.cli.shape import iso
from estafette.core.vault import WrongKey
from estafette.model import Connection, Unknown
from estafette.providers import read

Settings = Annotated[
    list[str] | None, typer.Argument(help="NAME=VALUE, or NAME=- to read it from standard input.")
]
Wait = Annotated[
    int | None,
    typer.Option(help="Seconds to wait for a receipt when nobody knows what happened.", min=1),
]
OnUnclear = Annotated[str | None, typer.Option(help="Then: fail, or resend.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Providers with their settings.", invoke_without_command=True)
    group.callback()(_default)
    group.command("list")(list_)
    group.command()(add)
    group.command("set")(set_)
    group.command()(resume)
    app.add_typer(group, name="connections")


def _default(context: typer.Context, as_json: AsJson = False) -> None:
    if context.invoked_subcommand is None:
        list_(as_json=as_json)


def list_(as_json: AsJson = False) -> None:
    """List the connections; those that are parked say why."""

    async def work() -> list[tuple[Connection, dict[str, Any]]]:
        async with home() as app:
            listed = await app.connections.list()
            return [(connection, await _shown(app, connection.name)) for connection in listed]

    found = run(work())
    if as_json:
        print_json({"items": [_shape(*item) for item in found], "next": None})
        return
    rows = [
        (
            item.name,
            item.provider,
            f"parked: {item.parked_text}" if item.parked_at else "open",
            f"{item.on_unclear} after {item.receipt_wait} s",
            " ".join(f"{name}={value}" for name, value in settings.items()),
        )
        for item, settings in found
    ]
    print_table(("name", "provider", "state", "when nobody knows", "settings"), rows)


async def _shown(app: App, name: str) -> dict[str, Any]:
    """Its settings, secrets struck out."""
    try:
        return await app.connections.settings(name)
    except WrongKey:
        return {"sealed": "with another secret key"}


def add(
    name: Annotated[str, typer.Argument(help="What people call it.")],
    provider: Annotated[str, typer.Argument(help="Who carries.")],
    settings: Settings = None,
    *,
    receipt_wait: Wait = None,
    on_unclear: OnUnclear = None,
) -> None:
    """Add a connection. Its settings are those of its provider.

    Where nothing else is said, a message of which nobody knows fails after an hour.
    """
    made = _changed(Connection(name=name, provider=provider), receipt_wait, on_unclear, settings)

    async def work() -> None:
        async with home() as app:
            await app.connections.add(made)

    run(work())
    sys.stdout.write(f"{name} is a connection\n")


def set_(
    name: Annotated[str, typer.Argument(help="The connection.")],
    settings: Settings = None,
    *,
    receipt_wait: Wait = None,
    on_unclear: OnUnclear = None,
) -> None:
    """Replace all settings of a connection, and let its messages go on.

    An option that is left out stays as it is.
    """

    async def work() -> None:
        async with home() as app:
            found = {item.name: item for item in await app.connections.list()}
            if name not in found:
                raise Unknown(f"no connection {name}")
            changed = _changed(found[name], receipt_wait, on_unclear, settings)
            await app.connections.save(changed)

    run(work())
    sys.stdout.write(f"{name} is set\n")


def resume(name: Annotated[str, typer.Argument(help="The connection.")]) -> None:
    """Let the messages of a parked connection go on."""

    async def work() -> None:
        async with home() as app:
            await app.connections.resume(name)

    run(work())
    sys.stdout.write(f"{name} goes on\n")


def _changed(
    connection: Connection,
    receipt_wait: int | None,
    on_unclear: str | None,
    settings: list[str] | None,
) -> Connection:
    if on_unclear not in (None, "fail", "resend"):
        raise BadInput("--on-unclear must be fail or resend")
    return msgspec.structs.replace(
        connection,
        settings=_settings(connection.provider, settings or []),
        receipt_wait=connection.receipt_wait if receipt_wait is None else receipt_wait,
        on_unclear=on_unclear or connection.on_unclear,
    )


def _settings(provider: str, pairs: list[str]) -> dict[str, object]:
    """Settings as their provider wants them: what is typed is text, what it needs may be a number."""
    found: dict[str, object] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise BadInput(f"{pair}: settings are NAME=VALUE")
        found[name] = sys.stdin.readline().rstrip("\n") if text == "-" else text
    return read(provider, found)


def _shape(item: Connection, settings: dict[str, Any]) -> dict[str, object]:
    return {
        "name": item.name,
        "provider": item.provider,
        "settings": settings,
        "receipt_wait": item.receipt_wait,
        "on_unclear": item.on_unclear,
        "parked_at": iso(item.parked_at),
        "parked_text": item.parked_text,
    }
