"""What is sent to people, and shown to them: messages, that they were read, that somebody types."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, ClassVar

import msgspec

from estafette.core.core import Core
from estafette.core.sayings import TEMPLATE
from estafette.doors.whatsapp.declined import of_declined, of_refused
from estafette.doors.whatsapp.errors import Refusal, missing, wrong
from estafette.doors.whatsapp.fields import PRODUCT, object_of
from estafette.doors.whatsapp.requests import SUCCESS, Call
from estafette.model import Channel, Declined, Message, Send, Sender, SendError
from estafette.model.ids import wamid
from estafette.model.samples import message_status
from estafette.model.whatsapp import Asked, Recipient, Unsaid, envelope, recipient_of

DOOR = "whatsapp"
_MARKETING = 134100  # only marketing messages are taken there
_SELF = 131021  # the recipient cannot be the sender
_LONGEST_ID = 1024  # characters


class Messages:
    """Each method answers one operation."""

    TABLE: ClassVar[list[tuple[str, str, str]]] = [
        ("POST", "/{phone}/messages", "send"),
        ("POST", "/{phone}/marketing_messages", "market"),
    ]

    def __init__(self, core: Core) -> None:
        self._core = core
        self._gateway = core.gateway

    async def send(self, call: Call) -> dict[str, Any]:
        """Send a message: it is written down when this answers, and its carrier not asked yet.

        Or show a person what becomes of theirs: see `heed`.
        """
        sender = await self._sender(call)
        if call.body.get("status") is not None or call.body.get("typing_indicator") is not None:
            return await self._heed(call, sender)
        return await self._send(call, sender, _read(call))

    async def market(self, call: Call) -> dict[str, Any]:
        """Send a template; nothing else is taken here."""
        sender = await self._sender(call)
        asked = _read(call)
        if asked.said.kind != TEMPLATE:
            raise Refusal(_MARKETING, "type must be template")
        return await self._send(call, sender, asked)

    async def _sender(self, call: Call) -> Sender:
        """The number that the path names. Raises Unknown."""
        ref = call.holes["phone"]
        return await self._core.senders.by_ref(call.account.sid, Channel.WHATSAPP, ref)

    async def _send(self, call: Call, sender: Sender, asked: Asked) -> dict[str, Any]:
        recipient = _recipient(asked)
        if recipient.address == sender.address:
            raise Refusal(_SELF, f"to {recipient.address} is the number that sends")
        key = call.idempotency_key
        fingerprint = _fingerprint(call) if key else ""
        # What was written for the same request comes first: it might be refused by now.
        message = await self._gateway.repeated(call.account, key, fingerprint) if key else None
        if message is None:
            try:
                said = await self._core.sayings.whole(call.account, sender, asked)
                send = Send(
                    channel=Channel.WHATSAPP,
                    sender=sender.address,
                    recipient=recipient.address,
                    body=said.body,
                    media=said.media,
                    content=said.content,
                    door=DOOR,
                    idempotency_key=key,
                    fingerprint=fingerprint,
                )
                message = await self._gateway.send(call.account, send)
            except Unsaid as error:
                raise _unsaid(error) from None
            except Declined as error:
                raise of_declined(error) from None
        return _shape(message, recipient)

    async def _heed(self, call: Call, sender: Sender) -> dict[str, Any]:
        """Show a person that what they wrote was read, or that it is being answered."""
        body = call.body
        product = body.get("messaging_product")
        if not isinstance(product, str) or product.strip().lower() != PRODUCT:
            raise Refusal(100, "messaging_product is required, and must be whatsapp")
        status = body.get("status", "read")
        if not isinstance(status, str) or status.strip().lower() != "read":
            raise wrong("status", "must be read")
        name = body.get("message_id")
        if name is None or name == "":
            raise missing("message_id")
        if not isinstance(name, str) or len(name) > _LONGEST_ID or not name.isprintable():
            raise wrong("message_id", "must be the id of a message")
        try:
            await self._core.attention.heed(
                call.account, sender, name.strip(), is_typing=_types(body)
            )
        except SendError as error:
            raise of_refused(error) from None
        return SUCCESS


def _read(call: Call) -> Asked:
    try:
        return envelope(call.body)
    except Unsaid as error:
        raise _unsaid(error) from None


def _recipient(asked: Asked) -> Recipient:
    try:
        return recipient_of(asked)
    except Unsaid as error:
        raise _unsaid(error) from None


def _unsaid(error: Unsaid) -> Refusal:
    return Refusal(error.code, str(error))


def _types(body: Mapping[str, Any]) -> bool:
    """Whether a typing indicator is asked for. Raises Refusal."""
    asked = object_of(body, "typing_indicator")
    if asked is None:
        return False
    if asked.get("type", "text") != "text":
        raise wrong("typing_indicator.type", "must be text")
    return True


def _shape(message: Message, recipient: Recipient) -> dict[str, Any]:
    """The answer to a send. `message_status` is told of templates only."""
    contact = {"input": recipient.input}
    if recipient.wa_id:
        contact["wa_id"] = recipient.wa_id
    if recipient.user_id:
        contact["user_id"] = recipient.user_id
    one = {"id": wamid(message.id)}
    if recipient.is_group:
        one["group_id"] = recipient.address
    if TEMPLATE in message.content:
        one["message_status"] = message_status(message.content)
    return {"messaging_product": PRODUCT, "contacts": [contact], "messages": [one]}


def _fingerprint(call: Call) -> str:
    """What is the same for the same request, whatever the order of its keys."""
    asked = [call.holes["phone"], call.body]
    return sha256(msgspec.json.encode(asked, order="deterministic")).hexdigest()
