"""Second ways: what a send that names one comes to on it. See store/turns.py for when it is gone."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import NamedTuple

from msgspec.structs import replace

from estafette.core.senders import is_main, read_address
from estafette.core.suppressions import recipient_of
from estafette.core.window import TEMPLATE
from estafette.model import (
    Account,
    Attempt,
    BadFallback,
    Declined,
    Fallback,
    Message,
    Outcome,
    Reason,
    Send,
    Sender,
)
from estafette.model.fallback import LONGEST, SHORTEST, WAY, WINDOW_CLOSED, Second, Way, Why
from estafette.model.ids import new_id
from estafette.model.message import OPAQUE
from estafette.store import Store, senders
from estafette.store.messages import Accept

#: The part of a fallback that is to blame for what was declined; else it is the whole.
PART = {
    Reason.NO_RECIPIENT: "to",
    Reason.BAD_RECIPIENT: "to",
    Reason.NOT_MOBILE: "to",
    Reason.UNVERIFIED: "to",
    Reason.REGION: "to",
    Reason.UNROUTABLE: "to",
    Reason.OPTED_OUT: "to",
    Reason.BAD_SENDER: "from",
    Reason.FOREIGN_SENDER: "from",
    Reason.EMPTY_BODY: "body",
    Reason.NOTHING_TO_SAY: "body",
    Reason.BAD_BODY: "body",
    Reason.TOO_LONG: "body",
}


class Choice(NamedTuple):
    """A send as it is on its second way, and the sender that it has there."""

    send: Send
    sender: Sender


Fit = Callable[[Account, Send, Sender | None], Awaitable[tuple[Send, Sender, bool]]]
Barred = Callable[[Account, Send, Sender], Awaitable[Reason | None]]


class Ways:
    """The second ways of what is sent."""

    def __init__(
        self,
        store: Store,
        fit: Fit,
        barred: Barred,
        made: Callable[[Account, Sender, Send], Message],
    ) -> None:
        """How the gateway fits a send to a sender, whether it may go, and the message that it is."""
        self._store = store
        self._fit = fit
        self._barred = barred
        self._made = made

    async def choose(self, account: Account, asked: Send, message: Message) -> Choice:
        """What is asked for on the second way. Raises BadFallback where that cannot be gone."""
        known = await self._store.read(lambda conn: senders.all_of(conn, account.sid))
        choice = choose(asked, message, known)
        with blamed():
            send, _, _ = await self._fit(account, choice.send, choice.sender)
        return choice._replace(send=send)

    async def elsewhere(
        self, account: Account, item: Accept, choice: Choice, first: Sender
    ) -> Accept:
        """The same message on its second way from the start, its first being closed.

        Raises Declined where that is, too.
        """
        send = replace(choice.send, content={**choice.send.content, WAY: 2})
        if reason := await self._barred(account, send, choice.sender):
            raise Declined(reason, send.recipient)
        message = self._made(account, choice.sender, send)
        assert item.second is not None  # noqa: S101 - it comes from there
        second = taken(item.second, message)
        return item._replace(
            message=message,
            order_key=second.order_key,
            sticks=False,
            second=second,
            refused=refused(second, message, first.connection),
        )


def choose(asked: Send, message: Message, known: Sequence[Sender]) -> Choice:
    """What a send asks for on its second way; `message` is what it is on its first, `known` are the
    senders of its account.

    Raises BadFallback.
    """
    fallback = asked.fallback
    assert fallback is not None  # noqa: S101 - nobody asks without one
    if fallback.after is not None and not SHORTEST <= fallback.after <= LONGEST:
        raise BadFallback("after", f"must be {SHORTEST} to {LONGEST} seconds")
    if asked.discard:
        raise BadFallback("", "needs a text that is not forgotten before it")
    sender = _sender(fallback, known)
    recipient = _recipient(fallback, asked)
    first = (message.channel, message.sender, message.recipient)
    if (fallback.channel, sender.address, recipient) == first:
        raise BadFallback("", "is the same way once more: another channel, from or to is needed")
    # What was approved of on one channel is a plain text on another.
    is_same = fallback.channel is asked.channel
    content = {name: part for name, part in asked.content.items() if is_same or name != TEMPLATE}
    send = replace(
        asked,
        channel=fallback.channel,
        sender=sender.address,
        recipient=recipient,
        body=fallback.body or asked.body,
        content=content,
        fallback=None,
    )
    return Choice(send, sender)


def _sender(fallback: Fallback, known: Sequence[Sender]) -> Sender:
    there = [sender for sender in known if sender.channel is fallback.channel]
    if fallback.sender:
        address = read_address(fallback.channel, fallback.sender) or fallback.sender
        for sender in there:
            if address in (sender.address, sender.ref):
                return sender
        raise BadFallback(
            "from",
            f"must be a sender of this account on {fallback.channel}",
            reason=Reason.FOREIGN_SENDER,
            value=fallback.sender,
        )
    if not there:
        text = f"{fallback.channel} has no sender in this account"
        raise BadFallback("channel", text, reason=Reason.NO_SENDER, value=fallback.channel)
    return next((sender for sender in there if is_main(sender)), there[0])


def _recipient(fallback: Fallback, asked: Send) -> str:
    here, there = asked.channel, fallback.channel
    if not fallback.recipient and here is not there and {here, there} & OPAQUE:
        # What one platform calls somebody says nothing to another, even if it looks like a number.
        raise BadFallback("to", f"is needed on {there}", reason=Reason.NO_RECIPIENT)
    text = fallback.recipient or asked.recipient
    try:
        return recipient_of(text, there)
    except Declined:
        said = f"must be an address on {there}"
        raise BadFallback("to", said, reason=Reason.BAD_RECIPIENT, value=text) from None


@contextmanager
def blamed() -> Iterator[None]:
    """Within this, what is declined is so because of the second way."""
    try:
        yield
    except BadFallback:
        raise
    except Declined as error:
        part = PART.get(error.reason, "")
        text = f"cannot be used: {error}"
        raise BadFallback(part, text, reason=error.reason, value=error.value) from None


def second_of(choice: Choice, send: Send, message: Message) -> Second:
    """What is kept of the second way of a message; `send` is what was asked for."""
    ours = choice.send
    after = send.fallback.after if send.fallback else None
    begins_at = send.send_at or message.created_at
    return Second(
        message=message.id,
        account=message.account,
        first=Way(
            channel=message.channel,
            sender=message.sender,
            recipient=message.recipient,
            lane=message.lane,
        ),
        way=Way(
            channel=ours.channel,
            sender=ours.sender,
            recipient=ours.recipient,
            lane=choice.sender.id,
        ),
        body="" if ours.body == message.body else ours.body,
        order_key=ours.recipient if choice.sender.in_order else "",
        valid_for=ours.valid_for,
        due_at=None if after is None else begins_at + timedelta(seconds=after),
        created_at=message.created_at,
    )


def taken(item: Second, message: Message) -> Second:
    """A second way that `message` goes because its first was closed when it was accepted."""
    return replace(
        item,
        message=message.id,
        due_at=None,
        taken_at=message.created_at,
        why=Why.WINDOW,
        failure={"code": WINDOW_CLOSED},
    )


def refused(item: Second, message: Message, connection: str) -> Attempt:
    """The attempt on a first way that was closed: nothing left us."""
    return Attempt(
        id=new_id(message.created_at),
        message=message.id,
        lane=item.first.lane,
        number=1,
        node="",
        connection=connection,
        started_at=message.created_at,
        closed_at=message.created_at,
        outcome=Outcome.REFUSED,
        code=WINDOW_CLOSED,
        text=f"{item.first.recipient} did not write in the last 24 hours: nothing was sent",
    )
