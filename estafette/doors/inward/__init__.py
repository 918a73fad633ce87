"""Where carriers call us: see README.md beside this file."""

from estafette.core.core import Core
from estafette.doors import Door
from estafette.doors.inward.routes import Application


def door(core: Core) -> Door:
    """The door, around one core. No message comes in through it to be sent."""
    return Door("inward", ("/in",), Application(core))
