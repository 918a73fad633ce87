"""What `send` and `receive` take beside text and media: objects of WhatsApp's kinds, as JSON."""

import sys
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from estafette.app import App
from estafette.cli.run import BadInput
from estafette.model import Account, Channel, Message, Sender, Unknown
from estafette.model.ids import wamid
from estafette.model.whatsapp import Asked, Said, Unsaid, hear, kind_named, read
from estafette.model.whatsapp.heard import Heard

Payload = Annotated[
    str, typer.Option(help="Its object as JSON; @file for what stands in a file, @- for stdin.")
]

_LARGEST = 1 << 20  # bytes of a file


def read_payload(text: str) -> Any:
    """The JSON that was typed; of `@file` what the file holds, of `@-` what comes in. Raises BadInput."""
    try:
        raw = _of_file(text[1:]) if text.startswith("@") else text.encode()
    except (OSError, UnicodeEncodeError, ValueError) as error:
        raise BadInput(f"--payload {text[:100]}: {error}") from None
    if len(raw) > _LARGEST:
        raise BadInput(f"--payload has more than {_LARGEST} bytes")
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadInput(
            "--payload is no JSON: an object such as '{\"latitude\": 48.86, …}'"
        ) from None


def _of_file(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read(_LARGEST + 1)
    with Path(name).open("rb") as file:
        return file.read(_LARGEST + 1)


def read_kind(kind: str, payload: str, channel: Channel) -> Said | None:
    """What an object says; None where no kind was named. Raises BadInput."""
    if not kind and not payload:
        return None
    if channel is not Channel.WHATSAPP:
        raise BadInput("--type goes with --channel whatsapp")
    if not kind or not payload:
        raise BadInput("--type and --payload belong together")
    try:
        if kind_named(kind) == "template":
            raise BadInput("--type template: give --template instead")
        return read(kind, read_payload(payload))
    except Unsaid as error:
        raise BadInput(f"{'--type' if error.field == 'type' else '--payload'}: {error}") from None


def read_heard(
    kind: str, payload: str, channel: Channel, body: str, media: tuple[str, ...]
) -> Heard:
    """What somebody says, of whatever kind. Raises BadInput."""
    if not body and not media and not payload:
        raise BadInput("there is nothing to say: give a text, --media or both")
    if payload and channel is Channel.SMS:
        raise BadInput("--payload goes with --channel whatsapp: an SMS has text and media only")
    try:
        value = read_payload(payload) if payload else None
        return hear(kind, value, body=body, media=media)
    except Unsaid as error:
        raise BadInput(f"{'--type' if error.field == 'type' else '--payload'}: {error}") from None


async def answered(app: App, owner: Account, name: str) -> dict[str, Any]:
    """The context of what answers a message. Raises BadInput."""
    found = await _message(app, owner, name)
    return {"context": {"from": found.sender.removeprefix("+"), "id": wamid(found.id)}}


async def _message(app: App, owner: Account, name: str) -> Message:
    try:
        return await app.gateway.find_named(owner, name)
    except Unknown as error:
        raise BadInput(f"--reply-to: {error}") from None


async def whole(app: App, owner: Account, sender: str, said: Said, reply_to: str) -> Said:
    """What is said with the files and the message that it names found. Raises BadInput."""
    if reply_to:
        await _message(app, owner, reply_to)
    found = (
        await _sender(app, owner, sender)
        if sender
        else await app.core.senders.choose(owner.sid, Channel.WHATSAPP)
    )
    if found is None:
        raise BadInput("the account has no sender on whatsapp: see `estafette senders`")
    return await app.core.sayings.whole(owner, found, Asked(said=said, context_id=reply_to))


async def _sender(app: App, owner: Account, address: str) -> Sender:
    try:
        return await app.core.senders.find(owner.sid, Channel.WHATSAPP, address)
    except Unknown as error:
        raise BadInput(f"--from: {error}") from None
