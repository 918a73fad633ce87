"""Other names of people: WhatsApp's ids of them, which stand beside their numbers or in place of these."""

from msgspec.structs import replace
from sqlalchemy import Connection as Conn

from estafette.model import Channel, Send
from estafette.model.address import is_person
from estafette.model.ids import digits, read_digits
from estafette.store import Store, aliases, contacts

#: What an id begins with that we made because the carrier told none. A contact's id follows.
INVENTED = "US."


class Aliases:
    """What platforms call people, and which of them have numbers that we know."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def resolve(self, account: str, channel: Channel, name: str) -> str:
        """The address by which messages name somebody: their number where `name` is an id of theirs and
        the number is known; else `name` itself.
        """
        if not is_person(name):
            return name
        return await self._store.read(lambda conn: _address(conn, account, channel, name))

    async def addressed(self, account: str, send: Send) -> Send:
        """What is to be sent, to the number of whom it names by an id where we know that: so it joins their
        conversation.
        """
        if not _names_person(send):
            return send
        address = await self.resolve(account, send.channel, send.recipient)
        content = {"user_id": send.recipient, **send.content}
        return replace(send, recipient=address, content=content)

    async def user_id(self, account: str, channel: Channel, address: str) -> str:
        """The id of whoever has an address: the carrier's own where it told one, else one that is made of
        their contact, always the same; empty where there is no contact yet.
        """
        if is_person(address):
            return address
        return await self._store.read(lambda conn: _user_id(conn, account, channel, address))


def _names_person(send: Send) -> bool:
    return send.channel is Channel.WHATSAPP and is_person(send.recipient)


def invented(contact: str) -> str:
    """The id of somebody whom the carrier gave none, by the id of their contact."""
    return INVENTED + digits(contact)


def _address(conn: Conn, account: str, channel: Channel, name: str) -> str:
    found = aliases.address(conn, account, channel, name)
    if found is not None:
        return found
    made = read_digits(name.removeprefix(INVENTED)) if name.startswith(INVENTED) else None
    known = contacts.some(conn, [made]).get(made) if made else None
    is_theirs = known and (known.account, known.channel) == (account, channel)
    return known.address if known and is_theirs else name


def _user_id(conn: Conn, account: str, channel: Channel, address: str) -> str:
    found = aliases.alias(conn, account, channel, address)
    if found is not None:
        return found
    known = contacts.find(conn, account, channel, address)
    return invented(known.id) if known else ""
