"""What tells pages that something happened: server-sent events, for as long as somebody looks."""

from collections.abc import AsyncIterator
from typing import ClassVar

from starlette.responses import Response, StreamingResponse

from estafette.console.rows import Row
from estafette.console.visit import SESSION, Visit
from estafette.core.core import Core
from estafette.model import Busy, Unknown

_HEADERS = {"x-accel-buffering": "no", "cache-control": "no-store"}
_CHANGED = "id: {}\nevent: changed\ndata: {}\n\n"
_NOTHING = ": nothing happened\n\n"  # keeps what lies between from closing the line
_LONGEST = 64  # characters of a token


class Live:
    """Each method answers one operation."""

    # Open, so that who is signed in no more is told to ask no more, not sent to a form.
    TABLE: ClassVar[list[Row]] = [Row(method="GET", path="/live", name="tell", is_open=True)]

    def __init__(self, core: Core) -> None:
        self._core = core

    async def tell(self, visit: Visit) -> Response:
        """Say `changed` whenever something of the account's messages did, or of one of them."""
        if not visit.is_signed_in:
            return Response(status_code=204)
        about = visit.query.get("about", "")
        if about:
            about = (await self._core.gateway.find_named(visit.account, about)).id
        since = visit.request.headers.get("last-event-id") or visit.query.get("since", "")
        return StreamingResponse(
            self._events(visit, about, since[:_LONGEST]),
            media_type="text/event-stream",
            headers=_HEADERS,
        )

    async def _events(self, visit: Visit, about: str, since: str) -> AsyncIterator[str]:
        yield ": here\n\n"
        account = visit.account.sid
        async for token in self._core.watch.changes(account, about, since=since):
            if not await self._is_signed_in(visit):
                yield _CHANGED.format("", "")  # the page asks anew, and is sent to sign in
                return
            yield _CHANGED.format(token, token) if token else _NOTHING

    async def _is_signed_in(self, visit: Visit) -> bool:
        try:
            await self._core.sessions.find(visit.request.cookies.get(SESSION, ""))
        except Unknown:
            return False
        except Busy:
            pass  # that tells nothing
        return True


def page(core: Core) -> Live:
    """The page, around one core."""
    return Live(core)
