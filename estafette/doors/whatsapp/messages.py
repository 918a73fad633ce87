"""What is sent to people, and shown to them: messages, that they were read, that somebody types."""

from typing import ClassVar

from estafette.core.core import Core


class Messages:
    """Each method answers one operation."""

    TABLE: ClassVar[list[tuple[str, str, str]]] = []

    def __init__(self, core: Core) -> None:
        self._core = core
