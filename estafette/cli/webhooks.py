"""`webhooks`: addresses that are told what happens in an account."""

import sys
from typing import Annotated

import typer
from msgspec import UNSET

from estafette.cli import shape
from estafette.cli.group import add_group
from estafette.cli.run import (
    AsJson,
    BadInput,
    OfAccount,
    account_of,
    home,
    print_json,
    print_table,
    run,
)
from estafette.doors.own.errors import Refusal
from estafette.doors.own.webhooks import (
    DOORS,
    LONGEST_SECRET,
    Format,
    NewWebhook,
    WebhookEvent,
    added,
)
from estafette.model import Subscription

Events = Annotated[
    list[WebhookEvent] | None,
    typer.Option("--event", help="What to tell; everything where it is left out."),
]
Signed = Annotated[
    bool,
    typer.Option(
        "--secret",
        help="Sign with a secret, a line of standard input; else with the account's token.",
    ),
]

InFormat = Annotated[
    Format,
    typer.Option(
        "--format", help="In whose words: our own, or as the WhatsApp Cloud API tells it."
    ),
]
OfSender = Annotated[
    str,
    typer.Option(
        help="With the format whatsapp: the sender, by its id, number or phone number id; * for any that"
        " has none of its own.",
    ),
]
Asks = Annotated[
    bool,
    typer.Option(
        "--verify-token",
        help="With the format whatsapp: ask the address first, with a token: a line of standard input,"
        " after that of --secret.",
    ),
]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    add_group(
        app, "webhooks", "Addresses that are told what happens in an account.",
        list_, add, remove, enable, disable,
    )  # fmt: skip


def list_(account: OfAccount = "", as_json: AsJson = False) -> None:
    """List webhooks, newest first; their secrets are not shown."""

    async def work() -> list[Subscription]:
        async with home() as app:
            owner = await account_of(app, account)
            return await app.core.subscriptions.list(owner.sid, DOORS)

    found = run(work())
    if as_json:
        print_json({"items": [shape.webhook(item) for item in found], "next": None})
        return
    rows = [
        (
            item.id,
            item.door,
            ", ".join(item.events),
            item.sender,
            f"{item.created_at:%Y-%m-%d %H:%M}",
            item.url,
        )
        for item in found
    ]
    print_table(("id", "format", "events", "sender", "created", "url"), rows)


def add(
    url: Annotated[str, typer.Argument(help="The address: http or https.")],
    *,
    events: Events = None,
    signed: Signed = False,
    form: InFormat = Format.OWN,
    sender: OfSender = "",
    asks: Asks = False,
    account: OfAccount = "",
    as_json: AsJson = False,
) -> None:
    """Have an address told what happens from now on, also by running servers."""
    asked = NewWebhook(
        url=url,
        events=tuple(events or (WebhookEvent if form is Format.OWN else ())) or UNSET,
        secret=_line("secret") if signed else "",
        format=form,
        sender=sender,
        verify_token=_line("verify token") if asks else "",
    )

    async def work() -> Subscription:
        async with home() as app:
            owner = await account_of(app, account)
            try:
                return await added(app.core, owner.sid, asked)
            except Refusal as error:
                raise BadInput(str(error)) from None

    made = run(work())
    if as_json:
        print_json(shape.webhook(made))
    else:
        sys.stdout.write(f"{made.id} is told: {', '.join(made.events)}\n")


def _line(what: str) -> str:
    """The next line of standard input. Raises BadInput."""
    found = sys.stdin.readline().rstrip("\r\n")
    if not 0 < len(found) <= LONGEST_SECRET:
        raise BadInput(f"a {what} has 1 to {LONGEST_SECRET} characters, on standard input")
    return found


def remove(
    id: Annotated[str, typer.Argument(help="Its id: 32 hex digits.")], account: OfAccount = ""
) -> None:
    """Tell an address no more: what it is still owed is given up."""

    async def work() -> None:
        async with home() as app:
            owner = await account_of(app, account)
            await app.core.subscriptions.remove(owner.sid, id.lower(), door=DOORS)

    run(work())
    sys.stdout.write(f"{id} is told no more\n")


Id = Annotated[str, typer.Argument(help="The webhook: `estafette webhooks list` has its id.")]


def enable(id: Id, account: OfAccount = "", as_json: AsJson = False) -> None:
    """Have a webhook told again what happens from now on."""
    _turn(id, account, on=True, as_json=as_json)


def disable(id: Id, account: OfAccount = "", as_json: AsJson = False) -> None:
    """Tell a webhook nothing for as long as it is disabled; what it is owed is given up."""
    _turn(id, account, on=False, as_json=as_json)


def _turn(id: str, account: str, *, on: bool, as_json: bool) -> None:
    async def work() -> Subscription:
        async with home() as app:
            owner = await account_of(app, account)
            return await app.core.subscriptions.turn(owner.sid, id.lower(), on=on, door=DOORS)

    turned = run(work())
    if as_json:
        print_json(shape.webhook(turned))
    else:
        sys.stdout.write(f"{turned.id} is {'told' if on else 'told nothing'}\n")
