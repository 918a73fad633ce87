"""doors: to come."""

from typing import ClassVar

from starlette.responses import Response

from estafette.console.rows import Row, get
from estafette.console.visit import Visit
from estafette.core.core import Core


class Shown:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [get("/doors", "list")]

    def __init__(self, core: Core) -> None:
        self._core = core

    async def list(self, visit: Visit) -> Response:
        """Show them."""
        return visit.show("doors.html")


def page(core: Core) -> Shown:
    """The page, around one core."""
    return Shown(core)
