"""`send`: write one message down, as a door does."""

import sys
from typing import Annotated

import typer

from estafette.cli import shape
from estafette.cli.messages import follow_one
from estafette.cli.run import (
    REFUSED,
    AsJson,
    BadInput,
    OfAccount,
    account_of,
    home,
    print_json,
    run,
)
from estafette.model import Channel, Message, Send, Status
from estafette.model.address import e164
from estafette.store import senders


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(send)


def send(
    *,
    to: Annotated[str, typer.Option(help="The recipient: +15558675310.")],
    body: Annotated[str, typer.Option(help="The text.")] = "",
    sender: Annotated[
        str, typer.Option("--from", help="The sender; the account's first where it is left out.")
    ] = "",
    media: Annotated[list[str] | None, typer.Option(help="The URL of a picture or file.")] = None,
    channel: Annotated[Channel, typer.Option(help="The channel.")] = Channel.SMS,
    follow: Annotated[
        bool, typer.Option("--follow", help="Print each status, until it is final.")
    ] = False,
    account: OfAccount = "",
    as_json: AsJson = False,
) -> None:
    """Send a message. A server that runs on this home carries it."""
    recipient = e164(to)
    if recipient is None:
        raise BadInput(f"--to {to}: a number such as +15558675310")

    async def work() -> Message:
        async with home() as app:
            owner = await account_of(app, account)
            address = sender or await app.store.read(
                lambda conn: _first(senders.all_of(conn, owner.sid), channel)
            )
            asked = Send(
                channel=channel,
                sender=address,
                recipient=recipient,
                body=body,
                media=tuple(media or ()),
            )
            message = await app.gateway.send(owner, asked)
            return await follow_one(app, owner, message.id, as_json=as_json) if follow else message

    message = run(work())
    if not follow:
        _print(message, as_json=as_json)
    if message.status in (Status.FAILED, Status.UNDELIVERED):
        raise typer.Exit(REFUSED)


def _first(found: list, channel: Channel) -> str:  # type: ignore[type-arg]
    addresses = [sender.address for sender in found if sender.channel is channel]
    if not addresses:
        raise BadInput(f"the account has no sender on {channel}: see `estafette senders`")
    return str(addresses[0])


def _print(message: Message, *, as_json: bool) -> None:
    if as_json:
        print_json(shape.message(message))
    else:
        sys.stdout.write(f"SM{message.id} {message.status}\n")
