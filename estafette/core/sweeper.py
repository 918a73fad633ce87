"""Forgets what accounts want to be forgotten: a little at a time, so that nobody waits for it.

One process does so at a time. It begins at the oldest message whenever it begins: what is gone is
gone, and what is forgotten of the rest is quickly passed over.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from typing import NamedTuple

import structlog
from sqlalchemy import Connection

from estafette.core.clock import Clock
from estafette.core.retention import read
from estafette.core.usage import Usage
from estafette.model.ids import instant
from estafette.model.retention import before
from estafette.store import Store, retention
from estafette.store.retention import Reach, Rule
from estafette.store.usage import start_of

log = structlog.get_logger()

_LOOKS = 2.0  # seconds between looks at what accounts have set
_AGAIN = timedelta(hours=1)  # after which an account is gone through again
_TURN = 30_000_000  # microseconds for which one process has the turn, unless it asks again
_LOOKED_AT = 2_000  # messages that are looked at together
_SLICE = 100  # messages in one transaction: it holds up others for a few milliseconds
_REST = 6.0  # times as long as a transaction took, others have for themselves after it
_PAUSES = (0.01, 1.0)  # seconds of that, at the least and at the most

Work = Callable[[Connection, Reach, list[str], str], int | None]


class Errand(NamedTuple):
    """What is to be forgotten in an account: these messages, in this way."""

    rule: Rule
    reach: Reach
    work: Work


class Sweeper:
    """Forgets what is old, from any number of processes. One `run`, until `stop`."""

    def __init__(self, store: Store, usage: Usage, clock: Clock, *, looks: float = _LOOKS) -> None:
        """`looks` is how many seconds lie between two looks at what accounts have set."""
        self._store = store
        self._usage = usage
        self._clock = clock
        self._looks = looks
        self._turn = 0  # until when it is this process's
        self._stopped = asyncio.Event()
        self._seen: dict[str, tuple[Rule, datetime]] = {}  # what was begun with last, and when
        self._going: dict[str, AsyncIterator[int]] = {}  # by account

    def stop(self) -> None:
        """Forget no more; `run` returns after what is under way."""
        self._stopped.set()

    async def run(self) -> None:
        """Look what is to be forgotten, and forget it, until stopped."""
        while not self._stopped.is_set():
            try:
                await self.sweep()
            except Exception:
                # Whatever it is, it must not stop the carrier, and may be over next time.
                log.exception("what is old could not be forgotten")
                self._going.clear()
                self._seen.clear()
            await self._pause(self._looks)
        with contextlib.suppress(Exception):
            await self._store.write(lambda conn: retention.leave_turn(conn, self._turn))

    async def sweep(self) -> int:
        """Forget what is due, where this process has the turn; of how many messages."""
        count, looks_at = 0, 0.0
        while not self._stopped.is_set():
            if monotonic() >= looks_at:
                await self._look()
                looks_at = monotonic() + self._looks
            if not self._going:
                break
            if not await self._is_mine():
                self._seen.clear()  # whoever has the turn may die before all is done
                break
            for account, steps in list(self._going.items()):  # a few of each in turn
                done = await anext(steps, None)
                if done is None:
                    self._going.pop(account, None)
                count += done or 0
        self._going.clear()
        return count

    async def _look(self) -> None:
        """Begin with the accounts that are due."""
        for rule in await self._store.read(retention.rules):
            known, at = self._seen.get(rule.account, (None, self._clock()))
            if known != rule or self._clock() - at >= _AGAIN:
                self._seen[rule.account] = (rule, self._clock())
                self._going[rule.account] = self._account(rule)

    async def _is_mine(self) -> bool:
        """Whether this process has the turn; asked for again before it ends."""
        now = instant(self._clock())
        if self._turn - now < _TURN // 2:
            mine, until = self._turn, now + _TURN + id(self) // 16 % 1_000_000
            self._turn = await self._store.write(
                lambda conn: retention.take_turn(conn, mine, until, now)
            )
        return self._turn > 0

    async def _account(self, rule: Rule) -> AsyncIterator[int]:
        """Forget what is old of one account, step by step; of how many messages each time."""
        asked = read(rule.value)
        # A day is counted once it is over: what is not counted yet is kept.
        counted = start_of(await self._usage.settle(rule.account))
        now, total = self._clock(), 0
        for days, work in (
            (asked.delete_after_days, retention.delete),
            (asked.redact_after_days, retention.redact),
        ):
            if days:
                reach = Reach(rule.account, min(before(now, days), counted), now)
                async for count in self._go(Errand(rule, reach, work)):
                    total += count
                    yield count
        # What a batch was made of tells what its messages say, and whom they went to.
        told = [days for days in (asked.redact_after_days, asked.delete_after_days) if days]
        for days, forget in (
            (min(told, default=None), retention.forget_batches),
            (asked.audit_after_days, retention.forget_changes),
        ):
            until = before(now, days) if days else now
            while days and await self._store.write(
                partial(forget, account=rule.account, until=until)
            ):
                yield 0
        if total:
            log.info("what is old was forgotten", account=rule.account, messages=total)

    async def _go(self, errand: Errand) -> AsyncIterator[int]:
        """Go through the messages that are meant, the oldest first."""
        after: str | None = ""
        while after is not None:
            look = partial(
                retention.look,
                reach=errand.reach,
                after=after,
                limit=_LOOKED_AT,
                redacted=errand.work is not retention.redact,
            )
            part = await self._store.read(look)
            for first in range(0, len(part.ids), _SLICE):
                count = await self._forget(errand, part.ids[first : first + _SLICE])
                if count is None:
                    return
                yield count
            after = part.last
            yield 0

    async def _forget(self, errand: Errand, ids: list[str]) -> int | None:
        began = monotonic()
        count = await self._store.write(
            lambda conn: errand.work(conn, errand.reach, ids, errand.rule.value)
        )
        least, most = _PAUSES
        await self._pause(min(max((monotonic() - began) * _REST, least), most))
        return count

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), seconds)
