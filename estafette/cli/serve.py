"""`serve`, `carry` and `migrate`: what runs for long, and what prepares it."""

import contextlib
import sys
from typing import Annotated

import typer
from rich.console import Console

from estafette import server
from estafette.carrier import carry as carry_on
from estafette.cli.run import AsJson, BadInput, home, print_json, read_settings, run


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(serve)
    app.command()(carry)
    app.command()(migrate)


def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on; 0 takes a free one.")] = 8080,
    carry: Annotated[
        bool, typer.Option(help="Carry messages from here, or leave that to other nodes.")
    ] = True,
) -> None:
    """Answer requests and carry messages, until SIGTERM or Ctrl-C."""
    if not 0 <= port <= 65535:
        raise BadInput("--port must be 0 to 65535")
    run(_serve(host, port, carry))


async def _serve(host: str, port: int, carry: bool) -> None:
    settings = read_settings()
    allows_private = settings.allows_private(host)
    with contextlib.closing(server.listen(host, port)) as listener:
        url = settings.public_url or server.public_url_of(listener)
        carrier = server.Carrier(allows_private=allows_private, public_url=url) if carry else None
        # The carrier starts at once, and stops last: it finishes what the server took.
        async with (
            carrier.running() if carrier else contextlib.nullcontext(),
            home(carrier.wake if carrier else None, host=host, public_url=url) as app,
        ):
            await app.prove_key()
            Console(stderr=True, highlight=False).print(
                f"Estafette listens on {server.url_of(listener)}", style="bold"
            )
            await server.serve(app, listener, carrier)


def carry() -> None:
    """Carry messages without answering requests, until SIGTERM or Ctrl-C."""

    async def work() -> None:
        async with home() as app:
            await app.prove_key()
            await carry_on(app)

    run(work())


def migrate(as_json: AsJson = False) -> None:
    """Bring the database to this version's tables; `serve` does so too when it starts."""

    async def work() -> str:
        async with home() as app:
            return await app.store.version()

    version = run(work())
    if as_json:
        print_json({"schema": version})
    else:
        sys.stdout.write(f"the database has schema {version}\n")
