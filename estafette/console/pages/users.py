"""Users and teams: who works here, what they may do, and who is signed in."""

from datetime import datetime
from typing import Any, ClassVar

from starlette.responses import Response

from estafette.console.browsers import browser_of
from estafette.console.rows import Row, get, post
from estafette.console.visit import Visit
from estafette.core.core import Core
from estafette.core.people import NotProved
from estafette.model import BadValue, Conflict, GatewayError, TooMany, Unknown
from estafette.model.desk import User
from estafette.model.ids import read_id
from estafette.model.session import Role, Session, role_of

HOME, ME = "/console/users", "/console/users/me"
MOST = 100  # sessions that are listed, the latest
FIELDS = ("email", "name", "role")


class Users:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        get("/users", "list"),
        post("/users", "add", Role.OWNER),
        get("/users/me", "me"),
        post("/users/me", "change_me", Role.VIEWER),
        post("/users/me/password", "change_password", Role.VIEWER),
        post("/users/sessions/{id}/end", "end_session", Role.VIEWER),
        get("/users/{id}", "one"),
        post("/users/{id}", "change", Role.OWNER),
        post("/users/{id}/link", "link", Role.OWNER),
        post("/users/{id}/remove", "remove", Role.OWNER),
    ]

    def __init__(self, core: Core) -> None:
        self._desk = core.desk
        self._sessions = core.sessions
        self._public_url = core.public_url

    async def list(self, visit: Visit) -> Response:
        """Show users, teams, and who is signed in."""
        return await self._list(visit)

    async def _list(
        self, visit: Visit, status: int = 200, *, asked: Any = None, errors: Any = None
    ) -> Response:
        account = visit.account.sid
        users, teams = await self._desk.users(account), await self._desk.teams(account)
        crews, known = await self._desk.crews(account), await self._sessions.of_account(account)
        seen: dict[str, datetime] = {}
        for session in known:
            seen[session.holder] = max(session.seen_at, seen.get(session.holder, session.seen_at))
        shown = [
            {
                "user": user,
                "role": role_of(user.role),
                "teams": [team for team in teams if user in crews.get(team.id, ())],
                "seen_at": seen.get(user.id),
            }
            for user in users
        ]
        return visit.show(
            "users.html",
            status,
            users=shown,
            teams=teams,
            crews=crews,
            able=await self._sessions.with_password(account),
            sessions=_sessions(visit, known[:MOST]) if visit.may("owner") else [],
            roles=_roles(visit),
            asked=asked or {"email": "", "name": "", "role": Role.AGENT},
            errors=dict.fromkeys(FIELDS, "") | (errors or {}),
        )

    async def add(self, visit: Visit) -> Response:
        """Add a user, who may then be given a link to sign in with."""
        asked = {field: visit.text(field) for field in FIELDS}
        try:
            made = await self._desk.add_user(
                visit.account.sid, email=asked["email"], name=asked["name"], role=asked["role"]
            )
        except (BadValue, Conflict) as error:
            errors = {_field(error): visit.told(error)}
            return await self._list(visit, 400, asked=asked, errors=errors)
        visit.changed("user.added", made.id, email=made.email, role=made.role)
        said = visit.say(
            "%(who)s is added. Make a link with which they can sign in.", who=made.email
        )
        return visit.go(f"{HOME}/{made.id}", said)

    async def one(self, visit: Visit) -> Response:
        """Show one user."""
        return await self._one(visit, await self._found(visit))

    async def _one(
        self, visit: Visit, user: User, status: int = 200, *, asked: Any = None, errors: Any = None
    ) -> Response:
        account = visit.account.sid
        crews = await self._desk.crews(account)
        known = [
            session
            for session in await self._sessions.of_account(account)
            if session.holder == user.id
        ]
        return visit.show(
            "users-one.html",
            status,
            user=user,
            role=role_of(user.role),
            teams=[
                team for team in await self._desk.teams(account) if user in crews.get(team.id, ())
            ],
            has_password=await self._sessions.has_password(account, user.id),
            sessions=_sessions(visit, known) if visit.may("owner") else [],
            roles=_roles(visit, user.role),
            asked=asked or {"email": user.email, "name": user.name, "role": _chosen(user.role)},
            is_available=user.available,
            errors=dict.fromkeys(FIELDS, "") | (errors or {}),
        )

    async def change(self, visit: Visit) -> Response:
        """Change what a user is called, reached at, and may do."""
        user = await self._found(visit)
        asked = {field: visit.text(field) for field in FIELDS}
        available = bool(visit.text("available"))
        given = asked if asked["role"] != _chosen(user.role) else {**asked, "role": user.role}
        try:
            made = await self._desk.change_user(
                visit.account.sid, user.id, **given, available=available
            )
        except (BadValue, Conflict) as error:
            errors = {_field(error): visit.told(error)}
            return await self._one(visit, user, 400, asked=asked, errors=errors)
        self._sessions.forget()
        parts = (*FIELDS, "available")
        changed = [part for part in parts if getattr(made, part) != getattr(user, part)]
        if changed:
            role = {"role": made.role} if "role" in changed else {}
            visit.changed("user.changed", made.id, email=made.email, fields=changed, **role)
        return visit.go(f"{HOME}/{user.id}", visit.say("%(who)s is changed.", who=made.email))

    async def link(self, visit: Visit) -> Response:
        """Make a link that signs a user in once; it is shown this once."""
        user = await self._found(visit)
        token = await self._sessions.link(visit.account.sid, user.id)
        visit.changed("user.link_made", user.id, email=user.email)
        url = f"{self._public_url}/console/welcome/{token}"
        return visit.show("users-link.html", user=user, url=url)

    async def remove(self, visit: Visit) -> Response:
        """Remove a user, who is signed out at once."""
        user = await self._found(visit)
        await self._desk.remove_user(visit.account.sid, user.id)
        self._sessions.forget()
        visit.changed("user.removed", user.id, email=user.email)
        return visit.go(HOME, visit.say("%(who)s is removed.", who=user.email))

    async def me(self, visit: Visit) -> Response:
        """Show who is signed in what is theirs."""
        return await self._me(visit)

    async def _me(self, visit: Visit, status: int = 200, **errors: str) -> Response:
        holder, account = visit.session.holder, visit.account.sid
        known = [
            session
            for session in await self._sessions.of_account(account)
            if session.holder == holder
        ]
        return visit.show(
            "users-me.html",
            status,
            user=await self._desk.user(account, holder) if holder else None,
            has_password=bool(holder) and await self._sessions.has_password(account, holder),
            sessions=_sessions(visit, known),
            errors=dict.fromkeys(("old", "password", "again"), "") | errors,
        )

    async def change_me(self, visit: Visit) -> Response:
        """Say whether one is there."""
        holder = _holder(visit)
        available = bool(visit.text("available"))
        await self._desk.change_user(visit.account.sid, holder, available=available)
        visit.changed("user.changed", holder, fields=["available"])
        return visit.go(ME, visit.say("That is written down."))

    async def change_password(self, visit: Visit) -> Response:
        """Choose another password; the old one is asked for, if there is one."""
        holder, session = _holder(visit), visit.session
        old, new = visit.raw("old"), visit.raw("password")
        if new != visit.raw("again"):
            return await self._me(visit, 400, again=visit.say("These are two different passwords."))
        try:
            await self._sessions.change_password(
                visit.account.sid, holder, old, new, but=session.id, who=visit.guest
            )
        except NotProved:
            return await self._me(visit, 400, old=visit.say("That is not your password."))
        except BadValue as error:
            return await self._me(visit, 400, password=visit.told(error))
        except TooMany as many:
            return await self._me(visit, 429, old=visit.told(many))
        visit.changed("user.password_set", holder)
        said = visit.say("Your password is set. Elsewhere you are signed out.")
        return visit.go(ME, said)

    async def end_session(self, visit: Visit) -> Response:
        """Sign somebody out: an owner anybody, others themselves."""
        id, account = visit.holes["id"], visit.account.sid
        known = await self._sessions.of_account(account)
        found = next((session for session in known if session.id == id), None)
        if found is None or not (visit.may("owner") or found.holder == visit.session.holder):
            raise Unknown("nobody is signed in with this")
        await self._sessions.end_one(account, id)
        visit.changed("session.ended", found.holder, name=found.name)
        return visit.go(_back(visit), visit.say("Signed out."))

    async def _found(self, visit: Visit) -> User:
        id = visit.holes["id"]
        return await self._desk.user(visit.account.sid, read_id(id) or id)


