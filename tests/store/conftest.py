"""Tables to test on: a transaction that is undone after each test, or a database of one's own."""

import time
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, select, text

from estafette.model import Channel, Direction, Message, Offer, Outcome, Status
from estafette.model.ids import instant, new_id
from estafette.store import Store, attempts, jobs, messages, migrate, schema
from estafette.store.attempts import Closing
from estafette.store.engine import Turn, engine
from estafette.store.jobs import Job
from estafette.store.messages import Accept
from tests.conftest import RECIPIENT, SENDER, fresh_database
from tests.databases import KINDS, emptied

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
NOW = instant(NOON)
ACCOUNT = "AC" + "1" * 32
LANE = "lane-1"
NODE = "node-1"
CONNECTION = "sandbox"


def made(url: str) -> Engine:
    """An engine on a database with tables."""
    found = engine(url, size=4)
    turn = Turn(found)
    migrate.bring_up(found, turn)
    turn.close()
    return found


@pytest.fixture(scope="session")
def sqlite_tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    found = made(f"sqlite:///{tmp_path_factory.mktemp('tables')}/estafette.db")
    yield found
    found.dispose()


@pytest.fixture(scope="session")
def postgresql_tables(postgresql: str) -> Iterator[Engine]:
    found = made(fresh_database(postgresql))
    yield found
    found.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def conn(request: pytest.FixtureRequest) -> Iterator[Connection]:
    """A transaction on empty tables of each kind in turn; nothing of it stays."""
    tables: Engine = request.getfixturevalue(f"{request.param}_tables")
    with tables.connect() as found, found.begin() as transaction:
        yield found
        transaction.rollback()


@pytest.fixture(params=KINDS)
def tables_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of each kind in turn that has its tables, and nothing in them."""
    return emptied(request, tmp_path)


@pytest.fixture
def database(tables_url: str) -> Iterator[Engine]:
    """A database of one test, for several connections."""
    found = engine(tables_url, size=4)
    yield found
    found.dispose()


@pytest.fixture
def shared(postgresql_tables: Engine) -> Iterator[Engine]:
    """A PostgreSQL database, in which several write at a time."""
    yield postgresql_tables
    with postgresql_tables.begin() as conn:
        for table in schema.METADATA.sorted_tables:
            conn.execute(table.delete())


@pytest.fixture
async def store(tables_url: str) -> AsyncIterator[Store]:
    found = await Store.open(tables_url)
    yield found
    await found.close()


def message(at: datetime = NOON, **parts: Any) -> Message:
    """A message as the gateway makes it."""
    known = {
        "id": new_id(at),
        "account": ACCOUNT,
        "lane": LANE,
        "channel": Channel.SMS,
        "direction": Direction.API,
        "sender": SENDER,
        "recipient": RECIPIENT,
        "body": "Hi there",
        "media": (),
        "segments": 1,
        "status": Status.QUEUED,
        "ref": "",
        "reason": None,
        "code": "",
        "text": "",
        "callback_url": "",
        "redacted": False,
        "created_at": at,
        "updated_at": at,
        "sent_at": None,
        "expires_at": at + timedelta(hours=10),
        "door": "twilio",
    }
    return Message(**{**known, **parts})


def accepted(conn: Connection, count: int = 1, *, order_key: str = "", **parts: Any) -> list[str]:
    """The ids of messages that were written down with their jobs."""
    new = [message(**parts) for _ in range(count)]
    messages.accept(conn, [Accept(one, one.created_at, order_key) for one in new])
    return [one.id for one in new]


def lane(conn: Connection, id: str = LANE, *, node: str = NODE, next_at: int = 0) -> None:
    """A lane, driven by a node for an hour of the database's time."""
    until = 2**62 if node else 0
    row = {"id": id, "node": node, "leased_until": until, "next_at": next_at}
    conn.execute(schema.lanes.insert().values(row))


def offered(conn: Connection, ids: Sequence[str], at: int = NOW) -> list[Offer]:
    """Offers of messages that wait: their jobs are taken, their attempts open."""
    taken = jobs.take(conn, LANE, "send", 2**62, 10_000)
    jobs.put(conn, [job for job in taken if job.message not in ids])
    found = [job for job in taken if job.message in ids]
    return attempts.start(
        conn,
        found,
        [new_id(NOON) for _ in found],
        node=NODE,
        connection=CONNECTION,
        now=at,
    )


def closing(offer: Offer, outcome: Outcome, status: Status, **more: Any) -> Closing:
    """How an offer ended."""
    known = {"connection": CONNECTION, "now": NOW + 1_000_000}
    return Closing(offer.id, offer.message.id, outcome=outcome, status=status, **{**known, **more})


def sent(conn: Connection, ids: Sequence[str], ref: str = "ref-{}") -> None:
    """Messages that a carrier took; it calls them by their place."""
    offers = offered(conn, ids)
    attempts.close(
        conn,
        [
            closing(offer, Outcome.ACCEPTED, Status.SENT, ref=ref.format(index))
            for index, offer in enumerate(sorted(offers, key=lambda one: one.message.id))
        ],
    )


def until_blocked_or_done(database: Engine, task: Future[Any]) -> None:
    """Return when somebody waits for a lock, or need not wait any more."""
    asked = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with database.connect() as conn:
        for _ in range(500):
            if task.done() or conn.execute(asked).scalar_one():
                return
            conn.rollback()
            time.sleep(0.01)
    raise AssertionError("neither blocked nor done")


def status_of(conn: Connection, id: str) -> Status:
    return messages.get(conn, ACCOUNT, id).status


def all_jobs(conn: Connection) -> list[Job]:
    rows = conn.execute(select(schema.jobs).order_by(schema.jobs.c.message, schema.jobs.c.kind))
    return [Job(*row) for row in rows]


def count(conn: Connection, table: str) -> int:
    return len(conn.execute(select(schema.METADATA.tables[table])).fetchall())
