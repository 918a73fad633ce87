"""What a trial account may do: write to recipients that are verified, and say that it is one."""

from time import monotonic

from msgspec.structs import replace

from estafette.core.clock import Clock
from estafette.model import Account, AccountKind, Cursor, Declined, Reason, Send, Verification
from estafette.model.ids import instant, new_id
from estafette.store import Store, verified
from estafette.store.verified import Verifications

PREFIX = "Sent from your Twilio trial account - "  #: of each text of a trial account
_KNOWN_FOR = 2.0  # seconds that another process's change may go unnoticed
_KNOWN = 4096
# What is known of a text, or goes with it, and is no other text.
_ABOUT = {
    "layers", "at_once", "metadata", "kind", "filename", "context", "tracker", "preview_url", "identity", "user_id",
    "recipient_type",
}  # fmt: skip


class Verified:
    """The verified recipients of all accounts. Who was found is remembered for two seconds."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        # Since when, by the monotonic clock; by account, address, and whether it is pretended.
        self._known: dict[tuple[str, str, bool], float] = {}

    async def bound(self, account: Account, send: Send, *, is_pretended: bool) -> Send:
        """What an account that is not a full one may send of this. Raises Declined.

        `is_pretended`: it goes through a sandbox, so it reaches nobody.
        """
        if account.kind is AccountKind.TEST:
            raise Declined(Reason.TEST_ACCOUNT, account.sid)
        if account.kind is not AccountKind.TRIAL:
            return send
        if not await self._is_known(account.sid, send.recipient, is_pretended):
            raise Declined(Reason.UNVERIFIED, send.recipient)
        if (
            not send.body or send.content.keys() - _ABOUT
        ):  # nothing to stand before, or another's words
            return send
        return replace(send, body=PREFIX + send.body)

    async def _is_known(self, account: str, address: str, is_pretended: bool) -> bool:
        asked, now = (account, address, is_pretended), monotonic()
        if now - self._known.get(asked, -_KNOWN_FOR) < _KNOWN_FOR:
            return True
        found = await self._store.read(lambda conn: verified.find(conn, account, address))
        if found is None or (found.is_pretended and not is_pretended):
            self._known.pop(asked, None)
            return False
        if len(self._known) >= _KNOWN:
            self._known.clear()
        self._known[asked] = now
        return True

    async def add(
        self, account: str, address: str, title: str = "", *, is_pretended: bool = False
    ) -> Verification:
        """Let a trial account write to a recipient; through a sandbox only, where `is_pretended`.

        Raises Conflict where it may already.
        """
        now = self._clock()
        made = Verification(
            id=new_id(now),
            account=account,
            address=address,
            title=title,
            is_pretended=is_pretended,
            created_at=now,
            updated_at=now,
        )
        await self._store.write(lambda conn: verified.add(conn, made))
        return made

    async def page(
        self,
        account: str,
        *,
        address: str = "",
        title: str | None = None,
        limit: int,
        cursor: Cursor | None = None,
    ) -> Verifications:
        """The verified recipients of an account, newest first."""
        return await self._store.read(
            lambda conn: verified.page(
                conn, account, address=address, title=title, limit=limit, cursor=cursor
            )
        )

    async def get(self, account: str, id: str) -> Verification:
        """One of them. Raises Unknown."""
        return await self._store.read(lambda conn: verified.get(conn, account, id))

    async def rename(self, account: str, id: str, title: str) -> Verification:
        """Give one another name. Raises Unknown."""
        at = instant(self._clock())
        return await self._store.write(lambda conn: verified.rename(conn, account, id, title, at))

    async def remove(self, account: str, id: str) -> None:
        """Take one back: here at once, in other processes within two seconds. Raises Unknown."""
        gone = await self._store.write(lambda conn: verified.remove(conn, account, id))
        for is_pretended in (True, False):
            self._known.pop((account, gone.address, is_pretended), None)
