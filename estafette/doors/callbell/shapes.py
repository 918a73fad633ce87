"""Contacts and conversations as this door shows them, in answers and in what webhooks are told."""

import json
import re
from collections.abc import Collection, Mapping
from typing import Any

from estafette.core.senders import is_main
from estafette.doors.callbell.staff import channel_shape, dashed, team_shape
from estafette.doors.callbell.wire import at, bare
from estafette.model.account import Sender
from estafette.model.contact import Card
from estafette.model.desk import Field, FieldKind
from estafette.model.message import Channel

#: What WhatsApp names people by who keep their number to themselves: a country and a dot first.
_BSUID = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")


def contact_shape(
    card: Card,
    *,
    public_url: str,
    field_kinds: Mapping[str, Field] | None = None,
    mains: Collection[str] = (),
) -> dict[str, Any]:
    """A contact with its conversation of late. With `field_kinds`, the account's fields by name, it
    also says what each field holds. `mains` are the ids of channels that are main without being
    said to be, such as one that there is no other beside.

    `phoneNumber` has no `+`, and is the platform's own id where there is no number; `phone` has one.
    """
    contact, conversation = card.contact, card.conversation
    shape = {
        "uuid": contact.id,
        "name": contact.name,
        "phoneNumber": bare(contact.address),
        "phone": contact.address if contact.address.startswith("+") else None,
        "email": contact.email or None,
        "bsuid": contact.address if is_bsuid(contact.channel, contact.address) else None,
        "avatarUrl": contact.avatar_url or None,
        "createdAt": at(contact.created_at),
        "source": contact.channel.value,
        "href": contact_href(contact.id, public_url),
        "conversationHref": conversation_href(card, public_url),
        "closedAt": at(conversation.closed_at) if conversation else None,
        "blockedAt": at(contact.blocked_at),
        "tags": list(contact.tags),
        "assignedUser": card.assignee.email if card.assignee else None,
        "customFields": {name: field_text(value) for name, value in contact.fields.items()},
        "team": team_shape(card.team) if card.team else {},
        "channel": _channel(card.sender, mains),
        "funnelId": dashed(conversation.funnel) if conversation and conversation.funnel else None,
        "note": contact.note or None,
    }
    if field_kinds is not None:
        shape["customFieldsMetadata"] = {
            name: _described(value, field_kinds.get(name)) for name, value in contact.fields.items()
        }
    return shape


def conversation_shape(card: Card, *, public_url: str) -> dict[str, Any]:
    """The conversation of late; when it was closed, and why, once it is."""
    contact, conversation = card.contact, card.conversation
    shape: dict[str, Any] = {
        "source": contact.channel.value,
        "href": conversation_href(card, public_url),
        "createdAt": at(conversation.created_at if conversation else contact.created_at),
    }
    if conversation and conversation.closed_at:
        shape["closedAt"] = at(conversation.closed_at)
        shape["closingReason"] = conversation.closing_reason or None
    return shape


def contact_href(id: str, public_url: str) -> str:
    """Where people look at a contact: the console."""
    return f"{public_url}/console/contacts/{id}"


def conversation_href(card: Card, public_url: str) -> str:
    """Where people look at what was exchanged with a contact; at the contact, while that is nothing."""
    if card.conversation is None:
        return contact_href(card.contact.id, public_url)
    return f"{public_url}/console/conversations/{card.conversation.id}"


def is_bsuid(channel: Channel, address: str) -> bool:
    """Whether an address is what WhatsApp calls a user id that hides a number."""
    return channel is Channel.WHATSAPP and _BSUID.fullmatch(address) is not None


def field_text(value: Any) -> str:
    """What a field holds, as text; lists as JSON."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _channel(sender: Sender | None, mains: Collection[str]) -> dict[str, Any]:
    if sender is None:
        return {}
    return channel_shape(sender, is_main(sender) or sender.id in mains)


def _described(value: Any, field: Field | None) -> dict[str, Any]:
    """What a field holds and what it may hold; what was never defined is text."""
    kind = field.kind if field else FieldKind.TEXT
    held: Any = field_text(value)
    if kind is FieldKind.CHECKBOX:
        items = value if isinstance(value, list | tuple) else [held] if held else []
        held = [field_text(item) for item in items]
    shape = {"value": held, "type": kind.value}
    if field and kind in (FieldKind.DROPDOWN, FieldKind.CHECKBOX):
        shape["options"] = list(field.options)
    return shape
