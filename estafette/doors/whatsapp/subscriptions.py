"""Which address is told what happens, and the credentials of an app."""

from typing import ClassVar

from estafette.core.core import Core


class Subscriptions:
    """Each method answers one operation."""

    TABLE: ClassVar[list[tuple[str, str, str]]] = []

    def __init__(self, core: Core) -> None:
        self._core = core
