"""Media of messages: list, fetch and delete, and the bytes themselves."""

import re
from functools import partial
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import Response

from estafette.core.core import Core
from estafette.doors.streams import Shown, Streamed
from estafette.doors.twilio import auth, dates, paging, wire
from estafette.doors.twilio.errors import TwilioError
from estafette.doors.twilio.forms import in_form
from estafette.doors.twilio.messages import find_message
from estafette.doors.twilio.requests import AT, Row, answer, refusal
from estafette.doors.twilio.wire import API, Form, one
from estafette.model import Busy, MediaItem, Message, Unknown
from estafette.model.media import ending
from estafette.model.twilio import rfc2822

_SID = re.compile(r"ME[0-9a-f]{32}", re.IGNORECASE)
_FILTERS = ("DateCreated", "DateCreated<", "DateCreated>")


class Media:
    """Each method answers one operation."""

    _ONE: ClassVar[str] = f"{AT}/Messages/{{sid}}/Media/{{media}}"

    TABLE: ClassVar[list[Row]] = [
        ("GET", f"{AT}/Messages/{{sid}}/Media.json", "list_media"),
        ("GET", f"{_ONE}.json", "fetch_media"),
        ("DELETE", f"{_ONE}.json", "delete_media"),
    ]
    BARE: ClassVar[list[Row]] = [("GET", _ONE, "fetch_bytes")]

    def __init__(self, core: Core) -> None:
        self._gateway = core.gateway
        self._people = core.people
        self._media = core.media

    async def list_media(self, request: Request) -> Response:
        """GET Media of a message, in the order in which it names them."""
        message = await self._message(request)
        query = wire.read_form(request.scope["query_string"])
        asked = paging.read_asked(query)
        known = await self._media.known(message)
        return answer(
            paging.envelope(
                request.scope["path"],
                query,
                asked,
                "media_list",
                _page(known, query, asked),
                shape=media,
                token=lambda item: f"ME{item.id}",
                filters=_FILTERS,
            )
        )

    async def fetch_media(self, request: Request) -> Response:
        """GET what is known of one."""
        return answer(media(await self._find(request, await self._message(request))))

    async def delete_media(self, request: Request) -> Response:
        """DELETE one, with its bytes."""
        message = await self._message(request)
        await self._media.remove(message, await self._find(request, message))
        return Response(status_code=204)

    async def fetch_bytes(self, request: Request) -> Response:
        """GET the bytes of one: for everybody, unless the settings say that they are not."""
        if self._media.needs_credentials:
            message = await self._message(request)
            item = await self._find(request, message)
        else:
            account, sid = request.path_params["account"], request.path_params["sid"]
            if not wire.MESSAGE_SID.fullmatch(sid):
                raise TwilioError(20404, request.scope["path"])
            item = await self._item(request, account, sid[2:].lower())
        name = f"ME{item.id}"
        shown = Shown(item.content_type, item.size, name + ending(item.content_type), name)
        return Streamed(partial(self._media.pour, item), shown, partial(_refuse, request))

    async def _message(self, request: Request) -> Message:
        return await find_message(self._gateway, await auth.account(request, self._people), request)

    async def _find(self, request: Request, message: Message) -> MediaItem:
        return await self._item(request, message.account, message.id)

    async def _item(self, request: Request, account: str, message: str) -> MediaItem:
        sid = request.path_params["media"]
        try:
            if _SID.fullmatch(sid):
                return await self._media.find(account, message, sid[2:].lower())
        except Unknown:
            pass
        raise TwilioError(20404, request.scope["path"])


def _refuse(request: Request, error: Unknown | Busy) -> Response:
    path = request.scope["path"]
    return in_form(refusal(TwilioError(20404 if isinstance(error, Unknown) else 20503, path)), path)


def _page(known: list[MediaItem], query: Form, asked: paging.Asked) -> paging.Listed[MediaItem]:
    """A page of the few that a message has. One that was deleted meanwhile still has its place."""
    shown = [item for item in known if item.place and _is_asked_for(item, query)]
    if asked.cursor is None:
        return paging.Listed(shown[: asked.size], len(shown) > asked.size)
    place = next((item.number for item in known if item.id == asked.cursor.id), None)
    if place is None:
        raise TwilioError(20001, "The PageToken names no media of this list")
    before = [item for item in shown if item.number < place]
    if asked.cursor.before:
        return paging.Listed(before[-asked.size :], True, len(before) > asked.size)
    after = [item for item in shown if item.number > place]
    return paging.Listed(after[: asked.size], len(after) > asked.size, True)


def _is_asked_for(item: MediaItem, query: Form) -> bool:
    day, since, until = (
        one(query, "DateCreated"),
        one(query, "DateCreated>"),
        one(query, "DateCreated<"),
    )
    at = item.created_at
    return (
        (not day or dates.on(day)[0] <= at <= dates.on(day)[1])
        and (not since or dates.since(since) <= at)
        and (not until or at <= dates.until(until))
    )


def path(item: MediaItem) -> str:
    """The path of the bytes; with `.json`, of what is known of them."""
    return f"/{API}/Accounts/{item.account}/Messages/MM{item.message}/Media/ME{item.id}"


def media(item: MediaItem) -> dict[str, Any]:
    """A Media resource, its keys in Twilio's order."""
    return {
        "account_sid": item.account,
        "content_type": item.content_type,
        "date_created": rfc2822(item.created_at),
        "date_updated": rfc2822(item.updated_at),
        "parent_sid": f"MM{item.message}",
        "sid": f"ME{item.id}",
        "uri": f"{path(item)}.json",
    }
