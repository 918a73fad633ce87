"""The message that a send becomes, before anything is written down."""

from datetime import datetime, timedelta
from functools import lru_cache

from estafette.model import Channel, Declined, Message, Reason, Send, Sender, Status
from estafette.model.ids import new_id
from estafette.model.rules import may_schedule
from estafette.model.text import segments


def drafted(account: str, sender: Sender, send: Send, now: datetime) -> Message:
    """The message of an account, named by its SID. Raises Declined for a time too soon or too late."""
    if send.send_at and not may_schedule(send.send_at, now):
        raise Declined(Reason.BAD_TIME, send.send_at.isoformat())
    return Message(
        id=new_id(now),
        account=account,
        lane=sender.id,
        channel=send.channel,
        direction=send.direction,
        sender=send.sender,
        recipient=send.recipient,
        body=send.body,
        media=send.media,
        segments=segments(send.body) if send.channel is Channel.SMS else 1,
        status=Status.SCHEDULED if send.send_at else Status.QUEUED,
        ref="",
        reason=None,
        code="",
        text="",
        callback_url=send.callback_url,
        redacted=send.discard,
        created_at=now,
        updated_at=now,
        sent_at=None,
        expires_at=(send.send_at or now) + _seconds(send.valid_for),
        door=send.door,
        service=send.service,
        content=send.content,
    )


@lru_cache
def _seconds(count: int) -> timedelta:
    return timedelta(seconds=count)
