"""Sends what an address answers to an inbound message, each reply once."""

from datetime import timedelta

from msgspec.structs import replace

from estafette.core.clock import Clock
from estafette.core.gateway import Gateway
from estafette.core.people import People
from estafette.model import Account, Declined, Direction, Message, Reason, Send
from estafette.store import Store, replies, senders

_MOST = 15  # replies between two numbers of ours within
_WITHIN = timedelta(seconds=30)


class Replies:
    """Messages that answer inbound ones."""

    def __init__(self, store: Store, gateway: Gateway, people: People, clock: Clock) -> None:
        self._store = store
        self._gateway = gateway
        self._people = people
        self._clock = clock

    async def send(self, message: Message, number: int, asked: Send) -> Message:
        """Send the reply of this number to a message: once, however often it is asked for.

        Raises Declined where it cannot be sent, also where two senders of ours would answer each
        other without end.
        """
        account = await self._people.account(message.account)
        send = replace(
            asked,
            direction=Direction.REPLY,
            service=asked.service or message.service,
            # Nobody else's key: theirs are printable. The first of equal keys counts, whatever
            # the address answers when it is asked again.
            idempotency_key=f"\nreply {message.id} {number}",
            fingerprint="",
        )
        await self._check(account, send)
        return await self._gateway.send(account, send)

    async def _check(self, account: Account, send: Send) -> None:
        """Raise Declined for one more round between two senders of ours that never ends."""
        other = await self._store.read(
            lambda conn: senders.inbound(conn, "", send.channel, send.recipient)
        )
        if other is None:
            return
        since = self._clock() - _WITHIN
        own = await self._store.read(
            lambda conn: senders.find(conn, account.sid, send.channel, send.sender)
        )
        if own is None:
            return
        count = await self._store.read(lambda conn: replies.between(conn, own, other, since))
        if count >= _MOST:
            raise Declined(Reason.RUNAWAY, f"{send.sender} and {send.recipient}")
