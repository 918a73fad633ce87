"""Senders: added, changed and given back; what is changed counts here at once."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from msgspec.structs import replace
from sqlalchemy import Connection as Conn

from estafette.core.clock import Clock
from estafette.core.connections import PRETENDS, Connections
from estafette.model import BadValue, Channel, Declined, Hook, Reason, Sender, Unknown
from estafette.model.address import (
    e164,
    is_alphanumeric_sender,
    is_opaque,
    is_short_code,
    loose_e164,
)
from estafette.model.ids import new_id
from estafette.model.message import OPAQUE
from estafette.model.networks import is_private_host
from estafette.store import Store, senders

_OURS = "own"  # what our own API keeps in a sender's details
_KNOWN_FOR = 2.0  # seconds that another process's change may go unnoticed
_KNOWN = 1024  # accounts
_SHORT = 8  # digits: what is no longer is a short code, not a number without its `+`


class Senders:
    """The addresses that accounts send from."""

    def __init__(
        self,
        store: Store,
        connections: Connections,
        clock: Clock,
        changed: Callable[[Sender], None] = lambda _: None,
        *,
        allows_private: bool = True,
    ) -> None:
        """`changed` is called with each sender that changed. Unless `allows_private`, the
        addresses to tell must not plainly be inside our own network.
        """
        self._store = store
        self._connections = connections
        self._clock = clock
        self._changed = changed
        self._allows_private = allows_private
        self._held: dict[str, tuple[float, Sequence[Sender]]] = {}  # by account
        self._changes = 0

    async def list(self, account: str, channel: Channel | None = None) -> list[Sender]:
        """The senders of an account that are not given back, in the order of their addition."""
        found = await self._store.read(lambda conn: senders.all_of(conn, account))
        return [sender for sender in found if channel in (None, sender.channel)]

    async def discarded(self, account: str, channel: Channel | None = None) -> Sequence[Sender]:
        """The senders that an account gave back, in the order of their addition."""
        found = await self._store.read(lambda conn: senders.all_of(conn, account, released=True))
        gone = [sender for sender in found if sender.released_at]
        return [sender for sender in gone if channel in (None, sender.channel)]

    async def get(self, account: str, id: str) -> Sender:
        """One sender by its id. Raises Unknown; another account's is unknown too."""
        found = await self._store.read(lambda conn: senders.get(conn, id))
        if found is None or found.account != account or found.released_at:
            raise Unknown(f"no sender {id}")
        return found

    async def find(self, account: str, channel: Channel, address: str) -> Sender:
        """One sender by its address, or by the id that its carrier has for it. Raises Unknown."""
        asked = read_address(channel, address)
        if asked:
            found = await self._store.read(lambda conn: senders.find(conn, account, channel, asked))
            if found:
                return found
        for sender in await self.list(account, channel):
            if sender.ref and sender.ref == address:
                return sender
        raise Unknown(f"no sender {address} on {channel}")

    async def main(self, account: str, channel: Channel) -> Sender | None:
        """What an account sends from on a channel where nothing else is said."""
        found = await self.list(account, channel)
        return next((sender for sender in found if is_main(sender)), None)

    async def choose(self, account: str, channel: Channel, sender_id: str = "") -> Sender | None:
        """What a message leaves from: the sender that is named, or else the main one of the channel,
        or else the oldest; None where there is none, or the named one is of another channel.

        What another process changed may go unnoticed for two seconds.
        """
        return await self._pick(account, channel, lambda held: chosen(held, sender_id))

    async def by_ref(self, account: str, channel: Channel, ref: str) -> Sender:
        """The sender that its carrier has this id for, such as a WhatsApp phone number id.

        What another process changed may go unnoticed for two seconds. Raises Unknown.
        """

        def named(held: Sequence[Sender]) -> Sender | None:
            return next((sender for sender in held if ref and sender.ref == ref), None)

        found = await self._pick(account, channel, named)
        if found is None:
            raise Unknown(f"no sender {ref} on {channel}")
        return found

    async def _pick(
        self,
        account: str,
        channel: Channel,
        pick: Callable[[Sequence[Sender]], Sender | None],
    ) -> Sender | None:
        """One of the senders of a channel: of those that are remembered, or else of those that are there."""
        at, held = self._held.get(account, (float("-inf"), []))
        if monotonic() - at < _KNOWN_FOR:
            found = pick([item for item in held if item.channel is channel])
            if found:
                return found
        return pick([item for item in await self._look(account) if item.channel is channel])

    async def is_anothers(self, account: str, channel: Channel, ref: str) -> bool:
        """Whether another account holds a sender that its carrier has this id for."""
        return await self._store.read(
            lambda conn: senders.held_by_another(conn, account, channel, ref)
        )

    async def _look(self, account: str) -> Sequence[Sender]:
        """The senders that an account holds, remembered unless one was changed meanwhile."""
        before, now = self._changes, monotonic()
        found = await self.list(account)
        if before == self._changes:
            if len(self._held) >= _KNOWN:
                self._held.clear()
            self._held[account] = (now, found)
        return found

    def _note(self, sender: Sender) -> None:
        """See anew what was changed."""
        self._changes += 1
        self._held.pop(sender.account, None)
        self._changed(sender)

    async def add(
        self, account: str, channel: Channel, address: str, *, main: bool = False, **parts: Any
    ) -> Sender:
        """A new sender; `parts` are those of `Sender` that somebody may set. Without
        `max_per_second` its pace is what its carrier takes of such a sender.

        Raises Declined for an address that is none on this channel or that may not be told;
        Unknown for its connection, BadValue where that does not carry the channel; Conflict where the
        account has it already.
        """
        read = read_address(channel, address)
        if read is None:
            raise Declined(Reason.BAD_SENDER, address)
        if channel is Channel.WHATSAPP and not parts.get("ref"):
            parts["ref"] = _new_ref()
        if parts.get("max_per_second") is None:
            parts["max_per_second"] = await self._connections.pace_of(
                parts["connection"], channel, read
            )
        now = self._clock()
        made = Sender(
            id=new_id(now),
            account=account,
            channel=channel,
            address=read,
            details=_with_main({}, main),
            created_at=now,
            updated_at=now,
            **parts,
        )
        await self._check(made)

        def write(conn: Conn) -> None:
            senders.add(conn, made)
            if main:
                _only_main(conn, made)

        await self._store.write(write)
        self._note(made)
        return made

    async def change(
        self, account: str, id: str, *, main: bool | None = None, **parts: Any
    ) -> Sender:
        """Change a sender; `parts` are those of `Sender` that somebody may set.

        Raises Unknown, and Declined and BadValue as `add`.
        """
        await self._check(replace(await self.get(account, id), **parts))
        now = self._clock()

        def write(conn: Conn) -> Sender:
            before = senders.get(conn, id)
            if before is None or before.released_at:
                raise Unknown(f"no sender {id}")
            changed = replace(before, updated_at=now, **parts)
            if main is not None:
                changed = replace(changed, details=_with_main(changed.details, main))
            senders.save(conn, changed)
            if main:
                _only_main(conn, changed)
            return changed

        found = await self._store.write(write)
        self._note(found)
        return found

    async def note(self, account: str, id: str, name: str, parts: Mapping[str, Any]) -> Sender:
        """Keep what a door has to keep with a sender, under its name and beside what it keeps already; None
        takes a part away. Raises Unknown.
        """
        now = self._clock()

        def write(conn: Conn) -> Sender:
            before = senders.get(conn, id)
            if before is None or before.account != account or before.released_at:
                raise Unknown(f"no sender {id}")
            kept = {**before.details.get(name, {}), **parts}
            left = {key: value for key, value in kept.items() if value is not None}
            changed = replace(before, details={**before.details, name: left}, updated_at=now)
            senders.save(conn, changed)
            return changed

        found = await self._store.write(write)
        self._note(found)
        return found

    async def release(self, account: str, id: str) -> None:
        """Give a sender back: nothing new goes through it, what waits is still sent.

        Raises Unknown.
        """
        await self.get(account, id)
        await self.change(account, id, main=False, released_at=self._clock())

    async def _check(self, sender: Sender) -> None:
        known = {item.name: item.provider for item in await self._connections.list()}
        if sender.connection not in known:
            raise Unknown(f"no connection {sender.connection}")
        if sender.channel in OPAQUE and known[sender.connection] != PRETENDS:
            raise BadValue(
                "connection", f"{sender.channel} goes through a connection of the sandbox only"
            )
        for hook in (sender.inbound, sender.fallback):
            leads_inside = hook.url and is_private_host(urlsplit(hook.url).hostname or "")
            if leads_inside and not self._allows_private:
                raise Declined(Reason.BAD_CALLBACK, hook.url)


