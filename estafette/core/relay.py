"""Sends at once, for who waits for the carrier's first answer: through any connection, or through an
account at Twilio that is named with the message, whose connection is made where it is missing.

What was not taken while somebody waited is given up, so that nothing is sent behind their back;
what may have been taken is left to its receipts, and not sent again.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from math import floor
from time import monotonic

from msgspec import Struct
from msgspec.structs import replace

from estafette.core import metrics
from estafette.core.clock import Clock
from estafette.core.connections import Connections
from estafette.core.gateway import Gateway
from estafette.core.vault import Vault
from estafette.model import (
    Account,
    Attempt,
    Busy,
    Channel,
    Conflict,
    Connection,
    Message,
    Outcome,
    Send,
    Sender,
    Status,
    Unknown,
    twilio,
)
from estafette.model import meta as metas
from estafette.model.ids import instant
from estafette.store import Store, attempts, messages, senders

PROVIDER = "twilio"
#: What a message has among its content where it is offered now or not at all.
AT_ONCE = "at_once"
_SOONEST, _LATEST = 0.02, 0.25  # seconds between looks
_GRACE = 2.0  # seconds for giving up what was not offered in time
_TAKEN = frozenset({Status.SENT, Status.DELIVERED, Status.READ, Status.UNDELIVERED})
_TOO_LATE = "The message was not offered to the provider in time, and was not sent."
_UNDER_WAY = "The message is offered to the provider right now."
_CALLED_BACK = "The message was called back before the provider was offered it."

#: Puts an offer that was not accepted, and the carrier's code and text, in the words of who waits.
Words = Callable[[Outcome, str, str], tuple[str, str]]


class Way(Struct, frozen=True, kw_only=True):
    """An account at Twilio, or at what speaks its API; empty text for what has its default."""

    base_url: str = ""
    account_sid: str
    auth_token: str
    key_sid: str = ""
    key_secret: str = ""

    def settings(self) -> dict[str, str]:
        """Those that are given."""
        parts = {name: str(getattr(self, name)) for name in self.__struct_fields__}
        return {name: value for name, value in parts.items() if value}

    def __repr__(self) -> str:
        """Without the secrets, for logs and tracebacks."""
        return f"Way({self.base_url!r}, {self.account_sid!r})"


class Said(Struct, frozen=True, kw_only=True):
    """What became of a message while somebody waited: no code where it was taken."""

    message: Message
    code: str = ""
    text: str = ""
    retry_after: float | None = None  #: seconds, where the carrier asked for patience
    #: Of its last offer; UNREACHED where there was none, UNCLEAR where its end is not known.
    outcome: Outcome = Outcome.ACCEPTED
    answer: str = ""  #: what the carrier answered, as its attempt keeps it


class Relay:
    """What is sent while somebody waits."""

    def __init__(
        self,
        store: Store,
        vault: Vault,
        connections: Connections,
        gateway: Gateway,
        clock: Clock,
        *,
        wait: float = 15.0,
    ) -> None:
        """`wait` is how many seconds the first answer of a carrier is waited for."""
        self._store = store
        self._vault = vault
        self._connections = connections
        self._gateway = gateway
        self._clock = clock
        self._wait = wait
        self._there: set[str] = set()

    def fingerprint(self, text: str) -> str:
        """What tells this text from another, and nothing of it."""
        return self._vault.fingerprint(text)

    async def send(self, account: Account, send: Send, way: Way) -> Said:
        """Write a message down, have it offered, and wait for the answer.

        The same idempotency key with the same request gives what became of the message that was
        written then; it is waited for again where that is not known yet. Raises what
        `Gateway.send` does, and Misconfigured where no connection can be made of `way`.
        """
        connection = await self._connection(account.sid, way)
        sender = await self.lane(account.sid, connection, send.channel)
        return await self._through(account, send, sender, twilio.unsent)

    async def through(
        self, account: Account, send: Send, sender: Sender, words: Words = metas.unsent
    ) -> Said:
        """As `send`, by the lane and the connection of a sender; one that is parked is tried again.

        Raises what `Gateway.send` does, and Unknown where there is no such connection.
        """
        if (await self._connections.get(sender.connection)).parked_at:
            await self._connections.resume(sender.connection)
        return await self._through(account, send, sender, words)

    async def _through(self, account: Account, send: Send, sender: Sender, words: Words) -> Said:
        # Nothing is offered any more when nobody waits any more, even if this process is gone.
        valid_for, content = max(1, floor(self._wait)), {**send.content, AT_ONCE: True}
        asked = replace(send, valid_for=valid_for, content=content)
        message = await self._gateway.send(account, asked, through=sender)
        return await self.again(account, message, words)

    async def again(self, account: Account, message: Message, words: Words = twilio.unsent) -> Said:
        """What became of a message that may have been written before, once that is known."""
        until, pause = monotonic() + self._wait, _SOONEST
        while (now := monotonic()) < until + _GRACE:
            try:
                said = await self._look(account, message.id, words, is_late=now >= until)
            except (Busy, Conflict):
                said = None  # it is being offered again, or the store will answer soon
            if said:
                return said
            await asyncio.sleep(max(_SOONEST, min(pause, until - now)))
            pause = min(pause * 1.5, _LATEST)
        return self._unclear(message, words)

    async def lane(self, account: str, connection: str, channel: Channel, ref: str = "") -> Sender:
        """Whose lane a message takes that no sender of the account's own drives: nobody holds it, it
        is in no list, and nobody can write to it. `ref` is what the carrier knows it by.
        """
        now = self._clock()
        about = f"{connection} {channel}" + (f" {account} {ref}" if ref else "")
        sender = Sender(
            id=sha256(about.encode()).hexdigest()[:32],
            account=account,
            channel=channel,
            address="",
            ref=ref,
            connection=connection,
            created_at=now,
            updated_at=now,
            released_at=now,
        )
        if sender.id not in self._there:
            await self._store.write(lambda conn: senders.add_once(conn, sender))
            self._there.add(sender.id)
        return sender

    async def _connection(self, account: str, way: Way) -> str:
        """The name of a connection of this account's own, which goes on if it was held."""
        settings = way.settings()
        about = "\n".join([account, *(f"{name}={settings[name]}" for name in sorted(settings))])
        name = f"messaging-{self._vault.fingerprint(about)}"
        try:
            found = await self._connections.get(name)
        except Unknown:
            try:
                await self._connections.add(
                    Connection(name=name, provider=PROVIDER, settings=settings)
                )
            except Conflict:
                await self._connections.refresh()  # another was quicker
            return name
        if found.parked_at:
            await self._connections.resume(name)
        return name

    async def _look(self, account: Account, id: str, words: Words, *, is_late: bool) -> Said | None:
        """What became of it by now; what waits to be offered again is given up. Raises Conflict."""
        message, last = await self._read(account, id)
        if said := _known(message, last, words):
            return said
        if is_late and message.status in _TAKEN:
            return Said(message=message, answer=last.answer if last else "")
        if message.status is Status.QUEUED and (is_late or (last and last.closed_at)):
            return await self._give_up(account, message, last, words)
        return self._unclear(message, words) if is_late else None

    async def known(self, account: Account, id: str, words: Words = metas.unsent) -> Said:
        """What is known of it by now, without waiting. Raises Unknown."""
        message, last = await self._read(account, id)
        said = _known(message, last, words)
        if said is None and message.status in _TAKEN:
            said = Said(message=message, answer=last.answer if last else "")
        return said or _said(message, words, Outcome.UNCLEAR, text=_UNDER_WAY)

    async def _read(self, account: Account, id: str) -> tuple[Message, Attempt | None]:
        """A message, and the last offer of it."""
        message, offers = await self._store.read(
            lambda conn: (messages.get(conn, account.sid, id), attempts.of_message(conn, id))
        )
        return message, offers[-1] if offers else None

    async def _give_up(
        self, account: Account, message: Message, last: Attempt | None, words: Words
    ) -> Said:
        outcome = last.outcome if last and last.outcome else Outcome.UNREACHED
        if last and last.outcome:
            code, text = words(outcome, last.code, last.text)
        else:
            code, text = words(outcome, "", f"nobody carried it in {self._wait:g} s")
        now = self._clock()
        give_up = partial(
            messages.give_up, account=account.sid, id=message.id, now=now, code=code, words=text
        )
        given_up = await self._store.write(give_up)
        metrics.reached(Status.FAILED)
        said = _said(given_up.message, words, outcome, code, text, last.answer if last else "")
        # An offer is never put off beyond the end of a message: then nobody knows for how long.
        if outcome is Outcome.THROTTLED and given_up.due_at < instant(message.expires_at):
            return replace(said, retry_after=max(1.0, (given_up.due_at - instant(now)) / 1e6))
        return said

    def _unclear(self, message: Message, words: Words) -> Said:
        silence = f"there was no answer within {self._wait:g} s"
        return _said(message, words, Outcome.UNCLEAR, *words(Outcome.UNCLEAR, "", silence))


