"""The Callbell-style API, under `/v1`: see README.md beside this file."""

from estafette.core.core import Core
from estafette.doors import Door
from estafette.doors.callbell.routes import PREFIXES, Application
from estafette.doors.callbell.wire import DOOR


def door(core: Core) -> Door:
    """The door, around one core."""
    return Door(DOOR, PREFIXES, Application(core))
