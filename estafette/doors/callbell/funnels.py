"""Funnels: the stages that conversations go through."""

from typing import Any, ClassVar

from estafette.core.core import Core
from estafette.doors.callbell.requests import Call
from estafette.doors.callbell.staff import funnel_shape


class Funnels:
    """Each method answers one operation."""

    TABLE: ClassVar[list[tuple[str, str, str]]] = [("GET", "/funnels", "list")]

    def __init__(self, core: Core) -> None:
        self._desk = core.desk

    async def list(self, call: Call) -> dict[str, Any]:
        """All of them, by their positions."""
        found = await self._desk.funnels(call.account.sid)
        return {"funnels": [funnel_shape(funnel) for funnel in found]}
