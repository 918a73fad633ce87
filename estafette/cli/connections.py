"""`connections`: list, add, set and resume what carries messages."""

import sys
from typing import Annotated

import typer

from estafette.cli.run import AsJson, BadInput, home, print_json, print_table, run
from estafette.cli.shape import iso
from estafette.model import Connection, Unknown

Settings = Annotated[
    list[str] | None, typer.Argument(help="NAME=VALUE, or NAME=- to read it from standard input.")
]
Wait = Annotated[
    int,
    typer.Option(help="Seconds to wait for a receipt when nobody knows what happened.", min=1),
]
OnUnclear = Annotated[str, typer.Option(help="Then: fail, or resend.")]


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

    async def work() -> list[Connection]:
        async with home() as app:
            return await app.connections.list()

    found = run(work())
    if as_json:
        print_json({"items": [_shape(connection) for connection in found], "next": None})
        return
    rows = [
        (
            item.name,
            item.provider,
            f"parked: {item.parked_text}" if item.parked_at else "open",
            f"{item.on_unclear} after {item.receipt_wait} s",
        )
        for item in found
    ]
    print_table("", ("name", "provider", "state", "when nobody knows"), rows)


def add(
    name: Annotated[str, typer.Argument(help="What people call it.")],
    provider: Annotated[str, typer.Argument(help="Who carries.")],
    settings: Settings = None,
    *,
    receipt_wait: Wait = 3600,
    on_unclear: OnUnclear = "fail",
) -> None:
    """Add a connection. Its settings are those of its provider."""
    connection = _connection(name, provider, settings, receipt_wait, on_unclear)

    async def work() -> None:
        async with home() as app:
            await app.connections.add(connection)

    run(work())
    sys.stdout.write(f"{name} is a connection\n")


def set_(
    name: Annotated[str, typer.Argument(help="The connection.")],
    settings: Settings = None,
    *,
    receipt_wait: Wait = 3600,
    on_unclear: OnUnclear = "fail",
) -> None:
    """Replace all settings of a connection, and let its messages go on."""

    async def work() -> None:
        async with home() as app:
            found = {item.name: item for item in await app.connections.list()}
            if name not in found:
                raise Unknown(f"no connection {name}")
            provider = found[name].provider
            await app.connections.save(
                _connection(name, provider, settings, receipt_wait, on_unclear)
            )

    run(work())
    sys.stdout.write(f"{name} is set\n")


def resume(name: Annotated[str, typer.Argument(help="The connection.")]) -> None:
    """Let the messages of a parked connection go on."""

    async def work() -> None:
        async with home() as app:
            await app.connections.resume(name)

    run(work())
    sys.stdout.write(f"{name} goes on\n")


def _connection(
    name: str, provider: str, settings: list[str] | None, receipt_wait: int, on_unclear: str
) -> Connection:
    if on_unclear not in ("fail", "resend"):
        raise BadInput("--on-unclear must be fail or resend")
    return Connection(
        name=name,
        provider=provider,
        settings=_settings(settings or []),
        receipt_wait=receipt_wait,
        on_unclear=on_unclear,
    )


def _settings(pairs: list[str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise BadInput(f"{pair}: settings are NAME=VALUE")
        found[name] = sys.stdin.readline().rstrip("\n") if value == "-" else value
    return found


def _shape(item: Connection) -> dict[str, object]:
    return {
        "name": item.name,
        "provider": item.provider,
        "receipt_wait": item.receipt_wait,
        "on_unclear": item.on_unclear,
        "parked_at": iso(item.parked_at),
        "parked_text": item.parked_text,
    }
