"""Users: the colleagues who look after conversations."""

from typing import Annotated, ClassVar

from msgspec import UNSET, Meta, Struct, UnsetType

from estafette.core.core import Core
from estafette.doors.own.wire import At, Call, Page, PageQuery, Row, given, listed
from estafette.model import desk
from estafette.model.desk import LONGEST_EMAIL, LONGEST_NAME
from estafette.model.ids import read_id

Email = Annotated[
    str,
    Meta(max_length=LONGEST_EMAIL + 20, description="Kept, and compared, in lower case."),
]
Name = Annotated[str, Meta(max_length=LONGEST_NAME)]
StatusId = Annotated[str, Meta(description="The id of a custom status; empty for none.")]


class User(Struct, frozen=True, kw_only=True):
    """A colleague. `status` is the id of what they say of themselves, or null."""

    id: str
    email: str
    name: str
    role: str
    available: bool
    available_at: At
    status: str | None
    status_at: At | None
    created_at: At
    updated_at: At


class NewUser(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A colleague to add."""

    email: Email
    name: Name = ""
    role: Name = ""
    available: bool = True


class UserChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change of a user; what is left out stays."""

    email: Email | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    role: Name | UnsetType = UNSET
    available: bool | UnsetType = UNSET
    status: StatusId | UnsetType | None = UNSET


def user(item: desk.User) -> User:
    """A user as they are shown."""
    return User(
        id=item.id,
        email=item.email,
        name=item.name,
        role=item.role,
        available=item.available,
        available_at=item.available_at,
        status=item.status or None,
        status_at=item.status_at,
        created_at=item.created_at,
        updated_at=item.updated_at,
    )


class Users:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        Row(method="GET", path="/api/users", name="list", query=PageQuery, answer=Page[User]),
        Row(method="POST", path="/api/users", name="add", body=NewUser, answer=User, status=201),
        Row(method="GET", path="/api/users/{id}", name="show", answer=User),
        Row(method="PATCH", path="/api/users/{id}", name="change", body=UserChange, answer=User),
        Row(method="DELETE", path="/api/users/{id}", name="remove"),
    ]

    def __init__(self, core: Core) -> None:
        self._desk = core.desk

    async def list(self, call: Call) -> Page[User]:
        """List users, newest first."""
        return listed(call, await self._desk.users(call.account.sid), user)

    async def add(self, call: Call) -> User:
        """Add a user; conversations may be assigned to them at once."""
        return user(await self._desk.add_user(call.account.sid, **given(call.body)))

    async def show(self, call: Call) -> User:
        """Show one user."""
        return user(await self._desk.user(call.account.sid, call.holes["id"].lower()))

    async def change(self, call: Call) -> User:
        """Change a user, or what they say of themselves."""
        parts = given(call.body)
        if "status" in parts:
            said = parts["status"] or ""
            parts["status"] = read_id(said) or said
        id = call.holes["id"].lower()
        return user(await self._desk.change_user(call.account.sid, id, **parts))

    async def remove(self, call: Call) -> None:
        """Remove a user from the account, its teams and the conversations they look after."""
        await self._desk.remove_user(call.account.sid, call.holes["id"].lower())
