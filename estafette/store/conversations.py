"""Conversations: what is exchanged between a contact and one of our senders."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from estafette.model import Channel
from estafette.model.contact import Conversation
from estafette.store.schema import conversations
from estafette.store.times import moment, moment_or_none

COLUMNS = tuple(column.name for column in conversations.c)
_FIELDS = ", ".join(f"conversations.{name}" for name in COLUMNS)


def between(
    conn: Connection, account: str, sender: str, channel: Channel, address: str
) -> Conversation | None:
    """What is exchanged between one of our senders, by its id, and an address; None for nothing yet."""
    asked = {"account": account, "sender": sender, "channel": str(channel), "address": address}
    row = conn.execute(_BETWEEN, asked).first()
    return of_row(row) if row else None


_BETWEEN = text(
    f"SELECT {_FIELDS} FROM contacts JOIN conversations ON conversations.contact = contacts.id"  # noqa: S608
    " WHERE contacts.account = :account AND contacts.channel = :channel"
    " AND contacts.address = :address AND conversations.sender = :sender"
)


def of_row(row: Sequence[Any]) -> Conversation:
    """A conversation from its columns."""
    return Conversation(
        id=row[0],
        account=row[1],
        contact=row[2],
        sender=row[3],
        assignee=row[4],
        team=row[5],
        funnel=row[6],
        bot_status=row[7],
        bot_started_at=moment_or_none(row[8]),
        opened_at=moment(row[9]),
        closed_at=moment_or_none(row[10]),
        closing_reason=row[11],
        last_inbound_at=moment_or_none(row[12]),
        last_message_at=moment_or_none(row[13]),
        created_at=moment(row[14]),
        updated_at=moment(row[15]),
    )
