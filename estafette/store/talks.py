"""Lists of conversations: where something was said last comes first, each page in constant time.

What lists are narrowed by stands in the index that they go by, so that what does not fit is passed over
without a look at it. Whom somebody searches for is gathered first, unless that is nearly everybody.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from estafette.model.contact import Card, Glance, TalkFilter
from estafette.store import cards, contacts, conversations, exchanged
from estafette.store.contacts import Place

_OPEN, _CLOSED = "closed_at IS NULL", "closed_at IS NOT NULL"
_SIDES = {"open": (_OPEN,), "closed": (_CLOSED,), "all": (_OPEN, _CLOSED)}


def page(
    conn: Connection, account: str, asked: TalkFilter, *, limit: int, after: Place | None = None
) -> list[Place]:
    """At most `limit` conversations behind `after`."""
    values: dict[str, Any] = {"account": account, "limit": limit}
    source, parts = _narrow(conn, asked, values)
    if after:
        parts.append("(conversations.active_at, conversations.id) < (:active_at, :id)")
        values |= after._asdict()
    found: list[Place] = []
    for side in _SIDES[asked.state]:
        where = " AND ".join([*parts, f"conversations.{side}"])
        sql = (
            f"SELECT conversations.active_at, conversations.id FROM {source} WHERE {where}"  # noqa: S608
            " ORDER BY conversations.active_at DESC, conversations.id DESC LIMIT :limit"
        )
        found += [Place(*row) for row in conn.execute(text(sql), values)]
    return sorted(found, reverse=True)[:limit]


def _narrow(conn: Connection, asked: TalkFilter, values: dict[str, Any]) -> tuple[str, list[str]]:
    source, parts = "conversations", ["conversations.account = :account"]
    if asked.assignee is not None:
        parts.append("conversations.assignee = :assignee")
        values["assignee"] = asked.assignee
    if asked.team:
        parts.append("conversations.team = :team")
        values["team"] = asked.team
    if asked.channel:
        # Senders are few, and each is on one channel; what was given back is known for long.
        parts.append("conversations.sender IN (SELECT id FROM senders WHERE channel = :channel)")
        values["channel"] = str(asked.channel)
    for few in contacts.searched(asked.search, values):
        if source == "conversations" and contacts.is_rare(conn, few, values):
            source = f"(SELECT DISTINCT {few.contact} AS id FROM {few.where}) AS few CROSS JOIN conversations"  # noqa: S608
            parts.append("conversations.contact = few.id")
        else:
            parts.append(f"EXISTS (SELECT 1 FROM {few.asked_of_one} = conversations.contact)")  # noqa: S608
    return source, parts


def listed(conn: Connection, ids: Sequence[str]) -> list[Glance]:
    """Those of these conversations that are there, in this order."""
    talks = conversations.some(conn, ids)
    known = contacts.some(conn, sorted({talk.contact for talk in talks.values()}))
    made: dict[str, Card] = {}
    left = [talks[id] for id in ids if id in talks and talks[id].contact in known]
    while left:
        # A contact may have several of them: one of each at a time.
        once = {talk.contact: talk for talk in left}
        people = [known[contact] for contact in once]
        for card in cards.of(conn, people, once):
            if card.conversation:
                made[card.conversation.id] = card
        left = [talk for talk in left if once[talk.contact] is not talk]
    said = exchanged.lasts(conn, list(made.values()))
    return [Glance(made[id], said.get(id)) for id in ids if id in made]


def card(conn: Connection, account: str, id: str) -> Card:
    """A conversation with all that belongs to it. Raises Unknown."""
    talk = conversations.get(conn, account, id)
    contact = contacts.get(conn, account, talk.contact)
    (found,) = cards.of(conn, [contact], {contact.id: talk})
    return found


def of_contact(conn: Connection, account: str, contact: str) -> list[Card]:
    """All conversations of a contact, the one of late first. Raises Unknown."""
    known = contacts.get(conn, account, contact)
    found = []
    for talk in reversed(conversations.of_contact(conn, known.id)):
        found += cards.of(conn, [known], {known.id: talk})
    return found
