"""What happens to messages shows in a digest; what does not, does not."""

from typing import Any

import pytest
from sqlalchemy import Connection, text

from estafette.model import Status
from estafette.store import callbacks, messages, watch
from estafette.store.callbacks import Fact
from tests.store.conftest import ACCOUNT, NOON, NOW, accepted

OTHER = "AC" + "2" * 32


def both(conn: Connection, id: str) -> tuple[str, str]:
    return watch.of_account(conn, ACCOUNT), watch.of_message(conn, ACCOUNT, id)


def test_it_stays_while_nothing_happens(conn: Connection) -> None:
    (id,) = accepted(conn)
    assert both(conn, id) == both(conn, id)
    accepted(conn, account=OTHER)
    assert both(conn, id) == both(conn, id)


def test_a_new_message_shows(conn: Connection) -> None:
    (id,) = accepted(conn)
    whole, one = both(conn, id)
    accepted(conn)
    assert watch.of_account(conn, ACCOUNT) != whole
    assert watch.of_message(conn, ACCOUNT, id) == one


HAPPENS: list[Any] = [
    lambda conn, id: messages.cancel(conn, ACCOUNT, id, NOON),
    lambda conn, id: messages.redact(conn, ACCOUNT, id, NOON),
    messages.delete,
    lambda conn, id: callbacks.owe(
        conn, [Fact(id, Status.SENT, ACCOUNT, "twilio", "http://127.0.0.1/", NOW)]
    ),
    lambda conn, id: conn.execute(
        text("UPDATE messages SET status = 'delivered' WHERE id = :id"), {"id": id}
    ),
]


@pytest.mark.parametrize("happen", HAPPENS)
def test_what_happens_to_a_message_shows(conn: Connection, happen: Any) -> None:
    (id,) = accepted(conn)
    (other,) = accepted(conn)
    (whole, one), another = both(conn, id), watch.of_message(conn, ACCOUNT, other)
    happen(conn, id)
    assert watch.of_account(conn, ACCOUNT) != whole
    assert watch.of_message(conn, ACCOUNT, id) != one
    assert watch.of_message(conn, ACCOUNT, other) == another


def test_another_accounts_message_shows_nothing(conn: Connection) -> None:
    (id,) = accepted(conn)
    before = watch.of_message(conn, OTHER, id)
    conn.execute(text("UPDATE messages SET status = 'delivered' WHERE id = :id"), {"id": id})
    assert watch.of_message(conn, OTHER, id) == before
