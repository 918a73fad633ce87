"""The media of messages: the bytes themselves, for who may see the message."""

import contextlib
from functools import partial
from typing import ClassVar

from starlette.responses import Response

from estafette.console.rows import Row, get
from estafette.console.streams import CAGE, Stream, is_shown
from estafette.console.visit import Visit
from estafette.core.core import Core
from estafette.model import MediaItem, Message, Unknown
from estafette.model.media import ending
from estafette.model.upload import UPLOAD, Upload

#: What stands where a picture is to be and none is: a page that shows many has no holes, nor errors.
_NOTHING = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="96" height="96" viewBox="0 0 24 24" fill="none"'
    b' stroke="#8b867a" stroke-width="1.25"><rect x="3" y="4" width="18" height="16" rx="2"'
    b' stroke-dasharray="2 1.5"/><path d="m8 12 3-3a1.800 1.800 0 0 1 2.600 2.600l-4 4a2.700 2.700 0 0 1-4-4"/></svg>'
)


class Media:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [get("/media/{message}/{number:int}", "show")]

    def __init__(self, core: Core) -> None:
        self._gateway = core.gateway
        self._media = core.media
        self._uploads = core.uploads

    async def show(self, visit: Visit) -> Response:
        """The bytes of one, by the message and its number there, from 0."""
        is_picture = visit.request.headers.get("sec-fetch-dest") == "image"
        message = await self._gateway.find(visit.account, visit.holes["message"])
        found = await self._find(visit, message)
        if found is None or (is_picture and not found.content_type.startswith("image/")):
            if is_picture:
                return Response(_NOTHING, media_type="image/svg+xml", headers=CAGE)
            raise Unknown(visit.say("This file was not fetched, or is gone."))
        name = found.filename if isinstance(found, Upload) else await self._name(found)
        return Stream(
            partial(self._uploads.pour, found),
            content_type=found.content_type,
            size=found.size,
            filename=name or f"{message.id}-{visit.holes['number']}{ending(found.content_type)}",
            tag=found.id,
            inline=is_shown(found.content_type),
            asked=visit.request.headers.get("range", ""),
        )

    async def _find(self, visit: Visit, message: Message) -> MediaItem | Upload | None:
        number = visit.holes["number"]
        for item in await self._media.of_message(message):
            if item.number == number:
                return item
        url = message.media[number] if number < len(message.media) else ""
        if url.startswith(UPLOAD):
            with contextlib.suppress(Unknown):
                return await self._uploads.find(visit.account, url.removeprefix(UPLOAD))
        return None

    async def _name(self, item: MediaItem) -> str:
        return (await self._media.filenames([item])).get(item.url, "")


def page(core: Core) -> Media:
    """The page, around one core."""
    return Media(core)
