"""One message: what it says, what became of it, and what can be done about it."""

import contextlib
from typing import Any, ClassVar

from starlette.responses import Response

from estafette.console.copies import copies
from estafette.console.reasons import REASONS
from estafette.console.rows import Row, get, post
from estafette.console.said import designs
from estafette.console.story import story
from estafette.console.tellings import DOORS, OUTCOMES, WHY
from estafette.console.visit import Visit
from estafette.core.core import Core
from estafette.core.resends import unsaid
from estafette.model import (
    BadValue,
    Channel,
    Conflict,
    Declined,
    Direction,
    Message,
    Status,
    Unknown,
)
from estafette.model.ids import new_id, wamid
from estafette.model.parts import divided
from estafette.model.rules import may_cancel, may_delete
from estafette.model.session import Role


class Shown:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        get("/messages/{id}", "show"),
        post("/messages/{id}/resend", "resend"),
        post("/messages/{id}/cancel", "cancel"),
        post("/messages/{id}/replay", "replay"),
        post("/messages/{id}/redact", "redact"),
        post("/messages/{id}/delete", "delete", Role.OWNER),
    ]

    def __init__(self, core: Core) -> None:
        self._core = core
        self._gateway = core.gateway

    async def show(self, visit: Visit) -> Response:
        """Show it, by any form of its id."""
        return await self._show(visit, await self._find(visit))

    async def _show(
        self, visit: Visit, message: Message, code: int = 200, error: str = ""
    ) -> Response:
        core = self._core
        since = await core.watch.token(visit.account.sid, message.id)
        found = await core.offers.timeline(message)
        (public,) = await core.media.shown([message])
        is_sms = message.channel is Channel.SMS and not message.redacted and message.body
        facts: dict[str, Any] = {
            "message": message,
            "designs": await designs(core, visit.account, [message]),
            "divided": divided(message.body) if is_sms else None,
            "timeline": found,
            "story": story(message, found),
            "until": await core.window.until(message),
            "names": _names(message),
            "contact": await self._contact(message),
            "copies": await self._copies(visit, public, found.second),
            "reasons": REASONS,
            "outcomes": OUTCOMES,
            "why": WHY,
            "doors": DOORS,
            "may": self._possible(visit, message, has_callbacks=bool(found.callbacks)),
            "form": new_id(visit.now),
            "since": since,
            "error": error,
        }
        return visit.show("message.html", code, **facts)

    async def _copies(self, visit: Visit, message: Message, second: Any) -> list[Any]:
        phone = ""
        if message.channel is Channel.WHATSAPP:
            with contextlib.suppress(Unknown):
                phone = (await self._core.senders.get(visit.account.sid, message.lane)).ref
        url = self._core.public_url
        return list(copies(visit.account, message, second, public_url=url, phone=phone))

    async def _contact(self, message: Message) -> str:
        """The id of who is at the other end; empty where they are no contact."""
        is_inbound = message.direction is Direction.INBOUND
        other = message.sender if is_inbound else message.recipient
        try:
            card = await self._core.contacts.find(message.account, message.channel, other)
        except (Unknown, Declined, BadValue):
            return ""
        return card.contact.id

    def _possible(self, visit: Visit, message: Message, *, has_callbacks: bool) -> dict[str, bool]:
        return {
            "resend": not unsaid(message) and visit.may(Role.AGENT),
            "cancel": may_cancel(message) and visit.may(Role.AGENT),
            "replay": has_callbacks and visit.may(Role.AGENT),
            "redact": not message.redacted and visit.may(Role.AGENT),
            "delete": may_delete(message, visit.now) and visit.may(Role.OWNER),
        }

    async def resend(self, visit: Visit) -> Response:
        """Send it once more; a form that is sent twice sends one message."""
        message = await self._find(visit)
        try:
            sent = await self._core.resends.send(visit.account, message.id, visit.text("form"))
        except Declined as error:
            text = visit.say(REASONS.get(error.reason, "")) or visit.told(error)
            return await self._show(visit, message, 400, text)
        except (Conflict, BadValue) as error:
            return await self._show(visit, message, 400, visit.told(error))
        visit.changed("message.resent", message.id, sent=sent.id)
        notice = visit.say("The same message is on its way once more: this is the new one.")
        return visit.go(f"/console/messages/{sent.id}", notice)

    async def cancel(self, visit: Visit) -> Response:
        """Call it back, while it was not offered to a carrier."""
        message = await self._find(visit)
        try:
            await self._gateway.cancel(visit.account, message.id)
        except Conflict:
            return await self._too_late(visit, message)
        visit.changed("message.canceled", message.id)
        return self._back(visit, message, visit.say("The message was called back."))

    async def replay(self, visit: Visit) -> Response:
        """Tell all that was told of it once more."""
        message = await self._find(visit)
        again = await self._gateway.replay(visit.account, message.id)
        if not again:
            return self._back(visit, message, visit.say("There is nothing to tell once more yet."))
        visit.changed("message.replayed", message.id, told=again)
        return self._back(visit, message, visit.say("What became of it is told once more."))

    async def redact(self, visit: Visit) -> Response:
        """Forget its text."""
        message = await self._find(visit)
        done = await self._gateway.redact(visit.account, message.id)
        visit.changed("message.redacted", message.id)
        if done.body and done.status in (Status.SCHEDULED, Status.QUEUED, Status.SENDING):
            text = visit.say("The text is forgotten as soon as a carrier has it.")
        else:
            text = visit.say("The text is forgotten.")
        return self._back(visit, message, text)

    async def delete(self, visit: Visit) -> Response:
        """Delete it, once it is complete."""
        message = await self._find(visit)
        try:
            await self._gateway.delete(visit.account, message.id)
        except Conflict:
            return await self._too_late(visit, message)
        visit.changed("message.deleted", message.id)
        return visit.go("/console/messages", visit.say("The message was deleted."))

    async def _too_late(self, visit: Visit, message: Message) -> Response:
        text = visit.say("That is not possible any more, or not yet: see where the message is now.")
        return await self._show(
            visit, await self._gateway.find(visit.account, message.id), 409, text
        )

    def _back(self, visit: Visit, message: Message, notice: str) -> Response:
        return visit.go(f"/console/messages/{message.id}", notice)

    async def _find(self, visit: Visit) -> Message:
        name = visit.holes["id"]
        if not name.isprintable() or len(name) > 200:
            raise Unknown("no such message")
        return await self._gateway.find_named(visit.account, name)


def _names(message: Message) -> list[str]:
    """What else it is called: by Twilio's clients, and by WhatsApp's."""
    prefix = "MM" if message.media else "SM"
    is_whatsapp = message.channel is Channel.WHATSAPP
    return [f"{prefix}{message.id}", *([wamid(message.id)] if is_whatsapp else [])]


def page(core: Core) -> Shown:
    """The page, around one core."""
    return Shown(core)
