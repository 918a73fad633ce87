"""What people write to our senders: written down once, with what is owed to whoever is to be told."""

from collections.abc import Callable, Mapping
from typing import Any

import structlog
from msgspec.structs import replace

from estafette.core import metrics
from estafette.core.aliases import Aliases
from estafette.core.blocks import Blocks
from estafette.core.clock import Clock
from estafette.core.keywords import Keywords
from estafette.core.quotes import Quotes
from estafette.model import Channel, Conflict, Direction, Incoming, Message, Sender, Status, Unknown
from estafette.model.address import is_person
from estafette.model.ids import instant, new_id
from estafette.model.text import segments
from estafette.store import Store, hooks, senders
from estafette.store.callbacks import Fact
from estafette.store.hooks import Route
from estafette.store.incoming import Arrival, keep
from estafette.store.words import plain

log = structlog.get_logger()

#: Whom a channel and an address stand for.
Addressees = dict[tuple[Channel, str], tuple[Sender, Route]]

_DOOR = "twilio"  # in whose words the hooks of senders, applications and services are told


class Unheard(Conflict):
    """They are blocked: nothing of what they write is taken in."""


class Inbound:
    """Takes in what carriers hand us."""

    def __init__(
        self,
        store: Store,
        keywords: Keywords,
        clock: Clock,
        wake: Callable[[], None],
        blocks: Blocks,
        aliases: Aliases,
    ) -> None:
        """`wake` is called when somebody is to be told something."""
        self._store = store
        self._keywords = keywords
        self._clock = clock
        self._wake = wake
        self._aliases = aliases
        self._quotes = Quotes(store)
        self._blocks = blocks

    async def receive(
        self,
        connection: str,
        incoming: Incoming,
        *,
        account: str = "",
        known: Addressees | None = None,
    ) -> Message:
        """Write down what a person wrote; return once it is on disk, with what is owed about it.

        Without a connection, the sender may be on any; without an account, be anyone's. Told twice under one ref, it is kept, and
        told to others, once. `known` is filled with whom messages are for, when many come at once. Raises Unknown where nobody has the address, Unheard where the person
        is blocked, Busy where it could not be written.
        """
        known = {} if known is None else known
        to = (incoming.channel, incoming.recipient)
        sender, route = known.get(to) or await self._addressee(connection, incoming, account)
        known[to] = sender, route
        incoming, alias = await self._known(sender.account, incoming)
        if await self._blocks.is_blocked(sender.account, incoming.channel, plain(incoming.sender)):
            log.info("somebody who is blocked wrote", account=sender.account, sender=sender.id)
            raise Unheard
        message = self._message(sender, route, incoming)
        # Seen before it is written, so that it says so itself to whoever is told.
        word = await self._keywords.find(sender, message)
        if word:
            message = replace(message, content={**message.content, "opt_out": word})
        owed = _owed(message, route)
        arrival = Arrival(message, sender.connection, owed, alias)
        kept = await self._store.join(keep, arrival)
        if kept.id == message.id:
            metrics.reached(Status.RECEIVED)
            self._wake()
        if word:  # also when it is told again: it may not have been heard to the end
            # A carrier that says which word it was has answered it by itself.
            await self._keywords.hear(sender, kept, replies="opt_out" not in incoming.content)
        return kept

    async def _addressee(
        self, connection: str, told: Incoming, account: str
    ) -> tuple[Sender, Route]:
        sender = await self._store.read(
            lambda conn: senders.inbound(conn, connection, told.channel, told.recipient, account)
        )
        if sender is None:
            raise Unknown(f"no sender {told.recipient} on {told.channel}")
        return sender, await self._store.read(lambda conn: hooks.of(conn, sender))

    async def _known(self, account: str, told: Incoming) -> tuple[Incoming, str]:
        """The same about what we know: from the address of whoever wrote, and about messages by our ids.
        Beside it what the platform calls them, where that is to be kept.
        """
        if told.channel is not Channel.WHATSAPP:
            return told, ""
        told = await self._quotes.translated(account, told)
        user_id = told.sender if is_person(told.sender) else plain(told.user_id)
        if told.sender == user_id:  # who shows no number is told by that alone
            told = replace(told, sender="")
        if not user_id:
            return told, ""
        alias = user_id if told.sender else ""
        address = told.sender or await self._aliases.resolve(account, told.channel, user_id)
        return replace(told, sender=address, content={**told.content, "user_id": user_id}), alias

    def _message(self, sender: Sender, route: Route, told: Incoming) -> Message:
        now = self._clock()
        at = min(told.at or now, now)
        body = plain(told.body)
        return Message(
            id=new_id(now),  # by when it came to us: it stands first in lists
            account=sender.account,
            lane=sender.id,
            channel=told.channel,
            direction=Direction.INBOUND,
            sender=plain(told.sender),
            recipient=sender.address,
            body=body,
            media=tuple(map(plain, told.media)),
            segments=segments(body) if told.channel is Channel.SMS else 1,
            status=Status.RECEIVED,
            ref=plain(told.ref),
            reason=None,
            code="",
            text="",
            callback_url="",
            redacted=False,
            created_at=at,
            updated_at=now,
            sent_at=at,
            expires_at=now,
            service=route.service,
            content=_content(told),
        )


def _content(told: Incoming) -> Mapping[str, Any]:
    return {**told.content, "name": told.name} if told.name else told.content


def _owed(message: Message, route: Route) -> Fact:
    """What is told of it, to the address that the sender names, if any, and to whomever else."""
    return Fact(
        message.id,
        message.status,
        message.account,
        _DOOR,
        route.hook.url,
        instant(message.updated_at),
        method=route.hook.method,
        fallback_url=route.fallback.url,
        fallback_method=route.fallback.method if route.fallback.url else "",
    )