def is_main(sender: Sender) -> bool:
    """Whether its account sends from it on its channel where nothing else is said."""
    return bool(sender.details.get(_OURS, {}).get("main"))


def chosen(held: Sequence[Sender], id: str = "") -> Sender | None:
    """Of the senders of one channel, in the order of their addition: that of an id, or else the main
    one, or else the oldest.
    """
    if id:
        return next((sender for sender in held if sender.id == id), None)
    return next((sender for sender in held if is_main(sender)), held[0] if held else None)


def read_address(channel: Channel, text: str) -> str | None:
    """A sender's address in the form in which it is kept; None for what is none on this channel."""
    if channel in OPAQUE:
        return text.strip() if is_opaque(text.strip()) else None
    if e164(text):
        return text
    if channel is Channel.SMS and (is_short_code(text) or is_alphanumeric_sender(text)):
        return text
    digits = sum(char.isdigit() for char in text)
    return loose_e164(text) if digits > _SHORT else None


def hook_of(hook: Hook, url: str | None, method: str | None) -> Hook:
    """An address to tell with what is given in place of what it was."""
    return Hook(hook.url if url is None else url, hook.method if method is None else method)


def _with_main(details: Mapping[str, Any], main: bool) -> dict[str, Any]:
    kept = {name: value for name, value in details.items() if name != _OURS}
    return {**kept, _OURS: {"main": True}} if main else kept


def _only_main(conn: Conn, main: Sender) -> None:
    """Take that from whichever sender of its account and channel had it."""
    for sender in senders.all_of(conn, main.account):
        if sender.channel is main.channel and sender.id != main.id and is_main(sender):
            senders.save(conn, replace(sender, details=_with_main(sender.details, False)))


def _new_ref() -> str:
    """Digits, as WhatsApp's phone number ids are; more than any number has."""
    return "1" + "".join(secrets.choice("0123456789") for _ in range(14))
