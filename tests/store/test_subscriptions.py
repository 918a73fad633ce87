"""Subscriptions: everything that they want is owed to them, each in order and by itself."""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection, Engine, MetaData, Table

from estafette.model import (
    After,
    Callback,
    CallbackStatus,
    Cursor,
    Direction,
    Outcome,
    Reason,
    Receipt,
    Status,
    Subscription,
    Unknown,
)
from estafette.model.ids import new_id
from estafette.store import Store, attempts, callbacks, due, incoming, messages, outbox, receipts
from estafette.store import subscriptions as store
from estafette.store.callbacks import Fact
from estafette.store.due import Quota
from estafette.store.engine import engine
from estafette.store.incoming import Arrival
from estafette.store.jobs import Job
from estafette.store.messages import Accept
from estafette.store.outbox import Result
from tests.store.conftest import (
    ACCOUNT,
    LANE,
    NODE,
    NOON,
    NOW,
    accepted,
    closing,
    count,
    lane,
    message,
    offered,
)
from tests.store.test_migrate import stay_at, written

OTHER = "AC" + "2" * 32
HOST = "hooks.example"
URL = "https://customer.example/told"
SECOND = 1_000_000
GIVEN_UP, TOLD, WAITING = CallbackStatus.GIVEN_UP, CallbackStatus.TOLD, CallbackStatus.WAITING
SENT, DELIVERED, READ = Status.SENT, Status.DELIVERED, Status.READ


def subscribed(conn: Connection, name: str = "a", **parts: Any) -> Subscription:
    """A subscription that is told both events at an address of one host, in words of its own."""
    known = {
        "id": name * 32,
        "account": ACCOUNT,
        "door": "own",
        "event": "received,status",
        "url": f"https://{HOST}/{name}",
        "details": {},
        "created_at": NOON,
        "updated_at": NOON,
    }
    made = Subscription(**{**known, **parts})
    store.add(conn, made)
    return made


def receipt(conn: Connection, id: str, status: Status, at: int = NOW, **words: Any) -> None:
    told = Receipt(message=id, status=status, **words)
    receipts.record(conn, [receipts.Told(new_id(NOON), "sandbox", told, at)])


def owed(conn: Connection, id: str) -> list[tuple[str, Status]]:
    """What is owed of a message, by subscription."""
    return [(item.hook[:1], item.status) for item in callbacks.of_message(conn, id)]


def taken(
    conn: Connection, now: int = NOW, room: int = 20, hosts: Sequence[str] = (HOST,)
) -> list[Callback]:
    rooms = dict.fromkeys(hosts, room)
    return [item for item, _ in outbox.take(conn, rooms, now=now, until=now + 60 * SECOND)]


def names(found: Sequence[Callback]) -> list[tuple[str, Status]]:
    return sorted((item.hook[:1], item.status) for item in found)


def ended(
    conn: Connection,
    *items: Callback,
    told: CallbackStatus = TOLD,
    due_at: int | None = None,
    now: int = NOW,
) -> None:
    outbox.close(
        conn,
        [Result(i.message, i.status, told, due_at, "200", now, i.hook) for i in items],
    )


def test_one_is_kept_as_it_was_given(conn: Connection) -> None:
    made = subscribed(conn, details={"a": [1, {"b": None}]}, url="")
    assert store.get(conn, ACCOUNT, made.id) == made
    assert store.get(conn, ACCOUNT, made.id, door="own") == made
    store.save(conn, replace(made, url=URL), "sealed words")
    found = store.get(conn, ACCOUNT, made.id)
    assert (found.url, found.has_secret, found.details) == (URL, True, made.details)
    store.save(conn, replace(found, event="status"))
    assert store.sealed(conn, made.id) == "sealed words"
    for account, door in ((OTHER, ""), (ACCOUNT, "twilio")):
        with pytest.raises(Unknown):
            store.get(conn, account, made.id, door=door)
        with pytest.raises(Unknown):
            store.remove(conn, account, made.id, door=door)
    store.remove(conn, ACCOUNT, made.id)
    assert store.sealed(conn, made.id) is None
    assert count(conn, "subscriptions") == 0


def test_a_list_has_those_of_one_door_newest_first(conn: Connection) -> None:
    made = [subscribed(conn, name) for name in "abcde"][::-1]
    subscribed(conn, "f", door="twilio")
    subscribed(conn, "9", account=OTHER)
    assert store.all_of(conn, ACCOUNT, "own") == made
    first = store.page(conn, ACCOUNT, "own", limit=3)
    assert (first.items, first.has_next) == (made[:3], True)
    rest = store.page(conn, ACCOUNT, "own", limit=3, cursor=Cursor(made[2].id))
    assert (rest.items, rest.has_next) == (made[3:], False)


