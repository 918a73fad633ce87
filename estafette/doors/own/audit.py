"""The audit trail: who changed what, through the console, this door or a command."""

from typing import Annotated, Any, ClassVar

from msgspec import Meta, Struct

from estafette.core.core import Core
from estafette.doors.own.wire import At, Call, Page, PageQuery, Row, cut
from estafette.model import session
from estafette.model.ids import read_id


class Change(Struct, frozen=True, kw_only=True):
    """One thing that somebody changed. `actor` is a user or a key, or null for the account itself."""

    id: str
    actor: str | None
    name: str
    via: str
    event: str
    about: str
    details: dict[str, Any]
    created_at: At


class ChangeQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which part of the trail is asked for."""

    group: Annotated[
        str, Meta(max_length=64, description="Only events that begin with this word: `user`.")
    ] = ""


def change(item: session.Change) -> Change:
    """A line as it is shown."""
    return Change(
        id=item.id,
        actor=item.actor or None,
        name=item.name,
        via=item.via,
        event=item.event,
        about=item.about,
        details=item.details,
        created_at=item.created_at,
    )


class Trail:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        Row(method="GET", path="/api/audit", name="list", query=ChangeQuery, answer=Page[Change]),
    ]

    def __init__(self, core: Core) -> None:
        self._audit = core.audit

    async def list(self, call: Call) -> Page[Change]:
        """List who changed what, newest first."""
        asked = call.query
        found = await self._audit.page(
            call.account.sid,
            limit=asked.limit + 1,
            after=read_id(asked.after) or asked.after,
            group=asked.group,
        )
        items, last = cut(found, asked.limit)
        return Page([change(item) for item in items], call.next(last.id if last else None))
