"""`contacts`: who is written to and who writes, and the conversations with them."""

import json
import sys
from typing import Annotated, Any

import typer

from estafette.app import App
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
from estafette.core.contacts import Cards
from estafette.model import Channel, Declined, Unknown
from estafette.model.contact import Card, Note
from estafette.model.ids import read_id


def check_note(text: str) -> str:
    """Refuse an empty note. Raises BadInput."""
    if not text.strip():
        raise BadInput("there is nothing to note")
    return text


Who = Annotated[str, typer.Argument(metavar="CONTACT", help="Their address, or their id.")]
OnChannel = Annotated[Channel, typer.Option("--channel", help="The channel of the address.")]
Name = Annotated[str | None, typer.Option(help="What the account calls them.")]
Email = Annotated[str | None, typer.Option(help="Their e-mail address.")]
Tags = Annotated[
    list[str] | None, typer.Option("--tag", help="A tag; all that are given replace all others.")
]
Fields = Annotated[
    list[str] | None,
    typer.Option("--field", help="NAME=VALUE; NAME= drops it. The value may be JSON."),
]
Remark = Annotated[str | None, typer.Option("--note", help="What else is to be known of them.")]
Noting = Annotated[str, typer.Argument(help="What to note.", callback=check_note)]
Author = Annotated[str, typer.Option(help="Who says so.")]
Assignee = Annotated[
    str | None,
    typer.Option(help="The e-mail address of the user who looks after them; '' for nobody."),
]
OfTeam = Annotated[
    str | None, typer.Option(help="The team that looks after them, by name or id; '' for none.")
]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    add_group(
        app,
        "contacts",
        "Who is written to and who writes, and the conversations with them.",
        list_,
        show,
        add,
        change,
        remove,
        note,
        open_,
        close,
    )


def list_(
    *,
    channel: Annotated[Channel | None, typer.Option(help="Those on a channel.")] = None,
    tags: Annotated[
        list[str] | None, typer.Option("--tag", help="Those who have this tag, or another given.")
    ] = None,
    team: Annotated[str, typer.Option(help="Those whom a team looks after, by name or id.")] = "",
    search: Annotated[
        str, typer.Option(help="The beginning of an address, or of words of a name.")
    ] = "",
    limit: Annotated[int, typer.Option(help="How many at the most.", min=1, max=1000)] = 50,
    after: Annotated[str, typer.Option(help="Begin behind what --json gave as `next`.")] = "",
    account: OfAccount = "",
    as_json: AsJson = False,
) -> None:
    """List contacts; with whom something was exchanged last comes first."""

    async def work() -> Cards:
        async with home() as app:
            owner = (await account_of(app, account)).sid
            try:
                return await app.core.contacts.page(
                    owner,
                    after=after,
                    limit=limit,
                    channel=channel,
                    tags=tags or (),
                    team=await team_of(app, owner, team) or "",
                    search=search,
                    is_counted=False,
                )
            except Unknown as error:
                raise BadInput(str(error)) from None

    found = run(work())
    if as_json:
        items = [shape.contact(card) for card in found.items]
        print_json({"items": items, "next": found.next})
        return
    rows = [_line(card) for card in found.items]
    names = ("id", "channel", "address", "", "last message", "assignee", "tags", "name")
    print_table(names, rows)


def _line(card: Card) -> tuple[str, ...]:
    contact, talk = card.contact, card.conversation
    last = talk.last_message_at if talk else None
    return (
        contact.id,
        contact.channel,
        contact.address,
        ("closed" if talk.closed_at else "open") if talk else "",
        f"{last:%Y-%m-%d %H:%M}" if last else "",
        card.assignee.email if card.assignee else "",
        ", ".join(contact.tags),
        contact.name,
    )


def show(
    who: Who, *, channel: OnChannel = Channel.SMS, account: OfAccount = "", as_json: AsJson = False
) -> None:
    """Show a contact, and what was noted of them."""

    async def work() -> tuple[Card, list[Note]]:
        async with home() as app:
            owner = (await account_of(app, account)).sid
            card = await _found(app, owner, channel, who)
            return card, await app.core.contacts.notes(owner, card.contact.id)

    card, notes = run(work())
    shown = shape.contact(card)
    if as_json:
        print_json({**shown, "notes": [shape.noted(item) for item in notes]})
        return
    talk = shown.pop("conversation") or {}
    talk = {f"conversation {name}": value for name, value in talk.items()}
    lines = [(name, _cell(value)) for name, value in {**shown, **talk}.items()]
    lines += [(f"noted {item.created_at:%Y-%m-%d %H:%M}", item.text) for item in notes]
    print_table(("", ""), lines)


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}={part}" for name, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def add(
    address: Annotated[str, typer.Argument(help="Such as +14155550100.")],
    *,
    channel: OnChannel = Channel.SMS,
    name: Name = None,
    email: Email = None,
    tags: Tags = None,
    fields: Fields = None,
    remark: Remark = None,
    assignee: Assignee = None,
    team: OfTeam = None,
    account: OfAccount = "",
    as_json: AsJson = False,
) -> None:
    """Add a contact; of one who is there, what is given is changed."""
    parts = _given(name, email, tags, fields, remark)

    async def work() -> Card:
        async with home() as app:
            owner = (await account_of(app, account)).sid
            after = await after_of(app, owner, assignee, team)
            try:
                return await app.core.contacts.add(
                    owner, channel=channel, address=address, **parts, **after
                )
            except Declined:
                raise BadInput(f"{address} is not an address on {channel}") from None

    card = run(work())
    if as_json:
        print_json(shape.contact(card))
    else:
        sys.stdout.write(f"{card.contact.id} is {channel} {card.contact.address}\n")


