"""People whom a number does not hear."""

from typing import ClassVar

from estafette.core.core import Core


class Blocks:
    """Each method answers one operation."""

    TABLE: ClassVar[list[tuple[str, str, str]]] = []

    def __init__(self, core: Core) -> None:
        self._core = core
