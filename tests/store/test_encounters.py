"""What people write makes contacts and conversations, in one go with the message."""

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from estafette.model import Channel, Direction, Message, Status, Subscription
from estafette.model.contact import Contact, Conversation
from estafette.model.ids import instant, new_id
from estafette.model.notice import Event
from estafette.store import (
    Store,
    contacts,
    conversations,
    encounters,
    incoming,
    notices,
    schema,
    subscriptions,
)
from estafette.store.incoming import Arrival
from tests.conftest import SENDER
from tests.store.conftest import ACCOUNT, LANE, NOON, count, message

ANN, BOB = "+14155550501", "+14155550502"
EVENTS = [event.value for event in Event]


def written(by: str = ANN, at: Any = NOON, name: str = "", **parts: Any) -> Message:
    """What somebody writes."""
    parts.setdefault("content", {"name": name} if name else {})
    return message(
        at, direction=Direction.INBOUND, status=Status.RECEIVED, sender=by, recipient=SENDER,
        sent_at=at, **parts,
    )  # fmt: skip


def keep(conn: Connection, *items: Message) -> None:
    incoming.keep(conn, [Arrival(item, "sandbox") for item in items])


def known(conn: Connection, address: str = ANN) -> tuple[Contact, Conversation]:
    contact = contacts.find(conn, ACCOUNT, Channel.SMS, address)
    talk = conversations.between(conn, ACCOUNT, LANE, Channel.SMS, address)
    assert contact
    assert talk
    return contact, talk


def subscribed(conn: Connection, account: str = ACCOUNT) -> None:
    subscriptions.add(
        conn,
        Subscription(
            id=new_id(NOON), account=account, door="callbell", event=",".join(EVENTS),
            url="https://customer.example/hook", details={}, created_at=NOON, updated_at=NOON,
        ),
    )  # fmt: skip


def told(conn: Connection) -> list[str]:
    """What subscriptions are owed, in its order."""
    asked = select(schema.callbacks.c.event, schema.callbacks.c.status).order_by(
        schema.callbacks.c.created_at
    )
    return [row.event for row in conn.execute(asked) if row.event]


def test_who_writes_is_a_contact_with_a_conversation(conn: Connection) -> None:
    keep(conn, first := written(name="Ann"))
    contact, talk = known(conn)
    assert (contact.name, contact.address) == ("Ann", ANN)
    assert talk.last_inbound_at == talk.last_message_at == first.created_at
    later = NOON + timedelta(minutes=1)
    keep(conn, written(at=later, name="Ann B."), written(BOB, at=later))
    contact, talk = known(conn)
    assert contact.name == "Ann B."
    assert talk.last_inbound_at == later
    assert (count(conn, "contacts"), count(conn, "conversations")) == (2, 2)
    contacts.change(conn, contact, {"name": "Annie"}, instant(later))
    keep(conn, written(at=later, name="A."))
    assert known(conn)[0].name == "Annie"
    contacts.change(conn, contact, {"name": ""}, instant(later))
    assert known(conn)[0].name == "A."


def test_what_is_told_twice_counts_once(conn: Connection) -> None:
    keep(conn, written(ref="a"))
    later = NOON + timedelta(hours=1)
    keep(conn, written(ref="a", at=later))
    assert known(conn)[1].last_inbound_at == NOON


def test_what_was_written_long_ago_moves_nothing_back(conn: Connection) -> None:
    keep(conn, written())
    long_ago = NOON - timedelta(hours=30)
    keep(conn, written(at=long_ago), written(BOB, at=long_ago, updated_at=NOON))
    assert known(conn)[1].last_inbound_at == NOON
    assert known(conn, BOB)[1].last_inbound_at == long_ago
    assert known(conn, BOB)[1].opened_at == NOON


def test_what_they_write_opens_a_closed_conversation(conn: Connection) -> None:
    keep(conn, written())
    talk = known(conn)[1]
    closed = instant(NOON + timedelta(minutes=5))
    conversations.change(conn, talk.id, closed, closed_at=closed, closing_reason="done")
    # Written before it was closed, and come since.
    came = NOON + timedelta(minutes=6)
    keep(conn, written(at=NOON - timedelta(minutes=1), updated_at=came))
    talk = known(conn)[1]
    assert (talk.closed_at, talk.closing_reason, talk.opened_at) == (None, "", came)
    assert talk.last_inbound_at == NOON


