"""Numbers: those that nobody holds, and taking one of them."""

from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta, Struct

from estafette.core.core import Core
from estafette.doors.own.errors import Refusal
from estafette.doors.own.senders import Sender, Title, sender
from estafette.doors.own.wire import Call, Limit, Page, Row
from estafette.model import Sender as Held
from estafette.model.number import Number as Known
from estafette.model.number import NumberKind, Wanted, pattern

Country = Annotated[str, Meta(pattern="^([A-Za-z]{2})?$", description="Two letters, such as US.")]
AreaCode = Annotated[str, Meta(pattern="^([2-9][0-9]{2})?$", description="In North America.")]


class Number(Struct, frozen=True, kw_only=True):
    """A number that an account may take as a sender."""

    address: str
    country: str
    kind: str
    connection: str
    locality: str
    region: str
    capabilities: list[str]


class NumberQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which numbers to look for; every part narrows."""

    country: Country = ""
    kind: NumberKind | None = None
    area_code: AreaCode = ""
    contains: Annotated[
        str,
        Meta(max_length=20, description="`*` stands for one digit, `%` for any number of them."),
    ] = ""
    locality: Annotated[str, Meta(max_length=100)] = ""
    limit: Limit = 20


class Taking(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A number to take."""

    address: str
    title: Title = ""


class Numbers:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        Row(method="GET", path="/api/numbers", name="list", query=NumberQuery, answer=Page[Number]),
        Row(
            method="POST",
            path="/api/numbers",
            name="take",
            body=Taking,
            answer=Sender,
            status=201,
        ),
    ]

    def __init__(self, core: Core) -> None:
        self._numbers = core.numbers

    async def list(self, call: Call) -> Page[Number]:
        """Look for numbers that nobody holds."""
        query: NumberQuery = call.query
        if query.contains and pattern(query.contains) is None:
            raise Refusal("bad_request", "contains is not a part of a number", field="contains")
        wanted = Wanted(
            country=query.country.upper(),
            kind=query.kind,
            area_code=query.area_code,
            contains=query.contains,
            locality=query.locality,
        )
        found = await self._numbers.free(wanted, limit=query.limit)
        return Page([_shape(item) for item in found], None)

    async def take(self, call: Call) -> Sender:
        """Make a number that nobody holds a sender of the account; DELETE of the sender gives it back."""
        asked: Taking = call.body

        def named(made: Held) -> Held:
            return msgspec.structs.replace(made, title=asked.title)

        number = await self._numbers.one(asked.address)
        return sender(await self._numbers.take(call.account, number, named))


def _shape(item: Known) -> Number:
    parts: dict[str, Any] = {
        name: getattr(item, name)
        for name in ("address", "country", "kind", "connection", "locality", "region")
    }
    return Number(**parts, capabilities=[*item.capabilities])
