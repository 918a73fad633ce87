"""`errands`: what was promised to workflows and is not told yet, and telling it after all."""

import sys
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
import typer

from estafette.cli.group import add_group
from estafette.cli.run import AsJson, home, print_json, print_table, run

GivenUp = Annotated[bool, typer.Option("--given-up", help="Only those that were given up.")]
Limit = Annotated[int, typer.Option(help="How many at the most.", min=1, max=1000)]
Behind = Annotated[str, typer.Option("--after", help="Continue after this one: `next` of a list.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    add_group(app, "errands", "Outcomes that workflows wait to be told.", list_, again)


def list_(
    *, given_up: GivenUp = False, limit: Limit = 20, after: Behind = "", as_json: AsJson = False
) -> None:
    """List errands that are not over, newest first."""

    async def work() -> Sequence[dict[str, Any]]:
        async with home() as app:
            errands = app.core.errands
            found = await errands.list(given_up=given_up or None, limit=limit + 1, after=after)
            return [
                {
                    "id": item.id,
                    "account_sid": item.account,
                    "step": item.step,
                    "to": errands.whither(item),
                    "created_at": item.created_at,
                    "due_at": item.due_at,
                    "tries": item.tries,
                    "answer": item.answer,
                }
                for item in found
            ]

    found = run(work())
    items = found[:limit]
    following = items[-1]["id"] if len(found) > limit else None
    if as_json:
        print_json(msgspec.to_builtins({"items": items, "next": following}))
        return
    print_table(("created", "id", "step", "to", "next", "tries", "answer"), list(map(_row, items)))
    if following:
        sys.stdout.write(f"more: estafette errands list --after {following}\n")


def _row(item: dict[str, Any]) -> tuple[str, ...]:
    due = item["due_at"]
    return (
        f"{item['created_at']:%Y-%m-%d %H:%M:%S}",
        item["id"],
        item["step"],
        item["to"],
        f"{due:%Y-%m-%d %H:%M:%S}" if due else "given up",
        str(item["tries"]),
        item["answer"],
    )


def again(
    id: Annotated[str, typer.Argument(help="The errand, as `errands list` shows it.")],
    as_json: AsJson = False,
) -> None:
    """Take up an errand that was given up, for another day. A server that runs goes on with it."""

    async def work() -> None:
        async with home() as app:
            await app.core.errands.again(id)

    run(work())
    if as_json:
        print_json({"id": id})
    else:
        sys.stdout.write(f"{id} goes on\n")
