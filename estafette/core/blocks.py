"""Whom an account has blocked on WhatsApp: they are not heard, and nothing is sent to them."""

from collections.abc import Iterable, Sequence
from functools import partial
from time import monotonic

from sqlalchemy import Connection as Conn

from estafette.core.changes import alter
from estafette.core.clock import Clock
from estafette.core.connections import Connections
from estafette.model import Channel, Sender
from estafette.store import Store, blocks, contacts

CODE = "130403"  #: Meta's code for what is between people one of whom has blocked the other
_KNOWN_FOR = 2.0  # seconds in which another process's first block may go unnoticed
_LOOKS_FOR = 0.5  # seconds after which the next one looks, if who looked did not come back
_KNOWN = 4096  # accounts
_SLICE = 100  # contacts in one transaction: others wait for it


class Blocks:
    """The block lists of all accounts. Whether an account has blocked anybody is remembered for two
    seconds: who blocks nobody is asked nothing more.

    They are contacts with `blocked_at`; on other channels that is a remark only.
    """

    def __init__(self, store: Store, connections: Connections, clock: Clock) -> None:
        self._store = store
        self._connections = connections
        self._clock = clock
        self._any: dict[str, tuple[float, bool]] = {}  # by account
        self._changes = 0

    async def is_blocked(self, account: str, channel: Channel, address: str) -> bool:
        """Whether an address neither hears from an account nor is heard by it."""
        if channel is not Channel.WHATSAPP or not await self._has_any(account):
            return False
        return await self._store.read(
            partial(blocks.holds, account=account, channel=channel, address=address)
        )

    async def _has_any(self, account: str) -> bool:
        at, has_any = self._any.get(account, (float("-inf"), False))
        now = monotonic()
        if now - at < _KNOWN_FOR:
            return has_any
        if account in self._any:
            # Who comes first looks again; those who come while it looks do not all look too.
            self._any[account] = (at + _LOOKS_FOR, has_any)
        before = self._changes
        found = await self._store.read(
            partial(blocks.is_there_any, account=account, channel=Channel.WHATSAPP)
        )
        if before != self._changes:
            return True  # one was blocked here meanwhile, or let in: whoever asks looks
        if len(self._any) >= _KNOWN:
            self._any.clear()
        self._any[account] = (now, found)
        return found

    def forget(self, account: str) -> None:
        """See anew whether an account has blocked anybody."""
        self._changes += 1
        self._any.pop(account, None)

    async def block(self, sender: Sender, people: Sequence[str]) -> None:
        """Hear no more from these people, and send nothing to them; who is no contact becomes one.

        The carrier of this sender is told first, where it can block. Raises SendError where it would not,
        and then nothing is changed here.
        """
        await self._set(sender, people, blocked=True)

    async def unblock(self, sender: Sender, people: Sequence[str]) -> None:
        """Hear from these people again, and let them be written to. Raises as `block`."""
        await self._set(sender, people, blocked=False)

    async def _set(self, sender: Sender, people: Sequence[str], *, blocked: bool) -> None:
        people = sorted(set(people))  # in one order everywhere: nobody waits in a circle
        if not people:
            return
        _, provider = await self._connections.find(sender.connection)
        if provider:
            await provider.block(sender.ref, people, blocks=blocked)
        for start in range(0, len(people), _SLICE):
            some = people[start : start + _SLICE]
            await self._store.write(partial(self._write, sender, some, blocked))
        self.forget(sender.account)

    def _write(self, sender: Sender, people: Iterable[str], blocked: bool, conn: Conn) -> None:
        now = self._clock()
        for address in people:
            known = contacts.find(conn, sender.account, sender.channel, address)
            if known is None and not blocked:
                continue
            is_new = known is None
            if known is None:
                known = contacts.add(conn, sender.account, sender.channel, address, now)
            else:
                known = contacts.get(conn, sender.account, known.id, lock=True)
            alter(conn, known, {"blocked": blocked}, now, is_new=is_new)

    async def page(
        self, account: str, *, limit: int, after: str = "", before: str = ""
    ) -> list[str]:
        """Addresses that an account has blocked on WhatsApp, in order: see `store.blocks.page`."""
        return await self._store.read(
            lambda conn: blocks.page(
                conn, account, Channel.WHATSAPP, limit=limit, after=after, before=before
            )
        )
