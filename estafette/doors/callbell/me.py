"""Whose key this is."""

from typing import Any, ClassVar

from estafette.core.core import Core
from estafette.doors.callbell.requests import Call


class Me:
    """Each method answers one operation."""

    TABLE: ClassVar[list[tuple[str, str, str]]] = [("GET", "/auth/me", "show")]

    def __init__(self, core: Core) -> None:
        self._core = core

    async def show(self, call: Call) -> dict[str, Any]:
        """The account and the label of the key; never its secret."""
        key = call.credential.key
        return {
            "status": "ok",
            "user_email": "",
            "user_name": call.account.name,
            "api_key": (key.label or key.sid) if key else call.account.sid,
        }
