"""Statuses: what users may say of themselves, such as that they are on holiday."""

from typing import ClassVar

from msgspec import UNSET, Struct, UnsetType

from estafette.core.core import Core
from estafette.doors.own.funnels import Emoji, Name
from estafette.doors.own.wire import At, Call, Page, PageQuery, Row, given, listed
from estafette.model import desk


class CustomStatus(Struct, frozen=True, kw_only=True):
    """What users may say of themselves."""

    id: str
    name: str
    emoji: str
    created_at: At
    updated_at: At


class NewStatus(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A status to add."""

    name: Name
    emoji: Emoji = ""


class StatusChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change of a status; what is left out stays."""

    name: Name | UnsetType = UNSET
    emoji: Emoji | UnsetType = UNSET


def status(item: desk.CustomStatus) -> CustomStatus:
    """A status as it is shown."""
    return CustomStatus(
        id=item.id,
        name=item.name,
        emoji=item.emoji,
        created_at=item.created_at,
        updated_at=item.updated_at,
    )


class Statuses:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        Row(
            method="GET",
            path="/api/statuses",
            name="list",
            query=PageQuery,
            answer=Page[CustomStatus],
        ),
        Row(
            method="POST",
            path="/api/statuses",
            name="add",
            body=NewStatus,
            answer=CustomStatus,
            status=201,
        ),
        Row(method="GET", path="/api/statuses/{id}", name="show", answer=CustomStatus),
        Row(
            method="PATCH",
            path="/api/statuses/{id}",
            name="change",
            body=StatusChange,
            answer=CustomStatus,
        ),
        Row(method="DELETE", path="/api/statuses/{id}", name="remove"),
    ]

    def __init__(self, core: Core) -> None:
        self._desk = core.desk

    async def list(self, call: Call) -> Page[CustomStatus]:
        """List custom statuses, newest first."""
        return listed(call, await self._desk.statuses(call.account.sid), status)

    async def add(self, call: Call) -> CustomStatus:
        """Add a custom status."""
        return status(await self._desk.add_status(call.account.sid, **given(call.body)))

    async def show(self, call: Call) -> CustomStatus:
        """Show one custom status."""
        return status(await self._desk.status(call.account.sid, call.holes["id"].lower()))

    async def change(self, call: Call) -> CustomStatus:
        """Change a custom status."""
        id = call.holes["id"].lower()
        return status(await self._desk.change_status(call.account.sid, id, **given(call.body)))

    async def remove(self, call: Call) -> None:
        """Remove a custom status; users who had it have none."""
        await self._desk.remove_status(call.account.sid, call.holes["id"].lower())
