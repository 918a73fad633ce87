"""Many rows in one statement come to the same as a statement for each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from estafette.store import bulk
from estafette.store.schema import idempotency, jobs, lanes

#: None, one, some that fill no statement of one size, and more than fit into the largest.
COUNTS = (0, 1, 3, 21, 700)


def rows(count: int, due_at: int = 5) -> list[tuple[object, ...]]:
    return [(f"m{n:04}", "send", f"l{n % 3}", due_at + n, n % 7, "", "") for n in range(count)]


def stored(conn: Connection) -> list[tuple[object, ...]]:
    found = conn.execute(select(jobs).order_by(jobs.c.message, jobs.c.kind))
    return [tuple(row) for row in found]


@given(st.integers(0, 3000))
def test_rows_are_divided_without_losing_or_repeating_one(count: int) -> None:
    parts = list(bulk._parts([(n,) for n in range(count)]))
    assert [row[0] for part in parts for row in part] == list(range(count))
    assert {len(part) for part in parts} <= set(bulk._SIZES)


@pytest.mark.parametrize("count", COUNTS)
def test_every_row_is_inserted_once(conn: Connection, count: int) -> None:
    bulk.insert(conn, jobs, rows(count))
    assert stored(conn) == rows(count)


def test_rows_that_exist_may_be_passed_over(conn: Connection) -> None:
    bulk.insert(conn, jobs, rows(3))
    bulk.insert(conn, jobs, rows(30, due_at=900), conflict="DO NOTHING")
    assert stored(conn) == [*rows(3), *rows(30, due_at=900)[3:]]


def test_of_rows_with_one_key_in_one_statement_the_first_is_kept(conn: Connection) -> None:
    twice = [("AC", "key", "print", f"m{n}", 1) for n in range(2)]
    bulk.insert(conn, idempotency, twice, conflict="DO NOTHING")
    assert [row.message for row in conn.execute(select(idempotency))] == ["m0"]


@pytest.mark.parametrize("count", COUNTS)
def test_each_row_is_updated_with_its_own_values(conn: Connection, count: int) -> None:
    bulk.insert(conn, jobs, rows(700))
    news = [(f"m{n:04}", 1000 + n, f"new {n}") for n in range(count)]
    found = bulk.update(
        conn, jobs, ("k", "due_at", "said"), news, sets="due_at = v.due_at, data = v.said"
    )
    assert found == []
    kept = rows(700)[count:]
    assert [(row[0], row[3], row[6]) for row in stored(conn)] == [
        *news,
        *((row[0], row[3], "") for row in kept),
    ]


def test_an_update_may_be_narrowed_and_tells_what_it_changed(conn: Connection) -> None:
    bulk.insert(conn, jobs, rows(100))
    found = bulk.update(
        conn,
        jobs,
        ("k", "tries"),
        [(f"m{n:04}", n) for n in range(0, 200, 2)],
        sets="tries = v.tries + 1",
        where="jobs.lane = 'l0'",
        returning=("message", "jobs.tries"),
    )
    assert sorted(map(tuple, found)) == [(f"m{n:04}", n + 1) for n in range(0, 100, 6)]
    assert all(row[4] == n % 7 for n, row in enumerate(stored(conn)) if n % 6)


def test_an_update_knows_empty_values_numbers_and_words(conn: Connection) -> None:
    bulk.insert(conn, lanes, [("l1", "n1", 1, 1), ("l2", "n2", 2, 2)])
    bulk.update(
        conn,
        lanes,
        ("k", "node", "leased_until", "next_at"),
        [("l1", "", 2**61, 0), ("l2", "n3", -1, None)],
        sets="node = v.node, leased_until = v.leased_until,"
        " next_at = COALESCE(v.next_at, lanes.next_at)",
    )
    found = [tuple(row) for row in conn.execute(select(lanes).order_by(lanes.c.id))]
    assert found == [("l1", "", 2**61, 0), ("l2", "n3", -1, 2)]


@pytest.mark.parametrize("lock", [False, True])
@pytest.mark.parametrize("count", COUNTS)
def test_rows_are_found_by_their_keys(conn: Connection, count: int, lock: bool) -> None:
    bulk.insert(conn, jobs, rows(700))
    asked = [f"m{n:04}" for n in range(count)] + ["nobody"]
    found = bulk.select(
        conn, jobs, "message", asked, ("message", "tries"), where="tries <> 3", lock=lock
    )
    wanted = [(row[0], row[4]) for row in rows(count) if row[4] != 3]
    assert sorted(map(tuple, found)) == wanted


@pytest.mark.parametrize("count", COUNTS)
def test_rows_are_deleted_by_their_keys(conn: Connection, count: int) -> None:
    bulk.insert(conn, jobs, rows(700))
    bulk.delete(conn, jobs, "message", [f"m{n:04}" for n in range(count)])
    assert stored(conn) == rows(700)[count:]


@pytest.mark.parametrize("count", COUNTS)
def test_rows_are_deleted_by_both_parts_of_their_key(conn: Connection, count: int) -> None:
    others = [(row[0], "settle", *row[2:]) for row in rows(700)]
    bulk.insert(conn, jobs, [*rows(700), *others])
    bulk.delete_pairs(conn, jobs, [(f"m{n:04}", "send") for n in range(count)])
    assert stored(conn) == sorted([*rows(700)[count:], *others])
