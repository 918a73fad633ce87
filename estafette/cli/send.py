"""`send`: write one message down, as a door does."""

import re
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

import typer
from msgspec.structs import replace

from estafette.app import App
from estafette.cli import shape
from estafette.cli.kinds import Payload, read_kind, whole
from estafette.cli.many import Wanted, send_many
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
from estafette.cli.services import read_id
from estafette.core.senders import read_address
from estafette.model import (
    Account,
    BadFallback,
    Channel,
    Conflict,
    Declined,
    Fallback,
    GatewayError,
    Message,
    Reason,
    Send,
    Status,
)
from estafette.model.address import e164, is_opaque, is_person
from estafette.model.batch import Asked
from estafette.model.fallback import LONGEST, SHORTEST
from estafette.model.message import OPAQUE
from estafette.model.template import Unfilled, Unfit
from estafette.model.times import utc
from estafette.model.whatsapp import TEXT, Said
from estafette.store import senders

#: Why a message was declined, for who typed it; `{}` is the part of it that is to blame.
DECLINED = {
    Reason.FOREIGN_SENDER: "{} is not a sender of this account on that channel:"
    " see `estafette senders`",
    Reason.TOO_LONG: "the text has {} UTF-16 units, 1600 are the most in an SMS, and 4096 elsewhere",
    Reason.TOO_MANY_MEDIA: "there are {} media, 10 are the most",
    Reason.BAD_RECIPIENT: "{} is not a number that takes messages",
    Reason.NOT_MOBILE: "{} cannot take a text",
    Reason.BLOCKED: "{} is blocked",
    Reason.OPTED_OUT: "{} does not want messages from this sender",
    Reason.OUTSIDE_WINDOW: "{} did not write in the last 24 hours: until they do, only an approved"
    " template goes; see `estafette settings window`",
    Reason.REGION: "messages to the region of {} are not allowed",
    Reason.BAD_TIME: "--at {} is not between five minutes and 35 days from now",
    Reason.UNKNOWN_SERVICE: "there is no service MG{}: see `estafette services`",
    Reason.EMPTY_POOL: "the service MG{} has no senders: see `estafette services add --help`",
    Reason.NO_FITTING_SENDER: "none of the service's senders reaches {}",
    Reason.UNROUTABLE: "there is no way from this sender to {}",
}


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(send)


def send(
    *,
    to: Annotated[str, typer.Option(help="The recipient: +15558675310.")] = "",
    csv: Annotated[
        str, typer.Option("--csv", help="A file with a row for each message, instead of --to.")
    ] = "",
    result: Annotated[
        str, typer.Option(help="With --csv: the file that tells what became of each row.")
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="With --csv: only say what would be sent.")
    ] = False,
    body: Annotated[
        str, typer.Option(help="The text; with --csv, {name} is filled by the column of that name.")
    ] = "",
    sender: Annotated[
        str, typer.Option("--from", help="The sender; the account's first where it is left out.")
    ] = "",
    media: Annotated[list[str] | None, typer.Option(help="The URL of a picture or file.")] = None,
    template: Annotated[
        str, typer.Option(help="An approved template by its name or HX…, instead of a text.")
    ] = "",
    value: Annotated[
        list[str] | None, typer.Option(help="What fills the next hole of the template.")
    ] = None,
    kind: Annotated[
        str,
        typer.Option(
            "--type", help="A kind of WhatsApp's, such as location or interactive, with --payload."
        ),
    ] = "",
    payload: Payload = "",
    reply_to: Annotated[
        str, typer.Option(help="The message on WhatsApp that it answers: any form of its id.")
    ] = "",
    service: Annotated[
        str, typer.Option(help="MG…: one of its senders sends it, where none is named.")
    ] = "",
    at: Annotated[
        str, typer.Option(help="Not before: 2026-12-01T08:00:00Z; UTC where no offset is given.")
    ] = "",
    channel: Annotated[Channel, typer.Option(help="The channel.")] = Channel.SMS,
    fallback: Annotated[
        Channel | None,
        typer.Option(help="The channel that it goes on when this one fails, or takes too long."),
    ] = None,
    fallback_after: Annotated[
        int | None,
        typer.Option(
            help="Seconds in which it is to be delivered; only when it fails, if left out.",
            min=SHORTEST,
            max=LONGEST,
        ),
    ] = None,
    fallback_from: Annotated[str, typer.Option(help="The sender there.")] = "",
    fallback_to: Annotated[str, typer.Option(help="The recipient there, if another.")] = "",
    fallback_body: Annotated[str, typer.Option(help="The text there, if another.")] = "",
    follow: Annotated[
        bool, typer.Option("--follow", help="Print each status, until it is final.")
    ] = False,
    account: OfAccount = "",
    as_json: AsJson = False,
) -> None:
    """Send a message, or with --csv many. A server that runs on this home carries them."""
    if csv or result or dry_run:
        alone = {
            "--to": to, "--payload": payload, "--reply-to": reply_to, "--fallback": fallback,
            "--follow": follow,
        }  # fmt: skip
        _check_many(csv, alone, [*(media or ()), *(value or ()), sender, body])
        asked = Asked(
            channel=channel,
            sender=read_address(channel, sender) or sender,
            service=read_id(service) if service else "",
            body=body,
            media=tuple(media or ()),
            values=tuple(value or ()),
            send_at=time(at, "--at") if at else None,
        )
        send_many(Wanted(csv, asked, template, account, result, dry_run, as_json))
        return
    _check_recipient(to, channel)
    texts = {
        "--body": body,
        "--template": template,
        "--value": " ".join(value or ()),
        "--payload": payload,
        "--reply-to": reply_to,
    }
    _check(texts, media or [])
    said = read_kind(kind, payload, channel)
    if reply_to and channel is not Channel.WHATSAPP:
        raise BadInput("--reply-to goes with --channel whatsapp")
    second = _fallback(fallback, fallback_after, fallback_from, fallback_to, fallback_body)
    pool, send_at = read_id(service) if service else "", time(at, "--at") if at else None

    async def work() -> tuple[Message, datetime | None]:
        async with home() as app:
            owner = await account_of(app, account)
            asked = Send(
                channel=channel,
                sender=sender or ("" if pool else await _usual(app, owner, channel)),
                recipient=to,
                body=body,
                media=tuple(media or ()),
                service=pool,
                send_at=send_at,
                fallback=second,
            )
            if template:
                asked = await _made_of(app, owner, template, value or [], asked)
            if said or reply_to:
                asked = await _spoken(app, owner, asked, said, reply_to)
            try:
                message = await app.gateway.send(owner, asked)
            except Declined as error:
                raise NotTaken(error) from None
            until = await app.core.window.until(message)
            if follow:
                message = await follow_one(app, owner, message.id, as_json=as_json)
            return message, until

    message, until = run(work())
    if not follow:
        _print(message, until, as_json=as_json)
    if message.status in (Status.FAILED, Status.UNDELIVERED):
        raise typer.Exit(REFUSED)


