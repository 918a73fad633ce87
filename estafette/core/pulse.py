"""How many messages there were of late: counted now and then, beside what people wait for."""

import asyncio
from time import monotonic

import structlog

from estafette.core.clock import Clock
from estafette.model import Busy, GatewayError
from estafette.model.pulse import Pulse
from estafette.store import Store, pulse

log = structlog.get_logger()

_EVERY = 2.0  # seconds between two counts of an account, at least
_TIMES = 20  # as long as counting took, what was counted is good enough
_PATIENCE = 0.05  # seconds that who asks waits for a new count where an older one is known
_REMEMBERED = 1024  # accounts


class Pulses:
    """The last hours of accounts. Nothing is counted while nobody asks."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._known: dict[str, tuple[float, Pulse]] = {}  # and until when
        self._counting: dict[str, asyncio.Task[None]] = {}

    def known(self, account: str) -> Pulse | None:
        """What was counted last, if anything was; where that was long ago, it is counted anew now."""
        until, found = self._known.get(account, (0.0, None))
        if monotonic() >= until:
            self._anew(account)
        return found

    async def of(self, account: str) -> Pulse:
        """The last hours: what was counted a short while ago, while it is counted anew.

        Only where nothing was counted yet does one wait for it. Raises Busy.
        """
        until, found = self._known.get(account, (0.0, None))
        if found is not None and monotonic() < until:
            return found
        task = self._anew(account)
        await asyncio.wait([task], timeout=_PATIENCE if found else None)
        if account not in self._known:
            raise Busy("messages could not be counted")
        return self._known[account][1]

    def _anew(self, account: str) -> asyncio.Task[None]:
        task = self._counting.get(account)
        if task is None:
            task = self._counting[account] = asyncio.create_task(self._count(account))
        return task

    async def _count(self, account: str) -> None:
        began = monotonic()
        try:
            found = await self._store.read(lambda conn: pulse.count(conn, account, self._clock()))
            took = monotonic() - began
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[account] = (monotonic() + max(_EVERY, _TIMES * took), found)
        except GatewayError as error:
            log.warning("messages could not be counted", text=str(error))
        finally:
            del self._counting[account]
