"""`accounts`: list, create and set accounts, give one another token, verify whom one may write to."""

import re
import sys
from typing import Annotated

import typer

from estafette.cli.group import add_group
from estafette.cli.run import AsJson, BadInput, home, print_json, print_table, run
from estafette.cli.shape import iso
from estafette.model import Account, AccountKind, Unknown, Verification
from estafette.model.address import e164

OfSid = Annotated[str, typer.Argument(metavar="SID", help="AC…")]
Address = Annotated[str, typer.Argument(help="A number such as +15558675310.")]
_AMOUNT = re.compile(r"-?\d{1,12}(?:\.\d{1,5})?")
_MOST = 1000


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    add_group(
        app,
        "accounts",
        "Who owns senders and messages.",
        list_,
        create,
        set_,
        balance,
        new_token,
        verify,
        unverify,
        verified,
    )


def list_(as_json: AsJson = False) -> None:
    """List the accounts, the oldest first."""

    async def work() -> list[Account]:
        async with home() as app:
            return await app.people.accounts()

    found = run(work())
    if as_json:
        print_json({"items": [_shape(account) for account in found], "next": None})
    else:
        rows = [
            (item.sid, item.name, item.kind, f"{item.created_at:%Y-%m-%d %H:%M}") for item in found
        ]
        print_table(("sid", "name", "kind", "created"), rows)


def create(
    name: Annotated[str, typer.Argument(help="What people call it.")],
    kind: Annotated[
        AccountKind, typer.Option(help="What it may do: see docs/how-to/try-safely.md.")
    ] = AccountKind.FULL,
    as_json: AsJson = False,
) -> None:
    """Make an account; its token is shown this once."""

    async def work() -> tuple[Account, str]:
        async with home() as app:
            return await app.people.add_account(name, kind=kind)

    account, token = run(work())
    if as_json:
        print_json({**_shape(account), "auth_token": token})
    else:
        sys.stdout.write(f"sid         {account.sid}\nauth token  {token}\n")


def set_(
    sid: OfSid,
    kind: Annotated[AccountKind | None, typer.Option(help="What it may do.")] = None,
) -> None:
    """Change what an account may do; running servers follow within two seconds."""
    if kind is None:
        raise BadInput("there is nothing to change: see `estafette accounts set --help`")

    async def work() -> None:
        async with home() as app:
            await app.people.change(sid, kind=kind)

    run(work())
    sys.stdout.write(f"{sid} is a {kind} account\n")


def balance(
    sid: OfSid,
    amount: Annotated[
        str, typer.Argument(help="In USD, such as 20.00; it is only shown where left out.")
    ] = "",
) -> None:
    """Set or show the balance that an account is told; nothing is taken off it."""
    if amount and not _AMOUNT.fullmatch(amount):
        raise BadInput(f"{amount} is not an amount such as 20.00")

    async def work() -> Account:
        async with home() as app:
            if amount:
                return await app.people.change(sid, balance=amount)
            return await app.people.account(sid)

    sys.stdout.write(f"{run(work()).balance or '0.00'} USD\n")


def verify(
    sid: OfSid,
    address: Address,
    title: Annotated[str, typer.Option(help="What people call it.")] = "",
) -> None:
    """Let a trial account write to a recipient."""
    if e164(address) is None:
        raise BadInput(f"{address} is not a number")

    async def work() -> None:
        async with home() as app:
            account = await app.people.account(sid)
            await app.core.verified.add(account.sid, address, title)

    run(work())
    sys.stdout.write(f"{address} is verified for {sid}\n")


def unverify(sid: OfSid, address: Address) -> None:
    """Take that back; running servers follow within two seconds."""

    async def work() -> None:
        async with home() as app:
            found = await app.core.verified.page(sid, address=address, limit=1)
            if not found.items:
                raise Unknown(f"{address} is not verified for {sid}")
            await app.core.verified.remove(sid, found.items[0].id)

    run(work())
    sys.stdout.write(f"{address} is verified for {sid} no more\n")


def verified(sid: OfSid, as_json: AsJson = False) -> None:
    """List the recipients that a trial account may write to, newest first."""

    async def work() -> list[Verification]:
        async with home() as app:
            account = await app.people.account(sid)
            return (await app.core.verified.page(account.sid, limit=_MOST)).items

    found = run(work())
    if as_json:
        items = [
            {"address": item.address, "title": item.title, "created_at": iso(item.created_at)}
            for item in found
        ]
        print_json({"items": items, "next": None})
        return
    rows = [(item.address, item.title, f"{item.created_at:%Y-%m-%d %H:%M}") for item in found]
    print_table(("address", "title", "verified"), rows)


def new_token(sid: Annotated[str, typer.Argument(help="AC…")], as_json: AsJson = False) -> None:
    """Give an account another token, shown this once; the old one opens nothing any more."""

    async def work() -> str:
        async with home() as app:
            return await app.people.new_token(sid)

    token = run(work())
    if as_json:
        print_json({"sid": sid, "auth_token": token})
    else:
        sys.stdout.write(f"auth token  {token}\n")


def _shape(account: Account) -> dict[str, object]:
    return {
        "sid": account.sid,
        "name": account.name,
        "kind": account.kind,
        "balance": account.balance or "0.00",
        "created_at": iso(account.created_at),
    }
