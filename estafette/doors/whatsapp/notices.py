"""What customers' webhooks are told: one update in each, in the form that Meta has since 2026, signed."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import urldefrag

import msgspec

from estafette.core.core import Core
from estafette.doors.whatsapp import inbound, statuses
from estafette.doors.whatsapp.envelope import update
from estafette.doors.whatsapp.facts import Facts
from estafette.model import Callback, Channel, Direction, Message, Post

SIGNATURE = "x-hub-signature-256"
_AGENT = "facebookexternalua"  # who Meta says it is: some look
_ANSWER_IN = 10.0  # seconds

_encode = msgspec.json.Encoder().encode


class Notices:
    """Words for callbacks."""

    def __init__(self, core: Core) -> None:
        self._facts = Facts(core)

    async def look(self, message: Message) -> Mapping[str, Any]:
        """What `post` needs to know beside the message."""
        return await self._facts.look(message)

    def post(self, callback: Callback, message: Message, secret: str) -> Post | None:
        """One update, signed with the token of its account, or its subscription's own secret; None for
        what this API has no update for.

        What was said once and not taken is said again, byte for byte: who drops what they heard before
        goes by that.
        """
        if message.channel is not Channel.WHATSAPP:
            return None
        body = callback.response.get("sent", "").encode() or body_of(callback, message)
        if not body:
            return None
        return Post(
            url=urldefrag(callback.url).url,
            headers={
                "content-type": "application/json",
                "accept": "*/*",
                "user-agent": _AGENT,
                SIGNATURE: signature(secret, body),
            },
            body=body,
            connect_in=5.0,
            read_in=_ANSWER_IN,
            total_in=_ANSWER_IN,
        )


def body_of(callback: Callback, message: Message) -> bytes:
    """The update; empty where there is none."""
    is_inbound = message.direction is Direction.INBOUND
    told = inbound.value(callback, message) if is_inbound else statuses.value(callback, message)
    return _encode(update(callback, message, told)) if told else b""


def signature(secret: str, body: bytes) -> str:
    """HMAC-SHA256 over the body as it is sent."""
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"
