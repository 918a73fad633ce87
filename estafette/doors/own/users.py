"""Users: the colleagues who look after conversations."""

from typing import Annotated, Any, ClassVar

from msgspec import UNSET, Meta, Struct, UnsetType

from estafette.core.clock import utc_now
from estafette.core.core import Core
from estafette.core.passwords import LONGEST, check
from estafette.core.sessions import LINK_LASTS
from estafette.doors.own.errors import Refusal
from estafette.doors.own.wire import At, Call, Page, PageQuery, Row, given, listed
from estafette.model import desk
from estafette.model.desk import LONGEST_EMAIL, LONGEST_NAME
from estafette.model.ids import read_id

Email = Annotated[
    str,
    Meta(max_length=LONGEST_EMAIL + 20, description="Kept, and compared, in lower case."),
]
Name = Annotated[str, Meta(max_length=LONGEST_NAME)]
Password = Annotated[
    str,
    Meta(
        max_length=10 * LONGEST,
        description="What they sign in to the console with; at least 10 characters, never shown.",
    ),
]
StatusId = Annotated[str, Meta(description="The id of a custom status; empty for none.")]


class User(Struct, frozen=True, kw_only=True):
    """A colleague. `status` is the id of what they say of themselves, or null."""

    id: str
    email: str
    name: str
    role: str
    available: bool
    available_at: At
    has_password: bool | UnsetType = UNSET
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
    password: Password | UnsetType = UNSET


class UserChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change of a user; what is left out stays."""

    email: Email | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    role: Name | UnsetType = UNSET
    available: bool | UnsetType = UNSET
    status: StatusId | UnsetType | None = UNSET
    password: Password | UnsetType = UNSET


class Link(Struct, frozen=True, kw_only=True):
    """An address that signs a user in to the console once; it is shown this once."""

    url: str
    expires_at: At


def user(item: desk.User, *, has_password: bool | UnsetType = UNSET) -> User:
    """A user as they are shown; nothing is said of a password where it is not known."""
    return User(
        id=item.id,
        email=item.email,
        name=item.name,
        role=item.role,
        available=item.available,
        available_at=item.available_at,
        has_password=has_password,
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
        Row(method="POST", path="/api/users/{id}/link", name="link", answer=Link, status=201),
    ]

    def __init__(self, core: Core) -> None:
        self._desk = core.desk
        self._sessions = core.sessions
        self._public_url = core.public_url

    async def list(self, call: Call) -> Page[User]:
        """List users, newest first."""
        able = await self._sessions.with_password(call.account.sid)
        found = await self._desk.users(call.account.sid)
        return listed(call, found, lambda item: user(item, has_password=item.id in able))

    async def add(self, call: Call) -> User:
        """Add a user; conversations may be assigned to them at once."""
        parts = given(call.body)
        password = _password(call, parts)
        made = await self._desk.add_user(call.account.sid, **parts)
        return await self._protected(made, password)

    async def show(self, call: Call) -> User:
        """Show one user."""
        return await self._shown(await self._desk.user(call.account.sid, _id(call)))

    async def change(self, call: Call) -> User:
        """Change a user, or what they say of themselves; with a password, they are signed out."""
        parts = given(call.body)
        password = _password(call, parts)
        if "status" in parts:
            said = parts["status"] or ""
            parts["status"] = read_id(said) or said
        made = await self._desk.change_user(call.account.sid, _id(call), **parts)
        self._sessions.forget()
        return await self._protected(made, password)

    async def remove(self, call: Call) -> None:
        """Remove a user from the account, its teams and the conversations they look after."""
        await self._desk.remove_user(call.account.sid, _id(call))
        self._sessions.forget()

    async def link(self, call: Call) -> Link:
        """Make a link that signs a user in to the console once, within 24 hours."""
        _check_token(call)
        token = await self._sessions.link(call.account.sid, _id(call))
        return Link(
            url=f"{self._public_url}/console/welcome/{token}", expires_at=utc_now() + LINK_LASTS
        )

    async def _protected(self, item: desk.User, password: str | None) -> User:
        if password is not None:
            await self._sessions.set_password(item.account, item.id, password)
        return await self._shown(item)

    async def _shown(self, item: desk.User) -> User:
        able = await self._sessions.has_password(item.account, item.id)
        return user(item, has_password=able)


def _id(call: Call) -> str:
    return call.holes["id"].lower()


def _password(call: Call, parts: dict[str, Any]) -> str | None:
    """The password that is given, taken out of the parts, before anything is written down."""
    found: str | None = parts.pop("password", None)
    if found is not None:
        _check_token(call)
        check(found)
    return found


def _check_token(call: Call) -> None:
    """A key must not become a way in to the console. Raises Refusal."""
    if call.key is not None:
        raise Refusal("forbidden", "this takes the account's own token: a key lets nobody sign in")
