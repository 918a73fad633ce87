"""Callbacks in the words of this door: a POST of JSON, signed."""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urldefrag

import msgspec
from msgspec import Struct, field

from estafette import model
from estafette.doors.own import contacts, statuses, users
from estafette.doors.own.messages import Failure
from estafette.doors.own.wire import At
from estafette.model import Channel, Direction, Post, Reason, Status, desk, notice
from estafette.model.contact import Card
from estafette.model.subscription import EVENT

DOOR = "own"
SIGNATURE = "x-estafette-signature"
_FAILED = (Status.FAILED, Status.UNDELIVERED)


class Notice(Struct, frozen=True, kw_only=True):
    """What `callback_url` is told."""

    message: str
    status: Status
    at: At
    channel: Channel
    direction: Direction
    sender: str = field(name="from")
    recipient: str = field(name="to")
    account: str
    ref: str | None
    error: Failure | None


class Happening(Struct, frozen=True, kw_only=True):
    """What a webhook is told of what is no status of a message, such as that a contact was changed."""

    event: str
    at: At
    account: str
    webhook: str
    about: str  #: the id of the contact, the user or the team
    facts: Mapping[
        str, Any
    ]  #: how things were then: a contact, or a user and a team, as `/api` shows


class Event(Notice, frozen=True, kw_only=True):
    """What a webhook is told: the same, with what the message says."""

    event: str
    webhook: str
    body: str
    media: tuple[str, ...]
    content: Mapping[str, Any]


def post(callback: model.Callback, message: model.Message, token: str) -> Post:
    """One callback, signed with the secret of its webhook, or the token of its account:
    HMAC-SHA256 over the body as it is sent.
    """
    parts = _parts(callback, message)
    notice = _event(callback, message, parts) if callback.hook else Notice(**parts)
    return _signed(callback, notice, token)


def tell(callback: model.Callback, found: notice.Notice, token: str) -> Post:
    """As `post`, of what is no status of a message."""
    happening = Happening(
        event=found.event,
        at=found.created_at,
        account=found.account,
        webhook=callback.hook,
        about=found.about,
        facts=_facts(found),
    )
    return _signed(callback, happening, token)


def _facts(found: notice.Notice) -> Mapping[str, Any]:
    if "contact" in found.facts:
        return {"contact": contacts.shown(msgspec.convert(found.facts, Card))}
    shapes: dict[str, Any] = dict(found.facts)
    for name, (kind, shape) in _SHAPES.items():
        if said := found.facts.get(name):
            shapes[name] = shape(msgspec.convert(said, kind))
    return shapes


def _team(item: desk.Team) -> dict[str, Any]:
    """A team, with how many are in it: who that was is not kept."""
    return {"id": item.id, "name": item.name, "default": item.is_default, "members": item.members}


_SHAPES: Mapping[str, tuple[type, Callable[[Any], Any]]] = {
    "user": (desk.User, users.user),
    "team": (desk.Team, _team),
    "status": (desk.CustomStatus, statuses.status),
}


def _signed(callback: model.Callback, shape: Struct, token: str) -> Post:
    body = msgspec.json.encode(shape)
    return Post(
        url=urldefrag(callback.url).url,
        headers={
            "content-type": "application/json",
            "user-agent": "Estafette",
            SIGNATURE: f"sha256={hmac.new(token.encode(), body, hashlib.sha256).hexdigest()}",
        },
        body=body,
    )


def _parts(callback: model.Callback, message: model.Message) -> dict[str, Any]:
    error = None
    if callback.status in _FAILED:
        error = Failure(callback.reason or Reason.OTHER, callback.code, callback.text)
    return {
        "message": callback.message,
        "status": callback.status,
        "at": callback.created_at,
        "channel": message.channel,
        "direction": message.direction,
        "sender": message.sender,
        "recipient": message.recipient,
        "account": message.account,
        "ref": message.ref or None,
        "error": error,
    }


def _event(callback: model.Callback, message: model.Message, parts: dict[str, Any]) -> Event:
    return Event(
        **parts,
        event=EVENT[callback.status],
        webhook=callback.hook,
        body="" if message.redacted else message.body,
        media=message.media,
        content={} if message.redacted else message.content,
    )
