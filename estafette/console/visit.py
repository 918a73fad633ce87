"""One request of somebody who looks at the console, and what they are shown."""

import hmac
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, tzinfo
from functools import cached_property
from hashlib import sha256
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote, unquote
from zoneinfo import ZoneInfo

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from estafette.console import nav
from estafette.console.show import environment
from estafette.console.told import told
from estafette.console.words import LANGUAGES, Words, choose
from estafette.core.clock import utc_now
from estafette.core.core import Core
from estafette.core.sessions import Guest
from estafette.model import Account, Cursor, GatewayError
from estafette.model.ids import read_id
from estafette.model.networks import is_private_host
from estafette.model.session import Role, Session

SESSION = "estafette_session"
LANGUAGE = "estafette_language"
ZONE = "estafette_zone"
NOTICE = "estafette_notice"  #: what is to be said on the next page
_PIECE = 1 << 16  # bytes of a file that are read at a time


class Visit:
    """A request that was let in. Of an open page, `session` may be None."""

    def __init__(
        self, request: Request, core: Core, session: Session | None, account: Account | None
    ) -> None:
        self.request = request
        self.core = core
        self._session = session
        self._account = account
        self.form = FormData()  #: what was sent; empty for what is only looked at
        self.changes: list[tuple[str, str, dict[str, object]]] = []  #: for the audit trail
        self.now = utc_now()

    @property
    def session(self) -> Session:
        """Who is signed in. Not to be asked for on open pages."""
        if self._session is None:
            raise LookupError("nobody is signed in")
        return self._session

    @property
    def account(self) -> Account:
        """Whose things are shown."""
        if self._account is None:
            raise LookupError("nobody is signed in")
        return self._account

    @property
    def is_signed_in(self) -> bool:
        """Whether somebody is."""
        return self._session is not None

    def may(self, needed: str | Role) -> bool:
        """Whether who is signed in has this role, or one that may do more."""
        return self._session is not None and self._session.role.may(Role(needed))

    @property
    def holes(self) -> Mapping[str, Any]:
        """What stands in the holes of the path."""
        return self.request.path_params

    @property
    def query(self) -> Mapping[str, str]:
        """What stands behind the question mark."""
        return self.request.query_params

    @property
    def is_part(self) -> bool:
        """Whether a part of a page is asked for by htmx, not a whole one."""
        return "hx-request" in self.request.headers

    @property
    def cursor(self) -> Cursor | None:
        """Where a page of a list begins; one that cannot be read is the first."""
        for name in ("after", "before"):
            if id := read_id(self.query.get(name, "")):
                return Cursor(id, before=name == "before")
        return None

    def text(self, name: str) -> str:
        """A field of the form, without the space around it; empty where there is none."""
        value = self.form.get(name, "")
        return value.strip() if isinstance(value, str) else ""

    def texts(self, name: str) -> list[str]:
        """All fields of this name that are not empty."""
        return [value for value in self.form.getlist(name) if isinstance(value, str) and value]

    def raw(self, name: str) -> str:
        """A field of the form as it was typed: a password may begin with a space."""
        value = self.form.get(name, "")
        return value if isinstance(value, str) else ""

    def file(self, name: str) -> UploadFile | None:
        """A file of the form, if one was chosen."""
        value = self.form.get(name)
        return value if isinstance(value, UploadFile) and value.filename else None

    def files(self, name: str) -> list[UploadFile]:
        """The files of the form that were chosen in a field."""
        every = self.form.getlist(name)
        return [value for value in every if isinstance(value, UploadFile) and value.filename]

    @cached_property
    def guest(self) -> Guest:
        """Who asks, before they prove anything: their browser, and the address that they come from.

        Where that is a private one, it is a proxy's: the proxy says whom it stands for.
        """
        headers, client = self.request.headers, self.request.client
        place = client.host if client else ""
        is_shared = not place or is_private_host(place)
        behind = headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
        if is_shared and is_address(behind):
            place, is_shared = behind, is_private_host(behind)
        return Guest(headers.get("user-agent", ""), place, is_shared)

    @cached_property
    def words(self) -> Words:
        """The language of who looks."""
        asked = self.request.cookies.get(LANGUAGE, "")
        return choose(asked, self.request.headers.get("accept-language", ""))

    @cached_property
    def zone(self) -> tzinfo:
        """Where who looks is, as their browser says; UTC where it does not."""
        try:
            return ZoneInfo(unquote(self.request.cookies.get(ZONE, "")))
        except (KeyError, ValueError, OSError):
            return UTC

    def say(self, text: str, **holes: object) -> str:
        """A text in the language of who looks."""
        return self.words.say(text, **holes)

    def told(self, error: GatewayError) -> str:
        """Why something could not be done, in the language of who looks."""
        return told(error, self.words)

    @cached_property
    def csrf(self) -> str:
        """What forms must bring back: nobody else can know it."""
        token = self.request.cookies.get(SESSION, "")
        return hmac.new(token.encode(), b"csrf", sha256).hexdigest() if token else ""

    def show(self, template: str, code: int = 200, /, **facts: Any) -> Response:
        """A page, or a part of one, made of `templates/<template>`."""
        notice = unquote(self.request.cookies.get(NOTICE, ""))
        whole = {
            "visit": self,
            "words": self.words,
            "zone": self.zone,
            "now": self.now,
            "menu": nav.MENU,
            "languages": LANGUAGES,
            "notice": "" if self.is_part else notice,
            **facts,
        }
        page = environment(self.words.language).get_template(template).render(whole)
        answer = HTMLResponse(page, code)
        if notice and not self.is_part:
            answer.delete_cookie(NOTICE, path="/console")
        return answer

    def go(self, path: str, notice: str = "") -> Response:
        """On to another page, which says `notice` at its top."""
        if self.is_part:
            answer = Response(status_code=204, headers={"hx-redirect": path})
        else:
            answer = RedirectResponse(path, 303)
        if notice:
            answer.set_cookie(
                NOTICE, quote(notice), max_age=60, path="/console", httponly=True, samesite="lax"
            )
        return answer

    def changed(self, event: str, about: str, **details: object) -> None:
        """Something was changed: a line for the audit trail, such as `sender.added`. No secrets."""
        self.changes.append((event, about, details))


async def pieces(file: UploadFile) -> AsyncIterator[bytes]:
    """A file of a form, piece by piece."""
    while piece := await file.read(_PIECE):
        yield piece


def is_address(text: str) -> bool:
    """Whether this is an address of IPv4 or IPv6."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def local(at: datetime, zone: tzinfo) -> str:
    """A time as the field of a form has it, to the minute."""
    return at.astimezone(zone).strftime("%Y-%m-%dT%H:%M")
