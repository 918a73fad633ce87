"""Contacts with what belongs to them, as doors show them and notices tell of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, func, select

from estafette.model import Sender
from estafette.model.contact import Card, Contact, Conversation
from estafette.model.desk import Team, User
from estafette.model.ids import new_id
from estafette.model.notice import Event, Notice
from estafette.store import contacts, conversations, notices, nouns
from estafette.store import senders as our_senders
from estafette.store.schema import crews, senders, teams, users


def of(
    conn: Connection, found: Sequence[Contact], shown: Mapping[str, Conversation] | None = None
) -> list[Card]:
    """The cards of contacts, in their order, each with its conversation of late, or with the one that
    `shown` has for it.
    """
    if not found:
        return []
    late = {**conversations.of_late(conn, [contact.id for contact in found]), **(shown or {})}
    talks = [late[contact.id] for contact in found if contact.id in late]
    ours = _senders(conn, {talk.sender for talk in talks})
    people = _users(conn, {talk.assignee for talk in talks} - {""})
    groups = _teams(conn, {talk.team for talk in talks} - {""})
    cards = []
    for contact in found:
        talk = late.get(contact.id)
        if talk is None:
            cards.append(Card(contact=contact))
            continue
        cards.append(
            Card(
                contact=contact,
                conversation=talk,
                sender=ours.get(talk.sender),
                assignee=people.get(talk.assignee),
                team=groups.get(talk.team),
            )
        )
    return cards


class Told(NamedTuple):
    """What happened to a contact, or to a conversation; where none is named, the one of late is told."""

    event: Event
    contact: str
    conversation: str = ""


def tell(conn: Connection, told: Sequence[Told], now: datetime) -> None:
    """Owe what happened, and how things are now, to those who want to be told of it."""
    if not told:
        return
    found = contacts.some(conn, sorted({one.contact for one in told}))
    wanted = notices.wanted(conn, sorted({contact.account for contact in found.values()}))
    told = [
        one
        for one in told
        if one.contact in found and (found[one.contact].account, one.event) in wanted
    ]
    talks = conversations.some(conn, sorted({one.conversation for one in told} - {""}))
    made = []
    for number, one in enumerate(told):
        contact, talk = found[one.contact], talks.get(one.conversation)
        (card,) = of(conn, [contact], {contact.id: talk} if talk else None)
        # One after the other, though they happen in the same moment.
        at = now + timedelta(microseconds=number)
        made.append(_notice(contact, one.event, msgspec.to_builtins(card), at))
    notices.note(conn, made)


def tell_removed(conn: Connection, contact: Contact, now: datetime) -> None:
    """Owe that a contact was removed to those who want to be told of it."""
    facts = {"id": contact.id, "deleted_at": msgspec.to_builtins(now)}
    notices.note(conn, [_notice(contact, Event.CONTACT_DELETED, facts, now)])


def _notice(contact: Contact, event: Event, facts: Mapping[str, Any], at: datetime) -> Notice:
    return Notice(
        id=new_id(at),
        account=contact.account,
        event=event,
        about=contact.id,
        facts=facts,
        created_at=at,
    )


def _senders(conn: Connection, ids: set[str]) -> dict[str, Sender]:
    rows = conn.execute(select(senders).where(senders.c.id.in_(ids))) if ids else ()
    return {row.id: our_senders.of_row(row) for row in rows}


def _users(conn: Connection, ids: set[str]) -> dict[str, User]:
    rows = conn.execute(select(users).where(users.c.id.in_(ids))) if ids else ()
    return {row.id: nouns.of_row(User, row) for row in rows}


def _teams(conn: Connection, ids: set[str]) -> dict[str, Team]:
    count = select(func.count()).where(crews.c.team == teams.c.id).scalar_subquery()
    asked = select(teams, count.label("members")).where(teams.c.id.in_(ids))
    rows = conn.execute(asked) if ids else ()
    return {row.id: nouns.of_row(Team, row) for row in rows}
