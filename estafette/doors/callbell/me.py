"""Whose key this is, and what the account has."""

from typing import Any, ClassVar

from estafette.core.core import Core
from estafette.doors.callbell.channels import LISTED
from estafette.doors.callbell.requests import Call
from estafette.doors.callbell.staff import team_shape


class Me:
    """Each method answers one operation."""

    TABLE: ClassVar[list[tuple[str, str, str]]] = [
        ("GET", "/auth/me", "show"),
        ("GET", "/plan", "plan"),
    ]

    def __init__(self, core: Core) -> None:
        self._desk = core.desk
        self._senders = core.senders

    async def show(self, call: Call) -> dict[str, Any]:
        """The account, its first user, and the label of the key; never its secret."""
        key = call.credential.key
        users = await self._desk.users(call.account.sid)
        first = users[0] if users else None
        return {
            "status": "ok",
            "user_email": first.email if first else "",
            "user_name": (first.name if first else "") or call.account.name,
            "api_key": (key.label or key.sid) if key else call.account.sid,
        }

    async def plan(self, call: Call) -> dict[str, Any]:
        """What the account has of everything: nothing here is sold, so all of it is included."""
        account = call.account.sid
        senders = [item for item in await self._senders.list(account) if item.channel in LISTED]
        users = await self._desk.users(account)
        return {
            "plan": "self_hosted",
            "includedChannels": len(senders),
            "licenses": len(users),
            "activeUsers": sum(user.available for user in users),
            "teams": [team_shape(team) for team in await self._desk.teams(account)],
        }
