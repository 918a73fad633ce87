"""What people see: pages under `/console`, made on the server, in English and French. See README.md."""

from estafette.console.routes import Application
from estafette.core.core import Core

PREFIX = "/console"


def console(core: Core) -> Application:
    """The console, around one core: an ASGI application for every path that begins with PREFIX."""
    return Application(core)
