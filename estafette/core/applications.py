"""Applications: webhooks that senders and messages share."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from estafette.core.clock import Clock
from estafette.model import Account, Cursor
from estafette.model.application import DEFAULTS, Application
from estafette.model.ids import new_id
from estafette.model.listed import Listed
from estafette.store import Store, applications


class Applications:
    """What accounts keep of them."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def add(self, account: Account, name: str, settings: Mapping[str, Any]) -> Application:
        """Make one; `settings` has keys of DEFAULTS."""
        now = self._clock()
        made = Application(
            id=new_id(now),
            account=account.sid,
            name=name,
            settings={**DEFAULTS, **settings},
            created_at=now,
            updated_at=now,
        )
        await self._store.write(lambda conn: applications.add(conn, made))
        return made

    async def get(self, account: Account, id: str) -> Application:
        """One of them. Raises Unknown; another account's is unknown too."""
        return await self._store.read(lambda conn: applications.get(conn, account.sid, id))

    async def page(
        self, account: Account, *, name: str = "", limit: int, cursor: Cursor | None = None
    ) -> Listed[Application]:
        """Those of an account, or of a name, newest first."""
        return await self._store.read(
            lambda conn: applications.page(conn, account.sid, name=name, limit=limit, cursor=cursor)
        )

    async def save(
        self, account: Account, id: str, name: str | None, settings: Mapping[str, Any]
    ) -> Application:
        """Change the name, unless it is None, and the settings that are given. Raises Unknown."""
        now = self._clock()

        def change(conn: Any) -> Application:
            known = applications.get(conn, account.sid, id, lock=True)
            changed = replace(
                known,
                name=known.name if name is None else name,
                settings={**known.settings, **settings},
                updated_at=now,
            )
            applications.save(conn, changed)
            return changed

        return await self._store.write(change)

    async def remove(self, account: Account, id: str) -> None:
        """Delete one. Raises Unknown."""
        await self._store.write(lambda conn: applications.remove(conn, account.sid, id))
