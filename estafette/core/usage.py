"""What accounts have used: days that are over are counted once, the others when they are asked for."""

import asyncio
from collections import defaultdict
from datetime import date, datetime, timedelta
from time import monotonic

import structlog

from estafette.core.clock import Clock
from estafette.model import GatewayError
from estafette.model.usage import Use
from estafette.store import Store, accounts, usage

log = structlog.get_logger()

_OVER_AFTER = timedelta(hours=1)  # clocks differ, and what a carrier took is written a little later
_DAY = timedelta(days=1)
_EVERY = 600.0  # seconds between looks for days that are over
_REMEMBERED = 4096
_REMEMBERED_FOR = 2.0  # seconds, and ten times what counting took

Periods = dict[str, dict[str, Use]]  #: by the first characters of their days, then by category


class Usage:
    """How many messages went through accounts."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._counted: dict[tuple[str, date], tuple[float, usage.Uses]] = {}  # and until when

    async def keep(self) -> None:
        """Count what is over of every account, now and then; until cancelled."""
        while True:
            try:
                for account in await self._store.read(accounts.all_of):
                    await self.settle(account.sid)
            except GatewayError as error:
                log.warning("usage could not be counted", text=str(error))
            await asyncio.sleep(_EVERY)

    async def settle(self, account: str) -> date:
        """Count and keep each day that is over; give the first that is not."""
        open_from = (self._clock() - _OVER_AFTER).date()
        async with self._locks[account]:
            while True:
                day = await self._store.read(lambda conn: usage.next_day(conn, account))
                if day is None or day >= open_from:
                    return open_from
                await self._keep(account, day)

    async def _keep(self, account: str, day: date) -> None:
        # Counting reads; only what it comes to is written, so that nobody waits for it.
        uses = await self._store.read(lambda conn: usage.count(conn, account, day))
        await self._store.write(lambda conn: usage.keep(conn, account, day, uses))

    async def used(self, account: str, first: date, last: date, digits: int) -> Periods:
        """What was used from one day to another, both inclusive, by periods.

        A period is named by the first `digits` characters of its days: 10 for days, 7 for months,
        4 for years, 0 for all together.
        """
        open_from = await self.settle(account)
        found: Periods = defaultdict(lambda: defaultdict(Use))
        until = min(last, open_from - _DAY)
        kept = await self._store.read(lambda conn: usage.kept(conn, account, first, until, digits))
        for (period, name), use in kept.items():
            found[period][name] += use
        day, today = max(first, open_from), self._clock().date()
        while day <= min(last, today):
            for name, use in (await self._count(account, day)).items():
                found[day.isoformat()[:digits]][name] += use
            day += _DAY
        return found

    async def _count(self, account: str, day: date) -> usage.Uses:
        """A day that is not over, counted; remembered for longer the longer that takes."""
        until, known = self._counted.get((account, day), (0.0, {}))
        began = monotonic()
        if began < until:
            return known
        found = await self._store.read(lambda conn: usage.count(conn, account, day))
        if len(self._counted) >= _REMEMBERED:
            self._counted.clear()
        ended = monotonic()
        until = ended + _REMEMBERED_FOR + 10 * (ended - began)
        self._counted[(account, day)] = (until, found)
        return found

    def now(self) -> datetime:
        """The time by which days are counted."""
        return self._clock()
