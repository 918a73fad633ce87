"""What `messages` can do about one message: send it again, call it back, forget its text, delete it."""

import sys
from collections.abc import Awaitable, Callable
from typing import Annotated

import typer

from estafette.app import App
from estafette.cli import shape
from estafette.cli.run import AsJson, BadInput, OfAccount, account_of, home, print_json, run
from estafette.model import Account, Message

Id = Annotated[str, typer.Argument(help="SM…, MM…, 32 hex digits, or a carrier's id.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]

Do = Callable[[App, Account, Message], Awaitable[Message]]


def _done(id: str, account: str, do: Do) -> Message:
    async def work() -> Message:
        async with home() as app:
            owner = await account_of(app, account)
            return await do(app, owner, await app.gateway.find_named(owner, id))

    return run(work())


def _tell(message: Message, as_json: bool) -> None:
    if as_json:
        print_json(shape.message(message))
    else:
        sys.stdout.write(f"SM{message.id} {message.status}\n")


def _sure(question: str, yes: bool) -> None:
    if not yes and not (sys.stdin.isatty() and typer.confirm(question, err=True)):
        raise BadInput("nothing was done: say --yes")


def resend(
    id: Id,
    *,
    sender: Annotated[
        str, typer.Option("--from", help="From this sender; the same as before, if left out.")
    ] = "",
    key: Annotated[
        str, typer.Option("--idempotency-key", help="With the same one it is sent once.")
    ] = "",
    account: OfAccount = "",
    as_json: AsJson = False,
) -> None:
    """Send a message once more: a new one that says the same. A server that runs carries it."""

    async def work(app: App, owner: Account, message: Message) -> Message:
        return await app.core.resends.send(owner, message.id, key, sender=sender)

    _tell(_done(id, account, work), as_json)


def cancel(id: Id, account: OfAccount = "", as_json: AsJson = False) -> None:
    """Call a message back that was not offered to a carrier yet."""

    async def work(app: App, owner: Account, message: Message) -> Message:
        return await app.gateway.cancel(owner, message.id)

    _tell(_done(id, account, work), as_json)


def redact(id: Id, yes: Yes = False, account: OfAccount = "", as_json: AsJson = False) -> None:
    """Forget the text of a message for good; one still to be sent keeps it until a carrier has it."""
    _sure(f"Forget the text of {id} for good?", yes)

    async def work(app: App, owner: Account, message: Message) -> Message:
        return await app.gateway.redact(owner, message.id)

    _tell(_done(id, account, work), as_json)


def delete(id: Id, yes: Yes = False, account: OfAccount = "") -> None:
    """Delete a message that is complete, and all that is known of it."""
    _sure(f"Delete {id} for good?", yes)

    async def work(app: App, owner: Account, message: Message) -> Message:
        await app.gateway.delete(owner, message.id)
        return message

    sys.stdout.write(f"SM{_done(id, account, work).id} is deleted\n")
