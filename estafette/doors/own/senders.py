"""Senders: the addresses that an account sends from."""

import contextlib
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from estafette import model
from estafette.core.core import Core
from estafette.core.senders import is_main
from estafette.doors.own.errors import Refusal, of_declined
from estafette.doors.own.wire import At, Call, Page, PageQuery, Row, check_url, cut
from estafette.model import Channel, Declined, Hook, Unknown

Method = Literal["GET", "POST"]
Title = Annotated[str, Meta(max_length=200)]
Ref = Annotated[
    str,
    Meta(
        max_length=128,
        description="A carrier's own id for it, such as a WhatsApp phone number id.",
    ),
]
Window = Annotated[int, Meta(ge=1, le=100_000, description="Offers in flight, at the most.")]
Pace = Annotated[float, Meta(ge=0, le=100_000, description="Offers a second; 0 for no limit.")]
Url = Annotated[str, Meta(max_length=2048, description="Empty for nobody.")]


class Sender(Struct, frozen=True, kw_only=True):
    """An address to send from, on one channel, through one connection."""

    id: str
    channel: Channel
    address: str
    ref: str
    title: str
    connection: str
    main: bool
    max_per_second: float
    window: int
    in_order: bool
    inbound_url: str
    inbound_method: str
    fallback_url: str
    fallback_method: str
    created_at: At
    updated_at: At


class NewSender(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sender to add. On WhatsApp a `ref` is made where none is given; a pace that is left out is what
    its carrier takes of such a sender.
    """

    address: str
    channel: Channel = Channel.SMS
    ref: Ref = ""
    title: Title = ""
    connection: str = "sandbox"
    main: bool = False
    max_per_second: Pace | None = None
    window: Window = 256
    in_order: bool = False
    inbound_url: Url = ""
    inbound_method: Method = "POST"
    fallback_url: Url = ""
    fallback_method: Method = "POST"


class SenderChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change of a sender; what is left out stays."""

    ref: Ref | UnsetType = UNSET
    title: Title | UnsetType = UNSET
    connection: str | UnsetType = UNSET
    main: bool | UnsetType = UNSET
    max_per_second: Pace | UnsetType = UNSET
    window: Window | UnsetType = UNSET
    in_order: bool | UnsetType = UNSET
    inbound_url: Url | UnsetType = UNSET
    inbound_method: Method | UnsetType = UNSET
    fallback_url: Url | UnsetType = UNSET
    fallback_method: Method | UnsetType = UNSET


class Query(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which senders to list."""

    channel: Channel | None = None


def sender(item: model.Sender) -> Sender:
    """A sender as it is shown."""
    return Sender(
        id=item.id,
        channel=item.channel,
        address=item.address,
        ref=item.ref,
        title=item.title,
        connection=item.connection,
        main=is_main(item),
        max_per_second=item.max_per_second,
        window=item.window,
        in_order=item.in_order,
        inbound_url=item.inbound.url,
        inbound_method=item.inbound.method,
        fallback_url=item.fallback.url,
        fallback_method=item.fallback.method,
        created_at=item.created_at,
        updated_at=item.updated_at,
    )


class Senders:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        Row(method="GET", path="/api/senders", name="list", query=Query, answer=Page[Sender]),
        Row(
            method="POST",
            path="/api/senders",
            name="add",
            body=NewSender,
            answer=Sender,
            status=201,
        ),
        Row(method="GET", path="/api/senders/{id}", name="show", answer=Sender),
        Row(
            method="PATCH",
            path="/api/senders/{id}",
            name="change",
            body=SenderChange,
            answer=Sender,
        ),
        Row(method="DELETE", path="/api/senders/{id}", name="release"),
    ]

    def __init__(self, core: Core) -> None:
        self._senders = core.senders

    async def list(self, call: Call) -> Page[Sender]:
        """List senders, newest first."""
        query: Query = call.query
        found = await self._senders.list(call.account.sid, query.channel)
        behind = [
            item for item in reversed(found) if not query.after or item.id < query.after.lower()
        ]
        items, last = cut(behind, query.limit)
        return Page([sender(item) for item in items], call.next(last.id if last else None))

    async def add(self, call: Call) -> Sender:
        """Add a sender; messages may be sent from it at once."""
        asked: NewSender = call.body
        parts = _parts(asked)
        for name in ("address", "channel", "main"):
            del parts[name]
        hooks = _hooks(parts, Hook(), Hook())
        with _blaming():
            made = await self._senders.add(
                call.account.sid,
                asked.channel,
                asked.address,
                main=asked.main,
                **parts,
                **hooks,
            )
        return sender(made)

    async def show(self, call: Call) -> Sender:
        """Show one sender."""
        return sender(await self._senders.get(call.account.sid, call.holes["id"].lower()))

    async def change(self, call: Call) -> Sender:
        """Change a sender; other processes follow within two seconds."""
        id = call.holes["id"].lower()
        before = await self._senders.get(call.account.sid, id)
        parts = _parts(call.body)
        main = parts.pop("main", None)
        hooks = _hooks(parts, before.inbound, before.fallback)
        with _blaming():
            made = await self._senders.change(call.account.sid, id, main=main, **parts, **hooks)
        return sender(made)

    async def release(self, call: Call) -> None:
        """Give a sender back: nothing new goes through it, what waits is still sent."""
        await self._senders.release(call.account.sid, call.holes["id"].lower())


@contextlib.contextmanager
def _blaming() -> Iterator[None]:
    """Tells what the core declined with this resource's names of fields."""
    try:
        yield
    except Declined as error:
        raise of_declined(error, callback_url="inbound_url", **{"from": "address"}) from None
    except Unknown as error:
        if "connection" not in str(error):
            raise
        raise Refusal("bad_request", str(error), field="connection") from None


def _parts(asked: Struct) -> dict[str, Any]:
    """The fields that were given."""
    found = {name: getattr(asked, name) for name in asked.__struct_fields__}
    return {name: value for name, value in found.items() if value is not UNSET}


def _hooks(parts: dict[str, Any], inbound: Hook, fallback: Hook) -> dict[str, Hook]:
    """The addresses to tell, taken out of what was given."""
    found = {}
    for name, before in (("inbound", inbound), ("fallback", fallback)):
        url = parts.pop(f"{name}_url", before.url)
        method = parts.pop(f"{name}_method", before.method)
        found[name] = msgspec.structs.replace(
            before, url=check_url(url, f"{name}_url"), method=method
        )
    return found