def test_an_end_is_owed_to_all_who_want_it_and_to_nobody_else(conn: Connection) -> None:
    subscribed(conn, "a", door="own")
    subscribed(conn, "b", door="twilio", event="status")
    subscribed(conn, "c", event="received")
    subscribed(conn, "d", account=OTHER)
    subscribed(conn, "e", event="other,statuses")
    named, plain = accepted(conn, callback_url=URL)[0], accepted(conn)[0]
    ends = [
        closing(offer, Outcome.ACCEPTED, SENT, ref=offer.message.id)._replace(
            owed=callbacks.of(offer.message, SENT, NOW)
        )
        for offer in offered(conn, [named, plain])
    ]
    assert attempts.close(conn, ends) == [True, True]
    assert owed(conn, named) == [("", SENT), ("a", SENT), ("b", SENT)]
    assert owed(conn, plain) == [("a", SENT), ("b", SENT)]
    found = {item.hook[:1]: item for item in callbacks.of_message(conn, named)}
    assert {name: (item.door, item.url) for name, item in found.items()} == {
        "": ("twilio", URL),
        "a": ("own", f"https://{HOST}/a"),
        "b": ("twilio", f"https://{HOST}/b"),
    }


def test_an_end_that_nobody_wants_is_owed_to_nobody(conn: Connection) -> None:
    subscribed(conn, "d", account=OTHER)
    (id,) = accepted(conn)
    (offer,) = offered(conn, [id])
    end = closing(offer, Outcome.ACCEPTED, SENT, ref="R1")
    assert attempts.close(conn, [end._replace(owed=callbacks.of(offer.message, SENT, NOW))]) == [
        False
    ]
    assert owed(conn, id) == []


def test_a_receipt_that_was_quicker_than_the_answer_is_told_alone(conn: Connection) -> None:
    subscribed(conn)
    (id,) = accepted(conn)
    (offer,) = offered(conn, [id])
    receipt(conn, id, DELIVERED)
    end = closing(offer, Outcome.ACCEPTED, SENT, ref="R1")
    attempts.close(conn, [end._replace(owed=callbacks.of(offer.message, SENT, NOW))])
    assert owed(conn, id) == [("a", DELIVERED)]


def test_receipts_are_owed_with_the_carriers_words(conn: Connection) -> None:
    subscribed(conn)
    (id,) = accepted(conn)
    receipt(conn, id, SENT)
    receipt(conn, id, SENT)
    receipt(conn, id, Status.UNDELIVERED, NOW + 5, reason=Reason.BLOCKED, code="7", text="no")
    sent, last = callbacks.of_message(conn, id)
    assert (sent.status, last.status, last.reason) == (SENT, "undelivered", "blocked")
    assert (last.code, last.text, last.method, last.fallback.url) == ("7", "no", "POST", "")


def test_what_fails_without_an_offer_is_owed(conn: Connection) -> None:
    subscribed(conn)
    refused = message(status=Status.FAILED, reason=Reason.OPTED_OUT)
    messages.accept(conn, [Accept(refused, NOON)])
    assert owed(conn, refused.id) == [("a", Status.FAILED)]
    late = message(expires_at=NOON)
    messages.accept(conn, [Accept(late, NOON)])
    lane(conn)
    due.take_up(
        conn, {LANE: Quota("sandbox", 5)}, node=NODE, now=NOW, new_id=lambda: "x" * 32, most=9
    )
    assert owed(conn, late.id) == [("a", Status.FAILED)]


def test_that_it_is_queued_is_for_the_address_of_the_message(conn: Connection) -> None:
    subscribed(conn)
    one = message(callback_url=URL)
    messages.accept(conn, [Accept(one, NOON, is_told=True)])
    messages.cancel(conn, ACCOUNT, one.id, NOON)
    known = [("", Status.QUEUED), ("", Status.CANCELED), ("a", Status.CANCELED)]
    assert owed(conn, one.id) == known


def test_what_is_called_back_or_given_up_is_told_whoever_sent_it(conn: Connection) -> None:
    subscribed(conn)
    one, other = message(), message()
    messages.accept(conn, [Accept(one, NOON), Accept(other, NOON)])
    messages.cancel(conn, ACCOUNT, one.id, NOON)
    messages.give_up(conn, ACCOUNT, other.id, NOON, code="1", words="no")
    assert owed(conn, one.id) == [("a", Status.CANCELED)]
    assert owed(conn, other.id) == [("a", Status.FAILED)]


