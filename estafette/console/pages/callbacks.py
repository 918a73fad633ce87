"""Callbacks: what addresses are owed and were told, and which addresses want to be told."""

from collections.abc import Mapping
from secrets import token_urlsafe
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

from starlette.responses import Response

from estafette.console import wires
from estafette.console.happenings import EVENTS, FORMATS, TOGETHER
from estafette.console.reasons import REASONS
from estafette.console.rows import Row, get, post
from estafette.console.tellings import DOORS, TOLD
from estafette.console.visit import Visit
from estafette.console.words import later as _
from estafette.core.challenge import Unanswered
from estafette.core.core import Core
from estafette.core.deliveries import MOST
from estafette.core.webhooks import WHATSAPP
from estafette.model import After, BadValue, Callback, Declined, Unknown
from estafette.model.message import Reason
from estafette.model.session import Role
from estafette.model.subscription import RECEIVED, STATUS

_PAGE = 50
_LONGEST_SECRET, _LONGEST_NAME = 256, 200
_WEBHOOKS = "/console/callbacks/webhooks"
_FIRST: Mapping[str, Any] = {
    "url": "", "format": "own", "events": [RECEIVED, STATUS], "sender": "", "makes": True,
}  # fmt: skip


class Callbacks:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        get("/callbacks", "list"),
        get("/callbacks/webhooks", "webhooks"),
        post("/callbacks/webhooks", "add", Role.OWNER),
        post("/callbacks/webhooks/{id}/turn", "turn", Role.OWNER),
        post("/callbacks/webhooks/{id}/remove", "remove", Role.OWNER),
        get("/callbacks/{about}/{said}", "show"),
        post("/callbacks/{about}/{said}/replay", "replay"),
        post("/callbacks/{about}/{said}/replay-all", "replay_all", Role.OWNER),
    ]

    def __init__(self, core: Core) -> None:
        self._core = core
        self._subscriptions = core.subscriptions

    # What is owed and was told

    async def list(self, visit: Visit) -> Response:
        """Show what is owed and was told, newest first."""
        asked = visit.query.get("state", "")
        state = next((status for status, name in TOLD.items() if name == asked), None)
        after = After.read(visit.query.get("after", "")[:_LONGEST_NAME])
        found = await self._core.gateway.callbacks(
            visit.account, told=state, limit=_PAGE + 1, after=after
        )
        items, older = found[:_PAGE], ""
        if len(found) > _PAGE:
            parts = {"state": TOLD[state]} if state else {}
            older = f"/console/callbacks?{urlencode({**parts, 'after': After.of(items[-1])})}"
        return visit.show(
            "callbacks.html",
            items=items,
            older=older,
            newer=f"/console/callbacks?{urlencode({'state': asked})}" if after else "",
            state=TOLD[state] if state else "",
            told=TOLD,
            events=EVENTS,
        )

    async def show(self, visit: Visit) -> Response:
        """Show one, with what it tells."""
        item = await self._find(visit, visit.query.get("hook", ""))
        request = await self._core.deliveries.shown(item)
        return visit.show(
            "callbacks-one.html",
            item=item,
            told=TOLD,
            events=EVENTS,
            doors=DOORS,
            reasons=REASONS,
            request=wires.of_request(request) if request else "",
            most=MOST,
        )

    async def replay(self, visit: Visit) -> Response:
        """Tell one once more."""
        item = await self._find(visit, visit.text("hook"))
        again = await self._core.gateway.replay(
            visit.account, item.message, item.said, subscription=item.hook
        )
        if not again:
            return visit.go(_path(item), visit.say("It is to be told anyway: nothing was changed."))
        visit.changed("callback.replayed", item.message, said=item.said)
        return visit.go(_path(item), visit.say("It is told once more."))

    async def replay_all(self, visit: Visit) -> Response:
        """Tell once more all that was given up at the address of one."""
        item = await self._find(visit, visit.text("hook"))
        count = await self._core.deliveries.again(visit.account, item.url)
        if count:
            visit.changed("callbacks.replayed", item.message, count=count)
        notice = visit.words.counted(
            "%(num)d callback is told once more.", "%(num)d callbacks are told once more.", count
        )
        return visit.go("/console/callbacks", notice)

    async def _find(self, visit: Visit, hook: str) -> Callback:
        about, said = visit.holes["about"], visit.holes["said"]
        for name in (about, said, hook):
            if len(name) > _LONGEST_NAME or not (name.isprintable() or not name):
                raise Unknown("no such callback")
        return await self._core.deliveries.get(visit.account, about, said, hook)

    # Who wants to be told

    async def webhooks(self, visit: Visit) -> Response:
        """Show the addresses that want to be told."""
        return await self._show(visit, dict(_FIRST), {})

    async def _show(
        self,
        visit: Visit,
        given: dict[str, Any],
        errors: Mapping[str, str],
        code: int = 200,
        secret: str = "",
    ) -> Response:
        found = await self._subscriptions.list(visit.account.sid, list(DOORS))
        facts = {"events": EVENTS, "together": TOGETHER, "formats": FORMATS, "doors": DOORS}
        return visit.show(
            "callbacks-webhooks.html", code,
            items=found, given=given, errors=errors, secret=secret, **facts,
        )  # fmt: skip

    async def add(self, visit: Visit) -> Response:
        """Have an address told from now on; a secret that is made is shown once."""
        given = _given(visit)
        secret = token_urlsafe(32) if given["makes"] else visit.text("secret")
        try:
            made = await self._add(visit, given, secret)
        except BadValue as error:
            return await self._show(visit, given, {error.field: visit.say(str(error))}, 400)
        visit.changed("webhook.added", made, events=given["events"])
        if given["makes"]:
            return await self._show(visit, dict(_FIRST), {}, secret=secret)
        return visit.go(_WEBHOOKS, visit.say("The address is told from now on."))

    async def _add(self, visit: Visit, given: dict[str, Any], secret: str) -> str:
        """The id of the webhook that was made. Raises BadValue, in English to be said."""
        events = [name for name in EVENTS if name in given["events"]]
        is_whatsapp = given["format"] == WHATSAPP
        if not events:
            raise BadValue("events", _("Choose what the address is to be told."))
        if is_whatsapp and not set(events) <= {RECEIVED, STATUS}:
            raise BadValue("events", _("The format of WhatsApp has words for messages only."))
        if len(secret) > _LONGEST_SECRET or "\0" in secret:
            raise BadValue("secret", _("A secret has at most 256 characters."))
        try:
            made = await self._core.webhooks.add(
                visit.account.sid,
                door=given["format"],
                event=",".join(events),
                url=given["url"],
                secret=secret,
                sender=given["sender"] if is_whatsapp else "",
                verify_token=visit.text("verify_token") if is_whatsapp else "",
            )
        except Unknown:
            raise BadValue("sender", _("No WhatsApp sender has this number or id.")) from None
        except Unanswered:
            raise BadValue(
                "url", _("The address did not answer the question of WhatsApp.")
            ) from None
        except Declined:
            raise BadValue("url", REASONS[Reason.BAD_CALLBACK]) from None
        return made.id

    async def turn(self, visit: Visit) -> Response:
        """Tell an address nothing for a while, or again."""
        on = visit.text("on") == "yes"
        found = await self._subscriptions.turn(visit.account.sid, _id(visit), on=on)
        visit.changed("webhook.enabled" if on else "webhook.disabled", found.id)
        if on:
            return visit.go(_WEBHOOKS, visit.say("The address is told again from now on."))
        return visit.go(_WEBHOOKS, visit.say("The address is told nothing any more."))

    async def remove(self, visit: Visit) -> Response:
        """Tell an address no more."""
        await self._subscriptions.remove(visit.account.sid, _id(visit))
        visit.changed("webhook.removed", _id(visit))
        return visit.go(_WEBHOOKS, visit.say("The address was removed."))


def _given(visit: Visit) -> dict[str, Any]:
    return {
        "url": visit.text("url"),
        "format": WHATSAPP if visit.text("format") == WHATSAPP else "own",
        "events": [name for name in visit.texts("event") if name in EVENTS],
        "sender": visit.text("sender"),
        "makes": visit.text("makes") == "yes",
    }


def _id(visit: Visit) -> str:
    id = str(visit.holes["id"]).lower()
    if not id.isalnum() or len(id) > _LONGEST_NAME:
        raise Unknown("no such webhook")
    return id


def _path(item: Callback) -> str:
    path = f"/console/callbacks/{quote(item.message)}/{quote(item.said)}"
    return f"{path}?hook={item.hook}" if item.hook else path


def page(core: Core) -> Callbacks:
    """The page, around one core."""
    return Callbacks(core)
