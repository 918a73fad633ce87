"""Funnels: the stages that conversations go through."""

from typing import Annotated, ClassVar

from msgspec import UNSET, Meta, Struct, UnsetType

from estafette.core.core import Core
from estafette.core.vocabulary import LAST_POSITION, LONGEST_EMOJI
from estafette.doors.own.wire import At, Call, Page, PageQuery, Row, given, listed
from estafette.model import desk
from estafette.model.desk import LONGEST_NAME

Name = Annotated[str, Meta(max_length=LONGEST_NAME)]
Emoji = Annotated[str, Meta(max_length=LONGEST_EMOJI)]
Position = Annotated[
    int, Meta(ge=0, le=LAST_POSITION, description="Where it stands among the others.")
]


class Funnel(Struct, frozen=True, kw_only=True):
    """A stage that conversations go through."""

    id: str
    name: str
    emoji: str
    position: int
    created_at: At
    updated_at: At


class NewFunnel(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A stage to add; without a position it stands behind all others."""

    name: Name
    emoji: Emoji = ""
    position: Position | None = None


class FunnelChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change of a stage; what is left out stays."""

    name: Name | UnsetType = UNSET
    emoji: Emoji | UnsetType = UNSET
    position: Position | UnsetType = UNSET


def funnel(item: desk.Funnel) -> Funnel:
    """A stage as it is shown."""
    return Funnel(
        id=item.id,
        name=item.name,
        emoji=item.emoji,
        position=item.position,
        created_at=item.created_at,
        updated_at=item.updated_at,
    )


class Funnels:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        Row(method="GET", path="/api/funnels", name="list", query=PageQuery, answer=Page[Funnel]),
        Row(
            method="POST",
            path="/api/funnels",
            name="add",
            body=NewFunnel,
            answer=Funnel,
            status=201,
        ),
        Row(method="GET", path="/api/funnels/{id}", name="show", answer=Funnel),
        Row(
            method="PATCH",
            path="/api/funnels/{id}",
            name="change",
            body=FunnelChange,
            answer=Funnel,
        ),
        Row(method="DELETE", path="/api/funnels/{id}", name="remove"),
    ]

    def __init__(self, core: Core) -> None:
        self._desk = core.desk

    async def list(self, call: Call) -> Page[Funnel]:
        """List funnels, newest first."""
        return listed(call, await self._desk.funnels(call.account.sid), funnel)

    async def add(self, call: Call) -> Funnel:
        """Add a funnel."""
        return funnel(await self._desk.add_funnel(call.account.sid, **given(call.body)))

    async def show(self, call: Call) -> Funnel:
        """Show one funnel."""
        return funnel(await self._desk.funnel(call.account.sid, call.holes["id"].lower()))

    async def change(self, call: Call) -> Funnel:
        """Change a funnel."""
        id = call.holes["id"].lower()
        return funnel(await self._desk.change_funnel(call.account.sid, id, **given(call.body)))

    async def remove(self, call: Call) -> None:
        """Remove a funnel; conversations that were in it are in none."""
        await self._desk.remove_funnel(call.account.sid, call.holes["id"].lower())
