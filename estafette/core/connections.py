"""The connections of this process: each a provider made from its settings."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from time import monotonic
from typing import Any

import msgspec
import structlog

from estafette.core import sealed as written
from estafette.core.clock import Clock
from estafette.core.sealed import Shown
from estafette.core.vault import HIDDEN, Vault, WrongKey
from estafette.model import (
    BadValue,
    Channel,
    Conflict,
    Connection,
    GatewayError,
    Load,
    Misconfigured,
    SendError,
    Unclear,
    Unknown,
)
from estafette.model.fact import Fact
from estafette.model.ids import instant, new_id
from estafette.providers import Place, Provider, make, read
from estafette.store import Store, senders
from estafette.store.loads import loads

log = structlog.get_logger()

_UNLISTED = re.compile(r"messaging-[0-9a-f]{16,}")  # made as they are needed: see core/relay.py
_KNOWN_FOR = 2.0  # seconds that a change of settings may go unnoticed
_ID = re.compile(r"ac_[0-9a-f]{32}")
_WHERE = "base_url"  # the setting that says who is shown the secrets


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
        self._held: dict[str, str] = {}  # what is written down, by name
        self._sealed: dict[str, str] = {}  # of this, what providers were made of
        self._providers: dict[str, Provider] = {}
        self._made_of: dict[str, dict[str, Any]] = {}  # the settings of each provider
        self._looked_at = float("-inf")
        self._looks = self._seen = 0

    async def refresh(self) -> None:
        """See what was added, changed, parked or removed since. A wrong setting stays that
        connection's own.
        """
        self._looked_at = monotonic()
        self._looks += 1
        look = self._looks
        found = await self._store.read(senders.all_connections)
        if look < self._seen:
            return  # who looked later has seen more
        self._seen = look
        self._known = {connection.name: connection for connection, _ in found}
        self._held = {connection.name: sealed for connection, sealed in found}
        await self._forget()
        for connection, sealed in found:
            if look == self._seen and self._sealed.get(connection.name) != sealed:
                self._sealed[connection.name] = sealed
                await self._make(connection, sealed)

    async def _forget(self) -> None:
        """Let go of what was removed."""
        for name in [name for name in self._sealed if name not in self._known]:
            for kept in (self._sealed, self._made_of):
                kept.pop(name, None)
            if provider := self._providers.pop(name, None):
                await provider.close()

    async def _make(self, connection: Connection, sealed: str) -> None:
        name = connection.name
        before = self._providers.get(name)
        try:
            settings = written.read(self._vault, connection, sealed)
            if before and self._made_of.get(name) == settings:
                return  # only the key that seals is another
            provider = make(connection.provider, self._with_defaults(connection.provider, settings))
            await provider.open(replace(self._place, connection=name))
        except GatewayError as error:
            log.error("connection is misconfigured", connection=name, text=str(error))
            self._providers.pop(name, None)
        except Exception:
            log.exception("a provider broke", connection=name)
            self._providers.pop(name, None)
            self._sealed.pop(name, None)  # nothing is wrong with the settings: try again
        else:
            if self._sealed.get(name) != sealed:
                await provider.close()  # changed again, or removed, while this one opened
                return
            self._providers[name], self._made_of[name] = provider, settings
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

    async def find_named(self, text: str) -> Connection:
        """A connection by its name or its id, `ac_` and 32 hex digits; it is without its settings,
        and as it was at most two seconds ago. Raises Unknown.
        """
        if monotonic() - self._looked_at > _KNOWN_FOR or self._named(text) is None:
            await self.refresh()
        found = self._named(text)
        if found is None:
            raise Unknown(f"no connection {text}")
        return found

    def _named(self, text: str) -> Connection | None:
        if _UNLISTED.fullmatch(text):
            return None
        if not _ID.fullmatch(text):
            return self._known.get(text)
        return next((one for one in self._known.values() if public_id(one) == text), None)

    async def add(self, connection: Connection) -> None:
        """Write down a connection, with an id of its own.

        Raises Misconfigured where its settings do not fit its provider, Conflict for a name that is
        taken or looks like an id.
        """
        if _ID.fullmatch(connection.name):
            raise Conflict(f"{connection.name} would be taken for the id of another connection")
        now = self._clock()
        connection = msgspec.structs.replace(
            self._checked(connection), id=new_id(now), created_at=now, updated_at=now
        )
        sealed = written.write(self._vault, connection, connection.settings)
        await self._store.write(lambda conn: senders.add_connection(conn, connection, sealed))
        await self.refresh()

    async def save(self, connection: Connection) -> None:
        """Change its settings; its jobs go on. Raises Unknown, or Misconfigured as `add`."""
        before = await self.get(connection.name)
        connection = msgspec.structs.replace(
            self._checked(connection), id=before.id, updated_at=self._clock()
        )
        sealed = written.write(self._vault, connection, connection.settings)
        await self._store.write(lambda conn: senders.save_connection(conn, connection, sealed))
        await self.refresh()

    async def remove(self, name: str) -> None:
        """Forget a connection, and what it was set to. Raises Unknown, or Conflict while something
        goes through it.
        """
        await self._store.write(lambda conn: senders.remove_connection(conn, name))
        await self.refresh()

    async def change(self, name: str, settings: Mapping[str, Any], **parts: Any) -> Connection:
        """Change some of its settings, or what is done when nobody knows; its jobs go on.

        A setting of None has its default again; a secret that is given as `…`, as it is shown, stays.
        Raises Unknown, or Misconfigured as `add`.
        """
        before = await self.get(name)
        changed = self._changed(before, settings)
        await self.save(msgspec.structs.replace(before, settings=changed, **parts))
        return await self.get(name)

    def _changed(self, before: Connection, settings: Mapping[str, Any]) -> dict[str, Any]:
        """All that a connection is set to once some of it is changed as `change` says."""
        kept = self._plain(before.name)
        secret = written.secrets_of(before.provider)
        for setting, value in settings.items():
            if value is None:
                kept.pop(setting, None)
            elif not (setting in secret and value == HIDDEN and setting in kept):
                kept[setting] = value
        return kept

    async def probe(self, name: str, settings: Mapping[str, Any] | None = None) -> Sequence[Fact]:
        """What the carrier of a connection says of us when it is asked once, for something harmless;
        with `settings` changed for that, as `change` says, and nothing written down.

        Raises Unknown, Misconfigured for what does not fit its provider, another SendError for what else
        the carrier answers or does not, and BadValue where it would be shown a secret that it was not
        given: at another address, secrets must be told again.
        """
        before = await self.get(name)
        try:
            now, then = self._plain(name), self._changed(before, settings or {})
        except WrongKey as error:
            raise Misconfigured(str(error)) from None
        if then.get(_WHERE) != now.get(_WHERE):
            for secret in sorted(written.secrets_of(before.provider)):
                if now.get(secret) and then.get(secret) == now[secret]:
                    raise BadValue(secret, "at another address it must be given again")
        return await self._probe(before.provider, then, name)

    async def probe_new(self, provider: str, settings: Mapping[str, Any]) -> Sequence[Fact]:
        """As `probe`, of a connection that there is not. Raises Misconfigured or another SendError."""
        return await self._probe(provider, read(provider, settings), "")

    async def _probe(self, provider: str, settings: Mapping[str, Any], name: str) -> Sequence[Fact]:
        made = make(provider, self._with_defaults(provider, settings))
        hidden = written.secrets_of(provider)
        sealed = [str(value) for key, value in settings.items() if key in hidden and value]
        await made.open(replace(self._place, connection=name))
        try:
            facts = await made.probe()
        except SendError as error:
            raise _struck(error, sealed) from None
        except Exception:
            log.exception("a provider broke", connection=name or provider)
            raise Unclear("it broke while it was asked: see the log") from None
        finally:
            await made.close()
        return [Fact(fact.name, _without(fact.text, sealed)) for fact in facts]

    async def loads(self) -> dict[str, Load]:
        """How much hangs on each connection, by its name."""
        return await self._store.read(loads)

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

    async def settings(self, name: str) -> dict[str, Any]:
        """The settings that a connection has itself, secrets struck out; none where nobody can
        open them.
        """
        connection, _ = await self.find(name)
        if name not in self._known:
            return {}
        return dict(self.show(connection).settings)

    def show(self, connection: Connection) -> Shown:
        """What a connection is set to, for people, as far as this process knows it."""
        sealed = self._held.get(connection.name)
        if sealed is None:
            return Shown({}, {}, is_ready=False)
        shown = written.show(self._vault, connection, sealed)
        if shown.trouble:
            return shown
        try:
            opened = written.read(self._vault, connection, sealed)
            make(connection.provider, self._with_defaults(connection.provider, opened))
        except GatewayError:
            return shown._replace(is_ready=False)
        return shown

    def _plain(self, name: str) -> dict[str, Any]:
        return written.read(self._vault, self._known[name], self._held[name])

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


def _without(text: str, sealed: Sequence[str]) -> str:
    """A text of a carrier's, secrets struck out."""
    for secret in sealed:
        text = text.replace(secret, HIDDEN)
    return text


def _struck(error: SendError, sealed: Sequence[str]) -> SendError:
    """The same without any secret, and without the answer."""
    said, code = _without(str(error), sealed), _without(error.code, sealed)
    return type(error)(said, code=code, reason=error.reason, retry_after=error.retry_after)


def public_id(connection: Connection) -> str:
    """Its id as it is shown."""
    return f"ac_{connection.id}"
