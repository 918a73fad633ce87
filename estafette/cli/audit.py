"""`audit`: who changed what."""

import sys
from typing import Annotated

import msgspec
import typer

from estafette.cli.run import AsJson, OfAccount, account_of, home, print_json, print_table, run
from estafette.model.session import Change


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(audit)


def audit(
    *,
    group: Annotated[str, typer.Option(help="Only events that begin with this: `user`.")] = "",
    limit: Annotated[int, typer.Option(help="How many at the most.", min=1, max=1000)] = 20,
    after: Annotated[str, typer.Option(help="Continue after this one: `next` of a list.")] = "",
    account: OfAccount = "",
    as_json: AsJson = False,
) -> None:
    """List who changed what, newest first: in the console, through the API, or by a command."""

    async def work() -> list[Change]:
        async with home() as app:
            owner = await account_of(app, account)
            return await app.core.audit.page(owner.sid, limit=limit + 1, after=after, group=group)

    found = run(work())
    items = found[:limit]
    following = items[-1].id if len(found) > limit else None
    if as_json:
        print_json({"items": msgspec.to_builtins(items), "next": following})
        return
    rows = [
        (
            f"{item.created_at:%Y-%m-%d %H:%M:%S}",
            item.name or item.actor or "the account",
            item.via,
            item.event,
            item.about,
            " ".join(f"{name}={_said(value)}" for name, value in item.details.items()),
        )
        for item in items
    ]
    print_table(("when", "who", "through", "what", "about", ""), rows)
    if following:
        sys.stdout.write(f"more: estafette audit --after {following}\n")


def _said(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
