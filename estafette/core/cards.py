"""Whom a message is exchanged with, as callbacks show it."""

from datetime import timedelta
from uuid import UUID, uuid5

from msgspec.structs import replace

from estafette.core.aliases import Aliases, invented
from estafette.core.clock import Clock
from estafette.core.contacts import Contacts
from estafette.model import Channel, Direction, Message, Unknown
from estafette.model.contact import Card, Contact

_FILED_WITHIN = timedelta(minutes=2)  # contacts of messages are filed soon after these are sent
_GONE = UUID("5f0f4c1c-3a0e-5b43-9a51-2f8f0d8f8f6e")  # any one: what ids of the gone are made of


class Cards:
    """The cards of those whom messages go to or come from."""

    def __init__(self, contacts: Contacts, aliases: Aliases, clock: Clock) -> None:
        self._contacts = contacts
        self._aliases = aliases
        self._clock = clock

    async def of(self, message: Message) -> Card:
        """The card of whoever wrote a message or is written to. One who is not filed yet is filed.

        One who was removed stays so: of them there is the address alone, under an id that leads
        nowhere, always the same. On WhatsApp each has an id as its platform has them.
        """
        card = await self._found(message)
        if message.channel is not Channel.WHATSAPP:
            return card
        known = card.contact
        user_id = await self._aliases.user_id(known.account, known.channel, known.address)
        return replace(card, contact=replace(known, user_id=user_id or invented(known.id)))

    async def _found(self, message: Message) -> Card:
        is_inbound = message.direction is Direction.INBOUND
        name = message.sender if is_inbound else message.recipient
        # Who was known by their platform's name for them may have a number by now.
        address = await self._aliases.resolve(message.account, message.channel, name)
        whom = message.account, message.channel, address
        try:
            return await self._contacts.find(*whom, sender=message.lane)
        except Unknown:
            pass
        if self._clock() - message.updated_at <= _FILED_WITHIN:
            return await self._contacts.touch(*whom, message.lane, at=message.created_at)
        try:
            return await self._contacts.find(*whom)  # there is no conversation with this sender
        except Unknown:
            return Card(contact=_gone(message, address))


def _gone(message: Message, address: str) -> Contact:
    return Contact(
        id=uuid5(_GONE, f"{message.account} {message.channel} {address}").hex,
        account=message.account,
        channel=message.channel,
        address=address,
        created_at=message.created_at,
        updated_at=message.created_at,
    )