def test_what_somebody_wrote_is_owed_when_its_media_are_fetched(conn: Connection) -> None:
    subscribed(conn, "a")
    subscribed(conn, "b", event="status")
    written = message(direction=Direction.INBOUND, status=Status.RECEIVED, media=(URL,))
    fact = Fact(written.id, Status.RECEIVED, ACCOUNT, "twilio", URL, NOW)
    incoming.keep(conn, [Arrival(written, "sandbox", fact)])
    assert owed(conn, written.id) == [("", Status.RECEIVED), ("a", Status.RECEIVED)]
    hosts = (HOST, "customer.example")
    assert taken(conn, NOW + 9 * SECOND, hosts=hosts) == []
    outbox.fetched(conn, Job(written.id, "media", LANE, NOW), NOW + 10 * SECOND)
    found = taken(conn, NOW + 10 * SECOND, hosts=hosts)
    assert names(found) == [("", Status.RECEIVED), ("a", Status.RECEIVED)]
    nobodys = message(direction=Direction.INBOUND, status=Status.RECEIVED)
    incoming.keep(conn, [Arrival(nobodys, "sandbox", fact._replace(message=nobodys.id, url=""))])
    assert owed(conn, nobodys.id) == [("a", Status.RECEIVED)]


def test_one_that_fails_holds_up_no_other(conn: Connection) -> None:
    subscribed(conn, "a")
    subscribed(conn, "b")
    (id,) = accepted(conn, callback_url=URL)
    for place, status in enumerate((SENT, DELIVERED, READ)):
        receipt(conn, id, status, NOW + place)
    hosts = (HOST, "customer.example")
    first = taken(conn, NOW + 5, hosts=hosts)
    assert names(first) == [("", SENT), ("a", SENT), ("b", SENT)]
    bad = next(item for item in first if item.hook.startswith("a"))
    ended(conn, bad, told=WAITING, due_at=NOW + 60 * SECOND)
    ended(conn, *[item for item in first if item != bad])
    second = taken(conn, NOW + 6, hosts=hosts)
    assert names(second) == [("", DELIVERED), ("b", DELIVERED)]
    ended(conn, *second, now=NOW + 7)
    third = taken(conn, NOW + 8, hosts=hosts)
    assert names(third) == [("", READ), ("b", READ)]
    ended(conn, *third, now=NOW + 9)
    assert taken(conn, NOW + 59 * SECOND, hosts=hosts) == []
    for status, told in ((SENT, GIVEN_UP), (DELIVERED, TOLD), (READ, TOLD)):
        (item,) = taken(conn, NOW + 60 * SECOND, hosts=hosts)
        assert (item.hook[:1], item.status) == ("a", status)
        ended(conn, item, told=told, now=NOW + 60 * SECOND)
    assert callbacks.owed(conn) == 0


def test_each_is_told_once_more_by_itself_or_all_are(conn: Connection) -> None:
    for name in "ab":
        subscribed(conn, name)
    (id,) = accepted(conn, callback_url=URL)
    receipt(conn, id, SENT)
    receipt(conn, id, DELIVERED, NOW + 1)
    hosts = (HOST, "customer.example")
    for _ in range(2):
        ended(conn, *taken(conn, NOW + 2, hosts=hosts), now=NOW + 2)
    assert callbacks.owed(conn) == 0
    assert callbacks.replay(conn, id, None, NOW + 9, "b" * 32) == [SENT, DELIVERED]
    found = taken(conn, NOW + 9, hosts=hosts)
    assert names(found) == [("b", SENT)]
    ended(conn, *found, now=NOW + 9)
    found = taken(conn, NOW + 9, hosts=hosts)
    assert names(found) == [("b", DELIVERED)]
    ended(conn, *found, now=NOW + 9)
    assert callbacks.replay(conn, id, SENT, NOW + 10, "") == [SENT]
    ended(conn, *taken(conn, NOW + 10, hosts=hosts), now=NOW + 10)
    assert callbacks.owed(conn) == 0
    assert callbacks.replay(conn, id, None, NOW + 11) == [SENT, DELIVERED]
    found = taken(conn, NOW + 11, hosts=hosts)
    assert names(found) == [("", SENT), ("a", SENT), ("b", SENT)]
    assert {item.tries for item in found} == {1}
    assert callbacks.replay(conn, id, None, NOW + 12, "c" * 32) == []


def test_what_is_taken_up_comes_with_its_subscription_as_it_is_by_now(conn: Connection) -> None:
    one, gone = subscribed(conn, "a"), subscribed(conn, "b")
    (id,) = accepted(conn, callback_url=URL)
    receipt(conn, id, SENT)
    moved = replace(one, url="https://new.example/x", details={"n": 1})
    store.save(conn, moved, "sealed")
    store.remove(conn, ACCOUNT, gone.id)
    found = {item.hook[:1]: item for item in taken(conn, hosts=(HOST, "customer.example"))}
    assert found[""].subscription is None
    assert found["a"].subscription == replace(moved, has_secret=True)
    assert found["a"].url == moved.url
    assert (found["b"].subscription, found["b"].url) == (None, gone.url)
    ended(conn, found["a"], told=WAITING, due_at=NOW + 5)
    assert [item.host for item in outbox.agenda(conn) if item.due_at == NOW + 5] == ["new.example"]
    assert names(taken(conn, NOW + 5, hosts=("new.example",))) == [("a", SENT)]


