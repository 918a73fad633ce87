"""Fields: what contacts may have beside what is known of all."""

from typing import Annotated, ClassVar

from msgspec import UNSET, Meta, Struct, UnsetType

from estafette.core.core import Core
from estafette.core.vocabulary import MOST_OPTIONS
from estafette.doors.own.wire import At, Call, Page, PageQuery, Row, given, listed
from estafette.model import desk
from estafette.model.desk import LONGEST_NAME, FieldKind

Name = Annotated[str, Meta(max_length=LONGEST_NAME)]
Options = Annotated[
    tuple[Name, ...],
    Meta(max_length=MOST_OPTIONS, description="Of a dropdown or a checkbox: what may be chosen."),
]


class Field(Struct, frozen=True, kw_only=True):
    """What contacts may have beside what is known of all."""

    id: str
    name: str
    kind: FieldKind
    options: list[str]
    created_at: At
    updated_at: At


class NewField(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A field to add. A dropdown and a checkbox need options, the other kinds have none."""

    name: Name
    kind: FieldKind = FieldKind.TEXT
    options: Options = ()


class FieldChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change of a field; what is left out stays. `options` replace all there were."""

    name: Name | UnsetType = UNSET
    kind: FieldKind | UnsetType = UNSET
    options: Options | UnsetType = UNSET


def field(item: desk.Field) -> Field:
    """A field as it is shown."""
    return Field(
        id=item.id,
        name=item.name,
        kind=item.kind,
        options=list(item.options),
        created_at=item.created_at,
        updated_at=item.updated_at,
    )


class Fields:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        Row(method="GET", path="/api/fields", name="list", query=PageQuery, answer=Page[Field]),
        Row(method="POST", path="/api/fields", name="add", body=NewField, answer=Field, status=201),
        Row(method="GET", path="/api/fields/{id}", name="show", answer=Field),
        Row(method="PATCH", path="/api/fields/{id}", name="change", body=FieldChange, answer=Field),
        Row(method="DELETE", path="/api/fields/{id}", name="remove"),
    ]

    def __init__(self, core: Core) -> None:
        self._desk = core.desk

    async def list(self, call: Call) -> Page[Field]:
        """List fields, newest first."""
        return listed(call, await self._desk.fields(call.account.sid), field)

    async def add(self, call: Call) -> Field:
        """Add a field."""
        return field(await self._desk.add_field(call.account.sid, **given(call.body)))

    async def show(self, call: Call) -> Field:
        """Show one field."""
        return field(await self._desk.field(call.account.sid, call.holes["id"].lower()))

    async def change(self, call: Call) -> Field:
        """Change a field; contacts keep the values that they have."""
        id = call.holes["id"].lower()
        return field(await self._desk.change_field(call.account.sid, id, **given(call.body)))

    async def remove(self, call: Call) -> None:
        """Remove a field from the list; contacts keep the values that they have."""
        await self._desk.remove_field(call.account.sid, call.holes["id"].lower())
