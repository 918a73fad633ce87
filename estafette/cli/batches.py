"""`batches`: many messages that are sent as one, how far they are, and what became of them."""

import sys
from typing import Annotated

import typer

from estafette.app import App
from estafette.cli import shape
from estafette.cli.group import add_group
from estafette.cli.many import why, write_result
from estafette.cli.run import (
    AsJson,
    BadInput,
    OfAccount,
    account_of,
    home,
    print_json,
    print_table,
    run,
    visible,
)
from estafette.model import Account, Cursor, Unknown
from estafette.model.batch import Batch
from estafette.model.ids import read_id

Id = Annotated[str, typer.Argument(help="The batch, as `batches list` shows it.")]
Limit = Annotated[int, typer.Option(help="How many at the most.", min=1, max=1000)]
Behind = Annotated[str, typer.Option("--after", help="Continue after this one: `next` of a list.")]

_WRONG = 20  # rows that became nothing, of those that are shown


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    add_group(
        app, "batches", "Many messages that are sent as one.",
        list_, show, start, pause, cancel, remove, result=result_,
    )  # fmt: skip


def list_(
    *, limit: Limit = 20, after: Behind = "", account: OfAccount = "", as_json: AsJson = False
) -> None:
    """List batches, newest first."""
    cursor = Cursor(_id(after)) if after else None

    async def work() -> tuple[list[Batch], str | None]:
        async with home() as app:
            owner = await account_of(app, account)
            found = await app.core.batches.page(owner, limit=limit, cursor=cursor)
            items = list(found.items)
            return items, items[-1].id if found.has_next else None

    items, following = run(work())
    if as_json:
        print_json({"items": [shape.batch(item) for item in items], "next": following})
        return
    print_table(("created", "id", "status", "rows", "sent", "not", "title"), list(map(_row, items)))
    if following:
        sys.stdout.write(f"more: estafette batches list --after {following}\n")


def _row(item: Batch) -> tuple[str, ...]:
    counts = (item.total, item.sent, item.failed)
    at = f"{item.created_at:%Y-%m-%d %H:%M:%S}"
    return (at, item.id, item.status, *map(str, counts), item.title)


def show(id: Id, account: OfAccount = "", as_json: AsJson = False) -> None:
    """Show one batch: how far it is, and which rows became no message."""

    async def work() -> tuple[Batch, list[str]]:
        async with home() as app:
            owner, found = await _found(app, account, id)
            wrong = await app.core.batches.rows(owner, found.id, limit=_WRONG, is_wrong=True)
            return found, [f"row {row.number}: {why(row)}" for row in wrong]

    found, wrong = run(work())
    if as_json:
        print_json(shape.batch(found))
        return
    lines = [
        f"{found.id} {found.status}: {visible(found.title)}",
        f"{found.done} of {found.total} rows: {found.sent} sent, {found.failed} not",
        *wrong,
    ]
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def start(id: Id, account: OfAccount = "", as_json: AsJson = False) -> None:
    """Send a batch, or go on with one that was paused. A server that runs on this home does it."""
    _move("start", id, account, as_json=as_json)


def pause(id: Id, account: OfAccount = "", as_json: AsJson = False) -> None:
    """Stop a batch between two rows, to go on later."""
    _move("pause", id, account, as_json=as_json)


def cancel(id: Id, account: OfAccount = "", as_json: AsJson = False) -> None:
    """Stop a batch for good; what was sent stays sent."""
    _move("cancel", id, account, as_json=as_json)


def remove(id: Id, account: OfAccount = "", as_json: AsJson = False) -> None:
    """Forget a batch that does not run, and its rows; its messages stay."""

    async def work() -> None:
        async with home() as app:
            owner, found = await _found(app, account, id)
            await app.core.batches.remove(owner, found.id)

    run(work())
    if as_json:
        print_json({"id": id})
    else:
        sys.stdout.write(f"{id} is removed\n")


def result_(
    id: Id,
    file: Annotated[str, typer.Argument(help="The file to write; - for standard output.")] = "-",
    bom: Annotated[
        bool, typer.Option("--bom", help="Begin with the mark by which Excel knows UTF-8.")
    ] = False,
    account: OfAccount = "",
) -> None:
    """Write the rows of a batch as CSV, with the id and the status of each message by now."""

    async def work() -> None:
        async with home() as app:
            _, found = await _found(app, account, id)
            await write_result(app, found, file, bom=bom)

    run(work())


def _move(word: str, id: str, account: str, *, as_json: bool) -> None:
    async def work() -> Batch:
        async with home() as app:
            owner, found = await _found(app, account, id)
            moved: Batch = await getattr(app.core.batches, word)(owner, found.id)
            return moved

    found = run(work())
    if as_json:
        print_json(shape.batch(found))
    else:
        sys.stdout.write(f"{found.id} is {found.status}\n")


async def _found(app: App, account: str, id: str) -> tuple[Account, Batch]:
    owner = await account_of(app, account)
    known = read_id(id)
    if known is None:
        raise Unknown(f"no batch {id[:64]}")
    return owner, await app.core.batches.get(owner, known)


def _id(text: str) -> str:
    id = read_id(text)
    if id is None:
        raise BadInput(f"--after {text} is not what a list ended with")
    return id
