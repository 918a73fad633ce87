"""Contacts made of messages: of all of them, however they come, and none twice."""

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection, Engine, select, text

from estafette.model import Channel, Direction, Message, Status
from estafette.model.ids import instant
from estafette.store import Store, contacts, conversations, filing, messages, schema
from estafette.store.messages import Accept
from tests.patience import PATIENCE
from tests.store.conftest import ACCOUNT, LANE, count, message

ANN, BOB = "+14155550401", "+14155550402"


def now() -> datetime:
    return datetime.now(UTC)


def sent(to: str = ANN, at: datetime | None = None, **parts: object) -> Message:
    return message(at or now(), recipient=to, **parts)


async def accept(store: Store, *items: Message) -> None:
    taken = [Accept(item, item.created_at) for item in items]
    await store.write(lambda conn: messages.accept(conn, taken))


async def settle(store: Store) -> None:
    """Let it look until nothing is left to do."""
    for _ in range(4):
        await store.file()


def known(conn: Connection) -> dict[str, tuple[int | None, int | None]]:
    """When something was said last to each address, and by it."""
    rows = conn.execute(
        select(
            schema.contacts.c.address,
            schema.conversations.c.last_message_at,
            schema.conversations.c.last_inbound_at,
        ).join_from(
            schema.contacts,
            schema.conversations,
            schema.conversations.c.contact == schema.contacts.c.id,
        )
    ).fetchall()
    found = {row[0]: (row[1], row[2]) for row in rows}
    assert len(found) == len(rows)
    return found


async def test_whatever_was_sent_has_a_contact_at_the_next_look(store: Store) -> None:
    first, second = sent(), sent(BOB)
    await accept(store, first, second)
    await store.file()
    at = {one.recipient: (instant(one.created_at), None) for one in (first, second)}
    assert await store.read(known) == at
    third = sent()
    await accept(store, third)
    await store.file()
    assert await store.read(known) == {**at, ANN: (instant(third.created_at), None)}
    talk = await store.read(
        lambda conn: conversations.between(conn, ACCOUNT, LANE, Channel.SMS, ANN)
    )
    assert talk
    assert talk.opened_at == first.created_at


async def test_of_one_who_wrote_before_it_is_known_when(store: Store) -> None:
    """As in a database that was filled before there were contacts."""
    at = now() - timedelta(days=3)
    wrote = replace(
        message(at, direction=Direction.INBOUND, status=Status.RECEIVED), sender=ANN, recipient=BOB
    )
    later = sent(at=at + timedelta(hours=1))
    rows = [messages.to_row(one) for one in (wrote, later)]
    await store.write(
        lambda conn: [
            conn.execute(
                schema.messages.insert().values(dict(zip(messages.COLUMNS, row, strict=True)))
            )
            for row in rows
        ]
    )
    await settle(store)
    assert await store.read(known) == {ANN: (instant(later.created_at), instant(at))}


async def test_while_many_come_they_wait_until_it_is_quiet(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filing, "FEW", 10)
    monkeypatch.setattr(filing, "_AGAIN", 1000.0)
    await accept(store, sent(BOB))
    await store.file()
    await accept(store, *(sent() for _ in range(15)))
    await store.file()
    assert list(await store.read(known)) == [BOB]
    await accept(store, sent())
    await store.file()
    assert sorted(await store.read(known)) == [ANN, BOB]


async def test_where_very_many_wait_they_are_filed_although_more_come(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filing, "FEW", 1)
    monkeypatch.setattr(filing, "MANY", 20)
    await accept(store, *(sent() for _ in range(25)))
    await store.file()
    assert list(await store.read(known)) == [ANN]


async def test_an_old_database_is_filed_part_by_part(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filing, "_PART", 50)
    monkeypatch.setattr(filing, "_SLICE", 8)
    monkeypatch.setattr(filing, "MANY", 40)
    start = now() - timedelta(hours=1)
    people = [f"+1415555{number:04}" for number in range(60)]
    rng = random.Random(7)
    old = [sent(rng.choice(people), start + timedelta(seconds=number)) for number in range(310)]
    await accept(store, *old)
    await store.file()
    some = len(await store.read(known))
    assert 0 < some < len({one.recipient for one in old})
    for _ in range(9):
        await store.file()
    newest = {one.recipient: (instant(one.created_at), None) for one in old}
    assert await store.read(known) == newest


async def test_a_removed_contact_is_not_made_of_what_was_sent_before(store: Store) -> None:
    await accept(store, sent())
    await store.file()
    found = await store.read(lambda conn: contacts.find(conn, ACCOUNT, Channel.SMS, ANN))
    assert found
    await accept(store, sent(), sent(BOB))
    await store.write(lambda conn: contacts.remove(conn, found, instant(now())))
    await settle(store)
    assert list(await store.read(known)) == [BOB]
    await accept(store, sent())
    await settle(store)
    assert sorted(await store.read(known)) == [ANN, BOB]
    again = await store.read(lambda conn: contacts.find(conn, ACCOUNT, Channel.SMS, ANN))
    assert again
    assert again.id != found.id


