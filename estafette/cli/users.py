"""`users`: the colleagues who look after conversations."""

import sys
from typing import Annotated

import typer

from estafette.app import App
from estafette.cli import shape
from estafette.cli.group import add_group
from estafette.cli.run import (
    AsJson,
    BadInput,
    OfAccount,
    account_of,
    home,
    print_json,
    print_table,
    run,
)
from estafette.cli.vocabulary import named
from estafette.model import Unknown
from estafette.model.desk import CustomStatus, User

Who = Annotated[str, typer.Argument(metavar="USER", help="Their e-mail address, or their id.")]
Name = Annotated[str | None, typer.Option(help="What people call them.")]
Role = Annotated[str | None, typer.Option(help="What they do.")]
Available = Annotated[
    bool | None, typer.Option("--available/--away", help="Whether they are there.")
]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    add_group(app, "users", "Colleagues who look after conversations.", list_, add, change, remove)


def list_(account: OfAccount = "", as_json: AsJson = False) -> None:
    """List users, the oldest first."""

    async def work() -> tuple[list[User], list[CustomStatus]]:
        async with home() as app:
            owner = (await account_of(app, account)).sid
            return await app.core.desk.users(owner), await app.core.desk.statuses(owner)

    found, statuses = run(work())
    if as_json:
        print_json({"items": [shape.user(user) for user in found], "next": None})
        return
    said = {status.id: f"{status.emoji} {status.name}".strip() for status in statuses}
    rows = [
        (
            user.id,
            user.email,
            "available" if user.available else "away",
            said.get(user.status, ""),
            user.role,
            user.name,
        )
        for user in found
    ]
    print_table(("id", "e-mail", "", "status", "role", "name"), rows)


def add(
    email: Annotated[str, typer.Argument(help="Their e-mail address.")],
    *,
    name: Name = None,
    role: Role = None,
    available: Available = None,
    account: OfAccount = "",
    as_json: AsJson = False,
) -> None:
    """Add a user; running servers know them at once."""

    async def work() -> User:
        async with home() as app:
            owner = await account_of(app, account)
            return await app.core.desk.add_user(
                owner.sid,
                email=email,
                name=name or "",
                role=role or "",
                available=available is not False,
            )

    made = run(work())
    if as_json:
        print_json(shape.user(made))
    else:
        sys.stdout.write(f"{made.email} is a user: {made.id}\n")


def change(
    who: Who,
    *,
    email: Annotated[str | None, typer.Option(help="Another e-mail address.")] = None,
    name: Name = None,
    role: Role = None,
    available: Available = None,
    status: Annotated[
        str | None, typer.Option(help="A custom status, by its name or its id; '' for none.")
    ] = None,
    account: OfAccount = "",
    as_json: AsJson = False,
) -> None:
    """Change a user, or what they say of themselves."""
    if {email, name, role, available, status} == {None}:
        raise BadInput("there is nothing to change: see `estafette users change --help`")

    async def work() -> User:
        async with home() as app:
            owner = (await account_of(app, account)).sid
            said = status
            if status:
                said = named("status", await app.core.desk.statuses(owner), status).id
            return await app.core.desk.change_user(
                owner,
                (await user_of(app, owner, who)).id,
                email=email,
                name=name,
                role=role,
                available=available,
                status=said,
            )

    changed = run(work())
    if as_json:
        print_json(shape.user(changed))
    else:
        sys.stdout.write(f"{changed.email} is changed\n")


def remove(who: Who, account: OfAccount = "") -> None:
    """Remove a user from the account, its teams and the conversations they look after."""

    async def work() -> User:
        async with home() as app:
            owner = (await account_of(app, account)).sid
            gone = await user_of(app, owner, who)
            await app.core.desk.remove_user(owner, gone.id)
            return gone

    sys.stdout.write(f"{run(work()).email} is a user no more\n")


async def user_of(app: App, account: str, who: str) -> User:
    """A user by their e-mail address or their id. Raises Unknown."""
    if "@" not in who:
        return await app.core.desk.user(account, who.lower())
    found = await app.core.desk.user_by_email(account, who)
    if found is None:
        raise Unknown(f"no user {who}")
    return found
