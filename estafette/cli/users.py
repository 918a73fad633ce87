"""`users`: the colleagues who look after conversations."""

import sys
from getpass import getpass
from typing import Annotated

import typer

from estafette.app import App
from estafette.cli import shape
from estafette.cli.group import add_group
from estafette.cli.run import (
    USUAL_URL,
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
    about = "Colleagues who look after conversations, and sign in to the console."
    add_group(app, "users", about, list_, add, change, remove, link, password)


def list_(account: OfAccount = "", as_json: AsJson = False) -> None:
    """List users, the oldest first."""

    async def work() -> tuple[list[User], list[CustomStatus], set[str]]:
        async with home() as app:
            owner = (await account_of(app, account)).sid
            desk, sessions = app.core.desk, app.core.sessions
            able = await sessions.with_password(owner)
            return await desk.users(owner), await desk.statuses(owner), able

    found, statuses, able = run(work())
    if as_json:
        items = [shape.user(user, has_password=user.id in able) for user in found]
        print_json({"items": items, "next": None})
        return
    said = {status.id: f"{status.emoji} {status.name}".strip() for status in statuses}
    rows = [
        (
            user.id,
            user.email,
            "available" if user.available else "away",
            said.get(user.status, ""),
            user.role,
            "password" if user.id in able else "",
            user.name,
        )
        for user in found
    ]
    print_table(("id", "e-mail", "", "status", "role", "signs in", "name"), rows)


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

    async def work() -> tuple[User, bool]:
        async with home() as app:
            owner = (await account_of(app, account)).sid
            said = status
            if status:
                said = named("status", await app.core.desk.statuses(owner), status).id
            made = await app.core.desk.change_user(
                owner,
                (await user_of(app, owner, who)).id,
                email=email,
                name=name,
                role=role,
                available=available,
                status=said,
            )
            return made, await app.core.sessions.has_password(owner, made.id)

    changed, has_password = run(work())
    if as_json:
        print_json(shape.user(changed, has_password=has_password))
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


def link(
    who: Annotated[
        str,
        typer.Argument(
            metavar="[USER]",
            help="Their e-mail address, or their id; the account itself where it is left out.",
        ),
    ] = "",
    account: OfAccount = "",
    as_json: AsJson = False,
) -> None:
    """Make a link that signs somebody in to the console once, within 24 hours."""

    async def work() -> str:
        async with home() as app:
            owner = (await account_of(app, account)).sid
            holder = (await user_of(app, owner, who)).id if who else ""
            token = await app.core.sessions.link(owner, holder)
            return f"{app.core.public_url or USUAL_URL}/console/welcome/{token}"

    url = run(work())
    if as_json:
        print_json({"url": url})
    else:
        sys.stdout.write(f"{url}\n")


def password(who: Who, account: OfAccount = "") -> None:
    """Set a user's password: it is asked for, or read from standard input. They are signed out."""
    given = getpass("password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")

    async def work() -> User:
        async with home() as app:
            owner = (await account_of(app, account)).sid
            found = await user_of(app, owner, who)
            await app.core.sessions.set_password(owner, found.id, given)
            return found

    sys.stdout.write(f"{run(work()).email} has another password\n")


async def user_of(app: App, account: str, who: str) -> User:
    """A user by their e-mail address or their id. Raises Unknown."""
    if "@" not in who:
        return await app.core.desk.user(account, who.lower())
    found = await app.core.desk.user_by_email(account, who)
    if found is None:
        raise Unknown(f"no user {who}")
    return found
