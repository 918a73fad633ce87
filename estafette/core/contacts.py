"""Contacts: who is written to and who writes, and the conversations with them."""

from estafette.core.clock import Clock
from estafette.model import Channel
from estafette.model.contact import Conversation
from estafette.store import Store, conversations


class Contacts:
    """Contacts of all accounts. An account is named by its SID."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def conversation(
        self, account: str, sender: str, channel: Channel, address: str
    ) -> Conversation | None:
        """What is exchanged between one of our senders, by its id, and an address; None for nothing
        yet.
        """
        return await self._store.read(
            lambda conn: conversations.between(conn, account, sender, channel, address)
        )
