"""The webhook of an account: one, told what it subscribes to; and what it was told of late."""

from typing import Any, ClassVar

from estafette.core.core import Core
from estafette.core.subscriptions import Wanted
from estafette.doors.callbell.errors import EMPTY, blame, not_found
from estafette.doors.callbell.notices import (
    CREATED_EVENT,
    EVENTS,
    NEW,
    STATUS_EVENT,
    event_of,
    read_sent,
)
from estafette.doors.callbell.parameters import Parameters
from estafette.doors.callbell.requests import PER_PAGE, Call, meta
from estafette.doors.callbell.wire import DOOR, at
from estafette.model import Callback, CallbackStatus, Declined, Subscription
from estafette.model.notice import Event
from estafette.model.subscription import EVENT, STATUS

LONGEST_URL, LONGEST_SECRET = 2_048, 256  # characters
MOST_ITEMS = 100
_TOLD = {"success": True, "failed": False}


class Webhooks:
    """Each method answers one operation."""

    TABLE: ClassVar[list[tuple[str, str, str]]] = [
        ("POST", "/webhooks/subscribe", "subscribe"),
        ("DELETE", "/webhooks/unsubscribe", "unsubscribe"),
        ("GET", "/webhooks/events", "events"),
        ("GET", "/webhooks", "show"),
    ]

    def __init__(self, core: Core) -> None:
        self._subscriptions = core.subscriptions

    async def subscribe(self, call: Call) -> dict[str, Any]:
        """Have an address told; the one that was told before is told no more."""
        asked = Parameters(call.body)
        url = asked.text("url", LONGEST_URL, required=True)
        names = _names(asked)
        secret = asked.text("secret", LONGEST_SECRET)
        if secret and not (secret.isascii() and secret.isprintable()):
            asked.wrong("secret", "must be printable ASCII")
        asked.check()
        ours = dict.fromkeys(word for name in names for word in EVENTS[name])
        try:
            made = await self._subscriptions.put(
                call.account.sid,
                door=DOOR,
                event=",".join(ours),
                url=url or "",
                secret=secret,
                details={"subscriptions": names},
            )
        except Declined:
            raise blame(url="must be a public http or https URL") from None
        return {"webhook": webhook_shape(made)}

    async def show(self, call: Call) -> dict[str, Any]:
        """Who is told, and of what."""
        for found in await self._subscriptions.list(call.account.sid, DOOR):
            return {"webhook": webhook_shape(found)}
        raise not_found()

    async def unsubscribe(self, call: Call) -> dict[str, Any]:
        """Tell nobody any more: what is still owed is given up."""
        found = await self._subscriptions.list(call.account.sid, DOOR)
        if not found:
            raise not_found()
        for item in found:
            await self._subscriptions.remove(call.account.sid, item.id, door=DOOR)
        return {"status": "webhook was destroyed"}

    async def events(self, call: Call) -> dict[str, Any]:
        """What was told, or tried, the newest first."""
        status = call.query.get("status") or ""
        if status and status not in _TOLD:
            raise blame(status=f"must be one of {', '.join(_TOLD)}")
        asked = Parameters({"subscriptions": call.query.get("subscriptions") or None})
        names = asked.names("subscriptions") or ()
        if unknown := _unknown(names):
            asked.wrong("subscriptions", unknown)
        asked.check()
        size = _items(call)
        found, count = await self._subscriptions.told(
            call.account.sid,
            DOOR,
            wanted=_wanted(names) if names else None,
            is_good=_TOLD.get(status),
            skip=(call.page - 1) * size,
            limit=size,
        )
        return {
            "webhook_events": [event_shape(item) for item in found],
            "meta": meta(call.page, count, per_page=size),
        }


def webhook_shape(item: Subscription) -> dict[str, Any]:
    """A Webhook; its secret is not shown."""
    return {
        "url": item.url,
        "subscriptions": list(item.details.get("subscriptions", ())),
        "createdAt": at(item.created_at),
        "enabled": item.disabled_at is None,
    }


def event_shape(item: Callback) -> dict[str, Any]:
    """A WebhookEvent: what was sent last, and what was answered. Where nothing was, the body says
    why.
    """
    kept = item.response
    return {
        "event": event_of(item),
        "payload": read_sent(kept.get("sent", "")),
        "response": {
            "body": kept.get("body", item.answer),
            "code": kept.get("code"),
            "headers": kept.get("headers", {}),
        },
        "success": item.told is CallbackStatus.TOLD,
        "createdAt": at(item.created_at),
    }


def _names(asked: Parameters) -> tuple[str, ...]:
    """The events to subscribe to."""
    names = asked.names("subscriptions") or ()
    if not names and not asked.is_wrong("subscriptions"):
        asked.wrong("subscriptions", EMPTY)
    if unknown := _unknown(names):
        asked.wrong("subscriptions", unknown)
    return names


def _unknown(names: tuple[str, ...]) -> str:
    if all(name in EVENTS for name in names):
        return ""
    return f"must be some of {', '.join(EVENTS)}"


def _wanted(names: tuple[str, ...]) -> Wanted:
    """The callbacks that tell these events."""
    statuses = set(NEW) if CREATED_EVENT in names else set()
    if STATUS_EVENT in names:
        statuses |= {status for status, event in EVENT.items() if event == STATUS}
    return Wanted(frozenset(statuses), frozenset(event for event in Event if event in names))


def _items(call: Call) -> int:
    text = call.query.get("items") or str(PER_PAGE)
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MOST_ITEMS):
        raise blame(items=f"must be a number from 1 to {MOST_ITEMS}")
    return int(text)
