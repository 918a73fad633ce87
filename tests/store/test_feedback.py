"""Feedback: the last word for each message, as long as that is there."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine

from estafette.model import Feedback, Unknown
from estafette.model.ids import new_id
from estafette.store import feedback, messages
from tests.store.conftest import ACCOUNT, NOON, accepted, count, until_blocked_or_done

LATER = NOON + timedelta(minutes=1)


@pytest.mark.parametrize("confirmed", [True, False])
def test_feedback_is_kept(conn: Connection, confirmed: bool) -> None:
    (id,) = accepted(conn)
    assert feedback.of_message(conn, id) is None
    told = feedback.put(conn, ACCOUNT, id, confirmed, NOON)
    assert told == Feedback(id, confirmed, NOON, NOON)
    assert feedback.of_message(conn, id) == told


def test_the_last_word_counts_and_the_first_has_its_time(conn: Connection) -> None:
    (id,) = accepted(conn)
    feedback.put(conn, ACCOUNT, id, True, NOON)
    told = feedback.put(conn, ACCOUNT, id, False, LATER)
    assert told == feedback.of_message(conn, id) == Feedback(id, False, NOON, LATER)
    assert count(conn, "feedback") == 1


def test_nobody_tells_of_the_message_of_another_account(conn: Connection) -> None:
    (id,) = accepted(conn)
    for account, asked in (("AC" + "2" * 32, id), (ACCOUNT, new_id(NOON)), (ACCOUNT, "")):
        with pytest.raises(Unknown):
            feedback.put(conn, account, asked, True, NOON)
    assert count(conn, "feedback") == 0


def test_feedback_on_a_message_that_is_being_deleted_is_not_left_behind(shared: Engine) -> None:
    with shared.begin() as conn:
        (id,) = accepted(conn)

    def tell() -> Feedback:
        with shared.begin() as conn:
            return feedback.put(conn, ACCOUNT, id, True, NOON)

    with ThreadPoolExecutor(1) as pool:
        with shared.begin() as conn:
            messages.get(conn, ACCOUNT, id, lock=True)
            telling = pool.submit(tell)
            until_blocked_or_done(shared, telling)
            messages.delete(conn, id)
        with pytest.raises(Unknown):
            telling.result(20)
    with shared.begin() as conn:
        assert count(conn, "feedback") == 0
