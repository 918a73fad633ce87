"""Tags: words that contacts may have."""

from typing import Annotated, ClassVar

from msgspec import Meta, Struct

from estafette.core.core import Core
from estafette.doors.own.wire import At, Call, Page, PageQuery, Row, listed
from estafette.model import desk
from estafette.model.desk import LONGEST_NAME

Name = Annotated[
    str, Meta(max_length=LONGEST_NAME, description="Compared without regard to capitals.")
]


class Tag(Struct, frozen=True, kw_only=True):
    """A word that contacts may have."""

    id: str
    name: str
    created_at: At
    updated_at: At


class TagName(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A tag to add, or another name for one."""

    name: Name


def tag(item: desk.Tag) -> Tag:
    """A tag as it is shown."""
    return Tag(id=item.id, name=item.name, created_at=item.created_at, updated_at=item.updated_at)


class Tags:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        Row(method="GET", path="/api/tags", name="list", query=PageQuery, answer=Page[Tag]),
        Row(method="POST", path="/api/tags", name="add", body=TagName, answer=Tag, status=201),
        Row(method="GET", path="/api/tags/{id}", name="show", answer=Tag),
        Row(method="PATCH", path="/api/tags/{id}", name="change", body=TagName, answer=Tag),
        Row(method="DELETE", path="/api/tags/{id}", name="remove"),
    ]

    def __init__(self, core: Core) -> None:
        self._desk = core.desk

    async def list(self, call: Call) -> Page[Tag]:
        """List tags, newest first."""
        return listed(call, await self._desk.tags(call.account.sid), tag)

    async def add(self, call: Call) -> Tag:
        """Add a tag."""
        return tag(await self._desk.add_tag(call.account.sid, name=call.body.name))

    async def show(self, call: Call) -> Tag:
        """Show one tag."""
        return tag(await self._desk.tag(call.account.sid, call.holes["id"].lower()))

    async def change(self, call: Call) -> Tag:
        """Give a tag another name; contacts keep what they were tagged with."""
        id = call.holes["id"].lower()
        return tag(await self._desk.change_tag(call.account.sid, id, name=call.body.name))

    async def remove(self, call: Call) -> None:
        """Remove a tag from the list; contacts keep what they were tagged with."""
        await self._desk.remove_tag(call.account.sid, call.holes["id"].lower())
