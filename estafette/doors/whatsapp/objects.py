"""What an id alone names: a number, a file, a template or the business account."""

from typing import Any, ClassVar

from estafette.core.core import Core
from estafette.doors.whatsapp.errors import unknown
from estafette.doors.whatsapp.media import Media
from estafette.doors.whatsapp.phones import Phones
from estafette.doors.whatsapp.requests import Call
from estafette.doors.whatsapp.templates import Templates


class Objects:
    """Each method answers one operation, by the first part that knows the id."""

    TABLE: ClassVar[list[tuple[str, str, str]]] = [
        ("GET", "/{id}", "show"),
        ("POST", "/{id}", "change"),
        ("DELETE", "/{id}", "remove"),
    ]

    def __init__(self, core: Core) -> None:
        self._parts = (Phones(core), Media(core), Templates(core))

    async def show(self, call: Call) -> Any:
        """What is known of it."""
        for part in self._parts:
            if (shape := await part.show(call, call.holes["id"])) is not None:
                return shape
        raise unknown(call.holes["id"], "get")

    async def change(self, call: Call) -> Any:
        """Change it."""
        for part in self._parts:
            if (shape := await part.change(call, call.holes["id"])) is not None:
                return shape
        raise unknown(call.holes["id"], "post")

    async def remove(self, call: Call) -> Any:
        """Delete it."""
        for part in self._parts:
            if (shape := await part.remove(call, call.holes["id"])) is not None:
                return shape
        raise unknown(call.holes["id"], "delete")
