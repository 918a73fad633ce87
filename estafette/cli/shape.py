"""What commands print for programs: the shapes of our own API."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET

from estafette.core.sealed import Shown
from estafette.core.timelines import Timeline
from estafette.doors.own import (
    batches,
    callbacks,
    connections,
    contacts,
    fields,
    funnels,
    keys,
    messages,
    senders,
    statuses,
    suppressions,
    tags,
    teams,
    templates,
    users,
    webhooks,
)
from estafette.model import (
    Callback,
    Connection,
    Key,
    MediaItem,
    Message,
    Sender,
    Subscription,
    Suppression,
    desk,
)
from estafette.model.attempt import Request
from estafette.model.batch import Batch
from estafette.model.contact import Card, Note
from estafette.model.template import Template


def message(item: Message, until: messages.Until = UNSET) -> dict[str, Any]:
    """A message; times are ISO 8601, UTC. `until` is when its 24-hour window closes."""
    return _plain(messages.message(item, until))


def media(item: MediaItem) -> dict[str, Any]:
    """One of the media of a message, as it is kept."""
    return {
        "id": item.id,
        "number": item.number,
        "type": item.content_type,
        "size": item.size,
        "created_at": iso(item.created_at),
    }


def traced(item: Message, found: Timeline, until: datetime | None) -> dict[str, Any]:
    """A message with what became of it."""
    return _plain(messages.traced(item, found, until))


def batch(item: Batch) -> dict[str, Any]:
    """A batch."""
    return _plain(batches.shown(item))


def callback(item: Callback) -> dict[str, Any]:
    """A callback. Its address is shown without what follows `?`."""
    return _plain(callbacks.callback(item))


def described(item: Callback, request: Request | None) -> dict[str, Any]:
    """A callback with what it tells."""
    return _plain(callbacks.described(item, request))


def sender(item: Sender) -> dict[str, Any]:
    """A sender."""
    return _plain(senders.sender(item))


def suppression(item: Suppression) -> dict[str, Any]:
    """A suppression."""
    return _plain(suppressions.suppression(item))


def template(item: Template) -> dict[str, Any]:
    """A template."""
    return _plain(templates.template(item))


def connection(item: Connection, shown: Shown) -> dict[str, Any]:
    """A connection; its secrets are `…`."""
    return _plain(connections.connection(item, shown))


def contact(item: Card) -> dict[str, Any]:
    """A contact, with the conversation of late."""
    return _plain(contacts.shown(item))


def noted(item: Note) -> dict[str, Any]:
    """What was noted of a conversation."""
    return _plain(contacts.note(item))


def webhook(item: Subscription) -> dict[str, Any]:
    """A webhook; its secret is never shown."""
    return _plain(webhooks.webhook(item))


def user(item: desk.User, *, has_password: bool = False) -> dict[str, Any]:
    """A user."""
    return _plain(users.user(item, has_password=has_password))


def team(item: desk.Team, members: Sequence[desk.User]) -> dict[str, Any]:
    """A team, with who is in it."""
    return _plain(teams.team(item, members))


def tag(item: desk.Tag) -> dict[str, Any]:
    """A tag."""
    return _plain(tags.tag(item))


def field(item: desk.Field) -> dict[str, Any]:
    """A field of contacts."""
    return _plain(fields.field(item))


def funnel(item: desk.Funnel) -> dict[str, Any]:
    """A stage that conversations go through."""
    return _plain(funnels.funnel(item))


def status(item: desk.CustomStatus) -> dict[str, Any]:
    """What users may say of themselves."""
    return _plain(statuses.status(item))


def key(item: Key, secret: str = "") -> dict[str, Any]:
    """A key; its secret only when it is made."""
    return _plain(keys.made_key(item, secret) if secret else keys.key(item))


def _plain(shape: msgspec.Struct) -> dict[str, Any]:
    found: Mapping[str, Any] = msgspec.to_builtins(shape)
    return dict(found)


def iso(at: datetime | None) -> str | None:
    """`2026-01-02T03:04:05.678901Z`."""
    return None if at is None else at.isoformat(timespec="microseconds").replace("+00:00", "Z")
