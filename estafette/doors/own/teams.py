"""Teams: users who look after conversations together."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, ClassVar

from msgspec import UNSET, Meta, Struct, UnsetType

from estafette.core.core import Core
from estafette.doors.own.users import Email, Name
from estafette.doors.own.wire import At, Call, Page, PageQuery, Row, given, listed
from estafette.model import desk

MOST_MEMBERS = 1000

Members = Annotated[
    tuple[Email, ...],
    Meta(max_length=MOST_MEMBERS, description="The e-mail addresses of users of the account."),
]
Default = Annotated[bool, Meta(description="Whether it is the default team; one always is.")]


class Team(Struct, frozen=True, kw_only=True):
    """Users who look after conversations together; `members` are their e-mail addresses."""

    id: str
    name: str
    default: bool
    members: list[str]
    created_at: At
    updated_at: At


class NewTeam(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A team to add. A default one is that in place of the one before."""

    name: Name
    members: Members = ()
    default: Default = False


class TeamChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change of a team; what is left out stays. `members` replace all there were."""

    name: Name | UnsetType = UNSET
    members: Members | UnsetType = UNSET
    default: Default | UnsetType = UNSET


def team(item: desk.Team, members: Sequence[desk.User] = ()) -> Team:
    """A team as it is shown."""
    return Team(
        id=item.id,
        name=item.name,
        default=item.is_default,
        members=[user.email for user in members],
        created_at=item.created_at,
        updated_at=item.updated_at,
    )


def _parts(asked: Struct) -> dict[str, Any]:
    names = {"default": "is_default"}
    return {names.get(name, name): value for name, value in given(asked).items()}


class Teams:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        Row(method="GET", path="/api/teams", name="list", query=PageQuery, answer=Page[Team]),
        Row(method="POST", path="/api/teams", name="add", body=NewTeam, answer=Team, status=201),
        Row(method="GET", path="/api/teams/{id}", name="show", answer=Team),
        Row(method="PATCH", path="/api/teams/{id}", name="change", body=TeamChange, answer=Team),
        Row(method="DELETE", path="/api/teams/{id}", name="remove"),
    ]

    def __init__(self, core: Core) -> None:
        self._desk = core.desk

    async def list(self, call: Call) -> Page[Team]:
        """List teams, newest first. An account begins with one that is called General."""
        found = await self._desk.teams(call.account.sid)
        crews = await self._desk.crews(call.account.sid)
        return listed(call, found, lambda item: team(item, crews.get(item.id, ())))

    async def add(self, call: Call) -> Team:
        """Add a team; conversations may be assigned to it at once."""
        made = await self._desk.add_team(call.account.sid, **_parts(call.body))
        return await self._shown(made)

    async def show(self, call: Call) -> Team:
        """Show one team."""
        return await self._shown(await self._desk.team(call.account.sid, call.holes["id"].lower()))

    async def change(self, call: Call) -> Team:
        """Change a team, or who is in it."""
        change = partial(self._desk.change_team, call.account.sid, call.holes["id"].lower())
        return await self._shown(await change(**_parts(call.body)))

    async def remove(self, call: Call) -> None:
        """Remove a team, also from the conversations that it looks after; the default one stays."""
        await self._desk.remove_team(call.account.sid, call.holes["id"].lower())

    async def _shown(self, item: desk.Team) -> Team:
        return team(item, await self._desk.members(item.account, item.id))
