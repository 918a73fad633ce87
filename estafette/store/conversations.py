"""Conversations: what is exchanged between a contact and one of our senders."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select, text

from estafette.model import Channel, Unknown
from estafette.model.contact import Contact, Conversation, Note
from estafette.model.ids import instant, new_id
from estafette.store import bulk
from estafette.store.schema import conversations, notes
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


def of_late(conn: Connection, contacts: Sequence[str]) -> dict[str, Conversation]:
    """The conversation of each of these contacts in which something was said last, by contact."""
    rows = bulk.select(conn, conversations, "contact", list(contacts), COLUMNS)
    found = sorted(map(of_row, rows), key=_lateness)
    return {talk.contact: talk for talk in found}


def _lateness(talk: Conversation) -> tuple[datetime, str]:
    return max(talk.opened_at, talk.last_message_at or talk.opened_at), talk.id


def of_contact(conn: Connection, contact: str) -> list[Conversation]:
    """All conversations of a contact, the one of late last."""
    rows = bulk.select(conn, conversations, "contact", [contact], COLUMNS, lock=False)
    return sorted(map(of_row, rows), key=_lateness)


def get(conn: Connection, account: str, id: str) -> Conversation:
    """One conversation. Raises Unknown; another account's is unknown too."""
    found = some(conn, [id]).get(id)
    if found is None or found.account != account:
        raise Unknown(f"no conversation {id}")
    return found


def some(conn: Connection, ids: Sequence[str]) -> dict[str, Conversation]:
    """Those of these conversations that are there, by id."""
    rows = bulk.select(conn, conversations, "id", list(ids), COLUMNS)
    return {row[0]: of_row(row) for row in rows}


def add(conn: Connection, contact: Contact, sender: str, now: datetime) -> Conversation:
    """Begin a conversation in which nothing was said yet; who was quicker is found instead."""
    at = instant(now)
    names = (
        "id", "account", "contact", "sender", "assignee", "team", "funnel", "opened_at", "created_at",
        "updated_at", "active_at",
    )  # fmt: skip
    row = (new_id(now), contact.account, contact.id, sender, "", "", "", at, at, at, at)
    bulk.insert(conn, conversations, [row], columns=names, conflict="DO NOTHING")
    found = between(conn, contact.account, sender, contact.channel, contact.address)
    if found is None:
        raise Unknown(f"no contact {contact.id}")
    return found


def change(conn: Connection, id: str, at: int, **columns: Any) -> None:
    """Write down anew what `columns` names."""
    mine = conversations.update().where(conversations.c.id == id)
    conn.execute(mine.values(**columns, updated_at=at))


def note(conn: Connection, item: Note) -> None:
    """Write down what a colleague wrote."""
    row = (
        item.id,
        item.account,
        item.conversation,
        item.text,
        item.author,
        instant(item.created_at),
    )
    bulk.insert(conn, notes, [row])


def notes_on(
    conn: Connection, id: str, *, limit: int, after: str = "", since: str = ""
) -> list[Note]:
    """The notes on one conversation, newest first: those before `after`, and from `since` on."""
    asked = select(notes).where(notes.c.conversation == id).order_by(notes.c.id.desc())
    if after:
        asked = asked.where(notes.c.id < after)
    if since:
        asked = asked.where(notes.c.id >= since)
    return [_note(row) for row in conn.execute(asked.limit(limit))]


def notes_of(conn: Connection, contact: str, *, limit: int | None = None) -> list[Note]:
    """What was written about a contact's conversations, newest first."""
    asked = _noted(contact).order_by(notes.c.id.desc()).limit(limit)
    return [_note(row) for row in conn.execute(asked)]


def count_notes(conn: Connection, contact: str) -> int:
    """How many notes a contact's conversations have."""
    return int(
        conn.execute(select(func.count()).select_from(_noted(contact).subquery())).scalar_one()
    )


def _noted(contact: str) -> Select[Any]:
    mine = select(conversations.c.id).where(conversations.c.contact == contact)
    return select(notes).where(notes.c.conversation.in_(mine))


def _note(row: Row[Any]) -> Note:
    return Note(
        id=row.id,
        account=row.account,
        conversation=row.conversation,
        text=row.text,
        author=row.author,
        created_at=moment(row.created_at),
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
