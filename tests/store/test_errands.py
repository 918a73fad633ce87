"""Errands: kept until they are told, each taken up by one at a time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine

from estafette.model import Errand, ErrandStep
from estafette.model.ids import new_id
from estafette.store import errands
from tests.store.conftest import ACCOUNT, NOON, NOW

SECOND = 1_000_000


def errand(seconds: float = 0) -> Errand:
    at = NOON + timedelta(seconds=seconds)
    return Errand(
        id=new_id(at), account=ACCOUNT, door="workflowgen", step=ErrandStep.RUN, sealed="s",
        created_at=at, due_at=at, tries=0,
    )  # fmt: skip


def put(conn: Connection, *seconds: float) -> list[Errand]:
    made = [errand(item) for item in seconds]
    for item in made:
        errands.put(conn, item)
    return made


def take(conn: Connection, room: int = 9, now: int = NOW) -> list[Errand]:
    return errands.take(
        conn, room, now=now, run_until=now + 45 * SECOND, tell_until=now + 25 * SECOND
    )


def test_what_is_put_is_there_as_it_was(conn: Connection) -> None:
    assert errands.next_due(conn) is None
    made = put(conn, 0)
    assert errands.next_due(conn) == NOW
    assert errands.page(conn, given_up=None, limit=9) == made


def test_what_is_due_is_taken_once_the_oldest_first(conn: Connection) -> None:
    later, first, second = put(conn, 60, -2, -1)
    assert [item.id for item in take(conn, room=1)] == [first.id]
    assert [item.id for item in take(conn)] == [second.id]
    assert take(conn) == []
    assert errands.next_due(conn) == NOW + 45 * SECOND
    assert [item.id for item in take(conn, now=NOW + 46 * SECOND)] == [first.id, second.id]
    assert [item.tries for item in errands.page(conn, given_up=None, limit=9)] == [0, 2, 2]
    assert later.id == errands.page(conn, given_up=False, limit=1)[0].id


def test_what_is_done_is_told_from_the_start(conn: Connection) -> None:
    (made,) = put(conn, 0)
    take(conn)
    errands.done(conn, made.id, "outcome", NOW + SECOND)
    errands.done(conn, made.id, "somebody else was slower", NOW + SECOND)
    (found,) = take(conn, now=NOW + SECOND)
    assert (found.step, found.sealed, found.tries) == (ErrandStep.TELL, "outcome", 0)
    assert errands.next_due(conn) == NOW + 26 * SECOND
    errands.told(conn, made.id)
    assert errands.page(conn, given_up=None, limit=9) == []


def test_what_failed_waits_and_is_given_up_in_sight(conn: Connection) -> None:
    one, other = put(conn, -1, 0)
    take(conn)
    errands.later(conn, one.id, NOW + 5 * SECOND, "503")
    errands.later(conn, other.id, None, "not allowed")
    (found,) = errands.page(conn, given_up=False, limit=9)
    assert (found.id, found.answer, found.tries) == (one.id, "503", 1)
    (lost,) = errands.page(conn, given_up=True, limit=9)
    assert (lost.id, lost.due_at, lost.answer) == (other.id, None, "not allowed")
    assert not errands.again(conn, one.id, NOW)
    assert errands.again(conn, other.id, NOW)
    assert [item.id for item in take(conn)] == [other.id]


def test_a_list_goes_on_where_it_ended(conn: Connection) -> None:
    made = put(conn, 0, 1, 2)
    newest, *_ = errands.page(conn, given_up=None, limit=1)
    assert newest == made[2]
    assert errands.page(conn, given_up=None, limit=9, after=newest.id) == [made[1], made[0]]


@pytest.mark.parametrize("kind", ["postgresql"])
def test_two_nodes_take_different_ones(request: pytest.FixtureRequest, kind: str) -> None:
    tables: Engine = request.getfixturevalue(f"{kind}_tables")
    with tables.begin() as conn:
        made = put(conn, -3, -2, -1)
    try:
        with tables.connect() as one, one.begin():
            first = take(one, room=2)
            with ThreadPoolExecutor(1) as threads, tables.begin() as other:
                second = threads.submit(take, other).result(10)
        assert {item.id for item in first}.isdisjoint({item.id for item in second})
        assert len(first) + len(second) == len(made)
    finally:
        with tables.begin() as conn:
            for item in made:
                errands.told(conn, item.id)
