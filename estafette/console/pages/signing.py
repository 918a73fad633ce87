"""Sign in, sign out, and choose a language."""

from math import ceil
from typing import ClassVar

from starlette.responses import Response

from estafette.console.rows import Row
from estafette.console.visit import LANGUAGE, SESSION, Visit
from estafette.console.words import LANGUAGES
from estafette.core.core import Core
from estafette.core.people import NotProved
from estafette.core.sessions import LONGEST
from estafette.model import TooMany, Unknown

HOME = "/console/messages"


class Signing:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        Row(method="GET", path="", name="home"),
        Row(method="GET", path="/sign-in", name="form", is_open=True),
        Row(method="POST", path="/sign-in", name="sign_in", is_open=True),
        Row(method="GET", path="/welcome/{link}", name="welcome", is_open=True),
        Row(method="POST", path="/welcome/{link}", name="enter", is_open=True),
        Row(method="POST", path="/sign-out", name="sign_out", is_open=True),
        Row(method="POST", path="/language", name="language", is_open=True),
    ]

    def __init__(self, core: Core) -> None:
        self._sessions = core.sessions
        self._is_secure = core.public_url.startswith("https:")

    async def home(self, visit: Visit) -> Response:
        """Where everybody begins."""
        return visit.go(HOME)

    async def form(self, visit: Visit) -> Response:
        """Ask who it is."""
        if visit.is_signed_in:
            return visit.go(_inside(visit.query.get("next", "")))
        return visit.show("sign-in.html", next=visit.query.get("next", ""), error="", name="")

    async def sign_in(self, visit: Visit) -> Response:
        """Let in who proves who they are."""
        name = visit.text("name")
        try:
            token = await self._sessions.sign_in(name, visit.raw("secret"), who=visit.guest)
        except NotProved:
            error = visit.say("Nobody here has this name with this secret.")
            return self._again(visit, 401, error)
        except TooMany as many:
            answer = self._again(visit, 429, visit.told(many))
            answer.headers["retry-after"] = str(max(1, ceil(many.retry_after)))
            return answer
        return self._let_in(visit, token, _inside(visit.text("next")))

    def _again(self, visit: Visit, status: int, error: str) -> Response:
        next, name = visit.text("next"), visit.text("name")
        return visit.show("sign-in.html", status, next=next, error=error, name=name)

    async def welcome(self, visit: Visit) -> Response:
        """Let in who has the link of an account; ask a user whether it is they who opened theirs.

        Programs that look at links before people do would use it up.
        """
        try:
            holder = await self._sessions.holder_of(visit.holes["link"])
        except Unknown:
            return self._used(visit)
        if holder or visit.request.method == "HEAD":
            return visit.show("signing-welcome.html", link=visit.holes["link"])
        return await self.enter(visit)

    async def enter(self, visit: Visit) -> Response:
        """Let in who has a link that works once."""
        try:
            token = await self._sessions.enter(visit.holes["link"], who=visit.guest)
            session = await self._sessions.find(token)
        except Unknown:
            return self._used(visit)
        account, holder = session.account, session.holder
        if holder and not await self._sessions.has_password(account, holder):
            notice = visit.say("Welcome. Choose a password to sign in with from now on.")
            return self._let_in(visit, token, "/console/users/me", notice)
        return self._let_in(visit, token, HOME)

    def _used(self, visit: Visit) -> Response:
        error = visit.say("This link was used, or its time is over.")
        return visit.show("sign-in.html", 410, next="", error=error, name="")

    async def sign_out(self, visit: Visit) -> Response:
        """Forget who it was."""
        token = visit.request.cookies.get(SESSION, "")
        if token:
            await self._sessions.end(token)
        if visit.is_signed_in:
            visit.changed("session.ended", "")
        answer = visit.go("/console/sign-in")
        answer.delete_cookie(SESSION, path="/console")
        return answer

    async def language(self, visit: Visit) -> Response:
        """Speak another language from now on."""
        answer = visit.go(_inside(visit.text("next")))
        if visit.text("language") in LANGUAGES:
            answer.set_cookie(
                LANGUAGE, visit.text("language"), max_age=31_536_000, path="/console",
                httponly=True, samesite="lax", secure=self._is_secure,
            )  # fmt: skip
        return answer

    def _let_in(self, visit: Visit, token: str, path: str, notice: str = "") -> Response:
        answer = visit.go(path, notice)
        answer.set_cookie(
            SESSION, token, max_age=int(LONGEST.total_seconds()), path="/console",
            httponly=True, samesite="lax", secure=self._is_secure,
        )  # fmt: skip
        return answer


def page(core: Core) -> Signing:
    """The page, around one core."""
    return Signing(core)


def _inside(path: str) -> str:
    """A path of the console to go on to; the first page where it is none."""
    is_ours = path.startswith("/console/") and "\\" not in path and path.isprintable()
    return path if is_ours else HOME