def test_a_list_of_callbacks_goes_on_behind_the_last_whoever_is_told(conn: Connection) -> None:
    for name in "abc":
        subscribed(conn, name)
    for id in accepted(conn, 3, callback_url=URL):
        receipt(conn, id, SENT)
    found: list[Callback] = []
    after = None
    while part := callbacks.page(conn, ACCOUNT, told=None, limit=2, after=after):
        found += part
        after = After.read(str(After.of(part[-1])))
    assert len({(item.message, item.status, item.hook) for item in found}) == len(found) == 12
    messages.delete(conn, found[0].message)
    assert count(conn, "callbacks") == 8


def test_a_batch_asks_once_who_wants_to_know(sqlite_tables: Engine) -> None:
    """However many messages end together; and who accepts a message asks nothing."""
    with sqlite_tables.connect() as conn, conn.begin() as transaction:
        offers = offered(conn, accepted(conn, 60))
        ends = [
            closing(offer, Outcome.ACCEPTED, SENT, ref=offer.message.id)._replace(
                owed=callbacks.of(offer.message, SENT, NOW)
            )
            for offer in offers
        ]
        asked = statements(conn, lambda: attempts.close(conn, ends))
        assert sum("subscriptions" in sql for sql in asked) == 1
        assert not any("callbacks" in sql for sql in asked)
        asked = statements(conn, lambda: accepted(conn, 5, callback_url=URL))
        assert asked
        assert not any("subscriptions" in sql for sql in asked)
        transaction.rollback()


def statements(conn: Connection, work: Callable[[], object]) -> list[str]:
    """What something asks of SQLite."""
    found: list[str] = []
    driver: Any = conn.connection.driver_connection
    driver.set_trace_callback(found.append)
    work()
    driver.set_trace_callback(None)
    return found


async def test_what_was_owed_before_there_were_subscriptions_still_is(url: str) -> None:
    made = engine(url, size=1)
    with made.begin() as conn:
        stay_at(conn, "0004")
        id = written(conn)
        table = Table("callbacks", MetaData(), autoload_with=conn)
        row = {
            "message": id, "status": "sent", "account": ACCOUNT, "door": "twilio", "url": URL,
            "host": "customer.example", "number": 0, "created_at": NOW, "told": "waiting",
            "due_at": NOW, "tries": 0, "answer": "503",
        }  # fmt: skip
        conn.execute(table.insert().values(row))
    made.dispose()
    opened = await Store.open(url)
    (found,) = await opened.read(lambda conn: callbacks.page(conn, ACCOUNT, told=WAITING, limit=9))
    taken_up = await opened.write(lambda conn: taken(conn, hosts=("customer.example",)))
    await opened.close()
    assert (found.message, found.hook, found.answer, found.url) == (id, "", "503", URL)
    assert [item.message for item in taken_up] == [id]


@pytest.mark.slow
def test_several_who_tell_lose_and_disorder_nothing(shared: Engine) -> None:
    """Processes owe, take, and close at the same time; each address hears all of it in order."""
    with shared.begin() as conn:
        for name in "abc":
            subscribed(conn, name)
        ids = accepted(conn, 40)
    heard: dict[tuple[str, str], list[Status]] = {}
    all_is_owed = threading.Event()

    def owe(status: Status, at: int) -> None:
        for id in ids:
            with shared.begin() as conn:
                receipt(conn, id, status, at)

    def tell() -> None:
        idle = 0
        while idle < 50 or not all_is_owed.is_set():
            with shared.begin() as conn:
                found = taken(conn, NOW + 10 * SECOND, room=7)
            for item in found:
                heard.setdefault((item.message, item.hook), []).append(item.status)
            if found:
                with shared.begin() as conn:
                    ended(conn, *found, now=NOW + 10 * SECOND)
            idle = 0 if found else idle + 1

    with ThreadPoolExecutor(4) as pool:
        tellers = [pool.submit(tell) for _ in range(3)]
        for place, status in enumerate((SENT, DELIVERED, READ)):
            owe(status, NOW + place)
        all_is_owed.set()
        for teller in tellers:
            teller.result()
    told: Mapping[tuple[str, str], list[Status]] = heard
    assert len(told) == 120
    assert {tuple(statuses) for statuses in told.values()} == {(SENT, DELIVERED, READ)}
