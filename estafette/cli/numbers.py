"""`numbers`: the numbers that accounts can take, and taking one."""

import csv
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
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
from estafette.model import Sender
from estafette.model.address import e164
from estafette.model.number import CAPABILITIES, Number, NumberKind, country_of, kind_of

Address = Annotated[str, typer.Argument(help="A number such as +14155550100.")]
_PLACES = ("locality", "region", "postal_code", "lata", "rate_center")
_COLUMNS = (
    "address", "connection", "kind", "country", *_PLACES, "latitude", "longitude", "capabilities",
)  # fmt: skip
_ABLE = "sms mms"


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    add_group(
        app,
        "numbers",
        "Numbers that accounts can take.",
        list_,
        add,
        import_,
        remove,
        take,
        release,
    )


def list_(
    free: Annotated[bool, typer.Option("--free", help="Only those that nobody holds.")] = False,
    country: Annotated[str, typer.Option(help="Only of this country: US, GB, ….")] = "",
    kind: Annotated[NumberKind | None, typer.Option(help="Only of this kind.")] = None,
    limit: Annotated[int, typer.Option(help="How many at the most.", min=1)] = 50,
    as_json: AsJson = False,
) -> None:
    """List the inventory, and what the sandbox offers beside it."""

    async def work() -> list[tuple[Number, bool]]:
        async with home() as app:
            return await app.core.numbers.every()

    found = [
        (number, is_free)
        for number, is_free in run(work())
        if country.upper() in ("", number.country)
        and kind in (None, number.kind)
        and (is_free or not free)
    ][:limit]
    if as_json:
        items = [{**msgspec.to_builtins(number), "free": is_free} for number, is_free in found]
        print_json({"items": items, "next": None})
        return
    rows = [
        (
            number.address,
            number.country,
            number.kind,
            number.locality,
            " ".join(number.capabilities),
            number.connection,
            "free" if is_free else "held",
        )
        for number, is_free in found
    ]
    print_table(("number", "country", "kind", "locality", "can", "connection", ""), rows)


def add(
    address: Address,
    *,
    connection: Annotated[str, typer.Option(help="The connection that carries it.")] = "sandbox",
    kind: Annotated[
        NumberKind | None, typer.Option(help="What it is; as its digits say if left out.")
    ] = None,
    country: Annotated[str, typer.Option(help="Two letters; as its digits say if left out.")] = "",
    locality: Annotated[str, typer.Option(help="The town.")] = "",
    region: Annotated[str, typer.Option(help="The state or province, such as CA.")] = "",
    postal_code: Annotated[str, typer.Option(help="The postal code.")] = "",
    lata: Annotated[str, typer.Option(help="The LATA, in North America.")] = "",
    rate_center: Annotated[str, typer.Option(help="The rate centre, in North America.")] = "",
    latitude: Annotated[str, typer.Option(help="Degrees, north of the equator.")] = "",
    longitude: Annotated[str, typer.Option(help="Degrees, east of Greenwich.")] = "",
    capabilities: Annotated[
        str, typer.Option(help="What it can: some of voice, sms, mms, fax.")
    ] = _ABLE,
) -> None:
    """Add a number to the inventory, or say more of one that is in it."""
    said = {
        "address": address,
        "connection": connection,
        "kind": kind or "",
        "country": country,
        "locality": locality,
        "region": region,
        "postal_code": postal_code,
        "lata": lata,
        "rate_center": rate_center,
        "latitude": latitude,
        "longitude": longitude,
        "capabilities": capabilities,
    }
    number = _number(said)
    is_new = run(_put([number]))
    sys.stdout.write(f"{address} is {'' if is_new else 'still '}in the inventory\n")


