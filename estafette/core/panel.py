"""The panel *Instant messaging* of each account: through which Twilio account its actions send."""

from functools import partial
from urllib.parse import urlsplit

from msgspec.structs import asdict
from sqlalchemy import Connection as Conn

from estafette.core.clock import Clock
from estafette.core.vault import HIDDEN, Vault
from estafette.model import GatewayError
from estafette.model.ids import instant
from estafette.model.messaging import Messaging
from estafette.store import Store, settings

NAME = "messaging"  #: of its row among the settings of an account
_SECRET = "auth_token"  # noqa: S105 - a name, not a secret


class BadMessaging(GatewayError):
    """A value that the panel cannot hold."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field  #: which of the values


class Panel:
    """What accounts have set there. The token is sealed, and in the clear only in here."""

    def __init__(self, store: Store, vault: Vault, clock: Clock) -> None:
        self._store = store
        self._vault = vault
        self._clock = clock

    async def get(self, account: str) -> Messaging:
        """What an account has set, with its token in the clear: never for an answer or a log."""
        return self._read(
            account, await self._store.read(partial(settings.get, account=account, name=NAME))
        )

    async def put(self, account: str, messaging: Messaging) -> None:
        """Set all four values anew. A token of `…`, as it is shown, stays as it is.

        It stays only for the address that it was set for, or whoever may set an address could
        have it sent to one of theirs. Raises BadMessaging.
        """
        asked = _checked(messaging)

        def work(conn: Conn) -> None:
            made = asked
            if asked.auth_token == HIDDEN:
                made = _kept(asked, self._read(account, settings.get(conn, account, NAME)))
            value, now = self._written(account, made), instant(self._clock())
            settings.put(conn, account, NAME, value, now)

        await self._store.write(work)

    def _written(self, account: str, messaging: Messaging) -> str:
        plain = asdict(messaging)
        token = plain.pop(_SECRET)
        return self._vault.keep(about(account), plain, {_SECRET: token} if token else {})

    def _read(self, account: str, text: str) -> Messaging:
        return Messaging(**self._vault.kept(about(account), text)) if text else Messaging()


def about(account: str) -> str:
    """What the token of a panel is sealed for, before its name."""
    return f"settings/{account}/{NAME}"


def _checked(messaging: Messaging) -> Messaging:
    values = {name: str(value).strip() for name, value in asdict(messaging).items()}
    found = Messaging(**values)
    if found.base_url and not _is_base(found.base_url):
        raise BadMessaging(
            "base_url", "base_url must be an http or https URL, without a user, ? or #"
        )
    return found


def _is_base(url: str) -> bool:
    if not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    more = parts.username or parts.password or "?" in url or "#" in url
    return parts.scheme in ("http", "https") and bool(host) and not more


def _kept(asked: Messaging, before: Messaging) -> Messaging:
    if before.auth_token and asked.base_url != before.base_url:
        raise BadMessaging(
            _SECRET, "auth_token must be given again where base_url is another than before"
        )
    return Messaging(**{**asdict(asked), _SECRET: before.auth_token})
