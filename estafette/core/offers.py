"""What was offered to carriers: made again from the message when somebody looks, never written down."""

from collections.abc import Mapping
from typing import Any

import msgspec
import structlog
from msgspec.structs import replace

from estafette.core.baggage import is_reached
from estafette.core.connections import Connections
from estafette.core.gateway import Gateway
from estafette.core.media import Media
from estafette.core.senders import Senders
from estafette.core.timelines import Timeline
from estafette.model import Attempt, Message, Offer, Unknown
from estafette.model.attempt import Request
from estafette.model.fallback import WAY, Second
from estafette.providers import Provider

log = structlog.get_logger()


class Offers:
    """Shows what offers asked for."""

    def __init__(
        self,
        gateway: Gateway,
        connections: Connections,
        senders: Senders,
        media: Media,
        *,
        public_url: str = "",
    ) -> None:
        """Media are given below `public_url`."""
        self._gateway = gateway
        self._connections = connections
        self._senders = senders
        self._media = media
        self._public_url = public_url

    async def timeline(self, message: Message) -> Timeline:
        """Everything that is known of what became of a message, with what was asked for each time."""
        found = await self._gateway.timeline(message)
        if message.redacted:
            attempts = [replace(attempt, answer="") for attempt in found.attempts]
            return replace(found, attempts=attempts)
        shown = {one.id: await self._shown(message, one, found.second) for one in found.attempts}
        requests = {id: request for id, request in shown.items() if request}
        return replace(found, requests=requests)

    async def _shown(
        self, message: Message, attempt: Attempt, second: Second | None
    ) -> Request | None:
        """What one offer asked for; None where nothing left us, or nobody can tell any more."""
        was = on_way(message, attempt, second)
        connection, provider = await self._connections.find(attempt.connection)
        if not attempt.node or was is None or provider is None or not connection.provider:
            return None
        try:
            was = await self._addressed(was, provider)
            ref = (await self._senders.get(message.account, attempt.lane)).ref
        except Unknown:
            ref = ""
        offer = Offer(attempt.id, attempt.number, was, sender_ref=ref)
        try:
            return provider.describe(offer, attempt.started_at)
        except Exception:
            log.exception("an offer cannot be shown", attempt=attempt.id)
            return None

    async def _addressed(self, message: Message, provider: Provider) -> Message:
        """The message with its media where its carrier was told that they are."""
        if not message.media or provider.fetches_media:
            return message
        if not is_reached(self._public_url, self._media):
            return message
        items = await self._media.of_message(message)
        return self._media.linked(message, items)


def on_way(message: Message, attempt: Attempt, second: Second | None) -> Message | None:
    """The message as it was when it was offered; None where its text is not known any more."""
    if second is None or second.taken_at is None or second.owns(attempt.id, attempt.lane):
        return message
    if second.body:
        return None  # it has another text since then
    first = second.first
    content = {name: part for name, part in message.content.items() if name != WAY}
    return replace(
        message,
        channel=first.channel,
        sender=first.sender,
        recipient=first.recipient,
        lane=first.lane,
        content=content,
    )


def answer_of(attempt: Attempt) -> Mapping[str, Any] | None:
    """What its carrier answered, as far as that was kept: `status`, `headers` and `body`."""
    try:
        found = msgspec.json.decode(attempt.answer, type=dict[str, Any])
    except msgspec.DecodeError:
        return None
    return {name: found.get(name) for name in ("status", "headers", "body")}
