"""For how long each account keeps what it has: for ever, unless it has set something else."""

from functools import partial

import msgspec
from msgspec.structs import asdict

from estafette.core.clock import Clock
from estafette.model.ids import instant
from estafette.model.retention import Retention, check
from estafette.store import Store, settings
from estafette.store.retention import NAME


class Retentions:
    """What accounts have set about it. See sweeper.py for who does it."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def get(self, account: str) -> Retention:
        """What an account has set."""
        return read(await self._store.read(partial(settings.get, account=account, name=NAME)))

    async def put(self, account: str, asked: Retention) -> Retention:
        """Set all values anew; it begins within seconds. Raises BadRetention."""
        check(asked)
        value, now = msgspec.json.encode(asdict(asked)).decode(), instant(self._clock())
        await self._store.write(lambda conn: settings.put(conn, account, NAME, value, now))
        return asked


def read(text: str) -> Retention:
    """What was written down."""
    return msgspec.json.decode(text, type=Retention) if text else Retention()
