"""Suppressions: who asked not to be written to."""

from typing import Annotated, ClassVar

from msgspec import Meta, Struct

from estafette import model
from estafette.core.core import Core
from estafette.core.suppressions import Key, key_of, recipient_of
from estafette.doors.own.errors import Refusal, of_declined
from estafette.doors.own.wire import Answered, At, Call, Page, PageQuery, Row, cut
from estafette.model import Channel, Declined, Unknown

_MOST = 10_000  # of one import
_SOURCE = "api"

_Scope = Annotated[
    str, Meta(description="The id of a sender or a service; empty for the whole account.")
]


class Suppression(Struct, frozen=True, kw_only=True):
    """Somebody who is not written to."""

    recipient: str
    channel: Channel
    scope: str
    source: str
    created_at: At


class NewSuppression(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody who is not to be written to."""

    recipient: str
    channel: Channel = Channel.SMS
    scope: _Scope = ""
    source: Annotated[str, Meta(max_length=200, description="How that is known.")] = _SOURCE


class Many(Struct, frozen=True, forbid_unknown_fields=True):
    """Many to add at once."""

    items: Annotated[list[NewSuppression], Meta(max_length=_MOST)]


class Bad(Struct, frozen=True):
    """One that was not added."""

    index: int  #: its place in the list, from 0
    message: str


class Imported(Struct, frozen=True):
    """What became of many."""

    added: int
    known: int
    bad: list[Bad]


class Query(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which suppressions to list; each part narrows."""

    recipient: str = ""
    begins: Annotated[str, Meta(description="What the recipient begins with.")] = ""
    channel: Channel | None = None
    scope: _Scope | None = None


class Removed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which suppressions of a recipient to remove; all of them where nothing is said."""

    channel: Channel | None = None
    scope: _Scope | None = None


def suppression(item: model.Suppression) -> Suppression:
    """A suppression as it is shown."""
    return Suppression(
        recipient=item.recipient,
        channel=item.channel,
        scope=item.scope,
        source=item.source,
        created_at=item.created_at,
    )


class Suppressions:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        Row(
            method="GET",
            path="/api/suppressions",
            name="list",
            query=Query,
            answer=Page[Suppression],
        ),
        Row(
            method="POST",
            path="/api/suppressions",
            name="add",
            body=NewSuppression,
            answer=Suppression,
            status=201,
        ),
        Row(
            method="POST",
            path="/api/suppressions/import",
            name="bring_in",
            body=Many,
            answer=Imported,
        ),
        Row(
            method="DELETE",
            path="/api/suppressions/{recipient}",
            name="remove",
            query=Removed,
        ),
    ]

    def __init__(self, core: Core) -> None:
        self._suppressions = core.suppressions

    async def list(self, call: Call) -> Page[Suppression]:
        """List suppressions, by recipient, channel and scope."""
        query: Query = call.query
        found = await self._suppressions.page(
            call.account.sid,
            recipient=query.recipient,
            begins=query.begins,
            channel=query.channel,
            scope=query.scope,
            limit=query.limit + 1,
            after=_key(query.after) if query.after else None,
        )
        items, last = cut(found, query.limit)
        following = call.next(":".join(key_of(last))) if last else None
        return Page([suppression(item) for item in items], following)

    async def add(self, call: Call) -> Answered:
        """Add one. The answer is 200 where it is there already, and nothing changes."""
        item, is_new = await self._suppressions.add(self._read(call, call.body))
        return Answered(suppression(item), 201 if is_new else 200)

    async def bring_in(self, call: Call) -> Imported:
        """Add many at once; those that cannot be added are told, and all others are added."""
        asked: Many = call.body
        good, bad = [], []
        for index, item in enumerate(asked.items):
            try:
                good.append(self._read(call, item))
            except Refusal as error:
                bad.append(Bad(index, str(error)))
        counts = await self._suppressions.add_all(good)
        return Imported(counts.added, counts.known, bad)

    async def remove(self, call: Call) -> None:
        """Let a recipient be written to again."""
        query: Removed = call.query
        text = call.holes["recipient"]
        try:
            recipient = recipient_of(text, query.channel or Channel.WHATSAPP)
        except Declined:
            raise Unknown(f"nobody is suppressed as {text}") from None
        scopes = None if query.scope is None else [query.scope]
        removed = await self._suppressions.remove(
            call.account.sid, recipient, channel=query.channel, scopes=scopes
        )
        if not removed:
            raise Unknown(f"{recipient} is not suppressed")

    def _read(self, call: Call, asked: NewSuppression) -> model.Suppression:
        try:
            return self._suppressions.read(
                call.account.sid,
                asked.recipient,
                channel=asked.channel,
                scope=asked.scope,
                source=asked.source,
            )
        except Declined as error:
            raise of_declined(error, to="recipient", **{"from": "scope"}) from None


def _key(text: str) -> Key:
    parts = text.rsplit(":", 2)
    if len(parts) != 3:
        raise Refusal("bad_request", "after is not what a list ended with", field="after")
    return parts[0], parts[1], parts[2]
