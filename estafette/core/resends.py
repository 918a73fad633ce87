"""Sends what was sent before once more: a new message that says the same."""

from datetime import timedelta

from msgspec.structs import replace

from estafette.core.clock import Clock
from estafette.core.gateway import Gateway
from estafette.core.senders import read_address
from estafette.core.verified import PREFIX
from estafette.model import (
    Account,
    AccountKind,
    BadValue,
    Conflict,
    Direction,
    Fallback,
    Message,
    Send,
)
from estafette.model.fallback import LONGEST, SHORTEST, WAY, Second
from estafette.model.ids import new_id
from estafette.store import Store, fallbacks
from estafette.store.repeats import key_of

_LONGEST = 128  # characters of what tells one time from another
_LONGEST_WAIT = 36_000  # seconds
#: What is of one message only: whether somebody waits for it, and which way it went.
_ONCE = (WAY, "at_once", "phone_id", "media_types")
OWN = "own"  # the door in whose words it is told where nobody else asked


class Resends:
    """Sends messages once more."""

    def __init__(self, store: Store, gateway: Gateway, clock: Clock) -> None:
        self._store = store
        self._gateway = gateway
        self._clock = clock

    async def send(self, account: Account, id: str, name: str = "", *, sender: str = "") -> Message:
        """The same once more, from the same sender unless another is named, on the same ways. With
        the same `name` it is sent once, however often this is asked.

        Raises Unknown; Conflict for what somebody wrote, and where the text is forgotten; BadValue
        for a name that cannot be one; and whatever `Gateway.send` does.
        """
        if len(name) > _LONGEST or not (name.isascii() and (name.isprintable() or not name)):
            raise BadValue("key", f"a key has at most {_LONGEST} printable characters")
        known = await self._gateway.find_named(account, id)
        if why := unsaid(known):
            raise Conflict(why)
        second = await self._store.read(lambda conn: fallbacks.get(conn, known.id))
        # Without a name each time is another, and is known as a repeat all the same.
        send = again(known, second, key_of(known.id, name or new_id(self._clock())))
        if account.kind is AccountKind.TRIAL:  # it is put before it anew
            send = replace(send, body=send.body.removeprefix(PREFIX))
        if sender:
            named = read_address(send.channel, sender) or sender
            key = f"{send.fingerprint} {named}"
            send = replace(send, sender=named, service="", fingerprint=key)
        return await self._gateway.send(account, send)


def unsaid(message: Message) -> str:
    """Why a message cannot be sent once more; empty where it can."""
    if message.direction is Direction.INBOUND:
        return "it was written by somebody else"
    if message.redacted:
        return "its text is forgotten"
    return ""


def again(message: Message, second: Second | None, key: str) -> Send:
    """What sends the same message on the same ways."""
    channel, sender, recipient = message.channel, message.sender, message.recipient
    fallback = None
    if second:
        first, way = second.first, second.way
        channel, sender, recipient = first.channel, first.sender, first.recipient
        fallback = Fallback(
            channel=way.channel,
            after=_after(second),
            sender=way.sender,
            recipient=way.recipient,
            body=second.body,
        )
    span = message.expires_at - message.created_at
    return Send(
        channel=channel,
        sender=sender,
        recipient=recipient,
        body=message.body,
        media=message.media,
        callback_url=message.callback_url,
        door=message.door or OWN,
        valid_for=min(max(int(span / timedelta(seconds=1)), 1), _LONGEST_WAIT),
        idempotency_key=key,
        fingerprint=key,
        service=message.service,
        verbatim=True,
        content={name: part for name, part in message.content.items() if name not in _ONCE},
        fallback=fallback,
    )


def _after(second: Second) -> int | None:
    """Seconds that the first way is given, as far as that is known still."""
    if second.due_at is None or second.taken_at:
        return None
    return max(SHORTEST, min(int((second.due_at - second.created_at).total_seconds()), LONGEST))
