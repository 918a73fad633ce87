"""What every door, action and command calls: send, find, list, change and record messages."""

from collections.abc import Callable, Sequence
from functools import partial
from time import perf_counter

from msgspec.structs import replace

from estafette.core import metrics, timelines
from estafette.core.aliases import Aliases
from estafette.core.barred import Barred, check_sender, declined
from estafette.core.blocks import Blocks
from estafette.core.clock import Clock
from estafette.core.connections import PRETENDS, Connections
from estafette.core.drafts import drafted
from estafette.core.fallbacks import Ways, second_of
from estafette.core.limits import check, check_addresses
from estafette.core.pools import Pools
from estafette.core.suppressions import Suppressions
from estafette.core.timelines import Timeline
from estafette.core.verified import Verified
from estafette.core.window import Window
from estafette.model import (
    Account,
    AccountKind,
    After,
    Callback,
    CallbackStatus,
    Channel,
    Cursor,
    Declined,
    Feedback,
    Filter,
    Message,
    Page,
    Reason,
    Receipt,
    Send,
    Sender,
    Status,
    Unknown,
)
from estafette.model.ids import instant, new_id, read_id
from estafette.store import (
    Store,
    callbacks,
    feedback,
    listing,
    messages,
    receipts,
    senders,
)
from estafette.store.messages import Accept
from estafette.store.receipts import Moved, Told

_SENDERS_KNOWN_FOR = 2.0  # seconds that a change of a sender may go unnoticed
_LOOKS_FOR = 0.5  # seconds after which the next one looks, if who looked did not come back


