"""What a flow is told when somebody writes: the message, in JSON, signed."""

import hashlib
import hmac
from urllib.parse import urldefrag

import msgspec

from estafette.actions.twilio.shapes import message as shape
from estafette.model import Callback, Message, Post

DOOR = "connectors"
SIGNATURE = "x-estafette-signature"


def post(callback: Callback, message: Message, token: str) -> Post:
    """One notice, signed with the token of its account: HMAC-SHA256 over the body as it is sent."""
    body = msgspec.json.encode(shape(message))
    return Post(
        url=urldefrag(callback.url).url,
        headers={
            "content-type": "application/json",
            "user-agent": "Estafette",
            SIGNATURE: f"sha256={hmac.new(token.encode(), body, hashlib.sha256).hexdigest()}",
        },
        body=body,
    )
