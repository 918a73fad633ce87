"""Sign in, sign out, and choose a language."""

from typing import ClassVar

from starlette.responses import Response

from estafette.console.rows import Row
from estafette.console.visit import LANGUAGE, SESSION, Visit
from estafette.console.words import LANGUAGES
from estafette.core.core import Core
from estafette.core.people import NotProved
from estafette.core.sessions import LONGEST
from estafette.model import Unknown

HOME = "/console/messages"


class Signing:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        Row(method="GET", path="", name="home"),
        Row(method="GET", path="/sign-in", name="form", is_open=True),
        Row(method="POST", path="/sign-in", name="sign_in", is_open=True),
        Row(method="GET", path="/welcome/{link}", name="welcome", is_open=True),
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
            token = await self._sessions.sign_in(name, visit.text("secret"), agent=_agent(visit))
        except NotProved:
            error = visit.say("Nobody here has this name with this secret.")
            next = visit.text("next")
            return visit.show("sign-in.html", 401, next=next, error=error, name=name)
        return self._let_in(visit, token, _inside(visit.text("next")))

    async def welcome(self, visit: Visit) -> Response:
        """Let in who has a link that works once."""
        try:
            token = await self._sessions.enter(visit.holes["link"], agent=_agent(visit))
        except Unknown:
            error = visit.say("This link was used, or its time is over.")
            return visit.show("sign-in.html", 410, next="", error=error, name="")
        return self._let_in(visit, token, HOME)

    async def sign_out(self, visit: Visit) -> Response:
        """Forget who it was."""
        token = visit.request.cookies.get(SESSION, "")
        if token:
            await self._sessions.end(token)
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

    def _let_in(self, visit: Visit, token: str, path: str) -> Response:
        answer = visit.go(path)
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


def _agent(visit: Visit) -> str:
    return visit.request.headers.get("user-agent", "")