class Gateway:
    """The one core under all doors."""

    def __init__(
        self,
        store: Store,
        connections: Connections,
        clock: Clock,
        wake: Callable[[], None] = lambda: None,
        *,
        allows_private: bool = True,
        pools: Pools | None = None,
        verified: Verified | None = None,
        window: Window | None = None,
    ) -> None:
        """`wake` is called when there is something to carry. Unless `allows_private`, URLs whose host
        is plainly not public are declined at once; what their names stand for is seen when they are
        asked.
        """
        self._allows_private = allows_private
        self._store = store
        self._connections = connections
        self._clock = clock
        self._wake = wake
        self._pools = pools or Pools(store, clock)
        self._verified = verified or Verified(store, clock)
        self.aliases = Aliases(store)  #: what platforms call people
        self._senders: dict[tuple[str, Channel, str], tuple[float, Sender]] = {}
        self._forgotten = 0  # how often a sender was: what was read before one counts no more
        self.suppressions = Suppressions(store, clock)  #: who is not written to
        self.window = window or Window(store, connections, clock)  #: who may be written to freely
        self.blocks = Blocks(store, connections, clock)  #: whom accounts do not hear on WhatsApp
        self._barred = Barred(self.suppressions, self.blocks, self.window)
        self._ways = Ways(store, self._fit, self._barred.why, self._message)

    async def send(self, account: Account, send: Send, *, through: Sender | None = None) -> Message:
        """Write a message down together with its job; return once both are on disk.

        One that names a service and no sender goes through a sender of that service's. `through`
        is whose lane and connection it takes, whatever it names as its sender.

        One that names a second way goes it at once where the window of its first is closed.

        Raises Declined where it cannot be sent as asked, or its recipient opted out or is outside
        the 24-hour window (through a service, that is told later); Conflict where its idempotency key came with another request,
        Busy where it could not be written.
        """
        began = perf_counter()
        key = send.idempotency_key
        if key and (known := await self.repeated(account, key, send.fingerprint)):
            return known
        send = await self.aliases.addressed(account.sid, send)
        asked = send
        send, sender, sticks = await self._fit(account, send, through)
        message = self._message(account, sender, send)
        item = Accept(
            message,
            send.send_at or message.created_at,
            message.recipient if sender.in_order else "",
            send.idempotency_key,
            send.fingerprint,
            sticks,
            bool(send.service and message.status is Status.QUEUED and send.callback_url),
        )
        choice = await self._ways.choose(account, asked, message) if asked.fallback else None
        if choice:
            item = item._replace(second=second_of(choice, asked, message))
        if reason := await self._barred.why(account, send, sender):
            if choice and reason is Reason.OUTSIDE_WINDOW:
                item = await self._ways.elsewhere(account, item, choice, sender)
            elif not send.service:
                raise declined(reason, send)
            else:
                return await self._fail(message, send, reason)
        written = await self._store.accept(item)
        if written.id == item.message.id:
            metrics.accepted(written.channel, written.status, perf_counter() - began)
            self._wake()
        return written

    async def _fit(
        self, account: Account, send: Send, through: Sender | None
    ) -> tuple[Send, Sender, bool]:
        """A send as it goes out, through which sender, and whether its recipient keeps that."""
        sticks = False
        if through:
            sender = through
        elif send.service:
            send, sender, sticks = await self._pools.fit(account, send)
        else:
            sender = await self._sender(account, send)
        if account.kind is not AccountKind.FULL:
            connection, _ = await self._connections.find(sender.connection)
            is_pretended = connection.provider == PRETENDS
            send = await self._verified.bound(account, send, is_pretended=is_pretended)
        check(send)
        if not self._allows_private:
            check_addresses(send)
        await self._vet(send, sender)
        return send, sender, sticks

    async def _vet(self, send: Send, sender: Sender) -> None:
        check_sender(send, sender)
        provider = self._connections.at_hand(sender.connection)
        if provider is None:
            _, provider = await self._connections.find(sender.connection)
        if provider:
            provider.vet(send)

    async def repeated(self, account: Account, key: str, fingerprint: str) -> Message | None:
        """What was written for the same request, though it could not be asked for anew by now.

        Raises Conflict where the idempotency key came with another request.
        """
        return await self._store.read(
            lambda conn: messages.keyed(conn, account.sid, key, fingerprint)
        )

    async def _fail(self, message: Message, send: Send, reason: Reason) -> Message:
        """Write down a message that is not to be sent, as failed, and what is owed for it.

        Who sends through a service is told that later, not at once: to them it is queued yet.
        """
        failed = replace(message, status=Status.FAILED, reason=reason)
        written = await self._store.accept(
            Accept(failed, failed.created_at, "", send.idempotency_key, send.fingerprint)
        )
        if written.id != message.id:
            return written
        metrics.reached(Status.FAILED)
        self._wake()
        return message

    def _message(self, account: Account, sender: Sender, send: Send) -> Message:
        return drafted(account.sid, sender, send, self._clock())

    async def _sender(self, account: Account, send: Send) -> Sender:
        asked = (account.sid, send.channel, send.sender)
        now = perf_counter()
        if known := self._senders.get(asked):
            at, sender = known
            if now - at < _SENDERS_KNOWN_FOR:
                return sender
            # Who comes first looks again; those who come while it looks do not all look too.
            self._senders[asked] = (at + _LOOKS_FOR, sender)
        before = self._forgotten
        found = await self._store.read(lambda conn: senders.find(conn, *asked))
        if found is None:
            self._senders.pop(asked, None)
            raise Declined(Reason.FOREIGN_SENDER, send.sender)
        if before == self._forgotten:
            self._senders[asked] = (now, found)
        return found

    def forget(self, sender: Sender) -> None:
        """See anew what was changed of a sender, or that it is given back."""
        self._forgotten += 1
        self._senders.pop((sender.account, sender.channel, sender.address), None)
        self._pools.forget(sender)

    def draft(self, account: Account, send: Send) -> Message:
        """The message that this would become; nothing is written down. Raises Declined."""
        check(send)
        if not self._allows_private:
            check_addresses(send)
        nobody = Sender(
            id="", account=account.sid, channel=send.channel, address=send.sender, connection=""
        )
        return self._message(account, nobody, send)

    async def find(self, account: Account, id: str) -> Message:
        """One message by its id. Raises Unknown; another account's message is unknown too."""
        return await self._store.read(lambda conn: messages.get(conn, account.sid, id))

    async def find_by_ref(self, account: Account, ref: str) -> Message:
        """One message by the id that its carrier gave it. Raises Unknown."""
        return await self._store.read(lambda conn: messages.by_ref(conn, account.sid, ref))

    async def find_named(self, account: Account, name: str) -> Message:
        """One message by any form of its id, or by the id that its carrier gave it. Raises Unknown."""
        if id := read_id(name):
            try:
                return await self.find(account, id)
            except Unknown:
                pass  # a carrier may give ids of the same form
        try:
            return await self.find_by_ref(account, name)
        except Unknown:
            raise Unknown(f"no message {name}") from None

    async def page(
        self, account: Account, filter: Filter, *, limit: int, cursor: Cursor | None = None
    ) -> Page:
        """Messages, newest first. Raises Unknown for a cursor that names no message."""
        return await self._store.read(
            lambda conn: listing.page(conn, account.sid, filter, limit=limit, cursor=cursor)
        )

    async def timeline(self, message: Message) -> Timeline:
        """Everything that is known of what became of a message."""
        return await self._store.read(
            lambda conn: timelines.read(conn, message.account, message.id)
        )

    async def callbacks(
        self,
        account: Account,
        *,
        told: CallbackStatus | None = None,
        limit: int,
        after: After | None = None,
    ) -> list[Callback]:
        """What is owed to addresses of an account, or was told to them, newest first."""
        return await self._store.read(
            lambda conn: callbacks.page(conn, account.sid, told=told, limit=limit, after=after)
        )

    async def replay(
        self,
        account: Account,
        name: str,
        said: str | None = None,
        *,
        subscription: str | None = None,
    ) -> list[str]:
        """Tell once more what is over of a message, in order, to everybody who is told of it; or of a
        contact, a user or a team that something was told of. Which statuses and events that are.

        `name` is any form of the message's id, or the other's id; `said` is a status or an event,
        where only that is to be told. With a `subscription`, to this one only; with an empty one,
        only to the address that the message or its sender names. Raises Unknown.
        """
        try:
            about = (await self.find_named(account, name)).id
        except Unknown:
            about = read_id(name) or ""
            if not await self._store.read(lambda conn: callbacks.has_any(conn, account.sid, about)):
                raise Unknown(f"nothing that was told of is named {name}") from None
        now = instant(self._clock())
        again = await self._store.write(
            lambda conn: callbacks.replay(conn, about, said, now, subscription)
        )
        if again:
            self._wake()
        return again

    async def redact(self, account: Account, id: str) -> Message:
        """Forget the text of a message; one still to be sent keeps it until a carrier has it."""
        now = self._clock()
        return await self._store.write(lambda conn: messages.redact(conn, account.sid, id, now))

    async def cancel(self, account: Account, id: str) -> Message:
        """Call a message back. Raises Conflict when it was offered to a carrier already."""
        now = self._clock()
        message = await self._store.write(lambda conn: messages.cancel(conn, account.sid, id, now))
        metrics.reached(message.status)
        self._wake()
        return message

    async def delete(self, account: Account, id: str) -> None:
        """Remove a message and all that is known of it. Raises Conflict while it is under way."""
        now = self._clock()
        await self._store.write(lambda conn: messages.remove(conn, account.sid, id, now))

    async def put_feedback(self, account: Account, id: str, confirmed: bool) -> Feedback:
        """Keep whether its recipient did what a message asked for; the last word counts.

        Raises Unknown.
        """
        now = self._clock()
        return await self._store.write(
            lambda conn: feedback.put(conn, account.sid, id, confirmed, now)
        )

    async def record(self, connection: str, told: Sequence[Receipt]) -> list[Moved]:
        """Keep what a carrier told, and move the messages that it is about.

        A receipt that fits no message is kept until one does.
        """
        now = self._clock()
        items = [Told(new_id(now), connection, receipt, instant(now)) for receipt in told]
        moved = await self._store.write(partial(receipts.record, items=items))
        done = [move for move in moved if move]
        for move in done:
            metrics.reached(move.status)
        if done:
            self._wake()
        return done
