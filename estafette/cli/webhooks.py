"""`webhooks`: addresses that are told what happens in an account."""

import sys
from typing import Annotated

import typer

from estafette.cli import shape
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
from estafette.doors.own.notices import DOOR
from estafette.doors.own.webhooks import LONGEST_SECRET, WebhookEvent, joined
from estafette.model import Declined, Subscription

Events = Annotated[
    list[WebhookEvent] | None,
    typer.Option("--event", help="What to tell; everything where it is left out."),
]
Signed = Annotated[
    bool,
    typer.Option(
        "--secret",
        help="Sign with a secret, a line of standard input; else with the account's token.",
    ),
]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="Addresses that are told what happens in an account.", invoke_without_command=True
    )
    group.callback()(_default)
    group.command("list")(list_)
    group.command()(add)
    group.command()(remove)
    app.add_typer(group, name="webhooks")


def _default(context: typer.Context, as_json: AsJson = False) -> None:
    if context.invoked_subcommand is None:
        list_(as_json=as_json)


def list_(account: OfAccount = "", as_json: AsJson = False) -> None:
    """List webhooks, newest first; their secrets are not shown."""

    async def work() -> list[Subscription]:
        async with home() as app:
            owner = await account_of(app, account)
            return await app.core.subscriptions.list(owner.sid, DOOR)

    found = run(work())
    if as_json:
        print_json({"items": [shape.webhook(item) for item in found], "next": None})
        return
    rows = [
        (item.id, ", ".join(item.events), f"{item.created_at:%Y-%m-%d %H:%M}", item.url)
        for item in found
    ]
    print_table(("id", "events", "created", "url"), rows)


def add(
    url: Annotated[str, typer.Argument(help="The address: http or https.")],
    *,
    events: Events = None,
    signed: Signed = False,
    account: OfAccount = "",
    as_json: AsJson = False,
) -> None:
    """Have an address told what happens from now on, also by running servers."""
    secret = sys.stdin.readline().rstrip("\r\n") if signed else ""
    if signed and not 0 < len(secret) <= LONGEST_SECRET:
        raise BadInput(f"a secret has 1 to {LONGEST_SECRET} characters, on standard input")

    async def work() -> Subscription:
        async with home() as app:
            owner = await account_of(app, account)
            try:
                return await app.core.subscriptions.add(
                    owner.sid,
                    door=DOOR,
                    event=joined(events or list(WebhookEvent)),
                    url=url,
                    secret=secret,
                )
            except Declined as error:
                raise BadInput(f"{error.value} is not a URL that may be told") from None

    made = run(work())
    if as_json:
        print_json(shape.webhook(made))
    else:
        sys.stdout.write(f"{made.id} is told: {', '.join(made.events)}\n")


def remove(
    id: Annotated[str, typer.Argument(help="Its id: 32 hex digits.")], account: OfAccount = ""
) -> None:
    """Tell an address no more: what it is still owed is given up."""

    async def work() -> None:
        async with home() as app:
            owner = await account_of(app, account)
            await app.core.subscriptions.remove(owner.sid, id.lower(), door=DOOR)

    run(work())
    sys.stdout.write(f"{id} is told no more\n")
