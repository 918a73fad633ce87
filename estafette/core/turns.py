"""The look for messages whose second way is due; every node has one."""

import asyncio
from collections.abc import Callable
from functools import partial

import structlog

from estafette.core import metrics
from estafette.core.clock import Clock
from estafette.model import Status
from estafette.model.ids import instant
from estafette.store import Store, turns

log = structlog.get_logger()

_LOOKS = 0.25  # seconds between looks
_MOST = 128  # that one transaction turns


class Turns:
    """Turns messages to their second way when that is due."""

    def __init__(
        self, store: Store, clock: Clock, wake: Callable[[], None], owed: Callable[[], None]
    ) -> None:
        """`wake` is called when there is something to carry, `owed` when somebody may be told."""
        self._store = store
        self._clock = clock
        self._wake = wake
        self._owed = owed

    async def keep(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(_LOOKS)
            try:
                while await self.look():
                    pass
            except Exception:
                log.exception("second ways could not be looked for")

    async def look(self) -> bool:
        """Turn what is due; whether there may be more."""
        now = instant(self._clock())
        due = await self._store.read(turns.next_due)
        if due is None or due > now:
            return False
        found = await self._store.write(partial(turns.take_up, now=now, most=_MOST))
        for id in found.turned:
            log.info("a message goes its second way", message=id)
            metrics.reached(Status.QUEUED)
        for move in found.failed:
            metrics.reached(move.status)
        if found.turned:
            self._wake()
        if found.failed:
            self._owed()
        return len(found.turned) + len(found.failed) >= _MOST
