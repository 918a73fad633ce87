"""Answers to what people wrote: how many went between two of our own numbers."""

from datetime import datetime

from sqlalchemy import Connection, text

from estafette.model import Channel, Sender
from estafette.model.ids import first_id


def between(conn: Connection, one: Sender, other: Sender, since: datetime) -> int:
    """How many replies either of two senders wrote to the other since then."""
    return _from(conn, one, other, since) + _from(conn, other, one, since)


def _from(conn: Connection, sender: Sender, recipient: Sender, since: datetime) -> int:
    asked = {
        "account": sender.account,
        "sender": sender.address,
        "channel": Channel(sender.channel),
        "recipient": recipient.address,
        "first": first_id(since),
    }
    return int(conn.execute(_COUNT, asked).scalar_one())


_COUNT = text(
    "SELECT count(*) FROM messages WHERE account = :account AND sender = :sender AND id >= :first"
    " AND recipient = :recipient AND channel = :channel AND direction = 'outbound-reply'"
)
