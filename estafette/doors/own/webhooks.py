"""Webhooks: addresses that are told, in our own words, what happens in the account."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from msgspec import UNSET, Meta, Struct, UnsetType

from estafette.core.core import Core
from estafette.doors.own.errors import Refusal, of_declined
from estafette.doors.own.notices import DOOR
from estafette.doors.own.wire import At, Call, Page, PageQuery, Row
from estafette.model import Cursor, Declined, Subscription, subscription
from estafette.model.ids import read_id
from estafette.model.notice import Event

LONGEST_SECRET = 256  # characters


class WebhookEvent(StrEnum):
    """Somebody wrote to a sender; a message that was sent came to a status; or what else happened."""

    RECEIVED = subscription.RECEIVED
    STATUS = subscription.STATUS
    CONTACT_CREATED = Event.CONTACT_CREATED
    CONTACT_UPDATED = Event.CONTACT_UPDATED
    CONTACT_DELETED = Event.CONTACT_DELETED
    CONVERSATION_OPENED = Event.CONVERSATION_OPENED
    CONVERSATION_CLOSED = Event.CONVERSATION_CLOSED
    AGENT_STATUS = Event.AGENT_STATUS
    TEAM_MEMBERSHIP = Event.TEAM_MEMBERSHIP


Url = Annotated[str, Meta(description="http or https; it is sent a POST of JSON.")]
Events = Annotated[tuple[WebhookEvent, ...], Meta(min_length=1, description="What to tell.")]
Secret = Annotated[
    str,
    Meta(
        max_length=LONGEST_SECRET,
        description="What it is signed with; never shown. Empty: the token of the account.",
    ),
]


class Webhook(Struct, frozen=True, kw_only=True):
    """An address that is told what happens. `has_secret`: it signs with a secret of its own."""

    id: str
    url: str
    events: Sequence[WebhookEvent]
    has_secret: bool
    created_at: At
    updated_at: At


class NewWebhook(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An address to tell."""

    url: Url
    events: Events
    secret: Secret = ""


class WebhookChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change; what is left out stays."""

    url: Url | UnsetType = UNSET
    events: Events | UnsetType = UNSET
    secret: Secret | UnsetType = UNSET


def webhook(item: Subscription) -> Webhook:
    """A webhook as it is shown."""
    return Webhook(
        id=item.id,
        url=item.url,
        events=[WebhookEvent(name) for name in item.events],
        has_secret=item.has_secret,
        created_at=item.created_at,
        updated_at=item.updated_at,
    )


def joined(events: Sequence[WebhookEvent]) -> str:
    """Events as a subscription keeps them: each once, always in one order."""
    return ",".join(event for event in WebhookEvent if event in events)


class Webhooks:
    """Each method answers one operation."""

    TABLE: ClassVar[list[Row]] = [
        Row(method="GET", path="/api/webhooks", name="list", query=PageQuery, answer=Page[Webhook]),
        Row(
            method="POST",
            path="/api/webhooks",
            name="add",
            body=NewWebhook,
            answer=Webhook,
            status=201,
        ),
        Row(method="GET", path="/api/webhooks/{id}", name="show", answer=Webhook),
        Row(
            method="PATCH",
            path="/api/webhooks/{id}",
            name="change",
            body=WebhookChange,
            answer=Webhook,
        ),
        Row(method="DELETE", path="/api/webhooks/{id}", name="remove"),
    ]

    def __init__(self, core: Core) -> None:
        self._subscriptions = core.subscriptions

    async def list(self, call: Call) -> Page[Webhook]:
        """List webhooks, newest first."""
        query: PageQuery = call.query
        after = read_id(query.after) if query.after else None
        if query.after and after is None:
            raise Refusal("bad_request", "after is not what a list ended with", field="after")
        found = await self._subscriptions.page(
            call.account.sid, DOOR, limit=query.limit, cursor=Cursor(after) if after else None
        )
        following = call.next(found.items[-1].id) if found.has_next else None
        return Page([webhook(item) for item in found.items], following)

    async def add(self, call: Call) -> Webhook:
        """Have an address told what happens from now on."""
        asked: NewWebhook = call.body
        try:
            made = await self._subscriptions.add(
                call.account.sid,
                door=DOOR,
                event=joined(asked.events),
                url=asked.url,
                secret=asked.secret,
            )
        except Declined as error:
            raise of_declined(error, callback_url="url") from None
        return webhook(made)

    async def show(self, call: Call) -> Webhook:
        """Show one webhook."""
        return webhook(await self._subscriptions.get(call.account.sid, _id(call), door=DOOR))

    async def change(self, call: Call) -> Webhook:
        """Change a webhook. What it is owed goes to its new address."""
        asked: WebhookChange = call.body
        parts: dict[str, Any] = {"url": asked.url, "secret": asked.secret}
        if asked.events is not UNSET:
            parts["event"] = joined(asked.events)
        given = {name: part for name, part in parts.items() if part is not UNSET}
        try:
            changed = await self._subscriptions.change(
                call.account.sid, _id(call), door=DOOR, **given
            )
        except Declined as error:
            raise of_declined(error, callback_url="url") from None
        return webhook(changed)

    async def remove(self, call: Call) -> None:
        """Tell an address no more: what it is still owed is given up."""
        await self._subscriptions.remove(call.account.sid, _id(call), door=DOOR)


def _id(call: Call) -> str:
    return call.holes["id"].lower()
