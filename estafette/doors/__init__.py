"""Who may ask, and how: one folder for each API that we answer."""

import importlib
import pkgutil
from collections.abc import Iterator

from msgspec import Struct
from starlette.types import ASGIApp

from estafette.core.callbacks import Say
from estafette.core.core import Core


class Door(Struct, frozen=True):
    """An API that we answer: every path that begins with one of `prefixes` is its own."""

    name: str
    prefixes: tuple[str, ...]
    app: ASGIApp
    post: Say | None = None  #: its words for a callback; None where it owes none


def names() -> list[str]:
    """The names of all doors."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg)


def doors(core: Core) -> Iterator[Door]:
    """Every door, around one core."""
    for name in names():
        yield importlib.import_module(f"{__name__}.{name}").door(core)
