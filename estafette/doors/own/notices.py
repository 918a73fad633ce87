"""Callbacks of messages that came through this door: a POST of JSON, signed."""

import hashlib
import hmac
from urllib.parse import urldefrag

import msgspec
from msgspec import Struct, field

from estafette import model
from estafette.doors.own.messages import Failure
from estafette.doors.own.wire import At
from estafette.model import Channel, Direction, Post, Reason, Status

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


def post(callback: model.Callback, message: model.Message, token: str) -> Post:
    """One callback, signed with the token of its account: HMAC-SHA256 over the body as it is sent."""
    error = None
    if callback.status in _FAILED:
        error = Failure(callback.reason or Reason.OTHER, callback.code, callback.text)
    body = msgspec.json.encode(
        Notice(
            message=callback.message,
            status=callback.status,
            at=callback.created_at,
            channel=message.channel,
            direction=message.direction,
            sender=message.sender,
            recipient=message.recipient,
            account=message.account,
            ref=message.ref or None,
            error=error,
        )
    )
    return Post(
        url=urldefrag(callback.url).url,
        headers={
            "content-type": "application/json",
            "user-agent": "Estafette",
            SIGNATURE: f"sha256={hmac.new(token.encode(), body, hashlib.sha256).hexdigest()}",
        },
        body=body,
    )
