"""`vault`: the key that seals secrets: what it seals, and how it is replaced."""

import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from estafette.cli.run import NOT_REACHABLE, AsJson, home, print_json, print_table, run
from estafette.cli.trail import Noted
from estafette.core.rotation import Rotated, State


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="The key that seals secrets.", no_args_is_help=True)
    group.command()(status)
    group.command(cls=Noted)(rotate)
    group.command(cls=Noted)(forget)
    app.add_typer(group, name="vault")


def status(as_json: AsJson = False) -> None:
    """Show which keys seal how many secrets, and whether all open; exits 3 where one does not."""

    async def work() -> State:
        async with home() as app:
            return await app.rotation.state()

    state = run(work())
    if as_json:
        print_json(_shape(state))
    else:
        names = [*state.known, *sorted(set(state.secrets) - set(state.known))]
        rows = [(name, _role(state, name), str(state.secrets.get(name, 0))) for name in names]
        print_table(("key", "", "secrets"), rows)
        for text in state.closed:
            sys.stdout.write(f"cannot be opened: {text}\n")
        if not state.closed:
            sys.stdout.write("all secrets open\n")
    if state.closed:
        sys.exit(NOT_REACHABLE)


def rotate(
    shared_file: Annotated[
        bool,
        typer.Option(
            "--shared-file", help="Nodes on other machines read this same secret.key, too."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Seal every secret with a new key, while servers run; killed, it is run again and goes on.

    The key before stays until `estafette vault forget`. Where the keys are in ESTAFETTE_SECRET_KEY,
    everything is sealed with the first of them.
    """

    async def work() -> Rotated:
        async with home() as app:
            console = Console(stderr=True, highlight=False)
            with Progress(console=console, disable=as_json or not console.is_terminal) as bar:
                task = bar.add_task("sealed anew", total=None)
                return await app.rotation.rotate(
                    lambda count: bar.update(task, completed=count), is_shared=shared_file
                )

    done = run(work())
    state = done.state
    if as_json:
        print_json({"is_new": done.is_new, "renewed": done.renewed, **_shape(state)})
    else:
        made = "made just now" if done.is_new else "that was there"
        sys.stdout.write(f"the key {state.current}, {made}, seals everything: {_count(done)}\n")
        sys.stdout.write(_next(state))
    if state.closed:
        sys.exit(NOT_REACHABLE)


def forget(as_json: AsJson = False) -> None:
    """Take keys that seal nothing any more out of secret.key; backups from before still need them."""

    async def work() -> tuple[str, ...]:
        async with home() as app:
            return await app.rotation.forget()

    gone = run(work())
    if as_json:
        print_json({"forgotten": list(gone)})
    elif gone:
        sys.stdout.write(f"forgotten: {', '.join(gone)}\n")
    else:
        sys.stdout.write("there is no key to forget\n")


def _count(done: Rotated) -> str:
    return f"{done.renewed} {'row' if done.renewed == 1 else 'rows'} sealed anew"


def _next(state: State) -> str:
    """What is left to do."""
    if state.closed:
        listed = "".join(f"cannot be opened: {text}\n" for text in state.closed)
        return f"{listed}these are as they were; `estafette vault status` shows their keys\n"
    if state.left:
        return "something was sealed with a key before meanwhile: run this again\n"
    earlier = ", ".join(state.known[1:])
    if not earlier:
        where = "docs/how-to/vault.md says how another key gets into ESTAFETTE_SECRET_KEY\n"
        return where if state.is_fixed else ""
    if state.is_fixed:
        return f"take {earlier} out of ESTAFETTE_SECRET_KEY on every node when it suits you\n"
    return f"`estafette vault forget` takes {earlier} out of secret.key, in a minute or any later\n"


def _role(state: State, name: str) -> str:
    if name == state.current:
        return "seals"
    return "opens" if name in state.known else "is missing"


def _shape(state: State) -> dict[str, object]:
    return {
        "current": state.current,
        "keys": [
            {"id": name, "known": name in state.known, "secrets": state.secrets.get(name, 0)}
            for name in (*state.known, *sorted(set(state.secrets) - set(state.known)))
        ],
        "closed": list(state.closed),
    }
