"""`accounts`: list and create accounts, give one another token."""

import sys
from typing import Annotated

import typer

from estafette.cli.run import AsJson, home, print_json, print_table, run
from estafette.cli.shape import iso
from estafette.model import Account


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Who owns senders and messages.", invoke_without_command=True)
    group.callback()(_default)
    group.command("list")(list_)
    group.command()(create)
    group.command("new-token")(new_token)
    app.add_typer(group, name="accounts")


def _default(context: typer.Context, as_json: AsJson = False) -> None:
    if context.invoked_subcommand is None:
        list_(as_json=as_json)


def list_(as_json: AsJson = False) -> None:
    """List the accounts, the oldest first."""

    async def work() -> list[Account]:
        async with home() as app:
            return await app.people.accounts()

    found = run(work())
    if as_json:
        print_json({"items": [_shape(account) for account in found], "next": None})
    else:
        rows = [(item.sid, item.name, f"{item.created_at:%Y-%m-%d %H:%M}") for item in found]
        print_table(("sid", "name", "created"), rows)


def create(
    name: Annotated[str, typer.Argument(help="What people call it.")], as_json: AsJson = False
) -> None:
    """Make an account; its token is shown this once."""

    async def work() -> tuple[Account, str]:
        async with home() as app:
            return await app.people.add_account(name)

    account, token = run(work())
    if as_json:
        print_json({**_shape(account), "auth_token": token})
    else:
        sys.stdout.write(f"sid         {account.sid}\nauth token  {token}\n")


def new_token(sid: Annotated[str, typer.Argument(help="AC…")], as_json: AsJson = False) -> None:
    """Give an account another token, shown this once; the old one opens nothing any more."""

    async def work() -> str:
        async with home() as app:
            return await app.people.new_token(sid)

    token = run(work())
    if as_json:
        print_json({"sid": sid, "auth_token": token})
    else:
        sys.stdout.write(f"auth token  {token}\n")


def _shape(account: Account) -> dict[str, object]:
    return {"sid": account.sid, "name": account.name, "created_at": iso(account.created_at)}
