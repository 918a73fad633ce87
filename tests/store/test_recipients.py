"""What is filed afterwards is found all the while: before, after, and when rows are numbered anew."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from estafette.model import Filter
from estafette.store import listing, messages, recipients
from estafette.store.messages import Accept
from tests.store.conftest import made
from tests.store.test_listing import ACCOUNT, RECIPIENTS, message

START = datetime(2026, 5, 4, 12, tzinfo=UTC)


def accept(conn: Connection, count: int, *, after: int = 0) -> list[str]:
    stored = [
        message(START + timedelta(hours=after + n), recipient=RECIPIENTS[n % 2])
        for n in range(count)
    ]
    messages.accept(conn, [Accept(one, one.created_at) for one in stored])
    return [one.id for one in stored if one.recipient == RECIPIENTS[0]][::-1]


def found(conn: Connection) -> list[str]:
    page = listing.page(conn, ACCOUNT, Filter(recipient=RECIPIENTS[0]), limit=1000)
    return [one.id for one in page.items]


def file_all(conn: Connection) -> None:
    while recipients.behind(conn):
        recipients.file(conn)


def test_a_recipient_is_found_before_and_after_filing(
    conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipients, "BATCH", 7)
    wanted = accept(conn, 40)
    assert found(conn) == wanted
    while recipients.behind(conn):
        recipients.file(conn)
        assert found(conn) == wanted
    wanted = accept(conn, 5, after=40) + wanted
    assert found(conn) == wanted
    assert recipients.behind(conn) == (5 if conn.dialect.name == "sqlite" else 0)


def test_a_message_that_takes_the_row_of_a_deleted_one_is_filed(conn: Connection) -> None:
    accept(conn, 11)
    file_all(conn)
    newest = found(conn)[0]
    messages.delete(conn, newest)
    older = found(conn)
    assert newest not in older
    wanted = accept(conn, 1, after=20) + older
    assert found(conn) == wanted
    file_all(conn)
    assert found(conn) == wanted


def test_everything_is_filed_anew_when_the_rows_were_numbered_anew(tmp_path: Path) -> None:
    tables = made(f"sqlite:///{tmp_path}/own.db")
    with tables.begin() as conn:
        wanted = accept(conn, 30)
        file_all(conn)
    with tables.begin() as conn:
        conn.exec_driver_sql("DELETE FROM messages WHERE rowid <= 10")
        conn.exec_driver_sql(
            "DELETE FROM recipients WHERE message NOT IN (SELECT id FROM messages)"
        )
    raw = tables.raw_connection()
    raw.execute("VACUUM")
    raw.close()
    with tables.begin() as conn:
        kept = set(conn.execute(text("SELECT id FROM messages")).scalars())
        wanted = [id for id in wanted if id in kept]
        wanted = accept(conn, 3, after=50) + wanted
        file_all(conn)
        assert found(conn) == wanted
    tables.dispose()
