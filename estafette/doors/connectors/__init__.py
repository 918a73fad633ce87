"""The Twilio connector of Logic Apps and Power Automate: see README.md beside this file."""

from estafette.core.core import Core
from estafette.doors import Door
from estafette.doors.connectors.notices import DOOR, post
from estafette.doors.connectors.routes import Application
from estafette.doors.connectors.table import PREFIX


def door(core: Core) -> Door:
    """The door, around one core."""
    return Door(DOOR, (PREFIX,), Application(core), post)
