"""Messages: sent, asked after, and their texts forgotten."""

from hashlib import sha256
from typing import Any, ClassVar

import msgspec
import structlog

from estafette.core.core import Core
from estafette.doors.callbell import bodies, wire
from estafette.doors.callbell.assignment import Assignment, assignment, warned
from estafette.doors.callbell.bodies import Asked
from estafette.doors.callbell.declined import of_declined
from estafette.doors.callbell.errors import EMPTY, NO_STRING, UNKNOWN, blame, denied
from estafette.doors.callbell.fallback import refused
from estafette.doors.callbell.filling import filled
from estafette.doors.callbell.kinds import GATED, OFFICIAL, TEXT, kind_of
from estafette.doors.callbell.requests import Answered, Call
from estafette.doors.callbell.sent import message_shape, status_shape
from estafette.model import (
    Account,
    BadFallback,
    Declined,
    Direction,
    Message,
    Send,
    Sender,
    Status,
    Unknown,
)
from estafette.model.contact import Card
from estafette.model.rules import WAITING

log = structlog.get_logger()


class Messages:
    """Each method answers one operation."""

    TABLE: ClassVar[list[tuple[str, str, str]]] = [
        ("POST", "/messages/send", "send"),
        ("GET", "/messages/status/{uuid}", "status"),
        ("DELETE", "/messages/{uuid}", "forget"),
        ("DELETE", "/messages", "forget_named"),
    ]

    def __init__(self, core: Core) -> None:
        self._core = core
        self._gateway = core.gateway

    async def send(self, call: Call) -> Answered:
        """Send a message: it is written down when this answers, and its carrier not asked yet.

        Whom it is assigned to and that its recipient agreed is noted once it is accepted.
        """
        body = bodies.canonical(call.body)
        asked = bodies.read(body, call.query)
        print = _print(body) if call.idempotency_key else ""
        known = await self._repeated(call, print)
        if known:
            return Answered(await self._shape(known, asked, await self._card(known)))
        _gate(asked)
        given = await assignment(self._core, call.account.sid, body)
        sender = await self._sender(call.account.sid, asked)
        send = await self._send(call, asked, sender, print)
        try:
            message = await self._gateway.send(call.account, send)
        except BadFallback as error:
            raise refused(error) from None
        except Declined as error:
            raise of_declined(error) from None
        card = await self._noted(message, asked, given)
        warnings = (*given.warnings, *_ignored(asked))
        if warnings:
            log.warning("not all was done as asked", message=message.id, why=warnings)
        return warned(await self._shape(message, asked, card), warnings)

    async def status(self, call: Call) -> dict[str, Any]:
        """What became of a message, whichever door it came through; also one that was received."""
        message = await self._gateway.find_named(call.account, call.holes["uuid"])
        card = await self._card(message)
        until = await self._core.window.until(message)
        public_url = self._core.public_url
        return {"message": status_shape(message, card, until, public_url=public_url)}

    async def forget(self, call: Call) -> Answered:
        """Forget its text and what came with it, here: the recipient keeps it."""
        return await self._forget(call.account, call.holes["uuid"])

    async def forget_named(self, call: Call) -> Answered:
        """The same for the one that the body names."""
        uuid = call.body.get("uuid")
        if uuid is None or uuid == "":
            raise blame(uuid=EMPTY)
        if not isinstance(uuid, str):
            raise blame(uuid=NO_STRING)
        if "\0" in uuid:
            raise Unknown(f"no message {uuid}")
        return await self._forget(call.account, uuid)

    async def _forget(self, account: Account, name: str) -> Answered:
        """What is still to be sent keeps its text and its media until a carrier has it."""
        found = await self._gateway.find_named(account, name)
        message = await self._gateway.redact(account, found.id)
        if message.status not in {*WAITING, Status.SENDING}:
            for item in await self._core.media.of_message(message):
                await self._core.media.remove(message, item)
        return Answered(status=204)

    async def _repeated(self, call: Call, print: str) -> Message | None:
        """What was written for the same request, though it would be refused by now."""
        key = call.idempotency_key
        return await self._gateway.repeated(call.account, key, print) if key else None

    async def _sender(self, account: str, asked: Asked) -> Sender:
        """The channel that it leaves from: the one that is named, else the main one of its type,
        else the oldest. Raises Refusal.
        """
        senders = self._core.senders
        if not asked.sender:
            found = await senders.choose(account, asked.channel)
            if found is None:
                raise denied("no_channel", f"no channel of type {asked.channel} is there")
            return found
        id = wire.uuid(asked.sender)
        every = [*await senders.list(account), *await senders.discarded(account)] if id else []
        named = next((sender for sender in every if sender.id == id), None)
        if named is None:
            raise blame(channel_uuid=UNKNOWN)
        if named.channel is not asked.channel:
            raise blame(channel_uuid=f"is of type {named.channel}, and from is {asked.channel}")
        if named.released_at:
            raise denied("channel_disabled", "the channel is discarded")
        return named

    async def _send(self, call: Call, asked: Asked, sender: Sender, print: str) -> Send:
        """The request in the core's words. Raises Refusal."""
        extra: dict[str, Any] = {"metadata": dict(asked.metadata)} if asked.metadata else {}
        if asked.template:
            found = await filled(self._core, call.account, asked)
            body, media = found.body, found.media
            extra |= found.content
        else:
            body = asked.content.text
            media = (asked.content.url,) if asked.type != TEXT else ()
        if media:
            extra["kind"] = _kind(asked)
            if asked.content.filename:
                extra["filename"] = asked.content.filename
        return Send(
            channel=asked.channel,
            sender=sender.address,
            recipient=asked.recipient,
            body=body,
            media=media,
            content=extra,
            fallback=asked.fallback,
            door=wire.DOOR,
            idempotency_key=call.idempotency_key,
            fingerprint=print,
        )

    async def _noted(self, message: Message, asked: Asked, given: Assignment) -> Card | None:
        """The contact and the conversation, with what the request says of them.

        The message is accepted by now: what goes wrong here is logged, and takes nothing back.
        """
        contacts = self._core.contacts
        try:
            card = await contacts.touch(
                message.account,
                message.channel,
                message.recipient,
                message.lane,
                at=message.created_at,
                opt_in=wire.DOOR if asked.opts_in else "",
                assignee=given.assignee,
                team=given.team,
            )
            if asked.bot_status:
                card = await contacts.bot(message.account, card.contact.id, asked.bot_status)
        except Exception:
            log.exception("a contact was not noted", message=message.id)
            return None
        return card

    async def _card(self, message: Message) -> Card | None:
        """The contact and the conversation of a message, where they are there."""
        is_inbound = message.direction is Direction.INBOUND
        person = message.sender if is_inbound else message.recipient
        try:
            return await self._core.contacts.find(
                message.account, message.channel, person, sender=message.lane
            )
        except Unknown:
            return None

    async def _shape(self, message: Message, asked: Asked, card: Card | None) -> dict[str, Any]:
        """The answer to a send."""
        until = await self._core.window.until(message)
        public_url = self._core.public_url
        return {"message": message_shape(message, card, asked.shown, until, public_url=public_url)}


def _gate(asked: Asked) -> None:
    """Refuse what only official WhatsApp takes on other channels."""
    if asked.channel is OFFICIAL:
        return
    kind = "a template" if asked.template else _kind(asked)
    if asked.template or kind in GATED:
        raise denied("not_supported_by_channel", f"{asked.channel} does not take {kind}")


def _ignored(asked: Asked) -> tuple[str, ...]:
    """What was given and is not sent."""
    if asked.type == TEXT and asked.content.url:
        return ("content.url was ignored: the type is text",)
    return ()


def _kind(asked: Asked) -> str:
    """What goes out; a template's kind is its own."""
    if asked.template:
        return asked.type
    return kind_of(asked.type, asked.content.url, asked.content.filename)


def _print(body: dict[str, Any]) -> str:
    """What is the same for the same request, whatever the order of its keys."""
    return sha256(msgspec.json.encode(body, order="deterministic")).hexdigest()
