"""Who may ask: accounts, their tokens and keys, and the check of what is shown."""

import hmac
import re
import secrets
from hashlib import sha256
from time import monotonic

from sqlalchemy import Connection as Conn

from estafette.core.clock import Clock
from estafette.core.vault import Vault
from estafette.model import Account, AccountKind, Credential, Key, Unknown
from estafette.model.ids import instant
from estafette.store import Store, accounts, sessions

ACCOUNT_SID = re.compile(r"AC[0-9a-fA-F]{32}")
KEY_SID = re.compile(r"SK[0-9a-fA-F]{32}")
_REMEMBERED_FOR = 2.0  # seconds that another process's revocation may go unnoticed
_LOOKS_FOR = 0.5  # seconds after which the next one looks, if who looked did not come back
_REMEMBERED = 4096
_NOBODY: tuple[float, Credential | None] = (float("-inf"), None)


class NotProved(Unknown):
    """What was shown opens no account."""

    def __init__(self, *, is_known: bool) -> None:
        super().__init__()
        self.is_known = is_known  #: whether there is such an account or key at all


class People:
    """Accounts and keys. What was proved is remembered for two seconds."""

    def __init__(self, store: Store, vault: Vault, clock: Clock) -> None:
        self._store = store
        self._vault = vault
        self._clock = clock
        self._proved: dict[bytes, tuple[float, Credential | None]] = {}  # by what was shown

    def recall(self, shown: bytes) -> Credential | None:
        """Who showed exactly this, such as a header, within the last two seconds."""
        at, credential = self._proved.get(shown, _NOBODY)
        if monotonic() - at < _REMEMBERED_FOR:
            return credential
        if credential:
            # Who comes first looks again; those who come while it looks do not all look too.
            self._proved[shown] = (at + _LOOKS_FOR, credential)
        return None

    async def prove(self, user: str, password: str, *, shown: bytes = b"") -> Credential:
        """Who shows `AC…` and a token, or `SK…` and a secret. Raises NotProved.

        `shown` is what it came in, for `recall` to know it again.
        """
        try:
            credential = await self._prove(user, password)
        except NotProved:
            self._proved.pop(shown, None)
            raise
        except Unknown:
            self._proved.pop(shown, None)
            raise NotProved(is_known=False) from None
        return self._remember(shown, credential)

    async def _prove(self, user: str, password: str) -> Credential:
        if KEY_SID.fullmatch(user):
            key, kept = await self._store.read(lambda conn: accounts.get_key(conn, user))
            account, _ = await self._store.read(lambda conn: accounts.get(conn, key.account))
            shown = digest(password)
        elif not ACCOUNT_SID.fullmatch(user):
            raise NotProved(is_known=False)
        else:
            account, sealed = await self._store.read(lambda conn: accounts.get(conn, user))
            key, kept, shown = None, self._vault.open(sealed, account.sid), password
        if not hmac.compare_digest(kept.encode(), shown.encode()):
            raise NotProved(is_known=True)
        return Credential(account, key)

    async def prove_bearer(self, token: str, *, shown: bytes = b"") -> Credential:
        """Who shows `SK….secret` as one text. Raises NotProved. `shown` is as in `prove`."""
        sid, secret = split_bearer(token)
        return await self.prove(sid, secret, shown=shown)

    async def prove_secret(self, account: str, secret: str, *, shown: bytes = b"") -> Credential:
        """Who shows a secret of this account, without saying which: its token, the secret of one of its
        keys, or a key as one text. Raises NotProved. `shown` is as in `prove`.
        """
        try:
            return await self.prove(account, secret, shown=shown)
        except NotProved:
            digests = (digest(secret), digest(split_bearer(secret)[1]))
        key = await self._store.read(lambda conn: accounts.key_with(conn, account, digests))
        if key is None:
            raise NotProved(is_known=True)
        return self._remember(shown, Credential(await self.account(account), key))

    def _remember(self, shown: bytes, credential: Credential) -> Credential:
        if shown:
            if len(self._proved) >= _REMEMBERED:
                self._proved.clear()
            self._proved[shown] = (monotonic(), credential)
        return credential

    async def add_account(
        self, name: str, *, sid: str = "", token: str = "", kind: AccountKind = AccountKind.FULL
    ) -> tuple[Account, str]:
        """A new account, with its token: the only time that it is shown."""
        now = self._clock()
        sid = sid or f"AC{secrets.token_hex(16)}"
        token = token or secrets.token_hex(16)
        account = Account(sid=sid, name=name, created_at=now, updated_at=now, kind=kind)
        sealed = self._vault.seal(token, sid)
        await self._store.write(lambda conn: accounts.add(conn, account, sealed))
        return account, token

    async def change(
        self, sid: str, *, kind: AccountKind | None = None, balance: str | None = None
    ) -> Account:
        """Set what an account may do, or what it has: here at once, elsewhere within two seconds.

        Raises Unknown.
        """
        at = instant(self._clock())
        changed = await self._store.write(
            lambda conn: accounts.change(conn, sid, at, kind=kind, balance=balance)
        )
        self._proved.clear()
        return changed

    async def new_token(self, sid: str, *, but: str = "") -> str:
        """Another token for an account; the one before is worthless from now. Raises Unknown.

        Whoever signed in to the console with it is signed out, but the session `but`.
        """
        token = secrets.token_hex(16)
        sealed, at = self._vault.seal(token, sid), instant(self._clock())
        await self.account(sid)

        def write(conn: Conn) -> None:
            accounts.set_token(conn, sid, sealed, at)
            sessions.remove_all(conn, sid, "", but)
            sessions.remove_links(conn, sid, "")

        await self._store.write(write)
        self._proved.clear()
        return token

    async def token(self, sid: str) -> str:
        """The token of an account, to sign with. Raises Unknown."""
        account, sealed = await self._store.read(lambda conn: accounts.get(conn, sid))
        return self._vault.open(sealed, account.sid)

    async def is_ours(self, secret: str) -> bool:
        """Whether this is the token of any account here, or the secret of any key."""
        digests = (digest(secret), digest(split_bearer(secret)[1]))
        if await self._store.read(lambda conn: accounts.has_digest(conn, digests)):
            return True
        shown = secret.encode()
        return any(
            hmac.compare_digest(self._vault.open(sealed, sid).encode(), shown)
            for sid, sealed in await self._store.read(accounts.tokens)
        )

    async def account(self, sid: str) -> Account:
        """One account. Raises Unknown."""
        account, _ = await self._store.read(lambda conn: accounts.get(conn, sid))
        return account

    async def accounts(self) -> list[Account]:
        """Every account, the oldest first."""
        return await self._store.read(accounts.all_of)

    async def runs_gateway(self, account: str) -> bool:
        """Whether connections, which carry for all accounts, are for this one: it is the first."""
        return (await self.accounts())[0].sid == account

    async def add_key(self, account: str, label: str, *, bearer: str = "") -> tuple[Key, str]:
        """A new key, with its secret: the only time that it is shown."""
        now = self._clock()
        sid, secret = split_bearer(bearer) if bearer else (f"SK{secrets.token_hex(16)}", "")
        secret = secret or secrets.token_urlsafe(24)
        key = Key(sid=sid, account=account, label=label, created_at=now, updated_at=now)
        await self._store.write(lambda conn: accounts.add_key(conn, key, digest(secret)))
        return key, secret

    async def keys(self, account: str) -> list[Key]:
        """The keys of an account that are not revoked, the oldest first."""
        return await self._store.read(lambda conn: accounts.keys_of(conn, account))

    async def rename_key(self, account: str, sid: str, label: str) -> Key:
        """Give a key another label. Raises Unknown."""
        at = instant(self._clock())
        renamed = await self._store.write(
            lambda conn: accounts.rename_key(conn, account, sid, label, at)
        )
        self._proved.clear()
        return renamed

    async def revoke_key(self, account: str, sid: str) -> None:
        """Make a key worthless: here at once, in other processes within two seconds."""
        at = instant(self._clock())
        await self._store.write(lambda conn: accounts.revoke_key(conn, account, sid, at))
        self._proved.clear()


def digest(secret: str) -> str:
    """What is kept of a secret that is long and random: its SHA-256."""
    return sha256(secret.encode()).hexdigest()


def split_bearer(token: str) -> tuple[str, str]:
    """The SID and the secret of a bearer token; one of another form gives a SID of its own."""
    sid, dot, secret = token[:34], token[34:35], token[35:]
    if KEY_SID.fullmatch(sid) and dot in (".", ":") and secret:
        return sid, secret
    return f"SK{digest('sid of ' + token)[:32]}", token