def change(
    who: Who,
    *,
    channel: OnChannel = Channel.SMS,
    name: Name = None,
    email: Email = None,
    tags: Tags = None,
    no_tags: Annotated[bool, typer.Option("--no-tags", help="Take all tags away.")] = False,
    fields: Fields = None,
    remark: Remark = None,
    blocked: Annotated[
        bool | None,
        typer.Option(
            "--blocked/--not-blocked",
            help="Block them: on WhatsApp they are neither heard nor written to.",
        ),
    ] = None,
    opt_in: Annotated[
        str | None,
        typer.Option(help="How it is known that they agreed to be written to; '' where it is not."),
    ] = None,
    assignee: Assignee = None,
    team: OfTeam = None,
    account: OfAccount = "",
) -> None:
    """Change what is known of a contact, and who looks after them; '' takes a text away."""
    parts = _given(name, email, [] if no_tags else tags, fields, remark)
    if not parts and {blocked, opt_in, assignee, team} == {None}:
        raise BadInput("there is nothing to change: see `estafette contacts change --help`")

    async def work() -> Card:
        async with home() as app:
            owner = (await account_of(app, account)).sid
            card = await _found(app, owner, channel, who)
            after = await after_of(app, owner, assignee, team)
            return await app.core.contacts.change(
                owner, card.contact.id, blocked=blocked, opt_in=opt_in, **parts, **after
            )

    card = run(work())
    sys.stdout.write(f"{card.contact.channel} {card.contact.address} is changed\n")


def remove(who: Who, *, channel: OnChannel = Channel.SMS, account: OfAccount = "") -> None:
    """Forget a contact with their conversations and notes; their messages stay."""

    async def work() -> Card:
        async with home() as app:
            owner = (await account_of(app, account)).sid
            card = await _found(app, owner, channel, who)
            await app.core.contacts.remove(owner, card.contact.id)
            return card

    card = run(work())
    sys.stdout.write(f"{card.contact.channel} {card.contact.address} is forgotten\n")


def open_(who: Who, *, channel: OnChannel = Channel.SMS, account: OfAccount = "") -> None:
    """Open the conversation with a contact again."""

    async def work() -> Card:
        async with home() as app:
            owner = (await account_of(app, account)).sid
            card = await _found(app, owner, channel, who)
            return await app.core.contacts.open(owner, card.contact.id)

    card = run(work())
    sys.stdout.write(f"the conversation with {card.contact.address} is open\n")


def close(
    who: Who,
    *,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    channel: OnChannel = Channel.SMS,
    account: OfAccount = "",
) -> None:
    """Close the conversation with a contact; whatever is said next opens it again."""

    async def work() -> Card:
        async with home() as app:
            owner = (await account_of(app, account)).sid
            card = await _found(app, owner, channel, who)
            return await app.core.contacts.close(owner, card.contact.id, reason)

    card = run(work())
    sys.stdout.write(f"the conversation with {card.contact.address} is closed\n")


def note(
    who: Who,
    text: Noting,
    *,
    author: Author = "",
    channel: OnChannel = Channel.SMS,
    account: OfAccount = "",
) -> None:
    """Note something of the conversation with a contact."""

    async def work() -> Card:
        async with home() as app:
            owner = (await account_of(app, account)).sid
            card = await _found(app, owner, channel, who)
            await app.core.contacts.note(owner, card.contact.id, text, author)
            return card

    card = run(work())
    sys.stdout.write(f"noted of {card.contact.address}\n")


async def _found(app: App, owner: str, channel: Channel, who: str) -> Card:
    """A contact by address or id. Raises Unknown."""
    if id := read_id(who):
        return await app.core.contacts.get(owner, id)
    return await app.core.contacts.find(owner, channel, who)


async def team_of(app: App, owner: str, team: str | None) -> str | None:
    """The id of a team. Raises Unknown."""
    return named("team", await app.core.desk.teams(owner), team).id if team else team


async def after_of(app: App, owner: str, assignee: str | None, team: str | None) -> dict[str, Any]:
    """Who is to look after a contact, by ids. Raises Unknown, BadInput."""
    found: dict[str, Any] = {}
    if assignee is not None:
        user = await app.core.desk.user_by_email(owner, assignee) if assignee else None
        if assignee and user is None:
            raise BadInput(f"there is no user {assignee}")
        found["assignee"] = user.id if user else ""
    if (id := await team_of(app, owner, team)) is not None:
        found["team"] = id
    return found


def _given(
    name: str | None,
    email: str | None,
    tags: list[str] | None,
    fields: list[str] | None,
    remark: str | None,
) -> dict[str, Any]:
    """The options that were given. Raises BadInput."""
    given = {"name": name, "email": email, "tags": tags, "note": remark}
    parts: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    if fields:
        parts["fields"] = dict(map(_field, fields))
    return parts


def _field(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise BadInput(f"--field {text}: NAME=VALUE")
    try:
        return name, json.loads(value) if value else None
    except (ValueError, RecursionError):
        return name, value
