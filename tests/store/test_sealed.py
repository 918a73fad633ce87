"""What is kept sealed is read in pages and replaced where nobody else was faster; and connections
are removed when nothing goes through them.
"""

import pytest
from sqlalchemy import Connection as Conn
from sqlalchemy import insert, text

from estafette.model import Conflict, Connection, Unknown
from estafette.model.number import Number, NumberKind
from estafette.store import jobs, numbers, sealed, senders, settings
from estafette.store.jobs import Job
from estafette.store.schema import nodes
from estafette.store.sealed import PLACES, Place, Swap
from tests.store.conftest import NOON, NOW
from tests.store.test_senders import sender

SETTINGS = next(place for place in PLACES if place.table == "settings")


def fill(conn: Conn) -> list[tuple[str, ...]]:
    keys = [(account, name) for account in ("", "AC1", "AC2") for name in ("b", "a", "c")]
    for account, name in keys:
        settings.put(conn, account, name, f"{account}-{name}", 0)
    settings.put(conn, "AC1", "empty", "", 0)
    return sorted(keys)


@pytest.mark.parametrize("limit", [1, 2, 4, 100])
def test_pages_give_every_row_that_holds_something_once(conn: Conn, limit: int) -> None:
    keys = fill(conn)
    found, after = list[tuple[str, ...]](), ()
    while rows := sealed.page(conn, SETTINGS, after, limit):
        assert len(rows) <= limit
        assert all(row.held == f"{row.account}-{row.name}" for row in rows)
        found += [(row.account, row.name) for row in rows]
        after = found[-1]
    assert found == keys


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.table)
def test_every_place_can_be_asked(conn: Conn, place: Place) -> None:
    assert sealed.page(conn, place, (), 10) == []
    assert sealed.page(conn, place, ("x",) * len(place.key), 10) == []
    assert sealed.swap(conn, [Swap(place, ("x",) * len(place.key), "before", "after")]) == 0


def test_only_what_is_as_it_was_read_is_replaced(conn: Conn) -> None:
    fill(conn)
    late = Swap(SETTINGS, ("AC1", "a"), "something before", "mine")
    mine = Swap(SETTINGS, ("AC1", "b"), "AC1-b", "mine")
    assert sealed.swap(conn, [late, mine]) == 1
    held = [settings.get(conn, "AC1", name) for name in "abc"]
    assert held == ["AC1-a", "mine", "AC1-c"]
    assert settings.get(conn, "AC2", "b") == "AC2-b"


def test_a_value_is_set_once_where_it_is_only_added(conn: Conn) -> None:
    assert settings.add(conn, "", "key", "first", 0) == "first"
    assert settings.add(conn, "", "key", "second", 0) == "first"


def test_machines_are_those_of_nodes_that_were_seen_lately(conn: Conn) -> None:
    for id, host, at in (("1", "b", 9), ("2", "a", 10), ("3", "a", 11), ("4", "c", 12)):
        row = {"id": id, "host": host, "pid": 1, "started_at": at, "seen_at": at}
        conn.execute(insert(nodes).values(row))
    assert sealed.hosts(conn, 10) == ["a", "c"]


def connect(conn: Conn) -> None:
    for name in ("sandbox", "other"):
        senders.add_connection(conn, Connection(name=name, provider="p"), "sealed")


def names(conn: Conn) -> list[str]:
    return [connection.name for connection, _ in senders.all_connections(conn)]


def test_a_connection_that_nothing_goes_through_is_removed(conn: Conn) -> None:
    connect(conn)
    senders.add(conn, sender(connection="other"))
    senders.remove_connection(conn, "sandbox")
    assert names(conn) == ["other"]
    with pytest.raises(Unknown):
        senders.remove_connection(conn, "sandbox")


def test_one_that_senders_use_stays_and_names_some_of_them(conn: Conn) -> None:
    connect(conn)
    for n in range(7):
        senders.add(conn, sender(f"s{n}", address=f"+1415555010{n}"))
    with pytest.raises(Conflict, match=r"is used by the senders \+1415555010\d(, [+\d]+){4}, …"):
        senders.remove_connection(conn, "sandbox")
    assert names(conn) == ["other", "sandbox"]


def test_one_that_has_still_to_carry_stays(conn: Conn) -> None:
    connect(conn)
    senders.add(conn, sender(released_at=NOON))
    jobs.put(conn, [Job("m1", "send", "s1", NOW)])
    with pytest.raises(Conflict, match="still to carry"):
        senders.remove_connection(conn, "sandbox")
    conn.execute(text("DELETE FROM jobs"))
    senders.remove_connection(conn, "sandbox")


def test_one_that_numbers_can_be_taken_of_stays(conn: Conn) -> None:
    connect(conn)
    one = Number(address="+14155550111", country="US", kind=NumberKind.LOCAL, connection="sandbox")
    numbers.put(conn, [one], NOW)
    with pytest.raises(Conflict, match=r"inventory: \+14155550111"):
        senders.remove_connection(conn, "sandbox")
    numbers.remove(conn, one.address)
    senders.remove_connection(conn, "sandbox")


def test_settings_are_not_saved_for_another_of_the_same_name(conn: Conn) -> None:
    connect(conn)
    with pytest.raises(Unknown):
        senders.save_connection(conn, Connection(name="other", provider="p", id="0" * 32), "new")
    assert [held for _, held in senders.all_connections(conn)] == ["sealed", "sealed"]
