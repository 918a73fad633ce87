"""`tags`, `fields`, `funnels` and `statuses`: the words that a desk uses."""

import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, Protocol, TypeVar

import typer

from estafette.cli import shape
from estafette.cli.group import Command, add_group
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
from estafette.core.desk import Desk
from estafette.model import Unknown
from estafette.model.desk import FieldKind


class Named(Protocol):
    """What has an id and a name."""

    @property
    def id(self) -> str:
        """32 hex digits."""

    @property
    def name(self) -> str:
        """What people call it."""


T = TypeVar("T", bound=Named)

Name = Annotated[str, typer.Argument(help="What it is called.")]
Which = Annotated[str, typer.Argument(metavar="NAME", help="Its name, or its id.")]
NewName = Annotated[str | None, typer.Option("--name", help="Another name.")]
Emoji = Annotated[str | None, typer.Option(help="A picture of it.")]
Kind = Annotated[FieldKind | None, typer.Option(help="What it holds; text where it is left out.")]
Options = Annotated[
    list[str] | None, typer.Option("--option", help="What may be chosen of a list.")
]
Position = Annotated[
    int | None, typer.Option(help="Where it stands among the others; behind them without.")
]

#: The commands by noun: what it is, what all of them are, the columns of a list, and what the
#: methods of the desk that add, change and remove one are called after.
WORDS = {
    "tag": ("tags", "Words that contacts may have.", ("id", "name")),
    "field": (
        "fields", "What contacts may have beside what is known of all.",
        ("id", "kind", "name", "options"),
    ),
    "funnel": (
        "funnels", "The stages that conversations go through.",
        ("id", "position", "emoji", "name"),
    ),
    "status": (
        "statuses", "What users may say of themselves, such as that they are on holiday.",
        ("id", "emoji", "name"),
    ),
}  # fmt: skip


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    parts: dict[str, tuple[Command, Command]] = {
        "tag": (_add_tag, _change_tag),
        "field": (_add_field, _change_field),
        "funnel": (_add_funnel, _change_funnel),
        "status": (_add_status, _change_status),
    }
    for word, (add, change) in parts.items():
        name, about, columns = WORDS[word]
        lists, remove = _lists(name, columns), _removes(word)
        add_group(app, name, about, lists, add=add, change=change, remove=remove)


def named(word: str, found: Sequence[T], text: str) -> T:
    """One of these by its id or its name, without regard to capitals. Raises Unknown."""
    for item in found:
        if item.id == text.replace("-", "").lower():
            return item
    called = [item for item in found if item.name.casefold() == text.strip().casefold()]
    if not called:
        raise Unknown(f"no {word} {text}")
    if len(called) > 1:
        raise BadInput(f"{len(called)} are named {text}: say which by its id")
    return called[0]


def _lists(name: str, columns: tuple[str, ...]) -> Command:
    def list_(account: OfAccount = "", as_json: AsJson = False) -> None:
        found = _on(account, lambda desk, owner: getattr(desk, name)(owner))
        shown = [getattr(shape, _word(name))(item) for item in found]
        if as_json:
            print_json({"items": shown, "next": None})
        else:
            print_table(columns, [[_cell(item[column]) for column in columns] for item in shown])

    list_.__doc__ = f"List {name}."
    return list_


def _removes(word: str) -> Command:
    name = WORDS[word][0]

    def remove(which: Which, account: OfAccount = "") -> None:
        async def work(desk: Desk, owner: str) -> str:
            gone = named(word, await getattr(desk, name)(owner), which)
            await getattr(desk, f"remove_{word}")(owner, gone.id)
            return str(gone.name)

        sys.stdout.write(f"{_on(account, work)} is a {word} no more\n")

    remove.__doc__ = f"Remove a {word}."
    return remove


def _add_tag(name: Name, account: OfAccount = "", as_json: AsJson = False) -> None:
    """Add a tag."""
    _adds("tag", account, as_json, name=name)


def _change_tag(which: Which, name: NewName = None, account: OfAccount = "") -> None:
    """Give a tag another name; contacts keep what they were tagged with."""
    _changes("tag", which, account, name=name)


def _add_field(
    name: Name,
    *,
    kind: Kind = None,
    options: Options = None,
    account: OfAccount = "",
    as_json: AsJson = False,
) -> None:
    """Add a field of contacts."""
    _adds("field", account, as_json, name=name, kind=kind, options=options or None)


def _change_field(
    which: Which,
    *,
    name: NewName = None,
    kind: Kind = None,
    options: Options = None,
    account: OfAccount = "",
) -> None:
    """Change a field; contacts keep the values that they have."""
    _changes("field", which, account, name=name, kind=kind, options=options or None)


def _add_funnel(
    name: Name,
    *,
    emoji: Emoji = None,
    position: Position = None,
    account: OfAccount = "",
    as_json: AsJson = False,
) -> None:
    """Add a stage that conversations go through."""
    _adds("funnel", account, as_json, name=name, emoji=emoji, position=position)


def _change_funnel(
    which: Which,
    *,
    name: NewName = None,
    emoji: Emoji = None,
    position: Position = None,
    account: OfAccount = "",
) -> None:
    """Change a stage that conversations go through."""
    _changes("funnel", which, account, name=name, emoji=emoji, position=position)


def _add_status(
    name: Name, *, emoji: Emoji = None, account: OfAccount = "", as_json: AsJson = False
) -> None:
    """Add what users may say of themselves."""
    _adds("status", account, as_json, name=name, emoji=emoji)


def _change_status(
    which: Which, *, name: NewName = None, emoji: Emoji = None, account: OfAccount = ""
) -> None:
    """Change what users may say of themselves."""
    _changes("status", which, account, name=name, emoji=emoji)


def _adds(word: str, account: str, as_json: bool, **parts: Any) -> None:
    given = {name: part for name, part in parts.items() if part is not None}
    made = _on(account, lambda desk, owner: getattr(desk, f"add_{word}")(owner, **given))
    if as_json:
        print_json(getattr(shape, word)(made))
    else:
        sys.stdout.write(f"{made.name} is a {word}: {made.id}\n")


def _changes(word: str, which: str, account: str, **parts: Any) -> None:
    name = WORDS[word][0]
    given = {name: part for name, part in parts.items() if part is not None}
    if not given:
        raise BadInput(f"there is nothing to change: see `estafette {name} change --help`")

    async def work(desk: Desk, owner: str) -> Any:
        found = named(word, await getattr(desk, name)(owner), which)
        return await getattr(desk, f"change_{word}")(owner, found.id, **given)

    sys.stdout.write(f"{_on(account, work).name} is changed\n")


def _on(account: str, ask: Callable[[Desk, str], Awaitable[Any]]) -> Any:
    """What the desk of an account answers."""

    async def work() -> Any:
        async with home() as app:
            return await ask(app.core.desk, (await account_of(app, account)).sid)

    return run(work())


def _word(name: str) -> str:
    return next(word for word, parts in WORDS.items() if parts[0] == name)


def _cell(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)
