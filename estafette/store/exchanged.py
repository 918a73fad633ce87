"""What was exchanged with a contact: the messages either way on its channel, and what was noted."""

from collections.abc import Sequence

from sqlalchemy import Connection, text

from estafette.model import Channel, Cursor, Direction, Filter, Message
from estafette.model.contact import Card, Contact, Conversation, Note
from estafette.model.ids import first_id
from estafette.store import aliases, conversations, listing, messages, numbered, recipients
from estafette.store.schema import BUCKET_DIGITS

_NAMED = frozenset(
    {Channel.WHATSAPP}
)  # channels whose platforms have names for people beside addresses


def page(conn: Connection, contact: Contact, *, limit: int, skip: int) -> list[Message | Note]:
    """At most `limit` of them after the first `skip`, newest first."""
    most = skip + limit
    ids: set[str] = set()
    for filter in _either_way(conn, contact):
        ids.update(numbered.ids(conn, contact.account, filter, limit=most, skip=0))
    notes = {note.id: note for note in conversations.notes_of(conn, contact.id, limit=most)}
    here = sorted(ids | set(notes), reverse=True)[skip:most]
    found = messages.some(conn, [id for id in here if id not in notes])
    return [notes[id] if id in notes else found[id] for id in here if id in notes or id in found]


def count(conn: Connection, contact: Contact) -> int:
    """How many there are on all pages."""
    either = [
        numbered.count(conn, contact.account, filter) for filter in _either_way(conn, contact)
    ]
    return sum(either) + conversations.count_notes(conn, contact.id)


def behind(
    conn: Connection,
    contact: Contact,
    talk: Conversation,
    *,
    limit: int,
    after: str = "",
    since: str = "",
) -> list[Message | Note]:
    """What was said and noted in one conversation, newest first: at most `limit`, those before the id
    `after`, and from the id `since` on.
    """
    cursor = Cursor(after) if after else None
    found: dict[str, Message | Note] = {}
    for filter in _either_way(conn, contact, lane=talk.sender):
        said = listing.page(conn, contact.account, filter, limit=limit, cursor=cursor)
        found.update((item.id, item) for item in said.items)
    noted = conversations.notes_on(conn, talk.id, limit=limit, after=after, since=since)
    found.update((item.id, item) for item in noted)
    return [found[id] for id in sorted(found, reverse=True) if id >= since][:limit]


def lasts(conn: Connection, cards: Sequence[Card]) -> dict[str, Message]:
    """What was said last in each of these conversations, by its id; all of them are looked for together."""
    asked = [(card.contact, card.conversation) for card in cards if card.conversation]
    if not asked:
        return {}
    values: dict[str, str] = {}
    for number, (contact, talk) in enumerate(asked):
        said_at = talk.last_message_at or talk.opened_at
        row = {
            "id": talk.id, "account": talk.account, "address": contact.address,
            "lane": talk.sender, "bucket": first_id(said_at)[:BUCKET_DIGITS],
        }  # fmt: skip
        values |= {f"{name}{number}": value for name, value in row.items()}
    rows = ", ".join(
        f"(:id{number}, :account{number}, :address{number}, :lane{number}, :bucket{number})"
        for number in range(len(asked))
    )
    found: dict[str, str] = {}
    for sql in _LASTS[conn.dialect.name]:
        for id, message in conn.execute(text(sql.format(rows=rows)), values):
            if message:
                found[id] = max(message, found.get(id, ""))
    known = messages.some(conn, sorted(found.values()))
    said = {id: known[message] for id, message in found.items() if message in known}
    for contact, talk in asked:
        # Some go by another name, and some have a time that their id does not tell.
        if (
            talk.id not in said
            and talk.last_message_at
            and (late := last(conn, contact, talk.sender))
        ):
            said[talk.id] = late
    return said


_ASKED = "WITH asked(id, account, address, lane, bucket) AS (VALUES {rows}) SELECT asked.id, "
_HEARD = (
    "(SELECT max(messages.id) FROM messages WHERE messages.account = asked.account"
    " AND messages.sender = asked.address AND messages.lane = asked.lane) FROM asked"
)
_SENT = (
    "(SELECT max(recipients.message) FROM recipients WHERE recipients.account = asked.account"
    " AND recipients.bucket = asked.bucket AND recipients.recipient = asked.address AND EXISTS"
    " (SELECT 1 FROM messages WHERE messages.id = recipients.message"
    " AND messages.lane = asked.lane)) FROM asked"
)
_UNFILED = (
    f"max(messages.id) FROM {recipients.UNFILED.replace(' WHERE ', ' CROSS JOIN asked WHERE ')}"
    " AND messages.account = asked.account AND messages.recipient = asked.address"
    " AND messages.lane = asked.lane GROUP BY asked.id"
)
_LASTS = {
    "sqlite": (_ASKED + _HEARD, _ASKED + _SENT, _ASKED + _UNFILED),
    "postgresql": (_ASKED + _HEARD, _ASKED + _SENT),
}


def last(conn: Connection, contact: Contact, lane: str) -> Message | None:
    """What was said last between a contact and one of our senders; None for nothing."""
    found = [
        message
        for filter in _either_way(conn, contact, lane=lane)
        for message in listing.page(conn, contact.account, filter, limit=1).items
    ]
    return max(found, key=lambda message: message.id, default=None)


def _either_way(conn: Connection, contact: Contact, *, lane: str = "") -> list[Filter]:
    """What went to a contact and came from it, also by the names that its platform has for it; with a
    `lane`, only what goes between it and that sender.
    """
    account, channel = contact.account, contact.channel
    known = aliases.names(conn, account, channel, contact.address) if channel in _NAMED else []
    found = []
    for name in (contact.address, *known):
        found += [
            Filter(recipient=name, channel=channel, direction=Direction.API, lane=lane),
            Filter(recipient=name, channel=channel, direction=Direction.REPLY, lane=lane),
            Filter(sender=name, channel=channel, direction=Direction.INBOUND, lane=lane),
        ]
    return found