def _known(message: Message, last: Attempt | None, words: Words) -> Said | None:
    """What a message has come to; None while that may still be waited for."""
    answer = last.answer if last else ""
    if message.ref:
        return Said(message=message, answer=answer)
    if message.status is Status.CANCELED:
        return _said(message, words, Outcome.UNREACHED, text=_CALLED_BACK)
    if message.status is Status.FAILED:
        return _why_failed(message, last, words)
    if message.status is Status.SENDING and last and last.outcome is Outcome.UNCLEAR:
        code, text = words(Outcome.UNCLEAR, last.code, last.text)
        return _said(message, words, Outcome.UNCLEAR, code, text, answer)
    return None


def _said(
    message: Message,
    words: Words,
    outcome: Outcome,
    code: str = "",
    text: str = "",
    answer: str = "",
) -> Said:
    """What was not taken; without a code, by that of its outcome."""
    code = code or words(outcome, "", "")[0]
    return Said(message=message, code=code, text=text, outcome=outcome, answer=answer)


def _why_failed(message: Message, last: Attempt | None, words: Words) -> Said:
    """What to say of a message that was not taken, or was lost after all."""
    outcome = last.outcome if last and last.outcome else Outcome.UNREACHED
    answer = last.answer if last else ""
    if outcome is Outcome.REFUSED:
        told = words(outcome, message.code, message.text)
    elif message.code:
        told = message.code, message.text
    elif last and last.outcome:
        told = words(outcome, last.code, last.text)
    else:
        return _said(message, words, outcome, text=_TOO_LATE)
    return _said(message, words, outcome, *told, answer)
