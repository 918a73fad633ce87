"""`receive`: somebody writes to a sender, as the sandbox would tell it."""

import sys
from datetime import datetime
from typing import Annotated

import typer

from estafette.cli import shape
from estafette.cli.kinds import Payload, answered, read_heard
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
    kind: Annotated[
        str,
        typer.Option(
            "--type", help="A kind of WhatsApp's, such as reaction or location, with --payload."
        ),
    ] = "text",
    payload: Payload = "",
    reply_to: Annotated[
        str, typer.Option(help="The message that it answers: any form of its id.")
    ] = "",
    user_id: Annotated[
        str, typer.Option(help="What WhatsApp calls them: US.13491208655302741918.")
    ] = "",
    ref: Annotated[
        str, typer.Option(help="The carrier's id for it: the same one again is kept once.")
    ] = "",
    account: OfAccount = "",
    as_json: AsJson = False,
) -> None:
    """Write to one of your senders, as a person would. A server that runs on this home tells it."""
    _check(channel, sender, media or [])
    if user_id and not (channel is Channel.WHATSAPP and is_person(user_id)):
        raise BadInput("--user-id is like US.13491208655302741918, with --channel whatsapp")
    known_as = user_id or (sender if is_person(sender) else "")
    written_at = _past(at) if at else None
    heard = read_heard(kind, payload, channel, body, tuple(media or ()))
    if reply_to and channel is Channel.SMS:
        raise BadInput("--reply-to goes with --channel whatsapp")

    async def work() -> tuple[Message, datetime | None]:
        async with home() as app:
            owner = await account_of(app, account) if account or reply_to else None
            context = await answered(app, owner, reply_to) if owner and reply_to else {}
            told = Incoming(
                channel=channel,
                sender=sender,
                recipient=recipient,
                body=heard.body,
                media=heard.media,
                ref=ref,
                name=name,
                at=written_at,
                user_id=known_as,
                content={
                    **heard.content,
                    **context,
                    **({"user_id": known_as} if known_as else {}),
                },
            )
            kept = await app.inbound.receive("", told, account=owner.sid if owner else "")
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


def _check(channel: Channel, sender: str, media: list[str]) -> None:
    is_hidden = channel is Channel.WHATSAPP and is_person(sender)
    if not is_hidden and read_address(channel, sender) != sender:
        raise BadInput(f"{sender} is not an address on {channel}")
    for url in media:
        if not URL.fullmatch(url):
            raise BadInput(f"--media {url}: a URL such as https://example.com/picture.png")
