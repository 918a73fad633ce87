"""What a webhook is told: the name of an event, and its payload, in JSON; signed where it has a secret.

What is signed is the time of the try and the body as it is sent, so that each try has another
signature.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urldefrag

import msgspec

from estafette.core.clock import Clock, utc_now
from estafette.doors.callbell.details import said, shown
from estafette.doors.callbell.payloads import metadata, status_payload
from estafette.doors.callbell.shapes import contact_shape, conversation_shape
from estafette.doors.callbell.staff import member_shape, team_shape
from estafette.doors.callbell.wire import at, bare
from estafette.model import Callback, Direction, Message, Post, Status
from estafette.model.contact import Card
from estafette.model.desk import CustomStatus, Team, User
from estafette.model.notice import Event, Notice
from estafette.model.subscription import CREATED, RECEIVED, STATUS

CREATED_EVENT, STATUS_EVENT = "message_created", "message_status_updated"
#: What may be subscribed to, and what that is in our words.
EVENTS: Mapping[str, tuple[str, ...]] = {
    CREATED_EVENT: (RECEIVED, CREATED),
    STATUS_EVENT: (STATUS,),
    **{event.value: (event.value,) for event in Event},
}
SIGNATURE = "X-Callbell-Signature"
NEW = (Status.RECEIVED, Status.QUEUED)  #: that a message was written down, by who wrote it
_ANSWER_IN = 10.0  # seconds


def event_of(callback: Callback) -> str:
    """The name of the event that a callback tells."""
    if callback.event:
        return callback.event
    return CREATED_EVENT if callback.said in NEW else STATUS_EVENT


def signature(secret: str, moment: int, body: bytes) -> str:
    """HMAC-SHA256 over the time, a dot and the body; the whole secret is the key."""
    signed = str(moment).encode() + b"." + body
    return f"t={moment},v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"


class Notices:
    """The words of this door, with links below one URL."""

    def __init__(self, public_url: str, clock: Clock = utc_now) -> None:
        self._public_url = public_url
        self._clock = clock
        self._payloads: Mapping[Event, Callable[[Notice], dict[str, Any]]] = {
            Event.CONTACT_CREATED: self._contact,
            Event.CONTACT_UPDATED: self._contact,
            Event.CONTACT_DELETED: _deleted,
            Event.CONVERSATION_OPENED: self._conversation,
            Event.CONVERSATION_CLOSED: self._conversation,
            Event.AGENT_STATUS: _agent,
            Event.AGENT_SESSION: _session,
            Event.TEAM_MEMBERSHIP: _membership,
        }

    def post(self, callback: Callback, message: Message, secret: str) -> Post:
        """A message was written down, or came to a status."""
        event = event_of(callback)
        payload = self._created if event == CREATED_EVENT else self._status
        return self._post(callback, event, payload(callback, message), secret)

    def tell(self, callback: Callback, notice: Notice, secret: str) -> Post | None:
        """Something else happened."""
        payload = self._payloads.get(notice.event)
        if payload is None:
            return None
        return self._post(callback, notice.event, payload(notice), secret)

    def _post(
        self, callback: Callback, event: str, payload: Mapping[str, Any], secret: str
    ) -> Post:
        body = msgspec.json.encode({"event": event, "payload": payload})
        headers = {"content-type": "application/json", "user-agent": "Estafette"}
        known = callback.subscription
        if known and known.has_secret:
            moment = int(self._clock().timestamp())
            headers[SIGNATURE] = signature(secret, moment, body)
        return Post(
            url=urldefrag(callback.url).url,
            headers=headers,
            body=body,
            connect_in=5.0,
            read_in=_ANSWER_IN,
            total_in=_ANSWER_IN,
        )

    def _created(self, callback: Callback, message: Message) -> dict[str, Any]:
        is_inbound = message.direction is Direction.INBOUND
        return {
            "uuid": message.id,
            "to": bare(message.recipient),
            "from": bare(message.sender),
            "text": said(message),
            "attachments": [] if message.redacted else list(message.media),
            "status": "received" if is_inbound else "sent",
            "channel": message.channel.value,
            "contact": self._whom(callback),
            "createdAt": at(message.created_at),
            "metadata": metadata(message),
            **shown(message),
        }

    def _status(self, callback: Callback, message: Message) -> dict[str, Any]:
        code, text, reason = callback.code, callback.text, callback.reason
        payload = status_payload(
            message, callback.status, code, text, reason, at=callback.created_at
        )
        return {
            "uuid": message.id,
            "status": payload["type"],
            "messageStatusPayload": payload,
            "metadata": metadata(message),
            "contact": self._whom(callback),
        }

    def _whom(self, callback: Callback) -> dict[str, Any] | None:
        card = callback.card
        return contact_shape(card, public_url=self._public_url) if card else None

    def _contact(self, notice: Notice) -> dict[str, Any]:
        return contact_shape(_card(notice), public_url=self._public_url)

    def _conversation(self, notice: Notice) -> dict[str, Any]:
        shape = conversation_shape(_card(notice), public_url=self._public_url)
        return {**shape, "contact": self._contact(notice)}


def _card(notice: Notice) -> Card:
    return msgspec.convert(notice.facts, Card)


def _deleted(notice: Notice) -> dict[str, Any]:
    return {"uuid": notice.about, "deleted": at(notice.created_at)}


def _agent(notice: Notice) -> dict[str, Any]:
    user = msgspec.convert(notice.facts["user"], User)
    return member_shape(user, msgspec.convert(notice.facts.get("status"), CustomStatus | None))


def _session(notice: Notice) -> dict[str, Any]:
    user = msgspec.convert(notice.facts["user"], User)
    return {"action": notice.facts["action"], "user": member_shape(user)}


def _membership(notice: Notice) -> dict[str, Any]:
    team = msgspec.convert(notice.facts["team"], Team)
    user = msgspec.convert(notice.facts["user"], User)
    return {
        "team": team_shape(team),
        "user": {
            "email": user.email,
            "name": user.name,
            "available": user.available,
            "lastUpdateAt": at(user.available_at),
        },
        "reason": notice.facts["reason"],
        "lastUpdateAt": at(notice.created_at),
    }


def read_sent(text: str) -> Any:
    """The payload of what was sent; nothing where that is not kept."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found.get("payload", {}) if isinstance(found, dict) else {}
