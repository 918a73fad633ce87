"""Leases: who drives a lane, until when, and who is next. The time is the database's own."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import Connection, Engine, text

from estafette.store import lanes, schema
from estafette.store.lanes import Held, Node
from tests.patience import PATIENCE

TTL = 0.05  # seconds: what must have ended is waited for
LONG = 600.0


def node(name: str) -> Node:
    return Node(name, "a host", 4711)


def free(conn: Connection, count: int) -> list[str]:
    ids = [f"lane-{n}" for n in range(count)]
    for id in ids:
        conn.execute(schema.lanes.insert().values(id=id, node="", leased_until=0, next_at=0))
    return ids


def claim(conn: Connection, name: str, held: tuple[str, ...] = (), ttl: float = LONG) -> Held:
    return lanes.claim(conn, node(name), held, ttl)


def until_it_is_over(conn: Connection) -> None:
    """Wait until every lease of TTL seconds that began before now has ended."""
    end = lanes.now(conn) + int(TTL * 1e6) + 2000
    while lanes.now(conn) <= end:
        time.sleep(0.005)


def test_the_time_of_the_database_is_the_time(conn: Connection) -> None:
    before = time.time()
    asked = lanes.now(conn) / 1e6
    assert before - 1 <= asked <= time.time() + 1
    assert lanes.now(conn) >= int(asked * 1e6)


def test_a_node_alone_drives_every_lane(conn: Connection) -> None:
    ids = tuple(free(conn, 3))
    assert claim(conn, "one") == Held(ids, ids, 3)
    assert lanes.drivers(conn) == dict.fromkeys(ids, "one")


def test_what_was_held_before_is_not_called_taken(conn: Connection) -> None:
    ids = tuple(free(conn, 2))
    claim(conn, "one")
    assert claim(conn, "one", ids).taken == ()
    assert claim(conn, "one", ids[:1]).taken == ids[1:]


def test_a_new_lane_is_taken_at_the_next_claim(conn: Connection) -> None:
    free(conn, 1)
    claim(conn, "one")
    conn.execute(schema.lanes.insert().values(id="new", node="", leased_until=0, next_at=0))
    assert claim(conn, "one", ("lane-0",)).taken == ("new",)


def test_a_lease_keeps_others_away_until_it_ends(conn: Connection) -> None:
    ids = tuple(free(conn, 2))
    claim(conn, "one", ttl=LONG)  # however slow the machine is just now
    assert claim(conn, "two").lanes == ()
    assert set(lanes.holds(conn, "one", ids)) == set(ids)
    claim(conn, "one", ids, ttl=TTL)
    until_it_is_over(conn)
    assert lanes.holds(conn, "one", ids) == {}
    assert claim(conn, "two", ttl=TTL).taken == ids


def test_a_renewed_lease_goes_on(conn: Connection) -> None:
    ids = tuple(free(conn, 1))
    claim(conn, "one", ttl=TTL)
    claim(conn, "one", ids, ttl=LONG)
    until_it_is_over(conn)
    assert claim(conn, "two").lanes == ()
    assert claim(conn, "one", ids).lanes == ids


def test_a_lease_that_ended_goes_on_if_nobody_took_the_lane(conn: Connection) -> None:
    ids = tuple(free(conn, 1))
    claim(conn, "one", ttl=TTL)
    until_it_is_over(conn)
    assert claim(conn, "one", ids) == Held(ids, (), 1)


def test_who_was_away_for_too_long_learns_that_its_lane_is_lost(conn: Connection) -> None:
    ids = tuple(free(conn, 1))
    claim(conn, "one", ttl=TTL)
    until_it_is_over(conn)
    claim(conn, "two")
    assert claim(conn, "one", ids) == Held((), (), 1)
    assert lanes.holds(conn, "one", ids) == {}


def test_two_nodes_share_the_lanes_and_the_odd_one_goes_to_either(conn: Connection) -> None:
    ids = tuple(free(conn, 5))
    claim(conn, "one")
    claim(conn, "two")
    held = claim(conn, "one", ids)
    assert (len(held.lanes), held.fair) == (5, 3)
    lanes.release(conn, "one", ids[3:])
    assert claim(conn, "two") == Held(ids[3:], ids[3:], 3)
    assert set(claim(conn, "two", ids[3:]).lanes) == set(ids[3:])
    assert set(claim(conn, "one", ids[:3]).lanes) == set(ids[:3])


def test_a_node_takes_no_more_than_its_share(conn: Connection) -> None:
    free(conn, 6)
    for name in ("one", "two", "three"):
        lanes.claim(conn, node(name), (), LONG)
        lanes.release(conn, name, [f"lane-{n}" for n in range(6)])
    held = [claim(conn, name) for name in ("one", "two", "three")]
    assert [len(one.lanes) for one in held] == [2, 2, 2]


def test_a_node_that_died_no_longer_counts_for_the_share(conn: Connection) -> None:
    free(conn, 4)
    claim(conn, "one", ttl=TTL)
    until_it_is_over(conn)
    held = claim(conn, "two", ttl=TTL)
    assert (len(held.lanes), held.fair) == (4, 4)


def test_a_lane_that_was_given_back_is_free_at_once(conn: Connection) -> None:
    ids = tuple(free(conn, 3))
    claim(conn, "one")
    lanes.release(conn, "one", ids[:1])
    assert lanes.drivers(conn) == {"lane-0": "", "lane-1": "one", "lane-2": "one"}
    assert claim(conn, "two").lanes == ids[:1]


def test_nobody_gives_back_the_lane_of_another(conn: Connection) -> None:
    ids = free(conn, 1)
    claim(conn, "one")
    lanes.release(conn, "two", ids)
    lanes.release(conn, "two")
    assert lanes.drivers(conn) == {"lane-0": "one"}


def test_a_node_that_leaves_gives_everything_back_and_counts_no_more(conn: Connection) -> None:
    ids = tuple(free(conn, 3))
    claim(conn, "one")
    lanes.release(conn, "one")
    assert claim(conn, "two") == Held(ids, ids, 3)
    assert conn.execute(text("SELECT id FROM nodes")).scalars().all() == ["two"]


def test_nodes_that_were_not_seen_for_a_day_are_forgotten(conn: Connection) -> None:
    claim(conn, "old")
    claim(conn, "yesterday")
    day = 86_400_000_000
    conn.execute(text("UPDATE nodes SET seen_at = seen_at - :day WHERE id = 'old'"), {"day": day})
    claim(conn, "yesterday")
    claim(conn, "new")
    seen = conn.execute(text("SELECT id, host, pid FROM nodes ORDER BY id")).fetchall()
    assert [tuple(row) for row in seen] == [("new", "a host", 4711), ("yesterday", "a host", 4711)]


def test_only_the_lanes_that_were_asked_for_are_said_to_be_held(conn: Connection) -> None:
    free(conn, 3)
    claim(conn, "one")
    assert lanes.holds(conn, "one", ["lane-1", "elsewhere"]) == {"lane-1": 0}
    assert lanes.holds(conn, "two", ["lane-1"]) == {}


def test_the_pace_of_a_lane_outlives_its_driver(conn: Connection) -> None:
    ids = free(conn, 2)
    claim(conn, "one")
    lanes.pace(conn, "lane-0", 1_750_000_000_000_001)
    lanes.release(conn, "one")
    claim(conn, "two")
    assert lanes.holds(conn, "two", ids) == {"lane-0": 1_750_000_000_000_001, "lane-1": 0}


def test_nodes_that_claim_at_the_same_time_never_get_the_same_lane(database: Engine) -> None:
    with database.begin() as conn:
        ids = free(conn, 40)
    meet = threading.Barrier(4)

    def go(name: str) -> tuple[str, ...]:
        held: tuple[str, ...] = ()
        for _ in range(4):
            meet.wait(PATIENCE)
            with database.begin() as conn:
                held = lanes.claim(conn, node(name), held, LONG).lanes
        return held

    with ThreadPoolExecutor(4) as pool:
        held = list(pool.map(go, ["one", "two", "three", "four"]))
    assert sorted(lane for mine in held for lane in mine) == sorted(ids)
    with database.begin() as conn:
        drivers = lanes.drivers(conn)
    named = zip(["one", "two", "three", "four"], held, strict=True)
    assert drivers == {lane: name for name, mine in named for lane in mine}


def test_a_lane_that_another_is_about_to_take_is_passed_over(shared: Engine) -> None:
    with shared.begin() as conn:
        free(conn, 2)
    with shared.begin() as first:
        assert len(claim(first, "one").lanes) == 2
        with shared.begin() as second:
            second.execute(text("SET LOCAL lock_timeout = '1s'"))
            assert claim(second, "two").lanes == ()


def test_who_drives_a_lane_keeps_it_while_it_takes_up_work(shared: Engine) -> None:
    """The lease may end meanwhile: the lane goes to another only after the work is written."""
    with shared.begin() as conn:
        ids = free(conn, 1)
        claim(conn, "one", ttl=0.5)
    with shared.begin() as working:
        assert set(lanes.holds(working, "one", ids)) == set(ids)
        with shared.begin() as other:
            end = lanes.now(other) + 550_000
            while lanes.now(other) <= end:
                time.sleep(0.02)
            assert claim(other, "two").lanes == ()
    with shared.begin() as other:
        assert claim(other, "two").lanes == tuple(ids)
