"""Users, and what they say of themselves."""

from typing import Any, ClassVar

from estafette.core.core import Core
from estafette.doors.callbell.errors import EMPTY, NO_STRING, UNKNOWN, blame
from estafette.doors.callbell.requests import Answered, Call, page_of
from estafette.doors.callbell.staff import dashed, id_in, user_shape
from estafette.doors.callbell.wire import at, uuid
from estafette.model.desk import CustomStatus, User

NO_BOOLEAN = "must be boolean"


class Users:
    """Each method answers one operation."""

    TABLE: ClassVar[list[tuple[str, str, str]]] = [
        ("GET", "/users", "list"),
        ("GET", "/users/{uuid}", "show"),
        ("PUT", "/users/{uuid}/status", "set_status"),
        ("DELETE", "/users/{uuid}/status", "clear_status"),
    ]

    def __init__(self, core: Core) -> None:
        self._desk = core.desk

    async def list(self, call: Call) -> dict[str, Any]:
        """The users of the account, the oldest first."""
        account = call.account.sid
        items, meta = page_of(await self._desk.users(account), call.page)
        known = {status.id: status for status in await self._desk.statuses(account)}
        return {"users": [user_shape(user, known.get(user.status)) for user in items], "meta": meta}

    async def show(self, call: Call) -> dict[str, Any]:
        """One user."""
        user = await self._desk.user(call.account.sid, id_in(call))
        return {"user": user_shape(user, await self._status(user))}

    async def set_status(self, call: Call) -> dict[str, Any]:
        """Whether a user is available, what they say of themselves, or both."""
        said = call.body
        parts: dict[str, Any] = {}
        if "available" in said:
            if not isinstance(said["available"], bool):
                raise blame(available=NO_BOOLEAN)
            parts["available"] = said["available"]
        if "custom_status_uuid" in said:
            parts["status"] = await self._asked(call)
        if not parts:
            raise blame(available=EMPTY)
        user = await self._desk.change_user(call.account.sid, id_in(call), **parts)
        return {"user_status": _seen(user, await self._status(user))}

    async def clear_status(self, call: Call) -> Answered:
        """A user says nothing of themselves any more."""
        await self._desk.change_user(call.account.sid, id_in(call), status="")
        return Answered()

    async def _asked(self, call: Call) -> str:
        """The id of the status that is asked for; empty for none. Raises Refusal."""
        text = call.body["custom_status_uuid"]
        if text is None:
            return ""
        if not isinstance(text, str):
            raise blame(custom_status_uuid=NO_STRING)
        id = uuid(text)
        known = {status.id for status in await self._desk.statuses(call.account.sid)}
        if id not in known:
            raise blame(custom_status_uuid=UNKNOWN)
        return id or ""

    async def _status(self, user: User) -> CustomStatus | None:
        known = await self._desk.statuses(user.account) if user.status else []
        return next((status for status in known if status.id == user.status), None)


def _seen(user: User, status: CustomStatus | None) -> dict[str, Any]:
    """A user's status: here, as it always was, names are in snake_case."""
    said = status and {
        "id": dashed(status.id),
        "name": status.name,
        "last_updated_at": at(status.updated_at),
    }
    seen = {"available": user.available, "last_updated_at": at(user.available_at)}
    return {"custom_status": said, "appearance": seen}
