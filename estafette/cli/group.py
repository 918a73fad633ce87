"""Commands about one noun, together."""

from collections.abc import Callable

import typer

from estafette.cli.run import AsJson
from estafette.cli.trail import Noted

Command = Callable[..., None]


def add_group(
    app: typer.Typer,
    name: str,
    about: str,
    lists: Command,
    *commands: Command,
    **named: Command,
) -> None:
    """Add commands under a noun, the first of which lists what there is: it is run where none of
    them is named. Each is called like its function, but those that are `named`.
    """
    group = typer.Typer(help=about, invoke_without_command=True)

    @group.callback()
    def usual(context: typer.Context, as_json: AsJson = False) -> None:
        if context.invoked_subcommand is None:
            lists(as_json=as_json)

    for command in (lists, *commands):
        group.command(command.__name__.rstrip("_").replace("_", "-"), cls=Noted)(command)
    for word, command in named.items():
        group.command(word, cls=Noted)(command)
    app.add_typer(group, name=name)
