"""What people write to our senders: kept, and listened to."""

from datetime import timedelta

from estafette.core.clock import Clock
from estafette.core.keywords import Keywords
from estafette.core.people import People
from estafette.model import Direction, Incoming, Message, Status, Unknown
from estafette.model.ids import new_id
from estafette.model.text import segments
from estafette.store import Store, senders
from estafette.store.messages import Accept


class Inbound:
    """Takes in what people write."""

    def __init__(self, store: Store, people: People, keywords: Keywords, clock: Clock) -> None:
        self._store = store
        self._people = people
        self._keywords = keywords
        self._clock = clock

    async def receive(self, connection: str, incoming: Incoming) -> Message:
        """Write down what somebody wrote. Raises Unknown where no sender has that address."""
        found = [
            sender
            for sender in await self._store.read(senders.all_of)
            if sender.channel is incoming.channel
            and sender.address == incoming.recipient
            and connection in ("", sender.connection)
        ]
        if not found:
            raise Unknown(f"no sender {incoming.recipient} on {incoming.channel}")
        now, sender = self._clock(), found[0]
        message = Message(
            id=new_id(now),
            account=sender.account,
            lane=sender.id,
            channel=incoming.channel,
            direction=Direction.INBOUND,
            sender=incoming.sender,
            recipient=sender.address,
            body=incoming.body,
            media=incoming.media,
            segments=segments(incoming.body),
            status=Status.RECEIVED,
            ref=incoming.ref,
            reason=None,
            code="",
            text="",
            callback_url="",
            redacted=False,
            created_at=now,
            updated_at=now,
            sent_at=incoming.at,
            expires_at=now + timedelta(hours=4),
            content=incoming.content,
        )
        await self._store.accept(Accept(message, now))
        await self._keywords.hear(await self._people.account(sender.account), sender, message)
        return message
