"""`suppressions`: who is not written to; listed, added, removed, brought in and taken out."""

import csv
import sys
from collections.abc import AsyncIterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from estafette.app import App
from estafette.cli import shape
from estafette.cli.group import add_group
from estafette.cli.lines import Line, csv_lines, json_lines, opened, with_bar
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
    visible,
)
from estafette.core.suppressions import Counts, key_of, recipient_of
from estafette.model import Channel, Declined, Suppression, Unknown
from estafette.model.times import utc

NAMES = ("recipient", "channel", "scope", "source", "created_at")
_SLICE = 500  # lines that are written down together

Who = Annotated[str, typer.Argument(help="The recipient, such as +14155550123.")]
OnChannel = Annotated[Channel | None, typer.Option("--channel", help="Only on this channel.")]
Scope = Annotated[
    str | None,
    typer.Option(help="The id of a sender or a service; empty for the whole account."),
]
Lines = Annotated[bool, typer.Option("--json", help="JSON lines instead of CSV.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    add_group(app, "suppressions", "Who is not written to.", list_, add, remove, import_, export)


def list_(
    *,
    recipient: Annotated[str, typer.Option("--to", help="Only this recipient.")] = "",
    begins: Annotated[str, typer.Option(help="What the recipient begins with.")] = "",
    channel: OnChannel = None,
    scope: Scope = None,
    limit: Annotated[int, typer.Option(help="How many at the most.", min=1, max=1000)] = 20,
    after: Annotated[str, typer.Option(help="Continue after this one: `next` of a list.")] = "",
    account: OfAccount = "",
    as_json: AsJson = False,
) -> None:
    """List suppressions, by recipient, channel and scope."""
    parts = after.rsplit(":", 2)
    if after and len(parts) != 3:
        raise BadInput(f"--after {after} is not what a list ended with")
    behind = (parts[0], parts[1], parts[2]) if after else None

    async def work() -> list[Suppression]:
        async with home() as app:
            owner = await account_of(app, account)
            return await app.core.suppressions.page(
                owner.sid,
                recipient=recipient,
                begins=begins,
                channel=channel,
                scope=scope,
                limit=limit + 1,
                after=behind,
            )

    found = run(work())
    items = found[:limit]
    following = ":".join(key_of(items[-1])) if len(found) > limit else None
    if as_json:
        print_json({"items": [shape.suppression(item) for item in items], "next": following})
        return
    rows = [
        (i.recipient, i.channel, i.scope, i.source, f"{i.created_at:%Y-%m-%d %H:%M}") for i in items
    ]
    print_table(NAMES, rows)
    if following:
        sys.stdout.write(f"more: estafette suppressions list --after {following}\n")


def add(
    recipient: Who,
    *,
    channel: Annotated[Channel, typer.Option(help="The channel.")] = Channel.SMS,
    scope: Annotated[
        str, typer.Option(help="The id of a sender or a service; the whole account if left out.")
    ] = "",
    account: OfAccount = "",
) -> None:
    """Write to this recipient no more. Running servers follow within two seconds."""

    async def work() -> tuple[Suppression, bool]:
        async with home() as app:
            owner = await account_of(app, account)
            try:
                item = app.core.suppressions.read(
                    owner.sid, recipient, channel=channel, scope=scope, source="command"
                )
            except Declined as error:
                raise BadInput(f"{error.value} is not {_what(error)}") from None
            return await app.core.suppressions.add(item)

    item, is_new = run(work())
    sys.stdout.write(f"{item.recipient} is {'' if is_new else 'already '}suppressed\n")


def _what(error: Declined) -> str:
    return "a recipient" if error.reason == "bad_recipient" else "the id of a sender or a service"


def remove(
    recipient: Who, *, channel: OnChannel = None, scope: Scope = None, account: OfAccount = ""
) -> None:
    """Let a recipient be written to again: on all channels, unless one is named."""

    async def work() -> int:
        async with home() as app:
            owner = await account_of(app, account)
            try:
                address = recipient_of(recipient, channel or Channel.WHATSAPP)
            except Declined:
                raise BadInput(f"{recipient} is not a recipient") from None
            scopes = None if scope is None else [scope]
            return await app.core.suppressions.remove(
                owner.sid, address, channel=channel, scopes=scopes
            )

    if not run(work()):
        raise Unknown(f"{recipient} is not suppressed")
    sys.stdout.write(f"{recipient} may be written to again\n")


def export(account: OfAccount = "", as_json: Lines = False) -> None:
    """Print every suppression: CSV with a header, or JSON lines."""
    writer = csv.writer(sys.stdout, lineterminator="\n")

    async def work() -> None:
        async with home() as app:
            owner = await account_of(app, account)
            if not as_json:
                writer.writerow(NAMES)
            async for item in app.core.suppressions.export(owner.sid):
                shown = shape.suppression(item)
                if as_json:
                    print_json_line(shown)
                else:
                    writer.writerow([shown[name] for name in NAMES])

    run(work())


def import_(
    file: Annotated[str, typer.Argument(help="A file, or - for standard input.")],
    account: OfAccount = "",
    as_json: Lines = False,
) -> None:
    """Bring in suppressions: CSV with a header (recipient, and if you like channel, scope, source and
    created_at), or JSON lines. Lines that make no sense are told; all others are kept.
    """
    size = 0 if file == "-" else Path(file).stat().st_size

    async def work() -> tuple[Counts, list[Line]]:
        async with home() as app:
            owner = await account_of(app, account)
            with ExitStack() as stack:
                stream = opened(file, stack)
                lines = json_lines(stream) if as_json else csv_lines(stream, NAMES)
                return await _bring_in(app, owner.sid, with_bar(lines, stream, size, stack))

    counts, bad = run(work())
    for line in bad:
        sys.stderr.write(f"line {line.number}: {visible(line.wrong)}\n")
    if as_json:
        told = [{"line": line.number, "message": line.wrong} for line in bad]
        print_json_line({"added": counts.added, "known": counts.known, "bad": told})
    else:
        sys.stdout.write(
            f"{counts.added} added, {counts.known} known already, {len(bad)} not understood\n"
        )
    if bad:
        raise BadInput(f"{len(bad)} lines were not understood; all others are kept")


async def _bring_in(
    app: App, account: str, lines: AsyncIterator[Line]
) -> tuple[Counts, list[Line]]:
    bad: list[Line] = []
    good: list[Suppression] = []
    total = Counts(0, 0)
    async for line in lines:
        item = line if line.wrong else _read(app, account, line)
        if isinstance(item, Line):
            bad.append(item)
            continue
        good.append(item)
        if len(good) == _SLICE:
            total = _sum(total, await app.core.suppressions.add_all(good))
            good = []
    return _sum(total, await app.core.suppressions.add_all(good)), bad


def _sum(one: Counts, other: Counts) -> Counts:
    return Counts(one.added + other.added, one.known + other.known)


def _read(app: App, account: str, line: Line) -> Suppression | Line:
    """What a line says, or the line with what is wrong about it."""
    said = {name: value for name, value in line.values.items() if value not in (None, "")}
    try:
        text = {name: _text(name, said.get(name, "")) for name in NAMES}
        item = app.core.suppressions.read(
            account,
            text["recipient"],
            channel=Channel(text["channel"].lower() or Channel.SMS),
            scope=text["scope"].lower(),
            source=text["source"] or "import",
        )
        at = _time(text["created_at"]) if text["created_at"] else item.created_at
        return msgspec.structs.replace(item, created_at=at)
    except Declined as error:
        return line._replace(wrong=f"{error.value or 'an empty text'} is not {_what(error)}")
    except ValueError as error:
        return line._replace(wrong=str(error))


def _text(name: str, value: object) -> str:
    if not isinstance(value, str) or "\0" in value or len(value) > 200:
        raise ValueError(f"{name} must be text of at most 200 characters")
    return value.strip()


def _time(text: str) -> datetime:
    at = utc(datetime.fromisoformat(text))
    if not 1970 <= at.year < 9999:
        raise ValueError(f"{text} is not a time since 1970")
    return at
