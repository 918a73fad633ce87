"""Teams, and who is in them."""

from typing import Any, ClassVar

from estafette.core.core import Core
from estafette.doors.callbell.errors import blame
from estafette.doors.callbell.requests import Call, page_of
from estafette.doors.callbell.staff import id_in, member_shape, team_shape, text_in

_SEEN_AS = {"available": True, "away": False}


class Teams:
    """Each method answers one operation."""

    TABLE: ClassVar[list[tuple[str, str, str]]] = [
        ("GET", "/teams", "list"),
        ("GET", "/teams/{uuid}", "show"),
        ("PATCH", "/teams/{uuid}", "rename"),
        ("GET", "/teams/{uuid}/members", "members"),
    ]

    def __init__(self, core: Core) -> None:
        self._desk = core.desk

    async def list(self, call: Call) -> dict[str, Any]:
        """The teams: the default one, then the others by age."""
        items, meta = page_of(await self._desk.teams(call.account.sid), call.page)
        return {"teams": [team_shape(team) for team in items], "meta": meta}

    async def show(self, call: Call) -> dict[str, Any]:
        """One team."""
        return {"team": team_shape(await self._desk.team(call.account.sid, id_in(call)))}

    async def rename(self, call: Call) -> dict[str, Any]:
        """Another name for a team."""
        name = text_in(call, "name")
        changed = await self._desk.change_team(call.account.sid, id_in(call), name=name)
        return {"team": team_shape(changed)}

    async def members(self, call: Call) -> dict[str, Any]:
        """Who is in a team; with `status` only who is available, or only who is away."""
        asked = call.query.get("status", "")
        if asked and asked not in _SEEN_AS:
            raise blame(status="must be one of: available, away")
        account = call.account.sid
        found = await self._desk.members(account, id_in(call))
        seen = [user for user in found if not asked or user.available is _SEEN_AS[asked]]
        items, meta = page_of(seen, call.page)
        known = {status.id: status for status in await self._desk.statuses(account)}
        return {
            "users": [member_shape(user, known.get(user.status)) for user in items],
            "meta": meta,
        }
