"""What is exchanged with contacts: messages and notes, opened and closed, its funnel and its bot."""

from collections.abc import Mapping
from typing import Any, ClassVar

from estafette.core.core import Core
from estafette.doors.callbell.contacts import BOT_WORDS, contact_id, main_channels
from estafette.doors.callbell.errors import EMPTY, UNKNOWN, blame
from estafette.doors.callbell.parameters import Parameters
from estafette.doors.callbell.requests import PER_PAGE, Call, meta
from estafette.doors.callbell.shapes import contact_shape
from estafette.doors.callbell.wire import at, bare, uuid
from estafette.model import Direction, Message
from estafette.model.contact import Card, Contact, Note

LONGEST_TEXT, LONGEST_REASON = 5_000, 255  # characters

#: How a bot is said to be doing, by what was asked of it last.
BOT_STATUS: Mapping[str, str] = {"bot_start": "started", "bot_end": "ended"}


class Conversations:
    """Each method answers one operation."""

    TABLE: ClassVar[list[tuple[str, str, str]]] = [
        ("GET", "/contacts/{contact}/messages", "messages"),
        ("POST", "/contacts/{contact}/conversation/open", "open"),
        ("POST", "/contacts/{contact}/conversation/close", "close"),
        ("POST", "/contacts/{contact}/conversation/note", "note"),
        ("PUT", "/contacts/{contact}/conversation/update_funnel", "funnel"),
        ("POST", "/contacts/{contact}/conversation/update_funnel", "funnel"),
        # Its documentation prints it so in one place.
        ("POST", "/contacts/{contact}/messages/update_funnel", "funnel"),
        ("GET", "/contacts/{contact}/bot", "bot"),
        ("POST", "/contacts/{contact}/bot", "set_bot"),
    ]

    def __init__(self, core: Core) -> None:
        self._core = core
        self._contacts = core.contacts

    async def messages(self, call: Call) -> dict[str, Any]:
        """What was exchanged, with the notes on it, newest first."""
        account, id, number = call.account.sid, contact_id(call), call.page
        contact = (await self._contacts.get(account, id)).contact
        items, count = await self._contacts.messages(account, id, number=number, limit=PER_PAGE)
        said = await self._core.media.shown([item for item in items if isinstance(item, Message)])
        known = {message.id: message for message in said}
        return {
            "messages": [
                note_shape(item, contact)
                if isinstance(item, Note)
                else message_shape(known[item.id])
                for item in items
            ],
            "meta": meta(number, count),
        }

    async def open(self, call: Call) -> dict[str, Any]:
        """Open the conversation of late, again or still."""
        return await self._shown(await self._contacts.open(call.account.sid, contact_id(call)))

    async def close(self, call: Call) -> dict[str, Any]:
        """Close it, for a reason if one is given."""
        said = Parameters(call.body)
        reason = said.text("reason", LONGEST_REASON) or said.text("closing_reason", LONGEST_REASON)
        said.check()
        id = contact_id(call)
        card = await self._contacts.close(call.account.sid, id, (reason or "").strip())
        return await self._shown(card)

    async def note(self, call: Call) -> dict[str, bool]:
        """Write something about it that the contact does not see."""
        said = Parameters(call.body)
        text = said.text("text", LONGEST_TEXT, required=True)
        said.check()
        key = call.credential.key
        author = (key.label or key.sid) if key else call.account.name
        await self._contacts.note(call.account.sid, contact_id(call), text or "", author)
        return {"success": True}

    async def funnel(self, call: Call) -> dict[str, Any]:
        """Put it at a stage."""
        account, id, said = call.account.sid, contact_id(call), Parameters(call.body)
        named = said.text("funnel_id", 100, required=True)
        said.check()
        await self._contacts.get(account, id)
        wanted = uuid(named)
        known = {funnel.id for funnel in await self._core.desk.funnels(account)}
        if wanted is None or wanted not in known:
            raise blame(funnel_id=UNKNOWN)
        return await self._shown(await self._contacts.funnel(account, id, wanted))

    async def bot(self, call: Call) -> dict[str, Any]:
        """What was asked of the bot last."""
        return {"bot": bot_shape(await self._contacts.get(call.account.sid, contact_id(call)))}

    async def set_bot(self, call: Call) -> dict[str, Any]:
        """Note that a bot is to begin or to end; whatever program that is reads it here."""
        said = Parameters(call.body)
        status = said.word("status", BOT_WORDS)
        if call.body.get("status") is None:
            said.wrong("status", EMPTY)
        said.check()
        id = contact_id(call)
        return {"bot": bot_shape(await self._contacts.bot(call.account.sid, id, status or ""))}

    async def _shown(self, card: Card) -> dict[str, Any]:
        mains = await main_channels(self._core, card.contact.account)
        return {"contact": contact_shape(card, public_url=self._core.public_url, mains=mains)}


def message_shape(message: Message) -> dict[str, Any]:
    """A Message of a list; `attachments` where there are any."""
    shape: dict[str, Any] = {
        "createdAt": at(message.created_at),
        "uuid": message.id,
        "text": message.body,
        "status": "received" if message.direction is Direction.INBOUND else "sent",
        "channel": message.channel.value,
        "from": bare(message.sender),
        "to": bare(message.recipient),
    }
    if message.media:
        shape["attachments"] = list(message.media)
    return shape


def note_shape(note: Note, contact: Contact) -> dict[str, Any]:
    """A note among messages: it stands between the contact and nobody, and has no uuid."""
    address = bare(contact.address)
    return {
        "createdAt": at(note.created_at),
        "text": note.text,
        "status": "note",
        "channel": contact.channel.value,
        "from": address,
        "to": address,
    }


def bot_shape(card: Card) -> dict[str, Any]:
    """A Bot, as far as it is known: there is none here, only what was asked of it."""
    conversation = card.conversation
    return {
        "uuid": None,
        "name": None,
        "status": BOT_STATUS.get(conversation.bot_status) if conversation else None,
        "conversationStartedAt": at(conversation.bot_started_at) if conversation else None,
        "version": None,
        "latestBotVersion": None,
    }
