"""By which sender and connection a step of WhatsApp goes."""

import re
from typing import NamedTuple

from estafette.actions import Asked
from estafette.actions.whatsapp.models import Inputs
from estafette.core.connections import PRETENDS
from estafette.model import Channel, Connection, Sender, Unknown
from estafette.model.whatsapp import Unsaid
from estafette.model.whatsapp.words import MISSING, REQUEST

CARRIER = "meta"  #: the provider whose answer is waited for
_PHONE_ID = re.compile(r"[0-9]{1,32}")


class Way(NamedTuple):
    """Whose lane a message takes, and whether its carrier is waited for."""

    sender: Sender  #: one of the account's, or a lane of no sender's own
    address: str  #: what the message names as its sender
    phone_id: str  #: what the carrier knows it by
    waits: bool


class NoObject(Unsaid):
    """There is no such connection, or sender, for this account."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(REQUEST, field, text)


async def way_of(asked: Asked) -> Way:
    """The way that a step names. A connection that is named comes before that of the sender.

    Raises NoObject, and Unsaid where nothing is named and the account has nothing to send from.
    """
    inputs: Inputs = asked.inputs
    named = inputs.connection_id.strip() or asked.connection.strip()
    ref = inputs.sender_id.strip()
    connection = await _connection(asked, named) if named else None
    own = await _own(asked, ref, connection)
    if connection is None:
        if own is None:
            raise NoObject("sender_id", f"{ref[:64]} is none of this account's senders")
        found, _ = await asked.core.connections.find(own.connection)
        return Way(own, own.address, own.ref, found.provider == CARRIER)
    waits = connection.provider == CARRIER
    if own and own.connection == connection.name:
        return Way(own, own.address, own.ref, waits)
    ref = own.ref if own and own.ref else ref
    if not _PHONE_ID.fullmatch(ref):
        raise NoObject("sender_id", "must be the id of a phone number: digits")
    if waits and own is None and await _is_anothers(asked, ref):
        raise NoObject("sender_id", f"{ref} is another account's")
    lane = await asked.core.relay.lane(asked.account.sid, connection.name, Channel.WHATSAPP, ref)
    return Way(lane, own.address if own else ref, ref, waits)


async def _connection(asked: Asked, named: str) -> Connection:
    try:
        found = await asked.core.connections.find_named(named)
    except Unknown:
        raise NoObject("connection_id", f"{named[:64]} is no connection") from None
    if found.provider not in (CARRIER, PRETENDS):
        raise NoObject("connection_id", f"{named[:64]} is no connection of {CARRIER} or {PRETENDS}")
    return found


async def _is_anothers(asked: Asked, ref: str) -> bool:
    """Whether a number is held by somebody else here: theirs is not to be spoken for."""
    return await asked.core.senders.is_anothers(asked.account.sid, Channel.WHATSAPP, ref)


async def _own(asked: Asked, ref: str, connection: Connection | None) -> Sender | None:
    """The sender of the account's own that is meant; None where the id is none of theirs."""
    senders, account = asked.core.senders, asked.account.sid
    if not ref:
        held = await senders.list(account, Channel.WHATSAPP)
        if connection:
            held = [sender for sender in held if sender.connection == connection.name]
        main = await senders.choose(account, Channel.WHATSAPP)
        found = main if main in held else held[0] if held else None
        if found is None:
            raise Unsaid(MISSING, "sender_id", "is required")
        return found
    try:
        return await senders.by_ref(account, Channel.WHATSAPP, ref)
    except Unknown:
        pass
    try:
        return await senders.find(account, Channel.WHATSAPP, ref) if ref.startswith("+") else None
    except Unknown:
        return None
