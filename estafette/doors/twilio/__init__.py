"""The Twilio REST API, version 2010-04-01: see README.md beside this file."""

from estafette.core.gateway import Gateway
from estafette.core.people import People
from estafette.doors import Door
from estafette.doors.twilio.callbacks import post
from estafette.doors.twilio.routes import Application


def door(gateway: Gateway, people: People) -> Door:
    """The door, around one gateway."""
    return Door("twilio", ("/2010-04-01",), Application(gateway, people), post)
