"""The second way of a message: how it is asked for, and how it is shown."""

from typing import Annotated

from msgspec import Meta, Struct, field

from estafette import model
from estafette.doors.own.wire import At
from estafette.model import Channel, Message
from estafette.model.fallback import LONGEST, SHORTEST, Second, Why
from estafette.model.rules import FINAL


class NewFallback(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The way that a message goes when its first fails, or takes too long. What is left out is as on
    the first; without `from` it leaves from the main sender of the channel, or the oldest.
    """

    channel: Channel
    after: (
        Annotated[
            int,
            Meta(
                ge=SHORTEST,
                le=LONGEST,
                description="Seconds in which the first way is to deliver it; null: only if it fails.",
            ),
        ]
        | None
    ) = None
    sender: str = field(name="from", default="")
    recipient: str = field(name="to", default="")
    body: str = ""


class Fallback(Struct, frozen=True, kw_only=True):
    """The second way of a message. `due_at` is when it is taken if the message is not delivered by
    then; `taken_at` and `why` are null while it is not taken.
    """

    channel: Channel
    sender: str = field(name="from")
    recipient: str = field(name="to")
    due_at: At | None
    taken_at: At | None
    why: Why | None


def read(asked: NewFallback | None) -> model.Fallback | None:
    """What a send asks for."""
    if asked is None:
        return None
    return model.Fallback(
        channel=asked.channel,
        after=asked.after,
        sender=asked.sender,
        recipient=asked.recipient,
        body=asked.body,
    )


def fallback(item: Second | None, message: Message) -> Fallback | None:
    """The second way of a message as it is shown."""
    if item is None:
        return None
    return Fallback(
        channel=item.way.channel,
        sender=item.way.sender,
        recipient=item.way.recipient,
        due_at=None if message.status in FINAL else item.due_at,
        taken_at=item.taken_at,
        why=item.why if item.taken_at else None,
    )
