"""`conversations`: list and read them, answer in them, say who looks after them."""

import sys
from typing import Annotated, Any

import typer

from estafette.app import App
from estafette.cli import shape
from estafette.cli.contacts import Assignee, Author, Noting, OfTeam, after_of, team_of
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
from estafette.core.talks import STATES, Reply, Talks, Thread, talk_of
from estafette.core.window import Opening
from estafette.model import Account, Channel, Message, Unknown
from estafette.model.contact import Card, Glance, Note, TalkFilter
from estafette.model.ids import read_id
from estafette.model.template import Unfilled, Unfit

NOBODY = "nobody"

Which = Annotated[str, typer.Argument(metavar="CONVERSATION", help="Its id.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    add_group(
        app,
        "conversations",
        "What is exchanged with contacts, one conversation with each sender.",
        list_,
        show,
        reply,
        assign,
        note,
        close,
        open_,
    )


def list_(
    *,
    state: Annotated[str, typer.Option(help="open, closed or all.")] = "open",
    assignee: Annotated[
        str, typer.Option(help="Those of a user, by e-mail address; nobody for those of none.")
    ] = "",
    team: Annotated[str, typer.Option(help="Those of a team, by name or id.")] = "",
    channel: Annotated[Channel | None, typer.Option(help="Those on a channel.")] = None,
    search: Annotated[
        str, typer.Option(help="The beginning of an address, or of words of a name.")
    ] = "",
    limit: Annotated[int, typer.Option(help="How many at the most.", min=1, max=1000)] = 50,
    after: Annotated[str, typer.Option(help="Begin behind what --json gave as `next`.")] = "",
    account: OfAccount = "",
    as_json: AsJson = False,
) -> None:
    """List conversations; the one in which something was said last comes first."""
    if state not in STATES:
        raise BadInput(f"--state is one of: {', '.join(STATES)}")

    async def work() -> Talks:
        async with home() as app:
            owner = (await account_of(app, account)).sid
            of = await after_of(
                app, owner, assignee if assignee not in ("", NOBODY) else None, None
            )
            asked = TalkFilter(
                state=state,
                assignee="" if assignee == NOBODY else of.get("assignee"),
                team=await team_of(app, owner, team) or "",
                channel=channel,
                search=search,
            )
            try:
                return await app.core.conversations.page(owner, asked, after=after, limit=limit)
            except Unknown as error:
                raise BadInput(str(error)) from None

    found = run(work())
    if as_json:
        print_json({"items": [shape.glance(one) for one in found.items], "next": found.next})
        return
    names = ("id", "channel", "address", "", "last message", "assignee", "name", "said")
    print_table(names, [_line(one) for one in found.items])


def _line(one: Glance) -> tuple[str, ...]:
    talk, contact = talk_of(one.card), one.card.contact
    last = talk.last_message_at
    state = "closed" if talk.closed_at else "waits" if talk.is_waiting else "open"
    return (
        talk.id,
        contact.channel,
        contact.address,
        state,
        f"{last:%Y-%m-%d %H:%M}" if last else "",
        one.card.assignee.email if one.card.assignee else "",
        contact.name,
        one.last.body[:60] if one.last else "",
    )


def show(
    which: Which,
    *,
    limit: Annotated[int, typer.Option(help="How many messages and notes.", min=1, max=1000)] = 20,
    account: OfAccount = "",
    as_json: AsJson = False,
) -> None:
    """Show a conversation, and what was said and noted last."""

    async def work() -> tuple[Card, Opening, Thread]:
        async with home() as app:
            owner, talks = (await account_of(app, account)).sid, app.core.conversations
            card = await talks.get(owner, _id(which))
            thread = await talks.thread(owner, _id(which), limit=limit)
            return card, await talks.opening(card), thread

    card, opening, thread = run(work())
    facts = shape.talk(card, opening)
    if as_json:
        print_json({**facts, "messages": shape.thread(thread.items)})
        return
    lines = [(name, "" if value is None else str(value)) for name, value in facts.items()]
    print_table(("", ""), lines + [_said(item) for item in reversed(thread.items)])


def _said(item: Message | Note) -> tuple[str, str]:
    at = f"{item.created_at:%Y-%m-%d %H:%M}"
    if isinstance(item, Note):
        return f"{at} noted", item.text
    return f"{at} {item.status}", "" if item.redacted else item.body


def reply(
    which: Which,
    text: Annotated[str, typer.Argument(help="What to answer.")] = "",
    *,
    media: Annotated[list[str] | None, typer.Option(help="The URL of a file; several.")] = None,
    template: Annotated[str, typer.Option(help="A template, by name or id, for a text.")] = "",
    language: Annotated[str, typer.Option(help="The language of the template.")] = "",
    values: Annotated[
        list[str] | None, typer.Option("--value", help="What fills its next hole.")
    ] = None,
    key: Annotated[
        str, typer.Option("--idempotency-key", help="Under one key it is sent once.")
    ] = "",
    account: OfAccount = "",
    as_json: AsJson = False,
) -> None:
    """Answer in a conversation, from its sender to its contact."""
    if template and (text or media):
        raise BadInput("a template has its own text and media")
    asked = Reply(
        body=text, media=tuple(media or ()), template=template, language=language,
        values=tuple(values or ()), key=key,
    )  # fmt: skip

    async def work() -> Message:
        async with home() as app:
            owner = await account_of(app, account)
            return await _answered(app, owner, _id(which), asked)

    sent = run(work())
    if as_json:
        print_json(shape.message(sent))
    else:
        sys.stdout.write(f"{sent.id} is {sent.status}\n")


async def _answered(app: App, owner: Account, id: str, asked: Reply) -> Message:
    try:
        return await app.core.conversations.reply(owner, id, asked)
    except (Unfilled, Unfit) as error:
        raise BadInput(f"the template {asked.template}: {error}") from None


def assign(
    which: Which,
    *,
    assignee: Assignee = None,
    team: OfTeam = None,
    stage: Annotated[
        str | None, typer.Option(help="The stage it is in, by name or id; '' for none.")
    ] = None,
    account: OfAccount = "",
) -> None:
    """Say who looks after a conversation, and which stage it is in."""
    if {assignee, team, stage} == {None}:
        raise BadInput("there is nothing to change: see `estafette conversations assign --help`")

    async def work() -> Card:
        async with home() as app:
            owner = (await account_of(app, account)).sid
            parts = await after_of(app, owner, assignee, team)
            if stage is not None:
                known = await app.core.desk.funnels(owner)
                parts["funnel"] = named("funnel", known, stage).id if stage else ""
            return await app.core.conversations.change(owner, _id(which), **parts)

    _tell(run(work()), "is changed")


def note(
    which: Which,
    text: Noting,
    *,
    author: Author = "",
    account: OfAccount = "",
) -> None:
    """Note something that colleagues see, and the contact does not."""

    async def work() -> None:
        async with home() as app:
            owner = (await account_of(app, account)).sid
            await app.core.conversations.note(owner, _id(which), text, author)

    run(work())
    sys.stdout.write("noted\n")


def close(
    which: Which,
    *,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    account: OfAccount = "",
) -> None:
    """Close a conversation; whatever is said next opens it again."""
    _tell(run(_moved(account, which, "close", reason)), "is closed")


def open_(which: Which, *, account: OfAccount = "") -> None:
    """Open a conversation again."""
    _tell(run(_moved(account, which, "open")), "is open")


async def _moved(account: str, which: str, how: str, *more: Any) -> Card:
    async with home() as app:
        owner = (await account_of(app, account)).sid
        done: Card = await getattr(app.core.conversations, how)(owner, _id(which), *more)
        return done


def _tell(card: Card, what: str) -> None:
    sys.stdout.write(f"the conversation with {card.contact.address} {what}\n")


def _id(which: str) -> str:
    return read_id(which) or which
