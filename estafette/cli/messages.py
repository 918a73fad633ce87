"""`messages`: list, show one with its timeline, follow what happens."""

import asyncio
import sys
from typing import Annotated, Any

import typer

from estafette.app import App
from estafette.cli import shape
from estafette.cli.changes import cancel, delete, redact, resend
from estafette.cli.group import add_group
from estafette.cli.run import (
    AsJson,
    BadInput,
    OfAccount,
    account_of,
    home,
    print_json,
    print_json_line,
    print_table,
    run,
)
from estafette.model import (
    Account,
    Channel,
    Cursor,
    Direction,
    Filter,
    MediaItem,
    Message,
    Status,
    ids,
)
from estafette.model.rules import FINAL

_LOOK_EVERY = 0.1  # seconds, while following

To = Annotated[str, typer.Option(help="Only to this recipient.")]
From = Annotated[str, typer.Option("--from", help="Only from this sender.")]
OnChannel = Annotated[Channel | None, typer.Option("--channel", help="Only on this channel.")]
Going = Annotated[Direction | None, typer.Option("--direction", help="Only in this direction.")]
InStatus = Annotated[Status | None, typer.Option("--status", help="Only in this status.")]
Limit = Annotated[int, typer.Option(help="How many at the most.", min=1, max=1000)]
After = Annotated[str, typer.Option(help="Continue after the message with this id.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    add_group(
        app, "messages", "See messages, and change what can be.",
        list_, show, follow, resend, cancel, redact, delete,
    )  # fmt: skip


def list_(
    *,
    to: To = "",
    sender: From = "",
    channel: OnChannel = None,
    status: InStatus = None,
    direction: Going = None,
    limit: Limit = 20,
    after: After = "",
    account: OfAccount = "",
    as_json: AsJson = False,
) -> None:
    """List messages, newest first."""
    filter = Filter(
        recipient=to, sender=sender, channel=channel, status=status, direction=direction
    )

    async def work() -> tuple[list[Message], bool]:
        async with home() as app:
            owner = await account_of(app, account)
            cursor = Cursor(read_id(after)) if after else None
            page = await app.gateway.page(owner, filter, limit=limit, cursor=cursor)
            return page.items, page.has_next

    items, more = run(work())
    following = items[-1].id if more else None
    if as_json:
        print_json({"items": [shape.message(item) for item in items], "next": following})
        return
    print_table(_NAMES, [_row(item) for item in items])
    if following:
        sys.stdout.write(f"more: estafette messages list --after {following}\n")


_NAMES = ("created", "id", "channel", "from", "to", "status", "code", "body")


def _row(item: Message) -> tuple[str, ...]:
    body = "" if item.redacted else " ".join(item.body.split())
    return (
        f"{item.created_at:%Y-%m-%d %H:%M:%S}",
        item.id,
        item.channel,
        item.sender,
        item.recipient,
        item.status,
        item.code or item.reason or "",
        body if len(body) <= 40 else body[:39] + "…",
    )


def show(
    id: Annotated[str, typer.Argument(help="SM…, MM…, 32 hex digits, or a carrier's id.")],
    *,
    wire: Annotated[
        bool, typer.Option("--wire", help="Also what its carrier was asked, and answered.")
    ] = False,
    account: OfAccount = "",
    as_json: AsJson = False,
) -> None:
    """Show one message and everything that became of it."""

    async def work() -> tuple[dict[str, Any], list[MediaItem]]:
        async with home() as app:
            message = await app.gateway.find_named(await account_of(app, account), id)
            until = await app.core.window.until(message)
            shown = shape.traced(message, await app.core.offers.timeline(message), until)
            return shown, await app.core.media.of_message(message)

    shown, items = run(work())
    kept = [shape.media(item) for item in items]
    if as_json:
        print_json({**shown, "kept_media": kept})
        return
    events = shown.pop("timeline")
    for name in ("fallback", "due_at", "resent_from", "resent_as"):
        if not shown[name]:
            del shown[name]
    print_table(("", ""), [(name, _cell(value)) for name, value in shown.items()])
    if kept:
        sys.stdout.write("\n")
        names = ("id", "type", "size")
        print_table(
            ("media", *names[1:]), [tuple(str(one[name]) for name in names) for one in kept]
        )
    sys.stdout.write("\n")
    print_table(("at", "what", "", ""), [_event(event) for event in events])
    if wire:
        _print_wire(events)


def _print_wire(events: list[dict[str, Any]]) -> None:
    """What was asked for, and what each carrier was asked and answered."""
    for event in events:
        for part in ("request", "answer"):
            said = event.get(part)
            if said:
                title = f"{event['what']} {event.get('number', '')}".strip()
                sys.stdout.write(f"\n{title}: {part}\n")
                print_json(said)


def _cell(value: object) -> str:
    if isinstance(value, dict | list):
        parts = value.values() if isinstance(value, dict) else value
        return " ".join(str(part) for part in parts if part)
    return "" if value is None else str(value)


def _event(event: dict[str, object]) -> tuple[str, ...]:
    what = str(event["what"])
    if event["what"] == "attempt":
        what = f"attempt {event['number']} {event['channel']}"
    if event["what"] == "fallback":
        way = " ".join(str(event[name]) for name in ("channel", "from", "to"))
        return str(event["at"]), what, str(event["why"]), way
    outcome = event.get("outcome") or event.get("status")
    if event["what"] == "attempt" and outcome is None:
        outcome = "under way"
    if event["what"] == "callback":
        return str(event["at"]), what, str(outcome), f"{event['told']} {event['answer']}"
    words = " ".join(str(event.get(name) or "") for name in ("code", "text")).strip()
    return str(event["at"]), what, str(outcome or ""), words or str(event.get("ref") or "")


def follow(
    id: Annotated[
        str, typer.Argument(help="One message, until it is final; all that change if left out.")
    ] = "",
    account: OfAccount = "",
    as_json: AsJson = False,
) -> None:
    """Print each change of status as it comes, until it is final or Ctrl-C."""

    async def work() -> None:
        async with home() as app:
            owner = await account_of(app, account)
            if id:
                found = await app.gateway.find_named(owner, id)
                await follow_one(app, owner, found.id, as_json=as_json)
            else:
                await _follow_all(app, owner, as_json=as_json)

    run(work())


async def follow_one(app: App, owner: Account, id: str, *, as_json: bool) -> Message:
    """Print one message at each change, until it is final; give it then."""
    seen: Status | None = None
    while True:
        message = await app.gateway.find(owner, id)
        if message.status is not seen:
            seen = message.status
            _print_change(message, as_json=as_json)
        if message.status in FINAL:
            return message
        await asyncio.sleep(_LOOK_EVERY)


async def _follow_all(app: App, owner: Account, *, as_json: bool) -> None:
    seen: dict[str, Status] = {}
    page = await app.gateway.page(owner, Filter(), limit=200)
    seen = {item.id: item.status for item in page.items}
    while True:
        page = await app.gateway.page(owner, Filter(), limit=200)
        for item in reversed(page.items):
            if seen.get(item.id) is not item.status:
                _print_change(item, as_json=as_json)
        seen = {item.id: item.status for item in page.items}
        await asyncio.sleep(_LOOK_EVERY)


def _print_change(message: Message, *, as_json: bool) -> None:
    if as_json:
        print_json_line(shape.message(message))
    else:
        code = f" {message.code or message.reason}" if message.reason else ""
        at = f"{message.updated_at:%H:%M:%S.%f}"[:-3]
        sys.stdout.write(f"{at}  SM{message.id}  {message.recipient}  {message.status}{code}\n")
    sys.stdout.flush()


def read_id(text: str) -> str:
    """The 32 hex digits of a message's name. Raises BadInput."""
    found = ids.read_id(text)
    if found is None:
        raise BadInput(f"{text} is not the id of a message: SM… or 32 hex digits")
    return found
