"""Work due: what is taken when, in which order, and what stays."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine

from estafette.store import jobs
from estafette.store.jobs import Backlog, Due, Job
from tests.patience import PATIENCE
from tests.store.conftest import LANE, NODE, NOON, NOW, all_jobs, lane


def job(message: str, due_at: int = NOW, kind: str = "send", **more: str) -> Job:
    return Job(message, kind, more.pop("lane", LANE), due_at, **more)  # type: ignore[arg-type]


def names(taken: list[Job]) -> list[str]:
    return [one.message for one in taken]


def take(conn: Connection, limit: int = 100, *, now: int = NOW, busy: str = "") -> list[str]:
    return names(jobs.take(conn, LANE, "send", now, limit, busy=busy))


def test_what_is_taken_has_left_the_table_and_comes_back_whole(conn: Connection) -> None:
    whole = Job("m1", "send", LANE, NOW, tries=3, order_key="+14155550001", data='["§"]')
    jobs.put(conn, [whole])
    assert jobs.take(conn, LANE, "send", NOW, 10) == [whole]
    assert all_jobs(conn) == []
    assert jobs.take(conn, LANE, "send", NOW, 10) == []


def test_the_earliest_is_taken_first_and_of_equals_the_older_message(conn: Connection) -> None:
    jobs.put(conn, [job("m4", NOW - 1), job("m2", NOW), job("m3", NOW - 1), job("m1", NOW)])
    assert take(conn, 3) == ["m3", "m4", "m1"]
    assert take(conn, 3) == ["m2"]


def test_nothing_is_taken_before_it_is_due(conn: Connection) -> None:
    jobs.put(conn, [job("m1", NOW + 1)])
    assert take(conn) == []
    assert take(conn, now=NOW + 1) == ["m1"]


def test_no_more_is_taken_than_was_asked_for(conn: Connection) -> None:
    jobs.put(conn, [job(f"m{n:03}") for n in range(700)])
    assert len(take(conn, 600)) == 600
    assert len(take(conn, 600)) == 100


@pytest.mark.parametrize("busy", [[], ["nobody"]])
def test_no_more_is_taken_whatever_plan_the_database_makes(
    conn: Connection, busy: list[str]
) -> None:
    """One that asks again what is due, for each row that it compares, would take them all."""
    if conn.dialect.name == "postgresql":
        for way in ("hashjoin", "mergejoin", "material", "hashagg", "sort"):
            conn.exec_driver_sql(f"SET LOCAL enable_{way} = off")
    jobs.put(conn, [job(f"m{n:03}") for n in range(50)])
    assert names(jobs.take(conn, LANE, "send", NOW, 20, busy=busy)) == [
        f"m{n:03}" for n in range(20)
    ]


def test_the_other_kinds_and_lanes_stay(conn: Connection) -> None:
    others = [job("m1", kind="settle"), job("m1", kind="receipts"), job("m2", lane="lane-2")]
    jobs.put(conn, [*others, job("m1")])
    assert take(conn) == ["m1"]
    assert sorted(all_jobs(conn)) == sorted(others)


def test_the_same_work_is_written_once_and_due_at_the_new_time(conn: Connection) -> None:
    jobs.put(conn, [job("m1"), job("m1", kind="settle")])
    again = Job("m1", "send", LANE, NOW + 5, tries=2, data="new")
    jobs.put(conn, [again])
    assert all_jobs(conn) == [again, job("m1", kind="settle")]
    jobs.put(conn, [])
    assert len(all_jobs(conn)) == 2


# In order


def ordered(conn: Connection, *items: tuple[str, str, int]) -> None:
    jobs.put(conn, [job(name, due_at, order_key=key) for name, key, due_at in items])


@pytest.fixture
def queue(conn: Connection) -> Connection:
    """Two people with two messages each, and two messages for which no order was asked."""
    ordered(
        conn,
        ("m1", "ann", NOW),
        ("m2", "bob", NOW),
        ("m3", "ann", NOW),
        ("m4", "", NOW),
        ("m5", "", NOW),
        ("m6", "bob", NOW),
    )
    return conn


def test_of_those_with_one_order_key_only_the_first_is_taken(queue: Connection) -> None:
    assert take(queue) == ["m1", "m2", "m4", "m5"]
    assert take(queue) == ["m3", "m6"]
    assert take(queue) == []


def test_none_is_taken_whose_key_is_busy(queue: Connection) -> None:
    assert take(queue, busy=["ann"]) == ["m2", "m4", "m5"]  # type: ignore[arg-type]
    assert take(queue, busy=["ann", "bob"]) == []  # type: ignore[arg-type]
    assert take(queue, busy=["bob"]) == ["m1"]  # type: ignore[arg-type]


def test_busy_keys_do_not_use_up_the_limit(queue: Connection) -> None:
    assert take(queue, 2, busy=["ann", "bob"]) == ["m4", "m5"]  # type: ignore[arg-type]
    assert len(all_jobs(queue)) == 4


def test_busy_keys_are_minded_when_nothing_in_order_waits(conn: Connection) -> None:
    jobs.put(conn, [job("m1"), job("m2")])
    assert take(conn, 1, busy=["ann"]) == ["m1"]  # type: ignore[arg-type]


def test_a_head_of_line_that_is_to_come_later_holds_those_behind_it(conn: Connection) -> None:
    ordered(conn, ("m1", "ann", NOW + 60), ("m2", "ann", NOW), ("m3", "bob", NOW))
    assert take(conn) == ["m3"]
    assert take(conn, now=NOW + 59) == []
    assert take(conn, now=NOW + 60) == ["m1"]
    assert take(conn, now=NOW + 60) == ["m2"]


def test_the_order_is_that_of_acceptance_not_of_the_time_due(conn: Connection) -> None:
    ordered(conn, ("m2", "ann", NOW - 50), ("m1", "ann", NOW - 10))
    assert take(conn) == ["m1"]
    assert take(conn) == ["m2"]


def test_the_order_of_one_kind_does_not_hold_another(conn: Connection) -> None:
    jobs.put(
        conn,
        [job("m1", NOW + 60, kind="settle", order_key="ann"), job("m2", order_key="ann")],
    )
    assert take(conn) == ["m2"]


def test_the_order_of_one_lane_does_not_hold_another(conn: Connection) -> None:
    jobs.put(
        conn,
        [job("m1", NOW + 60, lane="lane-2", order_key="ann"), job("m2", order_key="ann")],
    )
    assert take(conn) == ["m2"]


def test_a_limit_smaller_than_the_keys_takes_the_earliest(queue: Connection) -> None:
    assert take(queue, 1) == ["m1"]
    assert take(queue, 1) == ["m2"]
    assert take(queue, 1) == ["m3"]


# Several processes


def test_a_job_is_taken_once_however_many_take(database: Engine) -> None:
    all_names = [f"m{n:03}" for n in range(200)]
    with database.begin() as conn:
        jobs.put(conn, [job(name) for name in all_names])
    meet = threading.Barrier(3)

    def go(_: int) -> list[str]:
        meet.wait(PATIENCE)
        mine: list[str] = []
        while True:
            with database.begin() as conn:
                more = take(conn, 7)
            if not more:
                return mine
            mine += more

    with ThreadPoolExecutor(3) as pool:
        taken = [name for mine in pool.map(go, range(3)) for name in mine]
    with database.begin() as conn:
        taken += take(conn, 1000)
    assert sorted(taken) == all_names


# What is next


def test_the_agenda_is_the_first_of_each_kind_in_each_lane_that_is_mine(
    conn: Connection,
) -> None:
    lane(conn, "lane-1")
    lane(conn, "lane-2")
    lane(conn, "empty")
    lane(conn, "theirs", node="node-2")
    jobs.put(
        conn,
        [
            job("m1", NOW + 9),
            job("m2", NOW + 5),
            job("m2", NOW + 7, kind="settle"),
            job("m3", NOW + 1, kind="receipts", lane="lane-2"),
            job("m4", NOW, lane="theirs"),
        ],
    )
    assert sorted(jobs.agenda(conn, NODE)) == [
        Due("lane-1", "send", NOW + 5),
        Due("lane-1", "settle", NOW + 7),
        Due("lane-2", "receipts", NOW + 1),
    ]


def test_the_backlog_is_what_waits_to_be_offered_and_since_when(conn: Connection) -> None:
    assert jobs.backlog(conn, NOON) == Backlog(0, 0.0)
    jobs.put(conn, [job("m1", NOW + 1), job("m1", NOW - 9, kind="settle")])
    assert jobs.backlog(conn, NOON) == Backlog(1, 0.0)
    jobs.put(conn, [job("m2", NOW - 2_500_000), job("m3", NOW, lane="lane-2")])
    assert jobs.backlog(conn, NOON) == Backlog(3, 2.5)
    assert jobs.backlog(conn, NOON - timedelta(days=1)).age == 0
