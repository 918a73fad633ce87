"""Custom statuses: what users may say of themselves."""

from typing import Any, ClassVar

from estafette.core.core import Core
from estafette.doors.callbell.errors import EMPTY, blame
from estafette.doors.callbell.requests import Call, page_of
from estafette.doors.callbell.staff import id_in, status_shape, text_in


class Statuses:
    """Each method answers one operation."""

    TABLE: ClassVar[list[tuple[str, str, str]]] = [
        ("GET", "/custom_statuses", "list"),
        ("POST", "/custom_statuses", "add"),
        ("GET", "/custom_statuses/{uuid}", "show"),
        ("PUT", "/custom_statuses/{uuid}", "change"),
        ("DELETE", "/custom_statuses/{uuid}", "remove"),
    ]

    def __init__(self, core: Core) -> None:
        self._desk = core.desk

    async def list(self, call: Call) -> dict[str, Any]:
        """The custom statuses, the oldest first."""
        items, meta = page_of(await self._desk.statuses(call.account.sid), call.page)
        return {"customStatuses": [status_shape(status) for status in items], "meta": meta}

    async def add(self, call: Call) -> dict[str, Any]:
        """A new one."""
        name, emoji = text_in(call, "name"), text_in(call, "emoji", is_needed=False)
        made = await self._desk.add_status(call.account.sid, name=name, emoji=emoji)
        return {"customStatus": status_shape(made)}

    async def show(self, call: Call) -> dict[str, Any]:
        """One of them."""
        found = await self._desk.status(call.account.sid, id_in(call))
        return {"customStatus": status_shape(found)}

    async def change(self, call: Call) -> dict[str, Any]:
        """Another name, another emoji, or both."""
        given: dict[str, Any] = {}
        if "name" in call.body:
            given["name"] = text_in(call, "name")
        if "emoji" in call.body:
            given["emoji"] = text_in(call, "emoji", is_needed=False)
        if not given:
            raise blame(name=EMPTY)
        changed = await self._desk.change_status(call.account.sid, id_in(call), **given)
        return {"customStatus": status_shape(changed)}

    async def remove(self, call: Call) -> dict[str, Any]:
        """Delete one; users who had it have none."""
        await self._desk.remove_status(call.account.sid, id_in(call))
        return {"status": "custom status was destroyed"}
