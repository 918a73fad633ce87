"""The Twilio REST API, version 2010-04-01: see README.md beside this file."""

from estafette.core.core import Core
from estafette.doors import Door
from estafette.doors.twilio.callbacks import post
from estafette.doors.twilio.routes import Application
from estafette.doors.twilio.twiml import decline, hear

PREFIXES = (
    *("/2010-04-01", "/v1/Services", "/v1/Content", "/v1/ContentAndApprovals"),
    *("/messaging/v1", "/content/v1"),
)


def door(core: Core) -> Door:
    """The door, around one core."""
    return Door("twilio", PREFIXES, Application(core), post, hear, decline)
