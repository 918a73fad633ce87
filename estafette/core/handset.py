"""The telephones of people who are not there: what they would write, and that they would have read it.

What a handset says goes the way of what any carrier tells. It may speak in the place of every carrier where
a program asks for it; shown to people, it belongs to the sandbox alone.
"""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from estafette.core.clock import Clock
from estafette.core.connections import PRETENDS, Connections
from estafette.core.gateway import Gateway
from estafette.core.inbound import Inbound
from estafette.core.senders import Senders
from estafette.core.suppressions import recipient_of
from estafette.core.uploads import Uploads
from estafette.model import (
    Account,
    BadValue,
    Channel,
    Conflict,
    Direction,
    Incoming,
    Message,
    Receipt,
    Sender,
    Status,
    Unknown,
)
from estafette.model.address import is_person
from estafette.model.upload import UPLOAD, Upload
from estafette.model.whatsapp.heard import Heard
from estafette.store.words import plain

_AHEAD = timedelta(minutes=5)  # of another's clock
REACHED = frozenset({Status.SENT, Status.DELIVERED, Status.READ})  #: what a handset shows


class Spoken(Struct, frozen=True, kw_only=True):
    """What somebody does with their telephone."""

    channel: Channel
    person: str  #: their address: see `read_person`
    sender: str  #: ours that they write to: its address, or its carrier's id for it
    heard: Heard
    at: datetime | None = None  #: when; now where it is left out
    name: str = ""  #: what they call themselves
    user_id: str = ""  #: what WhatsApp calls them
    ref: str = ""  #: the carrier's id for it: the same one is kept once


class Handset:
    """Speaks for people."""

    def __init__(
        self,
        gateway: Gateway,
        inbound: Inbound,
        senders: Senders,
        connections: Connections,
        uploads: Uploads,
        clock: Clock,
    ) -> None:
        self._gateway = gateway
        self._inbound = inbound
        self._senders = senders
        self._connections = connections
        self._uploads = uploads
        self._clock = clock

    async def write(self, account: str, spoken: Spoken) -> Message:
        """Have a person write to a sender of an account, as if its carrier had told it.

        Without an account, the sender may be anyone's. Raises BadValue for what cannot be, Unknown where
        there is no such sender, Unheard where it does not hear the person.
        """
        told = self._told(spoken)
        if account:
            sender = await self._senders.find(account, spoken.channel, spoken.sender.strip())
            told = replace(told, recipient=sender.address)
        return await self._inbound.receive("", told, account=account)

    def _told(self, spoken: Spoken) -> Incoming:
        person = spoken.person
        if spoken.at and spoken.at > self._clock() + _AHEAD:
            raise BadValue("at", "at: nobody has written in the future")
        user_id = spoken.user_id or (person if is_person(person) else "")
        named = {"user_id": user_id} if user_id else {}
        return Incoming(
            channel=spoken.channel,
            sender=person,
            recipient=spoken.sender,
            body=spoken.heard.body,
            media=spoken.heard.media,
            ref=spoken.ref,
            at=spoken.at,
            name=spoken.name,
            user_id=user_id,
            content={**spoken.heard.content, **named},
        )

    async def read(self, account: Account, name: str) -> Message:
        """Have the person read what reached them: a message, by any form of its id.

        Raises Unknown; Conflict where it did not reach anybody, or a real carrier has it.
        """
        message = await self._gateway.find_named(account, name)
        if message.direction is Direction.INBOUND or message.status not in REACHED:
            raise Conflict(f"the message is {message.status}: there is nothing to read")
        sender = await self.sender(account.sid, message.lane)
        if message.status is not Status.READ:
            at = self._clock()
            receipt = Receipt(message=message.id, ref=message.ref, status=Status.READ, at=at)
            await self._gateway.record(sender.connection, [receipt])
        return await self._gateway.find(account, message.id)

    async def keep(
        self,
        account: Account,
        *,
        content_type: str,
        filename: str,
        body: AsyncIterator[bytes],
        sender: Sender | None = None,
    ) -> Upload:
        """Keep a file that a person is going to send to a sender. Raises Unfit, Busy."""
        held = sender or next(iter(await self._senders.list(account.sid)), None)
        if held is None:
            raise Unknown("the account has no sender")
        return await self._uploads.add(
            account, sender=held, content_type=content_type, filename=filename, body=body
        )

    async def file(self, account: Account, url: str) -> str:
        """What stands for a file among the media of a message: a URL as it is, an upload if the
        account has it. Raises BadValue.
        """
        if not url.startswith(UPLOAD):
            return url
        id = url.removeprefix(UPLOAD)
        try:
            return UPLOAD + (await self._uploads.find(account, plain(id))).id
        except Unknown:
            raise BadValue("media", f"there is no upload {id[:40]}") from None

    async def senders(self, account: str, channel: Channel | None = None) -> list[Sender]:
        """The senders of an account that the sandbox carries for."""
        found = await self._senders.list(account, channel)
        pretended = {one.connection: False for one in found}
        for name in pretended:
            pretended[name] = await self._is_pretended(name)
        return [one for one in found if pretended[one.connection]]

    async def sender(self, account: str, id: str) -> Sender:
        """One of them by its id. Raises Unknown, and Conflict for one that a real carrier carries for."""
        found = await self._senders.get(account, id)
        if not await self._is_pretended(found.connection):
            raise Conflict(
                "a real carrier carries for this sender: nobody speaks in its place here"
            )
        return found

    async def _is_pretended(self, name: str) -> bool:
        try:
            return (await self._connections.find(name))[0].provider == PRETENDS
        except Unknown:
            return False


def read_person(text: str, channel: Channel, user_id: str = "") -> str:
    """Who writes: by their number or, where they hide it, by what WhatsApp calls them.

    Raises Declined for what is no address, BadValue for a name that WhatsApp gives nobody.
    """
    if user_id and (channel is not Channel.WHATSAPP or not is_person(user_id)):
        what = "user_id must be like US.13491208655302741918, and goes on whatsapp only"
        raise BadValue("user_id", what)
    if channel is Channel.WHATSAPP and is_person(text):
        return text
    return recipient_of(text, channel)
