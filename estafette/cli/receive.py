"""`receive`: somebody writes to a sender, as the sandbox would tell it."""

import sys
from datetime import datetime
from typing import Annotated

import typer

from estafette.cli import shape
from estafette.cli.run import (
    AsJson,
    BadInput,
    OfAccount,
    account_of,
    home,
    print_json,
    run,
)
from estafette.cli.send import URL, time
from estafette.core.clock import utc_now
from estafette.core.senders import read_address
from estafette.model import Channel, Incoming, Message
from estafette.model.address import is_person


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(receive)


def receive(
    sender: Annotated[
        str, typer.Argument(metavar="FROM", help="Who writes: a number such as +15558675310.")
    ],
    recipient: Annotated[
        str, typer.Argument(metavar="TO", help="The sender that is written to: +15017122661.")
    ],
    body: Annotated[str, typer.Argument(help="The text.")] = "",
    *,
    media: Annotated[list[str] | None, typer.Option(help="The URL of a picture or file.")] = None,
    channel: Annotated[Channel, typer.Option("--channel", help="The channel.")] = Channel.SMS,
    name: Annotated[str, typer.Option(help="What who writes is called there.")] = "",
    at: Annotated[
        str, typer.Option(help="When: 2026-05-04T12:00:00Z; now where it is left out.")
    ] = "",
    ref: Annotated[
        str, typer.Option(help="The carrier's id for it: the same one again is kept once.")
    ] = "",
    account: OfAccount = "",
    as_json: AsJson = False,
) -> None:
    """Write to one of your senders, as a person would. A server that runs on this home tells it."""
    _check(channel, sender, body, media or [])
    written_at = _past(at) if at else None

    async def work() -> tuple[Message, datetime | None]:
        async with home() as app:
            told = Incoming(
                channel=channel,
                sender=sender,
                recipient=recipient,
                body=body,
                media=tuple(media or ()),
                ref=ref,
                name=name,
                at=written_at,
            )
            owner = (await account_of(app, account)).sid if account else ""
            kept = await app.inbound.receive("", told, account=owner)
            return kept, await app.core.window.until(kept)

    message, until = run(work())
    if as_json:
        print_json(shape.message(message, until))
    else:
        sys.stdout.write(f"{'MM' if message.media else 'SM'}{message.id} {message.status}\n")


def _past(text: str) -> datetime:
    at = time(text, "--at")
    if at > utc_now():
        raise BadInput(f"--at {text}: nobody has written in the future")
    return at


def _check(channel: Channel, sender: str, body: str, media: list[str]) -> None:
    is_person_there = channel is Channel.WHATSAPP and is_person(sender)
    if read_address(channel, sender) != sender and not is_person_there:
        raise BadInput(f"{sender} is not an address on {channel}")
    if not body and not media:
        raise BadInput("there is nothing to say: give a text, --media or both")
    for url in media:
        if not URL.fullmatch(url):
            raise BadInput(f"--media {url}: a URL such as https://example.com/picture.png")
