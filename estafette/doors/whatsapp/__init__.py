"""The WhatsApp Cloud API, under `/v<N>.<M>/` and without a version: see README.md beside this file."""

from estafette.core.core import Core
from estafette.core.exchange import Manner
from estafette.doors import Door
from estafette.doors.whatsapp.media import path
from estafette.doors.whatsapp.notices import Notices
from estafette.doors.whatsapp.routes import PATTERN, PREFIXES, Application

DOOR = "whatsapp"


def door(core: Core) -> Door:
    """The door, around one core."""
    notices = Notices(core)
    app = Application(core)
    manner = Manner(shows_contacts=True, repeats=True)
    return Door(
        DOOR,
        PREFIXES,
        app,
        notices.post,
        link=path,
        manner=manner,
        pattern=PATTERN,
        look=notices.look,
    )
