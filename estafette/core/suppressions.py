"""Who may not be written to, and the look that every send takes at it."""

import re
from collections.abc import AsyncIterator, Iterable, Sequence
from functools import partial
from time import monotonic
from typing import NamedTuple

from sqlalchemy import Connection as Conn

from estafette.core.clock import Clock
from estafette.model import Channel, Declined, Reason, Suppression
from estafette.model.address import is_opaque, is_person, loose_e164
from estafette.model.message import OPAQUE
from estafette.store import Store, suppressions

_KNOWN_FOR = 2.0  # seconds in which another process's first suppression may go unnoticed
_LOOKS_FOR = 0.5  # seconds after which the next one looks, if who looked did not come back
_SLICE = 500  # rows in one transaction: others wait for it
_READ_AT_ONCE = 1000
_SCOPE = re.compile(r"(?:[0-9a-f]{32})?")

Key = tuple[str, str, str]  #: what one is found by: recipient, channel, scope


class Counts(NamedTuple):
    """What became of many at once."""

    added: int
    known: int  #: were there already


class Suppressions:
    """Suppressions of all accounts. Whether an account has any is remembered for two seconds."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._any: dict[str, tuple[float, bool]] = {}  # by account

    async def is_suppressed(
        self, account: str, recipient: str, channel: Channel, *, sender: str, service: str = ""
    ) -> bool:
        """Whether a recipient must not be written to by this sender, or through this service.

        `sender` and `service` are ids. An account without suppressions is not looked up.
        """
        at, has_any = self._any.get(account, (float("-inf"), False))
        now = monotonic()
        if now - at >= _KNOWN_FOR:
            # Who comes first looks again; those who come while it looks do not all look too.
            if account in self._any:
                self._any[account] = (at + _LOOKS_FOR, has_any)
            has_any = await self._look(account, now)
        if not has_any:
            return False
        return await self._store.read(
            lambda conn: suppressions.holds(
                conn, account, recipient, channel, sender=sender, service=service
            )
        )

    async def _look(self, account: str, now: float) -> bool:
        before = self._any.get(account)
        has_any = await self._store.read(lambda conn: suppressions.is_there_any(conn, account))
        found = self._any.get(account)
        if found is before:
            self._any[account] = (now, has_any)
        # Else one was added here meanwhile.
        return has_any or (found is not before and found is not None and found[1])

    async def check(
        self, account: str, recipient: str, channel: Channel, *, sender: str, service: str = ""
    ) -> None:
        """Raises Declined for a recipient who asked not to be written to."""
        if await self.is_suppressed(account, recipient, channel, sender=sender, service=service):
            raise Declined(Reason.OPTED_OUT, recipient)

    def read(
        self,
        account: str,
        recipient: str,
        *,
        channel: Channel = Channel.SMS,
        scope: str = "",
        source: str = "",
    ) -> Suppression:
        """One to add, its address in the one form that messages have.

        Raises Declined for what is no recipient on this channel, and for a scope that is no id.
        """
        if not _SCOPE.fullmatch(scope):
            raise Declined(Reason.BAD_SENDER, scope)
        return Suppression(
            account=account,
            recipient=recipient_of(recipient, channel),
            channel=channel,
            scope=scope,
            source=source,
            created_at=self._clock(),
        )

    async def add(self, item: Suppression) -> tuple[Suppression, bool]:
        """Write one down; as it stands, and whether it is new."""

        def put(conn: Conn) -> tuple[Suppression, bool]:
            is_new = bool(suppressions.add(conn, [item]))
            there = suppressions.get(conn, item.account, item.recipient, item.channel, item.scope)
            return there or item, is_new

        found = await self._store.write(put)
        self._added(item.account)
        return found

    async def add_all(self, items: Sequence[Suppression]) -> Counts:
        """Write many down, a slice at a time: what was written stays if the rest cannot be."""
        added = 0
        for start in range(0, len(items), _SLICE):
            part = items[start : start + _SLICE]
            added += await self._store.write(partial(suppressions.add, items=part))
            for account in {item.account for item in part}:
                self._added(account)
        return Counts(added, len(items) - added)

    async def remove(
        self,
        account: str,
        recipient: str,
        *,
        channel: Channel | None = None,
        scopes: Iterable[str] | None = None,
    ) -> int:
        """Let a recipient be written to again, on all channels and in all scopes unless some are
        named; how many suppressions that were.
        """
        named = None if scopes is None else list(scopes)
        found = await self._store.write(
            lambda conn: suppressions.remove(
                conn, account, recipient, channel=channel, scopes=named
            )
        )
        self._any.pop(account, None)
        return found

    async def page(
        self,
        account: str,
        *,
        recipient: str = "",
        channel: Channel | None = None,
        scope: str | None = None,
        begins: str = "",
        limit: int,
        after: Key | None = None,
    ) -> list[Suppression]:
        """Suppressions of an account by recipient, channel and scope; those behind `after`, and whose
        recipient `begins` so.
        """
        return await self._store.read(
            lambda conn: suppressions.page(
                conn,
                account,
                recipient=recipient,
                channel=channel,
                scope=scope,
                begins=begins,
                limit=limit,
                after=after,
            )
        )

    async def export(self, account: str) -> AsyncIterator[Suppression]:
        """Every suppression of an account, however many there are."""
        after: Key | None = None
        while found := await self.page(account, limit=_READ_AT_ONCE, after=after):
            for item in found:
                yield item
            after = key_of(found[-1])

    def _added(self, account: str) -> None:
        self._any[account] = (monotonic(), True)


def key_of(item: Suppression) -> Key:
    """What a suppression is found by, and where a page goes on."""
    return item.recipient, str(item.channel), item.scope


def recipient_of(text: str, channel: Channel) -> str:
    """A recipient in the form that messages have. Raises Declined for what is none."""
    bare = text.strip()
    if channel in OPAQUE:
        if not is_opaque(bare):
            raise Declined(Reason.BAD_RECIPIENT, text)
        return bare
    found = loose_e164(bare)
    if found is None and channel is Channel.WHATSAPP and is_person(bare):
        found = bare
    if found is None:
        raise Declined(Reason.BAD_RECIPIENT, text)
    return found
