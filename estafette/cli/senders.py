"""`senders`: list, add and set the addresses that an account sends from."""

import sys
from typing import Annotated

import msgspec
import typer

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
from estafette.cli.send import URL
from estafette.core.clock import utc_now
from estafette.model import Channel, Hook, Sender, Unknown
from estafette.model.address import e164, is_alphanumeric_sender, is_short_code
from estafette.model.ids import new_id
from estafette.store import senders

OnChannel = Annotated[Channel, typer.Option("--channel", help="The channel.")]
Window = Annotated[int | None, typer.Option(help="How many offers may be in flight.", min=1)]
Pace = Annotated[
    float | None,
    typer.Option("--max-per-second", help="Offers a second; 0 for no limit.", min=0),
]
InOrder = Annotated[
    bool | None,
    typer.Option(
        "--in-order/--any-order", help="Offer one recipient's messages one after the other."
    ),
]
Url = Annotated[
    str | None,
    typer.Option("--inbound-url", help="Who is told what people write to it; '' for nobody."),
]
Method = Annotated[str | None, typer.Option("--inbound-method", help="POST or GET.")]
FallbackUrl = Annotated[
    str | None, typer.Option("--fallback-url", help="Who is told where that fails; '' for nobody.")
]
FallbackMethod = Annotated[str | None, typer.Option("--fallback-method", help="POST or GET.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Addresses to send from.", invoke_without_command=True)
    group.callback()(_default)
    group.command("list")(list_)
    group.command()(add)
    group.command("set")(set_)
    app.add_typer(group, name="senders")


def _default(context: typer.Context, as_json: AsJson = False) -> None:
    if context.invoked_subcommand is None:
        list_(as_json=as_json)


def list_(account: OfAccount = "", as_json: AsJson = False) -> None:
    """List the senders of an account."""

    async def work() -> list[Sender]:
        async with home() as app:
            owner = await account_of(app, account)
            return await app.store.read(lambda conn: senders.all_of(conn, owner.sid))

    found = run(work())
    if as_json:
        print_json({"items": [msgspec.to_builtins(sender) for sender in found], "next": None})
        return
    rows = [
        (
            sender.channel,
            sender.address,
            sender.connection,
            str(sender.window),
            f"{sender.max_per_second:g}" if sender.max_per_second else "no limit",
            "in order" if sender.in_order else "any order",
            sender.title,
        )
        for sender in found
    ]
    names = ("channel", "address", "connection", "window", "max per second", "order", "title")
    print_table(names, rows)


def add(
    address: Annotated[str, typer.Argument(help="A number such as +15017122661.")],
    *,
    channel: OnChannel = Channel.SMS,
    connection: Annotated[str, typer.Option(help="The connection that carries it.")] = "sandbox",
    title: Annotated[str, typer.Option(help="What people call it.")] = "",
    window: Window = None,
    max_per_second: Pace = None,
    in_order: InOrder = None,
    account: OfAccount = "",
) -> None:
    """Add a sender. Where its pace is not given, it is what the carrier takes of such a sender."""
    plain = channel is Channel.SMS and (is_short_code(address) or is_alphanumeric_sender(address))
    if not e164(address) and not plain:
        raise BadInput(f"{address} is not an address on {channel}")

    async def work() -> float:
        async with home() as app:
            owner = await account_of(app, account)
            pace = await app.connections.pace_of(connection, channel, address)
            now = utc_now()
            sender = Sender(
                id=new_id(now),
                account=owner.sid,
                channel=channel,
                address=address,
                title=title,
                connection=connection,
                max_per_second=pace,
                created_at=now,
                updated_at=now,
            )
            made = _changed(sender, window, max_per_second, in_order)
            await app.store.write(lambda conn: senders.add(conn, made))
            return pace if max_per_second is None else 0

    pace = run(work())
    limit = f", {pace:g} a second" if pace else ""
    sys.stdout.write(f"{channel} {address} is a sender{limit}\n")


def set_(
    address: Annotated[str, typer.Argument(help="The sender's address.")],
    *,
    channel: OnChannel = Channel.SMS,
    window: Window = None,
    max_per_second: Pace = None,
    in_order: InOrder = None,
    inbound_url: Url = None,
    inbound_method: Method = None,
    fallback_url: FallbackUrl = None,
    fallback_method: FallbackMethod = None,
    account: OfAccount = "",
) -> None:
    """Change how a sender sends, and who is told what people write to it.

    Running servers follow within two seconds.
    """
    hooks = (inbound_url, inbound_method, fallback_url, fallback_method)
    if {window, max_per_second, in_order, *hooks} == {None}:
        raise BadInput("there is nothing to change: see `estafette senders set --help`")

    async def work() -> None:
        async with home() as app:
            owner = await account_of(app, account)
            found = await app.store.read(
                lambda conn: senders.find(conn, owner.sid, channel, address)
            )
            if found is None:
                raise Unknown(f"no sender {address} on {channel}")
            changed = msgspec.structs.replace(
                _changed(found, window, max_per_second, in_order),
                inbound=_hook("--inbound", found.inbound, inbound_url, inbound_method),
                fallback=_hook("--fallback", found.fallback, fallback_url, fallback_method),
                updated_at=utc_now(),
            )
            await app.store.write(lambda conn: senders.save(conn, changed))

    run(work())
    sys.stdout.write(f"{channel} {address} is set\n")


def _changed(
    sender: Sender, window: int | None, max_per_second: float | None, in_order: bool | None
) -> Sender:
    asked = {"window": window, "max_per_second": max_per_second, "in_order": in_order}
    given = {name: value for name, value in asked.items() if value is not None}
    return msgspec.structs.replace(sender, **given)


def _hook(option: str, hook: Hook, url: str | None, method: str | None) -> Hook:
    """A hook with what was given of it. Raises BadInput."""
    if url and not URL.fullmatch(url):
        raise BadInput(f"{option}-url {url}: a URL such as https://example.com/inbound")
    asked = hook.method if method is None else method.upper()
    if asked not in ("GET", "POST"):
        raise BadInput(f"{option}-method {method}: GET or POST")
    return Hook(hook.url if url is None else url, asked)
