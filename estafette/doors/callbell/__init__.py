"""The Callbell-style API, under `/v1`: see README.md beside this file."""

from estafette.core.core import Core
from estafette.core.exchange import Manner
from estafette.doors import Door
from estafette.doors.callbell.notices import Notices
from estafette.doors.callbell.routes import PREFIXES, Application
from estafette.doors.callbell.wire import DOOR

_DISABLED_AFTER = 6 * 3600.0  # seconds for which a webhook fails


def door(core: Core) -> Door:
    """The door, around one core."""
    notices = Notices(core.public_url)
    manner = Manner(shows_contacts=True, shows_answers=True, disables_after=_DISABLED_AFTER)
    app = Application(core)
    return Door(DOOR, PREFIXES, app, notices.post, tell=notices.tell, manner=manner)
