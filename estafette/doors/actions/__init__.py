"""Actions over HTTP, in JSON, XML and forms, under `/v1/actions`: see README.md beside this file."""

from estafette.core.core import Core
from estafette.doors import Door
from estafette.doors.actions.routes import Application


def door(core: Core) -> Door:
    """The door, around one core."""
    return Door("actions", ("/v1/actions",), Application(core))
