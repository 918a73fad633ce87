"""`templates`: see the texts with holes of an account."""

import sys
from typing import Annotated, Any

import typer

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
from estafette.cli.shape import iso
from estafette.model import Cursor
from estafette.model.template import Template, shapes


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Texts with holes.", invoke_without_command=True)
    group.callback()(_default)
    group.command("list")(list_)
    app.add_typer(group, name="templates")


def _default(context: typer.Context, as_json: AsJson = False) -> None:
    if context.invoked_subcommand is None:
        list_(as_json=as_json)


def list_(
    *,
    limit: Annotated[int, typer.Option(help="How many at the most.", min=1, max=1000)] = 20,
    after: Annotated[str, typer.Option(help="Continue after the template with this id.")] = "",
    account: OfAccount = "",
    as_json: AsJson = False,
) -> None:
    """List the templates of an account, newest first."""
    cursor = Cursor(_read_id(after)) if after else None

    async def work() -> tuple[list[Template], bool]:
        async with home() as app:
            owner = await account_of(app, account)
            page = await app.core.templates.page(owner, limit=limit, cursor=cursor)
            return list(page.items), page.has_next

    found, more = run(work())
    following = found[-1].id if more else None
    if as_json:
        print_json({"items": [_shape(item) for item in found], "next": following})
        return
    print_table(("sid", "name", "language", "status", "body"), [_row(item) for item in found])
    if following:
        sys.stdout.write(f"more: estafette templates list --after HX{following}\n")


def _row(item: Template) -> tuple[str, ...]:
    body = " ".join(item.body.split())
    short = body if len(body) <= 60 else body[:59] + "…"
    return f"HX{item.id}", item.name, item.language, item.status, short


def _read_id(text: str) -> str:
    digits = text.removeprefix("HX").lower()
    if len(digits) != 32 or set(digits) - set("0123456789abcdef"):
        raise BadInput(f"{text} is not the id of a template: HX… or 32 hex digits")
    return digits


def _shape(item: Template) -> dict[str, Any]:
    return {
        "id": item.id,
        "sid": f"HX{item.id}",
        "account": item.account,
        "name": item.name,
        "language": item.language,
        "channel": item.channel or None,
        "kind": item.kind,
        "body": item.body,
        "types": dict(shapes(item)),
        "variables": dict(item.variables),
        "status": item.status,
        "created_at": iso(item.created_at),
        "updated_at": iso(item.updated_at),
    }
