"""WorkflowGen's contexts, in JSON and XML, under `/v1/workflowgen`: see README.md beside this file."""

from estafette.core.core import Core
from estafette.doors import Door
from estafette.doors.workflowgen.late import Late
from estafette.doors.workflowgen.routes import NAME, ROOT, Application


def door(core: Core) -> Door:
    """The door, around one core."""
    return Door(NAME, (ROOT,), Application(core), finish=Late(core).finish)
