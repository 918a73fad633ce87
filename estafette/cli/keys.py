"""`keys`: list, create and revoke the keys of an account."""

import sys
from typing import Annotated

import typer

from estafette.cli import shape
from estafette.cli.group import add_group
from estafette.cli.run import AsJson, OfAccount, account_of, home, print_json, print_table, run
from estafette.model import Key


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    add_group(app, "keys", "Credentials of an account.", list_, create, revoke)


def list_(account: OfAccount = "", as_json: AsJson = False) -> None:
    """List the keys that are not revoked; their secrets are not kept."""

    async def work() -> list[Key]:
        async with home() as app:
            return await app.people.keys((await account_of(app, account)).sid)

    found = run(work())
    if as_json:
        print_json({"items": [shape.key(key) for key in found], "next": None})
    else:
        rows = [(key.sid, key.label, f"{key.created_at:%Y-%m-%d %H:%M}") for key in found]
        print_table(("sid", "label", "created"), rows)


def create(
    label: Annotated[str, typer.Option(help="What it is for.")] = "",
    account: OfAccount = "",
    as_json: AsJson = False,
) -> None:
    """Make a key; its secret is shown this once."""

    async def work() -> tuple[Key, str]:
        async with home() as app:
            return await app.people.add_key((await account_of(app, account)).sid, label)

    key, secret = run(work())
    if as_json:
        print_json(shape.key(key, secret))
    else:
        sys.stdout.write(f"sid     {key.sid}\nsecret  {secret}\nbearer  {key.sid}.{secret}\n")


def revoke(
    sid: Annotated[str, typer.Argument(help="SK…")],
    account: OfAccount = "",
) -> None:
    """Make a key worthless, in running servers within two seconds."""

    async def work() -> None:
        async with home() as app:
            await app.people.revoke_key((await account_of(app, account)).sid, sid)

    run(work())
    sys.stdout.write(f"{sid} opens nothing any more\n")
