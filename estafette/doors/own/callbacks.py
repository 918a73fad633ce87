"""Callbacks: what addresses were told, and telling it once more."""

from typing import Annotated, ClassVar

from msgspec import Meta, Struct

from estafette import model
from estafette.core.core import Core
from estafette.doors.own.errors import Refusal
from estafette.doors.own.requests import Request, request
from estafette.doors.own.wire import At, Call, Page, PageQuery, Row, cut
from estafette.model import After, CallbackStatus, Status, attempt
from estafette.model.notice import Event


class Callback(Struct, frozen=True, kw_only=True):
    """A status of a message that an address is owed, or was told; or another event. `url` ends before
    its `?`.
    """

    message: str | None  #: null for what is no status of a message
    status: Status | None
    event: Event | None  #: what happened; null where a message came to a status
    about: str  #: the id of what it is about: the message, or a contact, a user or a team
    subscription: str | None  #: who is told; null for the address that the message or sender names
    told: CallbackStatus
    url: str
    method: str
    door: str
    tries: int
    answer: str
    created_at: At
    due_at: At | None
    closed_at: At | None


class Query(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which callbacks to list."""

    told: CallbackStatus | None = None


class Again(Struct, frozen=True, forbid_unknown_fields=True):
    """What to tell once more: one status or event, or all that are over; to one address, or to all."""

    status: Status | None = None
    event: Event | None = None
    subscription: Annotated[
        str | None,
        Meta(description="Only to this one; empty: only to the address that the message names."),
    ] = None


def callback(item: model.Callback) -> Callback:
    """A callback as it is shown."""
    event = Event(item.event) if item.event else None
    return Callback(
        message=None if event else item.message,
        status=None if event else item.status,
        event=event,
        about=item.message,
        subscription=item.hook or None,
        told=item.told,
        url=item.url.partition("?")[0].partition("#")[0],
        method=item.method,
        door=item.door,
        tries=item.tries,
        answer=item.answer,
        created_at=item.created_at,
        due_at=item.due_at,
        closed_at=item.closed_at,
    )


class Described(Callback, frozen=True, kw_only=True):
    """A callback with the request that tells it, as it would be made now: signatures are `…`, and `url`
    ends before its `?`. Null where there is nothing to tell any more.
    """

    request: Request | None


class Address(Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to tell again."""

    url: Annotated[str, Meta(description="The whole address.", max_length=4096)]


class Count(Struct, frozen=True):
    """How many are told once more; ask again where that is 500: there may be more."""

    count: int


class OneQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which of those that tell the same."""

    subscription: Annotated[str, Meta(description="Empty: the message's own address.")] = ""


def described(item: model.Callback, asked: attempt.Request | None) -> Described:
    """A callback as it is shown, with what it tells."""
    shape = callback(item)
    parts = {name: getattr(shape, name) for name in shape.__struct_fields__}
    return Described(**parts, request=request(asked))


class Callbacks:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        Row(method="GET", path="/api/callbacks", name="list", query=Query, answer=Page[Callback]),
        Row(
            method="POST",
            path="/api/callbacks/{about}/replay",
            name="replay",
            body=Again,
            optional=True,
            answer=Page[str],
        ),
        Row(
            method="POST",
            path="/api/callbacks/replay",
            name="again",
            body=Address,
            answer=Count,
        ),
        Row(
            method="GET",
            path="/api/callbacks/{about}/{said}",
            name="show",
            query=OneQuery,
            answer=Described,
        ),
    ]

    def __init__(self, core: Core) -> None:
        self._gateway = core.gateway
        self._deliveries = core.deliveries

    async def again(self, call: Call) -> Count:
        """Tell once more what was given up at an address: the newest 500 first."""
        return Count(await self._deliveries.again(call.account, call.body.url))

    async def show(self, call: Call) -> Described:
        """Show one callback with what it tells: by what it is about, and its status or the id of its event."""
        query: OneQuery = call.query
        found = await self._deliveries.get(
            call.account, call.holes["about"], call.holes["said"], query.subscription
        )
        return described(found, await self._deliveries.shown(found))

    async def list(self, call: Call) -> Page[Callback]:
        """List callbacks, newest first."""
        query: Query = call.query
        after = After.read(query.after) if query.after else None
        if query.after and after is None:
            raise Refusal("bad_request", "after is not what a list ended with", field="after")
        found = await self._gateway.callbacks(
            call.account, told=query.told, limit=query.limit + 1, after=after
        )
        items, last = cut(found, query.limit)
        following = call.next(str(After.of(last))) if last else None
        return Page([callback(item) for item in items], following)

    async def replay(self, call: Call) -> Page[str]:
        """Tell once more what is over of a message, or of a contact, a user or a team; which statuses
        and events that are, in order.
        """
        asked: Again = call.body
        if asked.status and asked.event:
            raise Refusal("bad_request", "name a status or an event, not both", field="event")
        again = await self._gateway.replay(
            call.account,
            call.holes["about"],
            asked.status or asked.event,
            subscription=asked.subscription,
        )
        return Page(again, None)
