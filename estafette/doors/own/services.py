"""Services: pools of senders, how they are set, and who is in them."""

from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from estafette import model
from estafette.core import tunings
from estafette.core.core import Core
from estafette.doors.own.errors import Refusal
from estafette.doors.own.senders import Sender, sender
from estafette.doors.own.wire import At, Call, Page, PageQuery, Row, given, listed
from estafette.model import Cursor
from estafette.model.ids import read_id
from estafette.model.service import Service as Known

Url = Annotated[str, Meta(max_length=2048, description="Empty for nobody.")]
Method = Literal["GET", "POST"]
Name = Annotated[str, Meta(max_length=200)]
SenderId = Annotated[str, Meta(description="The id of a sender of the account.")]


class Tuning(Struct, frozen=True, kw_only=True):
    """How messages go through a service. What has no effect here is kept for Twilio's clients."""

    inbound_request_url: str
    inbound_method: str
    fallback_url: str
    fallback_method: str
    status_callback: str
    sticky_sender: bool
    mms_converter: bool
    smart_encoding: bool
    scan_message_content: str
    fallback_to_long_code: bool
    area_code_geomatch: bool
    synchronous_validation: bool
    validity_period: int
    usecase: str
    use_inbound_webhook_on_number: bool


class TuningChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to set of a service; what is left out stays, or is as usual."""

    inbound_request_url: Url | UnsetType = UNSET
    inbound_method: Method | UnsetType = UNSET
    fallback_url: Url | UnsetType = UNSET
    fallback_method: Method | UnsetType = UNSET
    status_callback: Url | UnsetType = UNSET
    sticky_sender: bool | UnsetType = UNSET
    mms_converter: bool | UnsetType = UNSET
    smart_encoding: bool | UnsetType = UNSET
    scan_message_content: str | UnsetType = UNSET
    fallback_to_long_code: bool | UnsetType = UNSET
    area_code_geomatch: bool | UnsetType = UNSET
    synchronous_validation: bool | UnsetType = UNSET
    validity_period: int | UnsetType = UNSET
    usecase: str | UnsetType = UNSET
    use_inbound_webhook_on_number: bool | UnsetType = UNSET


class Service(Struct, frozen=True, kw_only=True):
    """A pool of senders; `sid` is what Twilio's clients call it."""

    id: str
    sid: str
    name: str
    settings: Tuning
    created_at: At
    updated_at: At


class NewService(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A service to add, with an empty pool."""

    name: Name
    settings: TuningChange = TuningChange()


class ServiceChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change of a service; what is left out stays."""

    name: Name | UnsetType = UNSET
    settings: TuningChange = TuningChange()


class Joining(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sender to bring into a pool."""

    sender: SenderId


def service(item: Known) -> Service:
    """A service as it is shown."""
    return Service(
        id=item.id,
        sid=f"MG{item.id}",
        name=item.name,
        settings=Tuning(**item.settings),
        created_at=item.created_at,
        updated_at=item.updated_at,
    )


class Services:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        Row(method="GET", path="/api/services", name="list", query=PageQuery, answer=Page[Service]),
        Row(
            method="POST",
            path="/api/services",
            name="add",
            body=NewService,
            answer=Service,
            status=201,
        ),
        Row(method="GET", path="/api/services/{id}", name="show", answer=Service),
        Row(
            method="PATCH",
            path="/api/services/{id}",
            name="change",
            body=ServiceChange,
            answer=Service,
        ),
        Row(method="DELETE", path="/api/services/{id}", name="remove"),
        Row(
            method="GET",
            path="/api/services/{id}/senders",
            name="members",
            query=PageQuery,
            answer=Page[Sender],
        ),
        Row(
            method="POST",
            path="/api/services/{id}/senders",
            name="join",
            body=Joining,
            answer=Sender,
            status=201,
        ),
        Row(method="DELETE", path="/api/services/{id}/senders/{sender}", name="leave"),
    ]

    def __init__(self, core: Core) -> None:
        self._pools = core.pools

    async def list(self, call: Call) -> Page[Service]:
        """List services, newest first."""
        after = read_id(call.query.after.removeprefix("MG")) if call.query.after else None
        if call.query.after and after is None:
            raise Refusal("bad_request", "after must be the id of a service", field="after")
        cursor = Cursor(after) if after else None
        found = await self._pools.page(call.account, limit=call.query.limit, cursor=cursor)
        items = [service(item) for item in found.items]
        return Page(items, call.next(items[-1].id if items and found.has_next else None))

    async def add(self, call: Call) -> Service:
        """Add a service; its pool is empty."""
        asked: NewService = call.body
        name, settings = tunings.read_name(asked.name), tunings.read(given(asked.settings))
        return service(await self._pools.add(call.account, name, settings))

    async def show(self, call: Call) -> Service:
        """Show one service, by its id with `MG` before it or without."""
        return service(await self._pools.get(call.account, _id(call)))

    async def change(self, call: Call) -> Service:
        """Change a service; other processes follow within two seconds."""
        asked: ServiceChange = call.body
        name = None if asked.name is UNSET else tunings.read_name(str(asked.name))
        settings = tunings.read(given(asked.settings))
        return service(await self._pools.save(call.account, _id(call), name, settings))

    async def remove(self, call: Call) -> None:
        """Delete a service; its senders stay, and so do messages on their way."""
        await self._pools.remove(call.account, _id(call))

    async def members(self, call: Call) -> Page[Sender]:
        """List the senders in the pool of a service, newest first."""
        found = await self._pools.members(call.account, _id(call))
        return listed(call, [item.sender for item in found], sender)

    async def join(self, call: Call) -> Sender:
        """Bring a sender into the pool of a service; it is in one at a time."""
        wanted = read_id(call.body.sender)
        if wanted is None:
            raise Refusal("bad_request", "sender must be the id of a sender", field="sender")
        made = await self._pools.join(call.account, _id(call), wanted)
        return sender(made.sender)

    async def leave(self, call: Call) -> None:
        """Take a sender out of the pool of a service; it stays the account's."""
        await self._pools.leave(call.account, _id(call), call.holes["sender"].lower())


def _id(call: Call) -> str:
    """The 32 digits of the service that the path names. Raises Unknown."""
    text = call.holes["id"]
    found = read_id(text.removeprefix("MG"))
    if found is None:
        raise model.Unknown(f"no service {text[:100]}")
    return found
