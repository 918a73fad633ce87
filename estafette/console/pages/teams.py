"""Teams: users who look after conversations together. They are listed beside the users."""

from typing import Any, ClassVar

from starlette.responses import Response

from estafette.console.rows import Row, get, post
from estafette.console.visit import Visit
from estafette.core.core import Core
from estafette.model import BadValue
from estafette.model.desk import Team
from estafette.model.ids import read_id
from estafette.model.session import Role

HOME = "/console/users"


class Teams:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        get("/teams/new", "new", Role.OWNER),
        post("/teams", "add", Role.OWNER),
        get("/teams/{id}", "one"),
        post("/teams/{id}", "change", Role.OWNER),
        post("/teams/{id}/remove", "remove", Role.OWNER),
    ]

    def __init__(self, core: Core) -> None:
        self._desk = core.desk

    async def new(self, visit: Visit) -> Response:
        """Ask for a team to add."""
        return await self._show(visit, None)

    async def add(self, visit: Visit) -> Response:
        """Add a team."""
        asked = _asked(visit)
        try:
            made = await self._desk.add_team(visit.account.sid, **asked)
        except BadValue as error:
            return await self._show(visit, None, 400, asked, {error.field: visit.told(error)})
        visit.changed("team.added", made.id, name=made.name)
        return visit.go(HOME, visit.say("The team %(name)s is added.", name=made.name))

    async def one(self, visit: Visit) -> Response:
        """Show a team, and who is in it."""
        return await self._show(visit, await self._found(visit))

    async def change(self, visit: Visit) -> Response:
        """Change a team, or who is in it."""
        team, asked = await self._found(visit), _asked(visit)
        given = {**asked, "is_default": asked["is_default"] or None}
        try:
            made = await self._desk.change_team(visit.account.sid, team.id, **given)
        except BadValue as error:
            return await self._show(visit, team, 400, asked, {error.field: visit.told(error)})
        visit.changed("team.changed", made.id, name=made.name, members=len(asked["members"]))
        return visit.go(HOME, visit.say("The team %(name)s is changed.", name=made.name))

    async def remove(self, visit: Visit) -> Response:
        """Remove a team; the default one stays."""
        team = await self._found(visit)
        await self._desk.remove_team(visit.account.sid, team.id)
        visit.changed("team.removed", team.id, name=team.name)
        return visit.go(HOME, visit.say("The team %(name)s is removed.", name=team.name))

    async def _show(
        self,
        visit: Visit,
        team: Team | None,
        status: int = 200,
        asked: dict[str, Any] | None = None,
        errors: dict[str, str] | None = None,
    ) -> Response:
        account = visit.account.sid
        crew = await self._desk.members(account, team.id) if team else []
        known = {
            "name": team.name if team else "",
            "members": [user.email for user in crew],
            "is_default": bool(team and team.is_default),
        }
        return visit.show(
            "teams.html",
            status,
            team=team,
            crew=crew,
            users=await self._desk.users(account),
            asked=asked or known,
            errors={"name": "", "members": "", **(errors or {})},
        )

    async def _found(self, visit: Visit) -> Team:
        id = visit.holes["id"]
        return await self._desk.team(visit.account.sid, read_id(id) or id)


def page(core: Core) -> Teams:
    """The page, around one core."""
    return Teams(core)


def _asked(visit: Visit) -> dict[str, Any]:
    return {
        "name": visit.text("name"),
        "members": visit.texts("members"),
        "is_default": bool(visit.text("default")),
    }
