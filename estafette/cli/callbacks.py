"""`callbacks`: what customers' addresses were told, and telling it once more."""

import sys
from typing import Annotated, Any

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
from estafette.doors import doors
from estafette.model import After, Callback, CallbackStatus, Status
from estafette.model.ids import read_id
from estafette.model.notice import Event

Told = Annotated[CallbackStatus | None, typer.Option(help="Only those that are so.")]
Limit = Annotated[int, typer.Option(help="How many at the most.", min=1, max=1000)]
Behind = Annotated[str, typer.Option("--after", help="Continue after this one: `next` of a list.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    add_group(
        app, "callbacks", "What addresses were told of messages, contacts and more.",
        list_, show, replay, again,
    )  # fmt: skip


def list_(
    *,
    told: Told = None,
    limit: Limit = 20,
    after: Behind = "",
    account: OfAccount = "",
    as_json: AsJson = False,
) -> None:
    """List callbacks, newest first."""
    behind = After.read(after) if after else None
    if after and behind is None:
        raise BadInput(f"--after {after} is not what a list ended with")

    async def work() -> list[Callback]:
        async with home() as app:
            owner = await account_of(app, account)
            return await app.gateway.callbacks(owner, told=told, limit=limit + 1, after=behind)

    found = run(work())
    items, following = (
        found[:limit],
        str(After.of(found[limit - 1])) if len(found) > limit else None,
    )
    if as_json:
        print_json({"items": [shape.callback(item) for item in items], "next": following})
        return
    print_table(
        ("created", "about", "what", "told", "tries", "answer", "url"), list(map(_row, items))
    )
    if following:
        sys.stdout.write(f"more: estafette callbacks list --after {following}\n")


def _row(item: Callback) -> tuple[str, ...]:
    return (
        f"{item.created_at:%Y-%m-%d %H:%M:%S}",
        item.message,
        item.event or item.said,
        item.told,
        str(item.tries),
        item.answer,
        item.url.partition("?")[0].partition("#")[0],
    )


def show(
    about: Annotated[str, typer.Argument(help="What it is about: 32 hex digits, or SM….")],
    said: Annotated[str, typer.Argument(help="The status, or the id of the event.")],
    subscription: Annotated[str, typer.Option(help="The webhook that it is told to.")] = "",
    account: OfAccount = "",
    as_json: AsJson = False,
) -> None:
    """Show one callback, with the request that tells it."""

    async def work() -> dict[str, Any]:
        async with home() as app:
            app.show_callbacks(doors(app.core))
            owner = await account_of(app, account)
            name = read_id(about) or about
            found = await app.core.deliveries.get(owner, name, said, subscription)
            return shape.described(found, await app.core.deliveries.shown(found))

    found = run(work())
    if as_json:
        print_json(found)
        return
    asked = found.pop("request")
    print_table(("", ""), [(name, "" if one is None else str(one)) for name, one in found.items()])
    if asked:
        lines = [f"{asked['method']} {asked['url']}"]
        lines += [f"{name}: {value}" for name, value in asked["headers"].items()]
        sys.stdout.write("\n" + "\n".join([*lines, "", asked["body"], ""]))


def again(
    url: Annotated[str, typer.Argument(help="The whole address.")], account: OfAccount = ""
) -> None:
    """Tell once more what was given up at an address: the newest 500. A server that runs tells it."""

    async def work() -> int:
        async with home() as app:
            return await app.core.deliveries.again(await account_of(app, account), url)

    sys.stdout.write(f"to be told once more: {run(work())}\n")


def replay(
    id: Annotated[
        str,
        typer.Argument(
            help="The message: SM…, MM…, 32 hex digits; or the contact, the user or the team."
        ),
    ],
    status: Annotated[Status | None, typer.Option(help="Only this; else all that is over.")] = None,
    event: Annotated[Event | None, typer.Option(help="Only this, of what is no message.")] = None,
    subscription: Annotated[
        str | None,
        typer.Option(
            help="Only to this webhook; with an empty text, only to the message's own address."
        ),
    ] = None,
    account: OfAccount = "",
    as_json: AsJson = False,
) -> None:
    """Tell once more what was told, or given up. A server that runs tells it."""
    if status and event:
        raise BadInput("name a status or an event, not both")

    async def work() -> list[str]:
        async with home() as app:
            owner = await account_of(app, account)
            return await app.gateway.replay(owner, id, status or event, subscription=subscription)

    again = run(work())
    if as_json:
        print_json({"items": again})
    else:
        sys.stdout.write(f"to be told once more: {', '.join(again) or 'nothing'}\n")
