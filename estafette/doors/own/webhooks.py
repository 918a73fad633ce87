"""Webhooks: addresses that are told, in our own words, what happens in the account."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from msgspec import UNSET, Meta, Struct, UnsetType

from estafette.core.challenge import Unanswered
from estafette.core.core import Core
from estafette.core.webhooks import VERIFIED, WHATSAPP
from estafette.doors.own.errors import Refusal, of_declined
from estafette.doors.own.notices import DOOR as OWN
from estafette.doors.own.wire import At, Call, Page, PageQuery, Row
from estafette.model import Cursor, Declined, Subscription, Unknown, subscription
from estafette.model.ids import read_id
from estafette.model.notice import Event

DOORS = (OWN, WHATSAPP)  # whose webhooks are listed here
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
    AGENT_SESSION = Event.AGENT_SESSION
    TEAM_MEMBERSHIP = Event.TEAM_MEMBERSHIP


_UPDATES = (WebhookEvent.RECEIVED, WebhookEvent.STATUS)  # what the format whatsapp has words for
TOKEN = "verify_token"  # noqa: S105 - the name of a part

Url = Annotated[str, Meta(description="http or https; it is sent a POST of JSON.")]
Events = Annotated[tuple[WebhookEvent, ...], Meta(min_length=1, description="What to tell.")]
Secret = Annotated[
    str,
    Meta(
        max_length=LONGEST_SECRET,
        description="What it is signed with; never shown. Empty: the token of the account.",
    ),
]

SenderOf = Annotated[
    str,
    Meta(
        max_length=64,
        description="The WhatsApp sender, by its id, number or phone number id, that it is told of; `*`"
        " for any that has no webhook of its own; empty for those that no other webhook is for.",
    ),
]
VerifyToken = Annotated[
    str,
    Meta(
        max_length=LONGEST_SECRET,
        description="The address is asked with it whether it wants to be told; never shown.",
    ),
]


class Format(StrEnum):
    """In whose words it is told: our own, or as the WhatsApp Cloud API tells it."""

    OWN = OWN
    WHATSAPP = WHATSAPP


class Webhook(Struct, frozen=True, kw_only=True):
    """An address that is told what happens. `has_secret`: it signs with a secret of its own. `sender` is
    the id of the one that it is told of, `*` for any that has none of its own, or null for the rest.
    """

    id: str
    url: str
    events: Sequence[WebhookEvent]
    format: Format
    sender: str | None
    has_secret: bool
    created_at: At
    updated_at: At
    disabled_at: At | None  #: since when it is told nothing


class NewWebhook(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An address to tell. `sender` and `verify_token` go with the format `whatsapp`, which has no other
    events than `received` and `status`; both are told where none is named.
    """

    url: Url
    events: Events | UnsetType = UNSET
    secret: Secret = ""
    format: Format = Format.OWN
    sender: SenderOf = ""
    verify_token: VerifyToken = ""


class WebhookChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change; what is left out stays. One that is not `enabled` is told nothing more, and what it
    is owed is given up; any other change has it told again.
    """

    enabled: bool | UnsetType = UNSET
    url: Url | UnsetType = UNSET
    events: Events | UnsetType = UNSET
    secret: Secret | UnsetType = UNSET
    verify_token: VerifyToken | UnsetType = UNSET


_EVENTS = frozenset(WebhookEvent)


def webhook(item: Subscription) -> Webhook:
    """A webhook as it is shown."""
    return Webhook(
        id=item.id,
        url=item.url,
        # Of what this API has no word for, such as an app's other fields, nothing is told.
        events=[WebhookEvent(name) for name in item.events if name in _EVENTS],
        format=Format(item.door),
        sender=item.sender or None,
        has_secret=item.has_secret,
        created_at=item.created_at,
        updated_at=item.updated_at,
        disabled_at=item.disabled_at,
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
        self._core = core
        self._subscriptions = core.subscriptions

    async def list(self, call: Call) -> Page[Webhook]:
        """List webhooks, newest first."""
        query: PageQuery = call.query
        after = read_id(query.after) if query.after else None
        if query.after and after is None:
            raise Refusal("bad_request", "after is not what a list ended with", field="after")
        found = await self._subscriptions.page(
            call.account.sid, DOORS, limit=query.limit, cursor=Cursor(after) if after else None
        )
        following = call.next(found.items[-1].id) if found.has_next else None
        return Page([webhook(item) for item in found.items], following)

    async def add(self, call: Call) -> Webhook:
        """Have an address told what happens from now on."""
        return webhook(await added(self._core, call.account.sid, call.body))

    async def show(self, call: Call) -> Webhook:
        """Show one webhook."""
        return webhook(await self._subscriptions.get(call.account.sid, _id(call), door=DOORS))

    async def change(self, call: Call) -> Webhook:
        """Change a webhook. What it is owed goes to its new address."""
        asked: WebhookChange = call.body
        return webhook(await changed(self._core, call.account.sid, _id(call), asked))

    async def remove(self, call: Call) -> None:
        """Tell an address no more: what it is still owed is given up."""
        await self._subscriptions.remove(call.account.sid, _id(call), door=DOORS)


def _id(call: Call) -> str:
    return call.holes["id"].lower()


async def added(core: Core, account: str, asked: NewWebhook) -> Subscription:
    """A webhook, from now on. One that names a verify token is asked first. Raises Refusal."""
    event = _events(asked.events, asked.format)
    if asked.format is not Format.WHATSAPP and (asked.sender or asked.verify_token):
        raise _misplaced("sender" if asked.sender else TOKEN)
    try:
        return await core.webhooks.add(
            account,
            door=asked.format,
            event=event,
            url=asked.url,
            secret=asked.secret,
            sender=asked.sender,
            verify_token=asked.verify_token,
        )
    except Unknown as error:
        raise Refusal("not_found", str(error), field="sender") from None
    except Unanswered as error:
        raise _unanswered(error) from None
    except Declined as error:
        raise of_declined(error, callback_url="url") from None


async def changed(core: Core, account: str, id: str, asked: WebhookChange) -> Subscription:
    """A webhook, changed; one that was asked with a verify token is asked first at a new address.

    Raises Unknown, Refusal.
    """
    known = await core.subscriptions.get(account, id, door=DOORS)
    form = Format(known.door)
    parts: dict[str, Any] = {"url": asked.url, "secret": asked.secret}
    if asked.events is not UNSET:
        parts["event"] = _events(asked.events, form)
    if asked.verify_token is not UNSET:
        if form is not Format.WHATSAPP:
            raise _misplaced(TOKEN)
        url = known.url if asked.url is UNSET else asked.url
        await _challenge(core, url, asked.verify_token)
        parts["details"] = {**known.details, VERIFIED: bool(asked.verify_token)}
    elif asked.url is not UNSET and known.details.get(VERIFIED):
        raise Refusal("bad_request", "the new address is asked with it: give it again", field=TOKEN)
    given = {name: part for name, part in parts.items() if part is not UNSET}
    try:
        if given or asked.enabled is UNSET:
            known = await core.subscriptions.change(account, known.id, **given)
        if asked.enabled is UNSET:
            return known
        return await core.subscriptions.turn(account, known.id, on=asked.enabled)
    except Declined as error:
        raise of_declined(error, callback_url="url") from None


def _events(asked: Events | UnsetType, form: Format) -> str:
    """What is told, as a subscription keeps it. Raises Refusal."""
    if asked is UNSET and form is Format.OWN:
        raise Refusal("bad_request", "say which events are to be told", field="events")
    events = asked or _UPDATES
    if form is Format.WHATSAPP and not set(events) <= set(_UPDATES):
        raise Refusal("bad_request", "the format whatsapp has received and status", field="events")
    return joined(events)


def _misplaced(field: str) -> Refusal:
    return Refusal("bad_request", f"{field} goes with the format whatsapp only", field=field)


async def _challenge(core: Core, url: str, token: str) -> None:
    """Ask an address whether it wants to be told; without a token nobody is asked. Raises Refusal."""
    if not token:
        return
    try:
        await core.challenge.ask(url, token)
    except Unanswered as error:
        raise _unanswered(error) from None


def _unanswered(error: Unanswered) -> Refusal:
    text = f"it did not answer the challenge: {error}"
    return Refusal("bad_callback", text, field="url")
