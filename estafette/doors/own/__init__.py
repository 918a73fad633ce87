"""Our own API, in JSON, under `/api`: see README.md beside this file."""

from estafette.core.core import Core
from estafette.doors import Door
from estafette.doors.own.notices import DOOR, post, tell
from estafette.doors.own.routes import Application


def door(core: Core) -> Door:
    """The door, around one core."""
    return Door(DOOR, ("/api",), Application(core), post, tell=tell)
