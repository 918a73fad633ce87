"""Message templates of a business account."""

from typing import Any, ClassVar

from estafette.core.core import Core
from estafette.doors.whatsapp.requests import Call


class Templates:
    """Each method answers one operation."""

    TABLE: ClassVar[list[tuple[str, str, str]]] = []

    def __init__(self, core: Core) -> None:
        self._core = core

    async def show(self, call: Call, id: str) -> Any:
        """What is known of the one with this id; None where there is none."""
        return None

    async def change(self, call: Call, id: str) -> Any:
        """Change it, as the body says; None where there is none."""
        return None

    async def remove(self, call: Call, id: str) -> Any:
        """Delete it; None where there is none."""
        return None
