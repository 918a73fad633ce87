"""What was exchanged with a contact: the messages either way on its channel, and what was noted."""

from sqlalchemy import Connection

from estafette.model import Channel, Direction, Filter, Message
from estafette.model.contact import Contact, Note
from estafette.store import aliases, conversations, messages, numbered

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


def _either_way(conn: Connection, contact: Contact) -> list[Filter]:
    """What went to a contact and came from it, also by the names that its platform has for it."""
    account, channel = contact.account, contact.channel
    known = aliases.names(conn, account, channel, contact.address) if channel in _NAMED else []
    found = []
    for name in (contact.address, *known):
        found += [
            Filter(recipient=name, channel=channel, direction=Direction.API),
            Filter(recipient=name, channel=channel, direction=Direction.REPLY),
            Filter(sender=name, channel=channel, direction=Direction.INBOUND),
        ]
    return found
