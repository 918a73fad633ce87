"""What people see of us while they wait: that what they wrote was read, and that somebody answers."""

import contextlib

from estafette.core.connections import Connections
from estafette.core.gateway import Gateway
from estafette.model import Account, Misconfigured, Sender, Unknown


class Attention:
    """Asks carriers to show it; nothing of it is written down."""

    def __init__(self, gateway: Gateway, connections: Connections) -> None:
        self._gateway = gateway
        self._connections = connections

    async def heed(
        self, account: Account, sender: Sender, name: str, *, is_typing: bool = False
    ) -> None:
        """Show who wrote a message that it was read and, with `is_typing`, that it is being answered.

        `name` is any form of its id; one that is not known here is the carrier's own. Raises a
        SendError where the carrier does not do it, or cannot be asked.
        """
        ref = name
        with contextlib.suppress(Unknown):  # it may have come before we did
            ref = (await self._gateway.find_named(account, name)).ref or name
        _, provider = await self._connections.find(sender.connection)
        if provider is None:
            raise Misconfigured(f"the connection {sender.connection} cannot be used")
        await provider.heed(sender.ref, ref, is_typing=is_typing)
