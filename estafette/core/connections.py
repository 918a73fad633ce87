"""The connections of this process: each a provider made from its settings."""

import json
import re
from collections.abc import Mapping
from dataclasses import fields, replace
from time import monotonic
from typing import Any

import msgspec
import structlog

from estafette.core.clock import Clock
from estafette.core.vault import Vault
from estafette.model import Channel, Connection, GatewayError, Unknown
from estafette.model.ids import instant
from estafette.providers import Place, Provider, load, make, read
from estafette.store import Store, senders

log = structlog.get_logger()

_HIDDEN = "…"  # in place of a secret
_UNLISTED = re.compile(r"messaging-[0-9a-f]{16,}")  # made as they are needed: see core/relay.py
_KNOWN_FOR = 2.0  # seconds that a change of settings may go unnoticed


PRETENDS = "sandbox"  #: the provider through which nothing reaches anybody


class Connections:
    """Providers by the name of their connection, as the store has them."""

    def __init__(
        self,
        store: Store,
        vault: Vault,
        clock: Clock,
        place: Place,
        defaults: Mapping[str, Mapping[str, Any]],
    ) -> None:
        """`defaults` are settings by provider, for what a connection does not set itself."""
        self._store = store
        self._vault = vault
        self._clock = clock
        self._place = place
        self._defaults = defaults
        self._known: dict[str, Connection] = {}
        self._sealed: dict[str, str] = {}
        self._providers: dict[str, Provider] = {}
        self._looked_at = float("-inf")

    async def refresh(self) -> None:
        """See what was added, changed or parked since. A wrong setting stays that connection's own."""
        self._looked_at = monotonic()
        for connection, sealed in await self._store.read(senders.all_connections):
            self._known[connection.name] = connection
            if self._sealed.get(connection.name) != sealed:
                self._sealed[connection.name] = sealed
                await self._make(connection, sealed)

    async def _make(self, connection: Connection, sealed: str) -> None:
        before = self._providers.get(connection.name)
        try:
            settings = json.loads(self._vault.open(sealed, connection.name))
            provider = make(connection.provider, self._with_defaults(connection.provider, settings))
            await provider.open(replace(self._place, connection=connection.name))
        except GatewayError as error:
            log.error("connection is misconfigured", connection=connection.name, text=str(error))
            self._providers.pop(connection.name, None)
        except Exception:
            log.exception("a provider broke", connection=connection.name)
            self._providers.pop(connection.name, None)
            del self._sealed[connection.name]  # nothing is wrong with the settings: try again
        else:
            self._providers[connection.name] = provider
        if before:
            await before.close()

    def _with_defaults(self, provider: str, settings: Mapping[str, Any]) -> dict[str, Any]:
        return {**self._defaults.get(provider, {}), **settings}

    def at_hand(self, name: str) -> Provider | None:
        """The provider of a connection, as far as this process knows it without asking."""
        return self._providers.get(name)

    async def find(self, name: str) -> tuple[Connection, Provider | None]:
        """A connection and its provider; none where its settings make none."""
        if name not in self._known:
            await self.refresh()
        missing = Connection(name=name, provider="", parked_text="no such connection")
        return self._known.get(name, missing), self._providers.get(name)

    async def lately(self, name: str) -> tuple[Connection, Provider | None]:
        """As `find`, as it was at most two seconds ago: here, where nothing else looks each second.

        Raises Unknown.
        """
        if monotonic() - self._looked_at > _KNOWN_FOR:
            await self.refresh()
        if name not in self._known:
            raise Unknown(f"no connection {name}")
        return self._known[name], self._providers.get(name)

    async def pace_of(self, name: str, channel: Channel, address: str) -> float:
        """Offers a second that the carrier of a connection takes from such a sender; 0: no limit.

        What a new sender gets where nobody says otherwise. Raises Unknown.
        """
        await self.refresh()
        if name not in self._known:
            raise Unknown(f"no connection {name}")
        provider = self._providers.get(name)
        return provider.pace(channel, address) if provider else 0.0

    async def add(self, connection: Connection) -> None:
        """Write down a connection. Raises Misconfigured where its settings do not fit its provider."""
        connection = self._checked(connection)
        sealed = self._seal(connection)
        await self._store.write(lambda conn: senders.add_connection(conn, connection, sealed))
        await self.refresh()

    async def save(self, connection: Connection) -> None:
        """Change its settings; its jobs go on. Raises Unknown, or Misconfigured as `add`."""
        connection = self._checked(connection)
        sealed = self._seal(connection)
        await self._store.write(lambda conn: senders.save_connection(conn, connection, sealed))
        await self.refresh()

    async def change(self, name: str, settings: Mapping[str, Any], **parts: Any) -> Connection:
        """Change some of its settings, or what is done when nobody knows; its jobs go on.

        A setting of None has its default again; a secret that is given as `…`, as it is shown, stays.
        Raises Unknown, or Misconfigured as `add`.
        """
        before = await self.get(name)
        kept = self._plain(name)
        secret = _secrets(before.provider)
        for setting, value in settings.items():
            if value is None:
                kept.pop(setting, None)
            elif not (setting in secret and value == _HIDDEN and setting in kept):
                kept[setting] = value
        await self.save(msgspec.structs.replace(before, settings=kept, **parts))
        return await self.get(name)

    async def get(self, name: str) -> Connection:
        """A connection, without its settings. Raises Unknown."""
        await self.refresh()
        if name not in self._known:
            raise Unknown(f"no connection {name}")
        return self._known[name]

    def _checked(self, connection: Connection) -> Connection:
        """A connection whose settings make a provider, each in its own type."""
        settings = read(connection.provider, connection.settings)
        make(connection.provider, self._with_defaults(connection.provider, settings))
        return msgspec.structs.replace(connection, settings=settings)

    def _seal(self, connection: Connection) -> str:
        return self._vault.seal(json.dumps(dict(connection.settings)), connection.name)

    async def settings(self, name: str) -> dict[str, Any]:
        """The settings that a connection has itself, secrets struck out."""
        connection, _ = await self.find(name)
        if name not in self._sealed:
            return {}
        hidden = _secrets(connection.provider)
        return {
            key: _HIDDEN if key in hidden else value for key, value in self._plain(name).items()
        }

    def _plain(self, name: str) -> dict[str, Any]:
        settings: dict[str, Any] = json.loads(self._vault.open(self._sealed[name], name))
        return settings

    async def park(self, name: str, text: str) -> None:
        """Hold all its jobs, here at once and elsewhere within two seconds."""
        at = self._clock()
        await self._store.write(lambda conn: senders.park(conn, name, instant(at), text))
        await self.refresh()
        log.error("connection is parked", connection=name, text=text)

    async def resume(self, name: str) -> None:
        """Let its jobs go on. Raises Unknown."""
        await self._store.write(lambda conn: senders.resume(conn, name))
        await self.refresh()

    async def list(self) -> list[Connection]:
        """Every connection that somebody made, without its settings."""
        await self.refresh()
        return [item for item in self._known.values() if not _UNLISTED.fullmatch(item.name)]

    async def plain(self, name: str) -> dict[str, Any]:
        """The settings of a connection with its secrets: never for an answer or a log.

        Raises Unknown.
        """
        await self.get(name)
        return self._plain(name)

    async def close(self) -> None:
        """Let go of every carrier."""
        for provider in self._providers.values():
            await provider.close()


def _secrets(provider: str) -> set[str]:
    """The names of the settings that are never shown."""
    return {field.name for field in fields(load(provider)) if field.metadata.get("secret")}
