"""The 24-hour window of WhatsApp: for so long after people wrote to a sender, it may answer as it likes.

Outside of it only templates go. On other channels there is none.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from time import monotonic
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection as Conn

from estafette.core.clock import Clock
from estafette.core.connections import Connections
from estafette.model import Channel, Direction, GatewayError, Message, Send, Sender
from estafette.model.ids import instant
from estafette.model.rules import WindowPolicy, may_write, window_until
from estafette.store import Store, conversations, senders, settings

NAME = "window"  #: of its row among the settings of an account
#: What a message has among its content where it is an approved template.
TEMPLATE = "template"
_KNOWN_FOR = 2.0  # seconds in which another process's change may go unnoticed
_LOOKS_FOR = 0.5  # seconds after which the next one looks, if who looked did not come back


class Opening(NamedTuple):
    """How things stand with somebody who may write to a sender."""

    has_window: bool = False  #: whether there is one at all
    until: datetime | None = None  #: when it closes, or has closed; None where they never wrote
    lets: bool = True  #: whether anything may be written, not only templates


class BadPolicy(GatewayError):
    """There is no such policy."""


class Window:
    """The window of each conversation, and what each account has set about it.

    An account's policy is remembered for two seconds; when somebody wrote last is not, so that
    they can be answered at once.
    """

    def __init__(
        self,
        store: Store,
        connections: Connections,
        clock: Clock,
        default: WindowPolicy = WindowPolicy.KNOWN,
    ) -> None:
        """`default` is for accounts that have set nothing."""
        self._store = store
        self._connections = connections
        self._clock = clock
        self._default = default
        self._policies: dict[str, tuple[float, WindowPolicy]] = {}  # by account
        self._forgotten = 0  # how often one was: what was read before counts no more

    @property
    def default(self) -> WindowPolicy:
        """What is done for accounts that have set nothing."""
        return self._default

    async def policy(self, account: str) -> WindowPolicy:
        """What an account does about the window."""
        text = await self._store.read(partial(settings.get, account=account, name=NAME))
        return WindowPolicy(msgspec.json.decode(text)) if text else self._default

    async def set_policy(self, account: str, policy: str) -> WindowPolicy:
        """Set that: `known`, `strict` or `off`. Other processes see it within two seconds.

        Raises BadPolicy.
        """
        try:
            made = WindowPolicy(policy)
        except ValueError:
            raise BadPolicy(f"policy must be one of: {', '.join(WindowPolicy)}") from None
        value, now = msgspec.json.encode(str(made)).decode(), instant(self._clock())
        await self._store.write(lambda conn: settings.put(conn, account, NAME, value, now))
        self._forgotten += 1
        self._policies.pop(account, None)
        return made

    async def lets(self, account: str, send: Send, sender: Sender) -> bool:
        """Whether a message may go to its recipient, by what is known now.

        One that is scheduled is judged for the time at which it is to go. `sender` is whose lane it
        takes.
        """
        if send.channel is not Channel.WHATSAPP or TEMPLATE in send.content:
            return True
        if not await self._is_there(sender.connection):
            return True
        policy = await self._lately(account)
        if policy is WindowPolicy.OFF:
            return True
        at = await self._store.read(
            partial(_last_inbound, account, sender, send.sender, send.recipient)
        )
        return may_write(policy, at, send.send_at or self._clock())

    async def silent(self, sender: Sender, people: Sequence[str]) -> set[str]:
        """Those of these people whom a sender could not answer now, by what is known: their last words to
        it are too long ago.
        """
        if not await self._is_there(sender.connection):
            return set()
        policy = await self._lately(sender.account)
        now = self._clock()

        def look(conn: Conn) -> set[str]:
            heard = {
                one: _last_inbound(sender.account, sender, sender.address, one, conn)
                for one in people
            }
            return {one for one, at in heard.items() if not may_write(policy, at, now)}

        return set() if policy is WindowPolicy.OFF else await self._store.read(look)

    async def until(self, message: Message) -> datetime | None:
        """Until when the window of this message's conversation is open.

        None where nobody is known to have written, where it is closed, and where there is none.
        """
        if message.channel is not Channel.WHATSAPP:
            return None
        ours, theirs = message.sender, message.recipient
        if message.direction is Direction.INBOUND:
            ours, theirs = theirs, ours

        def look(conn: Conn) -> tuple[Sender | None, datetime | None]:
            sender = senders.get(conn, message.lane)
            at = _last_inbound(message.account, sender, ours, theirs, conn) if sender else None
            return sender, at

        sender, at = await self._store.read(look)
        if sender is None or at is None or not await self._is_there(sender.connection):
            return None
        until = window_until(at)
        return until if self._clock() < until else None

    async def opening(self, sender: Sender, person: str) -> Opening:
        """What a sender may write to somebody now, and until when."""
        if sender.channel is not Channel.WHATSAPP or not await self._is_there(sender.connection):
            return Opening()
        policy = await self._lately(sender.account)
        at = await self._store.read(
            partial(_last_inbound, sender.account, sender, sender.address, person)
        )
        until = window_until(at) if at else None
        is_free = policy is WindowPolicy.OFF or may_write(policy, at, self._clock())
        return Opening(True, until, is_free)

    async def _is_there(self, connection: str) -> bool:
        """Whether what goes by this connection has a window; so it is where nobody can tell."""
        provider = self._connections.at_hand(connection)
        if provider is None:
            _, provider = await self._connections.find(connection)
        return provider.has_window if provider else True

    async def _lately(self, account: str) -> WindowPolicy:
        """The policy of an account as it was at most two seconds ago."""
        now = monotonic()
        if known := self._policies.get(account):
            at, policy = known
            if now - at < _KNOWN_FOR:
                return policy
            # Who comes first looks again; those who come while it looks do not all look too.
            self._policies[account] = (at + _LOOKS_FOR, policy)
        before = self._forgotten
        found = await self.policy(account)
        if before == self._forgotten:
            self._policies[account] = (now, found)
        return found


def _last_inbound(
    account: str, sender: Sender, ours: str, theirs: str, conn: Conn
) -> datetime | None:
    """When `theirs` last wrote to a sender; None where that is not known.

    A lane to an account elsewhere has no address: people write to the sender of ours, if one, that
    has the address `ours`.
    """
    channel = sender.channel
    held = sender if sender.address else senders.find(conn, account, channel, ours)
    if held is None:
        return None
    found = conversations.between(conn, account, held.id, channel, theirs)
    return found.last_inbound_at if found else None
