"""`senders`: list, add and set the addresses that an account sends from."""

import sys
from typing import Annotated, Any

import typer

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
from estafette.cli.send import URL
from estafette.core.senders import is_main
from estafette.model import Channel, Declined, Hook, Sender

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

Main = Annotated[
    bool | None,
    typer.Option("--main/--not-main", help="Send from it where nothing else is said."),
]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    add_group(app, "senders", "Addresses to send from.", list_, add, set_, release)


def list_(account: OfAccount = "", as_json: AsJson = False) -> None:
    """List the senders of an account."""

    async def work() -> list[Sender]:
        async with home() as app:
            return await app.core.senders.list((await account_of(app, account)).sid)

    found = run(work())
    if as_json:
        print_json({"items": [shape.sender(sender) for sender in found], "next": None})
        return
    rows = [
        (
            sender.channel,
            sender.address,
            sender.connection,
            str(sender.window),
            f"{sender.max_per_second:g}" if sender.max_per_second else "no limit",
            "in order" if sender.in_order else "any order",
            "main" if is_main(sender) else "",
            sender.title,
        )
        for sender in found
    ]
    names = ("channel", "address", "connection", "window", "max per second", "order", "", "title")
    print_table(names, rows)


def add(
    address: Annotated[str, typer.Argument(help="A number such as +15017122661.")],
    *,
    channel: OnChannel = Channel.SMS,
    connection: Annotated[str, typer.Option(help="The connection that carries it.")] = "sandbox",
    ref: Annotated[
        str, typer.Option(help="A carrier's id for it; made for WhatsApp where it is left out.")
    ] = "",
    title: Annotated[str, typer.Option(help="What people call it.")] = "",
    window: Window = None,
    max_per_second: Pace = None,
    in_order: InOrder = None,
    main: Main = None,
    account: OfAccount = "",
) -> None:
    """Add a sender. Where its pace is not given, it is what the carrier takes of such a sender.

    Running servers know it within two seconds.
    """
    parts = _given(window=window, max_per_second=max_per_second, in_order=in_order)

    async def work() -> Sender:
        async with home() as app:
            owner = await account_of(app, account)
            try:
                return await app.core.senders.add(
                    owner.sid,
                    channel,
                    address,
                    main=bool(main),
                    connection=connection,
                    ref=ref,
                    title=title,
                    **parts,
                )
            except Declined:
                raise BadInput(f"{address} is not an address on {channel}") from None

    made = run(work())
    pace = made.max_per_second if max_per_second is None else 0
    limit = f", {pace:g} a second" if pace else ""
    sys.stdout.write(f"{channel} {made.address} is a sender{limit}\n")


def set_(
    address: Annotated[str, typer.Argument(help="The sender's address.")],
    *,
    channel: OnChannel = Channel.SMS,
    title: Annotated[str | None, typer.Option(help="What people call it.")] = None,
    connection: Annotated[
        str | None, typer.Option(help="The connection that carries it from now on.")
    ] = None,
    ref: Annotated[str | None, typer.Option(help="A carrier's id for it.")] = None,
    window: Window = None,
    max_per_second: Pace = None,
    in_order: InOrder = None,
    inbound_url: Url = None,
    inbound_method: Method = None,
    fallback_url: FallbackUrl = None,
    fallback_method: FallbackMethod = None,
    main: Main = None,
    account: OfAccount = "",
) -> None:
    """Change how a sender sends, and who is told what people write to it.

    Running servers follow within two seconds.
    """
    parts = _given(
        title=title,
        connection=connection,
        ref=ref,
        window=window,
        max_per_second=max_per_second,
        in_order=in_order,
    )
    hooks = (inbound_url, inbound_method, fallback_url, fallback_method)
    if not parts and {main, *hooks} == {None}:
        raise BadInput("there is nothing to change: see `estafette senders set --help`")

    async def work() -> None:
        async with home() as app:
            owner = await account_of(app, account)
            found = await app.core.senders.find(owner.sid, channel, address)
            parts["inbound"] = _hook("--inbound", found.inbound, inbound_url, inbound_method)
            parts["fallback"] = _hook("--fallback", found.fallback, fallback_url, fallback_method)
            await app.core.senders.change(owner.sid, found.id, main=main, **parts)

    run(work())
    sys.stdout.write(f"{channel} {address} is set\n")


def release(
    address: Annotated[str, typer.Argument(help="The sender's address.")],
    *,
    channel: OnChannel = Channel.SMS,
    account: OfAccount = "",
) -> None:
    """Give a sender back: nothing new goes through it, what waits is still sent."""

    async def work() -> None:
        async with home() as app:
            owner = await account_of(app, account)
            found = await app.core.senders.find(owner.sid, channel, address)
            await app.core.senders.release(owner.sid, found.id)

    run(work())
    sys.stdout.write(f"{channel} {address} is a sender no more\n")


def _given(**options: Any) -> dict[str, Any]:
    """The options that were given."""
    return {name: value for name, value in options.items() if value is not None}


def _hook(option: str, hook: Hook, url: str | None, method: str | None) -> Hook:
    """A hook with what was given of it. Raises BadInput."""
    if url and not URL.fullmatch(url):
        raise BadInput(f"{option}-url {url}: a URL such as https://example.com/inbound")
    asked = hook.method if method is None else method.upper()
    if asked not in ("GET", "POST"):
        raise BadInput(f"{option}-method {method}: GET or POST")
    return Hook(hook.url if url is None else url, asked)
