"""`messages`: list, show one with its timeline, follow what happens."""

import asyncio
import sys
from datetime import UTC, datetime
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
    Filter,
    MediaItem,
    Message,
    Status,
    ids,
)
from estafette.model.message import LONGEST_TEXT, Going
from estafette.model.pulse import Pulse
from estafette.model.rules import FINAL

_LOOK_EVERY = 0.1  # seconds, while following

To = Annotated[str, typer.Option(help="Only to this recipient.")]
From = Annotated[str, typer.Option("--from", help="Only from this sender.")]
OnChannel = Annotated[Channel | None, typer.Option("--channel", help="Only on this channel.")]
InDirection = Annotated[Going | None, typer.Option("--direction", help="Only in this direction.")]
With = Annotated[str, typer.Option("--with", help="Only with this address, on either side.")]
Saying = Annotated[
    str, typer.Option("--text", help="Only what says this somewhere, whatever its case.")
]
Since = Annotated[datetime | None, typer.Option(help="Written down then or later (UTC).")]
Until = Annotated[datetime | None, typer.Option(help="Written down before (UTC).")]
InStatus = Annotated[Status | None, typer.Option("--status", help="Only in this status.")]
Limit = Annotated[int, typer.Option(help="How many at the most.", min=1, max=1000)]
After = Annotated[str, typer.Option(help="Continue after the message with this id.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    add_group(
        app, "messages", "See messages, and change what can be.",
        list_, show, follow, counts, resend, cancel, redact, delete,
    )  # fmt: skip


def list_(
    *,
    to: To = "",
    sender: From = "",
    channel: OnChannel = None,
    status: InStatus = None,
    direction: InDirection = None,
    party: With = "",
    said: Saying = "",
    since: Since = None,
    until: Until = None,
    limit: Limit = 20,
    after: After = "",
    account: OfAccount = "",
    as_json: AsJson = False,
) -> None:
    """List messages, newest first."""
    filter = Filter(
        recipient=to,
        sender=sender,
        channel=channel,
        status=status,
        direction=direction,
        party=party,
        text=_text(said),
        created_from=since.replace(tzinfo=UTC) if since else None,
        created_until=until.replace(tzinfo=UTC) if until else None,
    )

    async def work() -> tuple[list[Message], Cursor | None]:
        async with home() as app:
            owner = await account_of(app, account)
            items: list[Message] = []
            cursor = Cursor(read_id(after)) if after else None
            while True:
                page = await app.gateway.look(
                    owner, filter, limit=limit - len(items), cursor=cursor
                )
                items += page.items
                cursor = page.older
                if cursor is None or len(items) == limit:
                    return items, cursor

    items, older = run(work())
    following = older.id if older else None
    if as_json:
        print_json({"items": [shape.message(item) for item in items], "next": following})
        return
    print_table(_NAMES, [_row(item) for item in items])
    if following:
        sys.stdout.write(f"more: estafette messages list --after {following}\n")


def _text(said: str) -> str:
    try:
        said.encode()
    except UnicodeEncodeError:
        raise BadInput("--text is not text") from None
    if len(said) > LONGEST_TEXT:
        raise BadInput(f"--text takes {LONGEST_TEXT} characters at the most")
    return said


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


def counts(account: OfAccount = "", as_json: AsJson = False) -> None:
    """Count the messages of the last 24 hours, by hour and status."""

    async def work() -> Pulse:
        async with home() as app:
            return await app.core.pulses.of((await account_of(app, account)).sid)

    found = run(work())
    if as_json:
        hours = [{"start": shape.iso(hour.start), "counts": hour.counts} for hour in found.hours]
        print_json({"counted_at": shape.iso(found.counted_at), "hours": hours})
        return
    names = [status for status in Status if any(status in hour.counts for hour in found.hours)]
    rows = [
        (f"{hour.start:%Y-%m-%d %H:%M}", *(str(hour.counts.get(name, 0)) for name in names))
        for hour in found.hours
    ]
    print_table(("hour (UTC)", *names), rows)


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
    page = await app.gateway.page(owner, Filter(), limit=200)
    seen = {item.id: item.status for item in page.items}
    sys.stderr.write("following; Ctrl-C ends it\n")
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