def test_a_strange_name_is_kept_as_far_as_it_can_be(conn: Connection) -> None:
    keep(conn, written(name="A\0nn" + "x" * 500), written(BOB, content={"name": {"first": 1}}))
    assert known(conn)[0].name.startswith("Annx")
    assert len(known(conn)[0].name) == 200
    assert known(conn, BOB)


def test_what_happens_is_owed_to_whoever_wants_to_be_told(conn: Connection) -> None:
    keep(conn, written(BOB))
    assert count(conn, "notices") == 0
    subscribed(conn)
    keep(conn, written(name="Ann"))
    assert told(conn) == ["contact_created", "conversation_opened"]
    keep(conn, written(at=NOON + timedelta(minutes=1), name="Ann"))
    keep(conn, written(at=NOON + timedelta(minutes=2), name="Anna"))
    assert told(conn)[2:] == ["contact_updated"]
    talk = known(conn)[1]
    closed = instant(NOON + timedelta(minutes=5))
    conversations.change(conn, talk.id, closed, closed_at=closed)
    keep(conn, written(at=NOON + timedelta(minutes=6)))
    assert told(conn)[3:] == ["conversation_opened"]
    ids = list(conn.execute(select(schema.notices.c.id)).scalars())
    for notice in notices.some(conn, ids).values():
        assert notice.about == known(conn)[0].id
        assert notice.facts["contact"]["address"] == ANN
        assert notice.facts["conversation"]["id"] == talk.id


def test_of_what_is_old_nobody_is_told(conn: Connection) -> None:
    subscribed(conn)
    met = encounters.of(message(NOON - timedelta(days=3), recipient=ANN))
    encounters.meet(conn, [met], NOON)
    assert known(conn)
    assert told(conn) == []


def test_a_removed_contact_is_no_longer_known(conn: Connection) -> None:
    keep(conn, written())
    contact, talk = known(conn)
    contacts.change(conn, contact, {"tags": ["vip"]}, instant(NOON))
    contacts.remove(conn, contact, instant(NOON))
    for table in ("contacts", "conversations", "notes", "tagged"):
        assert count(conn, table) == 0
    encounters.meet(conn, [encounters.of(message(NOON, recipient=ANN))], NOON)
    assert count(conn, "contacts") == 0
    keep(conn, written(at=NOON + timedelta(seconds=1)))
    new, other = known(conn)
    assert new.id != contact.id
    assert other.id != talk.id


@pytest.fixture
async def stores(tables_url: str) -> AsyncIterator[list[Store]]:
    """Three processes' stores on one database."""
    found = [await Store.open(tables_url) for _ in range(3)]
    yield found
    for one in found:
        await one.close()


async def test_many_who_write_at_once_to_several_processes_hold_nobody_up(
    stores: list[Store],
) -> None:
    """And they are one contact each, whoever is removed or changed meanwhile."""
    people = [f"+1415555{number:04}" for number in range(12)]
    rng = random.Random(5)
    await stores[0].write(subscribed)

    async def write(store: Store) -> None:
        for step in range(12):
            at = NOON + timedelta(seconds=step)
            some = [Arrival(written(rng.choice(people), at), "sandbox") for _ in range(6)]
            await asyncio.gather(*(store.join(incoming.keep, one) for one in some))

    async def forget(store: Store) -> None:
        for step in range(10):
            address, at = rng.choice(people), instant(NOON + timedelta(seconds=step))

            def gone(conn: Connection, address: str = address, at: int = at) -> None:
                if found := contacts.find(conn, ACCOUNT, Channel.SMS, address):
                    contacts.remove(conn, contacts.get(conn, ACCOUNT, found.id, lock=True), at)

            await store.write(gone)

    await asyncio.gather(*map(write, stores), forget(stores[0]))

    def look(conn: Connection) -> tuple[list[str], int, int]:
        there = list(conn.execute(select(schema.contacts.c.address)).scalars())
        mine = select(schema.contacts.c.id)
        lost = schema.conversations.c.contact.not_in(mine)
        orphans = conn.execute(select(schema.conversations.c.id).where(lost)).fetchall()
        return there, count(conn, "conversations"), len(orphans)

    there, talks, orphans = await stores[0].read(look)
    assert len(there) == len(set(there)) == talks
    assert orphans == 0
