"""`services`: pools of senders, who is in them, and how they are set."""

import re
import sys
from typing import Annotated, Any

import typer

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
from estafette.cli.shape import iso
from estafette.core import tunings
from estafette.model import Channel, Cursor
from estafette.model.pool import form_of
from estafette.model.service import Member, Service

_ID = re.compile(r"(?:MG)?([0-9a-fA-F]{32})")

Id = Annotated[str, typer.Argument(help="MG…, or its 32 hex digits.")]
Address = Annotated[str, typer.Argument(help="The sender's address.")]
OnChannel = Annotated[Channel, typer.Option("--channel", help="The channel.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    add_group(app, "services", "Pools of senders.", list_, show, create, set_, add, remove, delete)


def list_(
    *,
    limit: Annotated[int, typer.Option(help="How many at the most.", min=1, max=1000)] = 20,
    after: Annotated[str, typer.Option(help="Continue after the service with this id.")] = "",
    account: OfAccount = "",
    as_json: AsJson = False,
) -> None:
    """List the services of an account, newest first."""
    cursor = Cursor(read_id(after)) if after else None

    async def work() -> tuple[list[tuple[Service, list[Member]]], bool]:
        async with home() as app:
            owner, pools = await account_of(app, account), app.core.pools
            page = await pools.page(owner, limit=limit, cursor=cursor)
            found = [(item, await pools.members(owner, item.id)) for item in page.items]
            return found, page.has_next

    found, more = run(work())
    following = found[-1][0].id if more else None
    if as_json:
        print_json({"items": [_shape(*item) for item in found], "next": following})
        return
    rows = [
        (f"MG{item.id}", item.name, str(len(members)), f"{item.created_at:%Y-%m-%d %H:%M}")
        for item, members in found
    ]
    print_table(("sid", "name", "senders", "created"), rows)
    if following:
        sys.stdout.write(f"more: estafette services list --after MG{following}\n")


def show(id: Id, account: OfAccount = "", as_json: AsJson = False) -> None:
    """Show one service: how it is set, and who is in its pool."""
    wanted = read_id(id)

    async def work() -> tuple[Service, list[Member]]:
        async with home() as app:
            owner, pools = await account_of(app, account), app.core.pools
            return await pools.get(owner, wanted), await pools.members(owner, wanted)

    service, members = run(work())
    if as_json:
        print_json(_shape(service, members))
        return
    shown = {"sid": f"MG{service.id}", "name": service.name, **service.settings}
    print_table(("", ""), [(name, _cell(value)) for name, value in shown.items()])
    sys.stdout.write("\n")
    rows = [
        (
            item.sender.channel,
            item.sender.address,
            form_of(item.sender),
            item.sender.connection,
            "parked" if item.is_parked else "",
        )
        for item in members
    ]
    print_table(("channel", "address", "form", "connection", ""), rows)


def create(
    name: Annotated[str, typer.Argument(help="What people call it.")],
    *,
    status_callback: Annotated[
        str, typer.Option(help="Where to tell what becomes of its messages.")
    ] = "",
    sticky: Annotated[
        bool, typer.Option("--sticky/--any-sender", help="A recipient keeps its sender.")
    ] = True,
    account: OfAccount = "",
    as_json: AsJson = False,
) -> None:
    """Make a service without senders; `services set` sets the rest."""
    if not 1 <= len(name) <= 64:
        raise BadInput("a name has 1 to 64 characters")
    if status_callback and not re.fullmatch(r"https?://\[?[A-Za-z0-9][!-~]*", status_callback):
        raise BadInput(f"--status-callback {status_callback}: a URL")
    settings = {"status_callback": status_callback, "sticky_sender": sticky}

    async def work() -> Service:
        async with home() as app:
            return await app.core.pools.add(await account_of(app, account), name, settings)

    made = run(work())
    if as_json:
        print_json(_shape(made, []))
    else:
        sys.stdout.write(f"MG{made.id}\n")


def set_(
    id: Id,
    settings: Annotated[
        list[str] | None,
        typer.Argument(help="NAME=VALUE, such as validity_period=3600 or smart_encoding=false."),
    ] = None,
    *,
    name: Annotated[str | None, typer.Option(help="What people call it.")] = None,
    account: OfAccount = "",
) -> None:
    """Change a service; what is not named stays. `services show` has all that can be set."""
    wanted = read_id(id)
    if not settings and name is None:
        raise BadInput("there is nothing to change: see `estafette services set --help`")
    pairs = [pair.partition("=") for pair in settings or []]
    for setting, equals, _ in pairs:
        if not equals:
            raise BadInput(f"{setting}: settings are NAME=VALUE")
    given = tunings.read({setting: value for setting, _, value in pairs})
    called = None if name is None else tunings.read_name(name)

    async def work() -> None:
        async with home() as app:
            await app.core.pools.save(await account_of(app, account), wanted, called, given)

    run(work())
    sys.stdout.write(f"MG{wanted} is set\n")


def add(
    id: Id, sender: Address, *, channel: OnChannel = Channel.SMS, account: OfAccount = ""
) -> None:
    """Bring a sender into the pool of a service; running servers follow within two seconds."""
    wanted = read_id(id)

    async def work() -> None:
        async with home() as app:
            owner, pools = await account_of(app, account), app.core.pools
            found = await pools.sender(owner, channel, sender)
            await pools.join(owner, wanted, found.id)

    run(work())
    sys.stdout.write(f"{channel} {sender} is in MG{wanted}\n")


def remove(
    id: Id, sender: Address, *, channel: OnChannel = Channel.SMS, account: OfAccount = ""
) -> None:
    """Take a sender out of the pool of a service; running servers follow within two seconds."""
    wanted = read_id(id)

    async def work() -> None:
        async with home() as app:
            owner, pools = await account_of(app, account), app.core.pools
            found = await pools.sender(owner, channel, sender)
            await pools.leave(owner, wanted, found.id)

    run(work())
    sys.stdout.write(f"{channel} {sender} is not in MG{wanted} any more\n")


def delete(id: Id, account: OfAccount = "") -> None:
    """Delete a service; its senders stay, and so do its messages."""
    wanted = read_id(id)

    async def work() -> None:
        async with home() as app:
            await app.core.pools.remove(await account_of(app, account), wanted)

    run(work())
    sys.stdout.write(f"MG{wanted} is deleted\n")


def read_id(text: str) -> str:
    """The 32 hex digits of a service's name. Raises BadInput."""
    found = _ID.fullmatch(text)
    if not found:
        raise BadInput(f"{text} is not the id of a service: MG… or 32 hex digits")
    return found[1].lower()


def _cell(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _shape(service: Service, members: list[Member]) -> dict[str, Any]:
    return {
        "id": service.id,
        "sid": f"MG{service.id}",
        "account": service.account,
        "name": service.name,
        "settings": dict(service.settings),
        "senders": [
            {
                "channel": item.sender.channel,
                "address": item.sender.address,
                "form": form_of(item.sender),
                "connection": item.sender.connection,
                "is_parked": item.is_parked,
            }
            for item in members
        ],
        "created_at": iso(service.created_at),
        "updated_at": iso(service.updated_at),
    }
