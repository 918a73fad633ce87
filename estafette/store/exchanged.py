"""What was exchanged with a contact: the messages either way on its channel, and what was noted."""

from sqlalchemy import Connection

from estafette.model import Direction, Filter, Message
from estafette.model.contact import Contact, Note
from estafette.store import conversations, messages, numbered


def page(conn: Connection, contact: Contact, *, limit: int, skip: int) -> list[Message | Note]:
    """At most `limit` of them after the first `skip`, newest first."""
    most = skip + limit
    ids: set[str] = set()
    for filter in _either_way(contact):
        ids.update(numbered.ids(conn, contact.account, filter, limit=most, skip=0))
    notes = {note.id: note for note in conversations.notes_of(conn, contact.id, limit=most)}
    here = sorted(ids | set(notes), reverse=True)[skip:most]
    found = messages.some(conn, [id for id in here if id not in notes])
    return [notes[id] if id in notes else found[id] for id in here if id in notes or id in found]


def count(conn: Connection, contact: Contact) -> int:
    """How many there are on all pages."""
    either = [numbered.count(conn, contact.account, filter) for filter in _either_way(contact)]
    return sum(either) + conversations.count_notes(conn, contact.id)


def _either_way(contact: Contact) -> tuple[Filter, ...]:
    return (
        Filter(recipient=contact.address, channel=contact.channel, direction=Direction.API),
        Filter(recipient=contact.address, channel=contact.channel, direction=Direction.REPLY),
        Filter(sender=contact.address, channel=contact.channel, direction=Direction.INBOUND),
    )