URL = re.compile(r"https?://\[?[A-Za-z0-9][!-~]*")


class NotTaken(GatewayError):
    """The message was declined."""

    def __init__(self, error: Declined) -> None:
        text = DECLINED.get(error.reason)
        if error.code:
            super().__init__(f"the carrier does not take it: {error.text} ({error.code})")
        elif isinstance(error, BadFallback):
            name = "" if error.part == "channel" else error.part
            super().__init__(f"--fallback-{name}".rstrip("-") + f" {error.text}")
        else:
            super().__init__(text.format(error.value) if text else str(error))


async def _made_of(app: App, owner: Account, name: str, values: list[str], send: Send) -> Send:
    """The message as a template has it, with the first of the media given. Raises BadInput."""
    url, *more = send.media or ("",)
    if more:
        raise BadInput("a template shows one --media at the most")
    try:
        made = await app.core.templates.say(owner, name, values, channel=send.channel, url=url)
    except (Conflict, Unfilled, Unfit) as error:
        raise BadInput(f"--template {name}: {error}") from None
    return replace(send, body=made.body, media=made.media, content=made.content)


async def _spoken(app: App, owner: Account, send: Send, said: Said | None, reply_to: str) -> Send:
    """The message as an object of WhatsApp's has it, or as it is, and the one that it answers."""
    found = await whole(app, owner, send.sender, said or Said(kind=TEXT), reply_to)
    content = {**send.content, **found.content}
    if said is None:
        return replace(send, content=content)
    return replace(send, body=found.body, media=found.media, content=content)


def _check_many(csv: str, alone: Mapping[str, object], texts: list[str]) -> None:
    if not csv:
        raise BadInput("--result and --dry-run go with --csv")
    for name, given in alone.items():
        if given:
            raise BadInput(f"{name} does not go with --csv")
    for text in texts:
        _check_text(text, "--body")


def _check_recipient(to: str, channel: Channel) -> None:
    is_one = is_opaque(to) if channel in OPAQUE else bool(e164(to))
    if not is_one and not (channel is Channel.WHATSAPP and is_person(to)):
        what = "a name without spaces" if channel in OPAQUE else "a number such as +15558675310"
        raise BadInput(f"--to {to}: {what}")


def _check(texts: Mapping[str, str], media: list[str]) -> None:
    is_said = any(text for name, text in texts.items() if name != "--reply-to")
    if not is_said and not media:
        raise BadInput("there is nothing to say: give --body, --media or both")
    for name, text in texts.items():
        _check_text(text, name)
    if texts["--template"] and texts["--body"]:
        raise BadInput("a template has its own text: leave --body out")
    if texts["--payload"] and (texts["--body"] or texts["--template"] or media):
        raise BadInput("--payload is the whole message: leave --body, --media and --template out")
    if texts["--value"] and not texts["--template"]:
        raise BadInput("--value fills a hole of a template: give --template")
    for url in media:
        if not URL.fullmatch(url):
            raise BadInput(f"--media {url}: a URL such as https://example.com/picture.png")


def _check_text(text: str, name: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadInput(f"{name} is not UTF-8") from None


def _fallback(
    channel: Channel | None, after: int | None, sender: str, recipient: str, body: str
) -> Fallback | None:
    if channel is None:
        if after is not None or sender or recipient or body:
            raise BadInput("--fallback is needed: the channel of the second way")
        return None
    _check_text(body, "--fallback-body")
    return Fallback(channel=channel, after=after, sender=sender, recipient=recipient, body=body)


def time(text: str, name: str) -> datetime:
    """A time as it was typed; `name` is the option that it was typed for. Raises BadInput."""
    try:
        return utc(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        raise BadInput(f"{name} {text}: a time such as 2026-12-01T08:00:00Z") from None


async def _usual(app: App, owner: Account, channel: Channel) -> str:
    """The first sender of a channel. Raises BadInput."""
    found = await app.store.read(lambda conn: senders.all_of(conn, owner.sid))
    addresses = [sender.address for sender in found if sender.channel is channel]
    if not addresses:
        raise BadInput(f"the account has no sender on {channel}: see `estafette senders`")
    return str(addresses[0])


def _print(message: Message, until: datetime | None, *, as_json: bool) -> None:
    if as_json:
        print_json(shape.message(message, until))
    else:
        window = f" (window open until {until:%Y-%m-%d %H:%M:%S} UTC)" if until else ""
        sys.stdout.write(f"SM{message.id} {message.status}{window}\n")
