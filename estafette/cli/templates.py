"""`templates`: make, see and change the texts with holes of an account."""

import contextlib
import sys
from collections.abc import Iterator, Mapping
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
from estafette.cli.send import URL
from estafette.model import Cursor
from estafette.model.ids import read_id
from estafette.model.template import Category, Malformed, Template, TemplateKind, TemplateStatus

Id = Annotated[str, typer.Argument(help="HX…, or its 32 hex digits.")]
Kind = Annotated[
    TemplateKind | None,
    typer.Option("--kind", help="What it shows: text alone, or above it media."),
]
Status = Annotated[
    TemplateStatus | None, typer.Option("--status", help="What became of its approval.")
]
CategoryOption = Annotated[
    Category | None, typer.Option("--category", help="What it is for, as WhatsApp has it.")
]
Title = Annotated[
    str | None, typer.Option("--title", help="What people call it; its name where that is empty.")
]
Language = Annotated[str | None, typer.Option("--language", help="A code such as en or pt_BR.")]
MediaUrl = Annotated[
    str | None, typer.Option("--media-url", help="What it shows where a message brings no media.")
]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    add_group(app, "templates", "Texts with holes.", list_, add, show, change, remove)


def list_(
    *,
    name: Annotated[str, typer.Option(help="Only those of this name.")] = "",
    search: Annotated[str, typer.Option(help="Only those in whose name this stands.")] = "",
    status: Status = None,
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
            page = await app.core.templates.page(
                owner, limit=limit, cursor=cursor, name=name, status=status, search=search
            )
            return list(page.items), page.has_next

    found, more = run(work())
    following = found[-1].id if more else None
    if as_json:
        print_json({"items": [shape.template(item) for item in found], "next": following})
        return
    names = ("sid", "name", "language", "kind", "status", "body")
    print_table(names, [_row(item) for item in found])
    if following:
        sys.stdout.write(f"more: estafette templates list --after HX{following}\n")


def add(
    name: Annotated[str, typer.Argument(help="Its name, such as order_news.")],
    body: Annotated[str, typer.Argument(help="Its text, with holes {{1}}, {{2}}, and so on.")],
    *,
    language: Annotated[str, typer.Option(help="A code such as en or pt_BR.")] = "en",
    kind: Kind = None,
    status: Status = None,
    category: CategoryOption = None,
    title: Title = None,
    media_url: MediaUrl = None,
    account: OfAccount = "",
    as_json: AsJson = False,
) -> None:
    """Make a template for WhatsApp; every door has it at once.

    Without a status its approval is asked for: the sandbox gives it within seconds.
    """
    parts = _given(
        kind=kind, status=status, category=category, title=title, media_url=_url(media_url)
    )

    async def work() -> Template:
        async with home() as app:
            owner = await account_of(app, account)
            with _blaming():
                return await app.core.templates.create(
                    owner, name=name, body=body, language=language, **parts
                )

    made = run(work())
    if as_json:
        print_json(shape.template(made))
    else:
        sys.stdout.write(f"HX{made.id}\n")


def show(id: Id, account: OfAccount = "", as_json: AsJson = False) -> None:
    """Show a template."""
    asked = _read_id(id)

    async def work() -> Template:
        async with home() as app:
            return await app.core.templates.get(await account_of(app, account), asked)

    found = shape.template(run(work()))
    if as_json:
        print_json(found)
        return
    components = found["components"]
    left_out = {"types", "variables", "components"}
    rows = [(name, str(value)) for name, value in found.items() if name not in left_out]
    parts = [(part["type"].lower(), _part(part)) for part in components]
    print_table(("", ""), [*rows, *parts])


def change(
    id: Id,
    *,
    name: Annotated[str | None, typer.Option(help="Its name.")] = None,
    body: Annotated[str | None, typer.Option(help="Its text.")] = None,
    language: Language = None,
    kind: Kind = None,
    status: Status = None,
    category: CategoryOption = None,
    title: Title = None,
    media_url: MediaUrl = None,
    account: OfAccount = "",
    as_json: AsJson = False,
) -> None:
    """Change a template, whatever its status; what is left out stays."""
    asked = _read_id(id)
    parts = _given(
        name=name,
        body=body,
        language=language,
        kind=kind,
        status=status,
        category=category,
        title=title,
        media_url=_url(media_url),
    )
    if not parts:
        raise BadInput("there is nothing to change: see `estafette templates change --help`")

    async def work() -> Template:
        async with home() as app:
            owner = await account_of(app, account)
            with _blaming():
                return await app.core.templates.change(owner, asked, **parts)

    made = run(work())
    if as_json:
        print_json(shape.template(made))
    else:
        sys.stdout.write(f"HX{made.id} is changed\n")


def remove(id: Id, account: OfAccount = "") -> None:
    """Delete a template; messages that were made of it stay."""
    asked = _read_id(id)

    async def work() -> None:
        async with home() as app:
            await app.core.templates.remove(await account_of(app, account), asked)

    run(work())
    sys.stdout.write(f"HX{asked} is deleted\n")


@contextlib.contextmanager
def _blaming() -> Iterator[None]:
    try:
        yield
    except Malformed as error:
        raise BadInput(str(error)) from None


def _given(**options: Any) -> dict[str, Any]:
    """The options that were given."""
    return {name: value for name, value in options.items() if value is not None}


def _url(text: str | None) -> str | None:
    if text and not URL.fullmatch(text):
        raise BadInput(f"--media-url {text}: a URL such as https://example.com/picture.png")
    return text


def _row(item: Template) -> tuple[str, ...]:
    body = " ".join(item.body.split())
    short = body if len(body) <= 60 else body[:59] + "…"
    return f"HX{item.id}", item.name, item.language, item.kind, item.status, short


def _part(part: Mapping[str, Any]) -> str:
    """A component in a line: its text, or what it shows, or its buttons."""
    if isinstance(buttons := part.get("buttons"), list):
        return ", ".join(str(it.get("text") or it.get("type")) for it in buttons)
    if isinstance(cards := part.get("cards"), list):
        return f"{len(cards)} cards"
    return str(part.get("text") or part.get("format", "")).replace("\n", " ")


def _read_id(text: str) -> str:
    id = read_id(text.removeprefix("HX"))
    if id is None:
        raise BadInput(f"{text} is not the id of a template: HX… or 32 hex digits")
    return id