async def test_a_row_number_that_is_given_again_is_not_missed(store: Store) -> None:
    await accept(store, sent(), last := sent(BOB))
    await store.file()
    await store.write(lambda conn: messages.delete(conn, last.id))
    await accept(store, sent("+14155550403"))
    await settle(store)
    assert sorted(await store.read(known)) == [ANN, BOB, "+14155550403"]


async def test_all_is_gone_through_again_when_rows_have_other_numbers(store: Store) -> None:
    if store.is_shared:
        return
    items = [sent(f"+1415555{number:04}") for number in range(20)]
    await accept(store, *items)
    await store.file()
    for one in items[:10]:
        await store.write(lambda conn, id=one.id: messages.delete(conn, id))
    # As VACUUM does: the rows that are left begin at 1 again.
    renumber = "UPDATE messages SET rowid = rowid - 10"
    await store.write(lambda conn: conn.exec_driver_sql(renumber))
    await accept(store, sent())
    await settle(store)
    assert len(await store.read(known)) == 21
    assert await store.read(lambda conn: count(conn, "contacts")) == 21


@pytest.fixture
async def stores(tables_url: str) -> AsyncIterator[list[Store]]:
    """Two processes' stores on one database."""
    found = [await Store.open(tables_url) for _ in range(2)]
    yield found
    for one in found:
        await one.close()


async def test_two_processes_file_everything_once(
    stores: list[Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filing, "_SLICE", 4)
    people = [f"+1415555{number:04}" for number in range(40)]
    rng = random.Random(3)

    async def send(store: Store) -> None:
        for _ in range(30):
            await accept(store, *(sent(rng.choice(people)) for _ in range(rng.randrange(1, 6))))
            await store.file()

    await asyncio.gather(*map(send, stores))
    for one in stores:
        await settle(one)
    asked = select(schema.messages.c.recipient, schema.messages.c.created_at)
    rows = await stores[0].read(lambda conn: conn.execute(asked).fetchall())
    newest: dict[str, int] = {}
    for recipient, at in rows:
        newest[recipient] = max(newest.get(recipient, 0), at)
    found = await stores[0].read(known)
    assert {recipient: at for recipient, (at, _) in found.items()} == newest
    assert await stores[0].read(lambda conn: count(conn, "contacts")) == len(newest)


async def test_another_process_goes_on_where_one_left(stores: list[Store]) -> None:
    first, second = stores
    await accept(first, sent())
    await first.file()
    await accept(second, sent(BOB))
    await second.file()  # on PostgreSQL it leaves that to the first
    await first.file()
    assert sorted(await first.read(known)) == [ANN, BOB]
    await first.close()
    await accept(second, sent("+14155550403"))
    await second.file()
    assert len(await second.read(known)) == 3


@pytest.fixture
async def shared_store(shared: Engine) -> AsyncIterator[Store]:
    """A store on PostgreSQL."""
    url = shared.url.render_as_string(hide_password=False).replace("+psycopg", "")
    found = await Store.open(url)
    yield found
    await found.close()


def late(conn: Connection, item: Message) -> None:
    messages.accept(conn, [Accept(item, item.created_at)])


async def test_what_is_committed_late_is_not_missed(
    shared: Engine, shared_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An id may be older than all that was filed when its message is there to be seen."""
    monkeypatch.setattr(filing, "_AGAIN", 0.0)
    with shared.connect() as slow, slow.begin() as open_one:
        held = sent("+14155550409")
        late(slow, held)  # not committed yet
        for number in range(5):
            await accept(shared_store, sent(f"+1415555010{number}"))
            await shared_store.file()
        assert len(await shared_store.read(known)) == 5
        open_one.commit()
    await shared_store.file()
    assert held.recipient in await shared_store.read(known)


async def test_what_is_committed_very_late_is_not_missed(
    shared: Engine, shared_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A transaction that is open keeps back what is taken for complete."""
    monkeypatch.setattr(filing, "_AGAIN", 0.0)
    monkeypatch.setattr(filing, "_LATE", 0)
    with shared.connect() as slow, slow.begin() as open_one:
        slow.execute(text("SELECT 1"))  # from now on it is open
        held = sent("+14155550409")
        late(slow, held)
        for number in range(5):
            await accept(shared_store, sent(f"+1415555010{number}"))
            await shared_store.file()
        open_one.commit()
    await shared_store.file()
    assert held.recipient in await shared_store.read(known)
    mark = text("SELECT value FROM marks WHERE name = 'contacts'")
    newest = await shared_store.read(
        lambda conn: conn.execute(text("SELECT max(id) FROM messages")).scalar_one()
    )
    async with asyncio.timeout(
        PATIENCE
    ):  # whatever else is open in this database keeps it back, too
        while True:
            await shared_store.file()
            sure = await shared_store.read(lambda conn: conn.execute(mark).scalar())
            if sure is not None and sure > int(newest[:12], 16):
                return  # nothing is left to be gone through
            await asyncio.sleep(0.01)
