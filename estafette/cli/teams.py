"""`teams`: users who look after conversations together."""

import sys
from collections.abc import Iterable
from typing import Annotated

import typer

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
from estafette.model.desk import Team, User, read_email

Which = Annotated[str, typer.Argument(metavar="TEAM", help="Its name, or its id.")]
Members = Annotated[
    list[str] | None, typer.Option("--member", help="The e-mail address of a user who is in it.")
]
Shown = tuple[Team, list[User]]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    add_group(
        app, "teams", "Users who look after conversations together.", list_, add, change, remove
    )


def list_(account: OfAccount = "", as_json: AsJson = False) -> None:
    """List teams: the default one, then the others by age."""

    async def work() -> list[Shown]:
        async with home() as app:
            owner = (await account_of(app, account)).sid
            found = await app.core.desk.teams(owner)
            crews = await app.core.desk.crews(owner)
            return [(team, crews.get(team.id, [])) for team in found]

    shown = run(work())
    if as_json:
        print_json({"items": [shape.team(*item) for item in shown], "next": None})
        return
    rows = [
        (
            team.id,
            team.name,
            "default" if team.is_default else "",
            ", ".join(user.email for user in members),
        )
        for team, members in shown
    ]
    print_table(("id", "name", "", "members"), rows)


def add(
    name: Annotated[str, typer.Argument(help="What it is called.")],
    *,
    members: Members = None,
    is_default: Annotated[
        bool, typer.Option("--default", help="Make it the default one in place of another.")
    ] = False,
    account: OfAccount = "",
    as_json: AsJson = False,
) -> None:
    """Add a team of users."""

    async def work() -> Shown:
        async with home() as app:
            owner = (await account_of(app, account)).sid
            desk = app.core.desk
            made = await desk.add_team(
                owner, name=name, members=members or (), is_default=is_default
            )
            return made, await desk.members(owner, made.id)

    made, crew = run(work())
    if as_json:
        print_json(shape.team(made, crew))
    else:
        sys.stdout.write(f"{made.name} is a team of {made.members}: {made.id}\n")


def change(
    which: Which,
    *,
    name: Annotated[str | None, typer.Option(help="Another name.")] = None,
    come: Annotated[
        list[str] | None, typer.Option("--add", help="The e-mail address of who comes into it.")
    ] = None,
    leave: Annotated[
        list[str] | None, typer.Option("--remove", help="The e-mail address of who leaves it.")
    ] = None,
    is_default: Annotated[
        bool, typer.Option("--default", help="Make it the default one in place of another.")
    ] = False,
    account: OfAccount = "",
    as_json: AsJson = False,
) -> None:
    """Change a team, or who is in it."""
    if not (name or come or leave or is_default):
        raise BadInput("there is nothing to change: see `estafette teams change --help`")

    async def work() -> Shown:
        async with home() as app:
            owner = (await account_of(app, account)).sid
            desk = app.core.desk
            found = named("team", await desk.teams(owner), which)
            crew = await desk.members(owner, found.id)
            changed = await desk.change_team(
                owner,
                found.id,
                name=name,
                members=_crew(crew, come or [], leave or []) if come or leave else None,
                is_default=is_default or None,
            )
            return changed, await desk.members(owner, changed.id)

    changed, crew = run(work())
    if as_json:
        print_json(shape.team(changed, crew))
    else:
        sys.stdout.write(f"{changed.name} is a team of {changed.members}\n")


def _crew(known: Iterable[User], come: Iterable[str], leave: Iterable[str]) -> list[str]:
    """The addresses of who is in a team then. Raises BadInput for one that is not in it."""
    emails = [user.email for user in known]
    for text in leave:
        if read_email(text) not in emails:
            raise BadInput(f"--remove {text}: it is not in the team")
        emails.remove(read_email(text) or "")
    return [*emails, *come]


def remove(which: Which, account: OfAccount = "") -> None:
    """Remove a team, also from the conversations that it looks after; the default one stays."""

    async def work() -> Team:
        async with home() as app:
            owner = (await account_of(app, account)).sid
            gone = named("team", await app.core.desk.teams(owner), which)
            await app.core.desk.remove_team(owner, gone.id)
            return gone

    sys.stdout.write(f"{run(work()).name} is a team no more\n")