def page(core: Core) -> Users:
    """The page, around one core."""
    return Users(core)


def _holder(visit: Visit) -> str:
    """The user who is signed in. Raises Conflict where it is the account itself."""
    if not visit.session.holder:
        raise Conflict("the account itself is signed in, and no user")
    return visit.session.holder


def _sessions(visit: Visit, known: "list[Session]") -> "list[dict[str, Any]]":
    """Sessions as they are shown."""
    return [
        {
            "session": session,
            "browser": browser_of(session.agent, visit.words),
            "is_this": session.id == visit.session.id,
        }
        for session in known
    ]


def _roles(visit: Visit, known: str = "") -> "list[tuple[str, str]]":
    """What may be chosen: a role, or the word of their own that a user has already."""
    texts = {
        Role.OWNER: visit.say("Owner: also sets everything up"),
        Role.AGENT: visit.say("Agent: also sends, answers and looks after people"),
        Role.VIEWER: visit.say("Viewer: sees everything but secrets"),
    }
    own = [(known, visit.say("%(role)s: as an agent", role=known))] if _is_own(known) else []
    return [*((str(role), text) for role, text in texts.items()), *own]


def _chosen(role: str) -> str:
    return role if _is_own(role) else str(role_of(role))


def _is_own(role: str) -> bool:
    return bool(role) and role.strip().casefold() not in tuple(Role)


def _field(error: GatewayError) -> str:
    return error.field if isinstance(error, BadValue) else "email"


def _back(visit: Visit) -> str:
    """The page of this place that somebody came from."""
    path = visit.text("back")
    return path if path in (HOME, ME) or path.startswith(f"{HOME}/") else HOME
