"""`receive` and `read`: what people do with their telephones, as the sandbox would tell it."""

import mimetypes
import sys
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import replace

from estafette.app import App
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
from estafette.core.handset import Spoken
from estafette.core.senders import read_address
from estafette.model import Account, Channel, Message
from estafette.model.address import is_person
from estafette.model.media import type_named


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(receive)
    app.command()(read)


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
    file: Annotated[list[Path] | None, typer.Option(help="A picture or file from here.")] = None,
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
    written_at = _past(at) if at else None
    files = file or []
    stands_for = tuple(path.name for path in files)  # until they are kept
    heard = read_heard(kind, payload, channel, body, (*(media or ()), *stands_for))
    if reply_to and channel is Channel.SMS:
        raise BadInput("--reply-to goes with --channel whatsapp")

    async def work() -> tuple[Message, datetime | None]:
        async with home() as app:
            owner = await account_of(app, account) if account or reply_to or files else None
            context = await answered(app, owner, reply_to) if owner and reply_to else {}
            kept = tuple([await _kept(app, owner, path) for path in files]) if owner else ()
            said = replace(
                heard,
                media=(*heard.media[: len(heard.media) - len(kept)], *kept),
                content={**heard.content, **context},
            )
            spoken = Spoken(
                channel=channel,
                person=sender,
                sender=recipient,
                heard=said,
                ref=ref,
                name=name,
                at=written_at,
                user_id=user_id,
            )
            done = await app.core.handset.write(owner.sid if owner else "", spoken)
            return done, await app.core.window.until(done)

    message, until = run(work())
    if as_json:
        print_json(shape.message(message, until))
    else:
        sys.stdout.write(f"{'MM' if message.media else 'SM'}{message.id} {message.status}\n")


def read(
    message: Annotated[str, typer.Argument(metavar="MESSAGE", help="Any form of its id.")],
    *,
    account: OfAccount = "",
    as_json: AsJson = False,
) -> None:
    """Have the person read a message that reached them through the sandbox."""

    async def work() -> tuple[Message, datetime | None]:
        async with home() as app:
            found = await app.core.handset.read(await account_of(app, account), message)
            return found, await app.core.window.until(found)

    found, until = run(work())
    if as_json:
        print_json(shape.message(found, until))
    else:
        sys.stdout.write(f"{'MM' if found.media else 'SM'}{found.id} {found.status}\n")


async def _kept(app: App, owner: Account, path: Path) -> str:
    """What stands for a file of this machine among the media of a message. Raises BadInput, Unfit."""
    raw = _read(path)

    async def body() -> AsyncIterator[bytes]:
        yield raw

    kind = type_named(mimetypes.guess_type(path.name)[0] or "")
    kept = await app.core.handset.keep(owner, content_type=kind, filename=path.name, body=body())
    return kept.url


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"--file {path}: {error.strerror}") from None


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
