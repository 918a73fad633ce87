"""Who may ask, and how: one folder for each API that we answer."""

import importlib
import pkgutil
import re
from collections.abc import Iterator

from msgspec import Struct
from starlette.types import ASGIApp

from estafette.core.core import Core
from estafette.core.courier import Finish
from estafette.core.exchange import Decline, Hear, Look, Manner, Say, Tell
from estafette.core.media import Link


class Door(Struct, frozen=True):
    """An API that we answer: every path that begins with one of `prefixes`, or with `pattern`, is its
    own.
    """

    name: str
    prefixes: tuple[str, ...]
    app: ASGIApp
    post: Say | None = None  #: its words for a callback; None where no message comes through it
    hear: Hear | None = None  #: what an address answers to an inbound message; None to ignore it
    decline: Decline | None = None  #: its words for a reply that cannot be sent
    link: Link | None = None  #: the path at which it gives one of the media
    finish: Finish | None = None  #: does what it promised; None where it promises nothing
    tell: Tell | None = None  #: its words for what is no status; None where it has none
    manner: Manner = Manner()  #: what it does beside telling
    look: Look | None = None  #: what it looks up before it tells; None where that is nothing
    pattern: re.Pattern[str] | None = None  #: of the beginnings of its other paths


def names() -> list[str]:
    """The names of all doors."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg)


def doors(core: Core) -> Iterator[Door]:
    """Every door, around one core."""
    for name in names():
        yield importlib.import_module(f"{__name__}.{name}").door(core)
