"""The ways in: under which address programs reach us, and lines to paste for each kind of them."""

from typing import ClassVar, NamedTuple

from starlette.responses import Response

from estafette.console.clients import Values, clients
from estafette.console.rows import Row, get
from estafette.console.visit import Visit
from estafette.core.core import Core
from estafette.core.forms import forms
from estafette.model import Channel


class Inlet(NamedTuple):
    """Where a carrier calls us."""

    connection: str
    provider: str
    address: str


class Doors:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [get("/doors", "list")]

    def __init__(self, core: Core) -> None:
        self._core = core

    async def list(self, visit: Visit) -> Response:
        """Show them."""
        core, account = self._core, visit.account
        values = Values(
            core.public_url,
            account.sid,
            await core.senders.choose(account.sid, Channel.SMS),
            await core.senders.choose(account.sid, Channel.WHATSAPP),
        )
        known = {form.provider: form for form in forms()}
        inlets = [
            Inlet(one.name, one.provider, address)
            for one in await core.connections.list()
            if one.provider in known
            and (address := known[one.provider].inward(core.public_url, one.name))
        ]
        return visit.show(
            "doors.html",
            base=core.public_url,
            is_set=core.has_public_url,
            clients=clients(values),
            inlets=inlets,
        )


def page(core: Core) -> Doors:
    """The page, around one core."""
    return Doors(core)