def import_(
    file: Annotated[Path, typer.Argument(help="CSV; its first row names the columns.")],
    connection: Annotated[
        str, typer.Option(help="The connection that carries those for which the file names none.")
    ] = "sandbox",
) -> None:
    """Add the numbers of a file to the inventory: all of them, or none.

    Its columns are named as the options of `numbers add`, and `address`, which must be there.
    """
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            found = _read(csv.DictReader(lines), connection)
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{file} is no CSV in UTF-8: {error}") from None
    new = run(_put(found))
    sys.stdout.write(f"{len(found)} numbers, {new} of them new\n")


def remove(address: Address) -> None:
    """Take a number out of the inventory; who holds it keeps it."""

    async def work() -> None:
        async with home() as app:
            await app.core.numbers.remove(address)

    run(work())
    sys.stdout.write(f"{address} is in the inventory no more\n")


def take(
    address: Address,
    title: Annotated[str, typer.Option(help="What people call it.")] = "",
    account: OfAccount = "",
) -> None:
    """Make a free number a sender of an account."""

    def named(sender: Sender) -> Sender:
        return msgspec.structs.replace(sender, title=title)

    async def work() -> None:
        async with home() as app:
            owner = await account_of(app, account)
            number = await app.core.numbers.one(address)
            await app.core.numbers.take(owner, number, named)

    run(work())
    sys.stdout.write(f"sms {address} is a sender\n")


def release(address: Address, account: OfAccount = "") -> None:
    """Give a number back: nothing new goes through it, what waits is still sent."""

    async def work() -> None:
        async with home() as app:
            owner = await account_of(app, account)
            found = await app.core.numbers.find(owner, address)
            await app.core.numbers.release(owner, found.id)

    run(work())
    sys.stdout.write(f"sms {address} is a sender no more\n")


async def _put(numbers: list[Number]) -> int:
    async with home() as app:
        return await app.core.numbers.put(numbers)


def _read(rows: Iterable[Mapping[str, Any]], connection: str) -> list[Number]:
    found = []
    for line, row in enumerate(rows, start=2):
        strange = sorted(str(name) for name in set(row) - set(_COLUMNS))
        if strange:
            raise BadInput(f"line {line}: there is no column {strange[0]}: {', '.join(_COLUMNS)}")
        said = {name: (value or "").strip() for name, value in row.items()}
        try:
            found.append(_number({"connection": connection, **_given(said)}))
        except BadInput as error:
            raise BadInput(f"line {line}: {error}") from None
    if not found:
        raise BadInput("the file has no numbers")
    return found


def _given(said: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in said.items() if value}


def _number(said: Mapping[str, str]) -> Number:
    """A number from what was typed. Raises BadInput."""
    address = said.get("address", "")
    if e164(address) is None:
        raise BadInput(f"{address or 'nothing'} is not a number such as +14155550100")
    kind = said.get("kind") or kind_of(address)
    if kind not in set(NumberKind):
        raise BadInput(f"{kind} is not one of {', '.join(NumberKind)}")
    country = (said.get("country") or country_of(address)).upper()
    if len(country) != 2 or not (country.isascii() and country.isalpha()):
        raise BadInput(f"{country} is not a country of two letters")
    able = (said.get("capabilities") or _ABLE).replace(",", " ").split()
    if strange := set(able) - set(CAPABILITIES):
        raise BadInput(f"{min(strange)} is not one of {', '.join(CAPABILITIES)}")
    return Number(
        address=address,
        country=country,
        kind=NumberKind(kind),
        connection=said.get("connection", ""),
        latitude=_degrees(said, "latitude", 90),
        longitude=_degrees(said, "longitude", 180),
        capabilities=tuple(name for name in CAPABILITIES if name in able),
        **{name: said.get(name, "") for name in _PLACES},
    )


def _degrees(said: Mapping[str, str], name: str, most: int) -> float | None:
    text = said.get(name, "")
    if not text:
        return None
    try:
        found = float(text)
    except ValueError:
        raise BadInput(f"{text} is not a {name} in degrees") from None
    if not -most <= found <= most:
        raise BadInput(f"{text} is not a {name} in degrees")
    return found
