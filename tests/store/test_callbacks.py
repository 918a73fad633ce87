"""What is owed to addresses: each status of a message once, one after the other, until it is over."""

from collections.abc import Sequence

import pytest
from sqlalchemy import Connection

from estafette.model import After, Callback, CallbackStatus, Outcome, Receipt, Status
from estafette.model.ids import instant
from estafette.store import attempts, callbacks, messages, outbox, receipts
from estafette.store.callbacks import Fact
from estafette.store.outbox import Result
from tests.store.conftest import ACCOUNT, NOON, NOW, accepted, closing, count, offered

URL = "https://customer.example/told?a=1"
HOST = "customer.example"
SECOND = 1_000_000
OURS = 60 * SECOND


def owed(conn: Connection, id: str, *statuses: Status, at: int = NOW, url: str = URL) -> None:
    for status in statuses:
        callbacks.owe(conn, [Fact(id, status, ACCOUNT, "twilio", url, at)])


def taken(conn: Connection, now: int = NOW, room: int = 10, host: str = HOST) -> list[Callback]:
    found = outbox.take(conn, {host: room}, now=now, until=now + OURS)
    assert all(callback.message == message.id for callback, message in found)
    return [callback for callback, _ in found]


def ended(
    conn: Connection,
    item: Callback,
    told: CallbackStatus = CallbackStatus.TOLD,
    *,
    due_at: int | None = None,
    now: int = NOW,
) -> None:
    outbox.close(conn, [Result(item.message, item.status, told, due_at, "200", now)])


def statuses(found: Sequence[Callback]) -> list[Status]:
    return [item.status for item in found]


@pytest.fixture
def id(conn: Connection) -> str:
    (found,) = accepted(conn, callback_url=URL)
    return found


def test_a_status_is_owed_once(conn: Connection, id: str) -> None:
    owed(conn, id, Status.SENT, Status.SENT, Status.DELIVERED, Status.SENT)
    assert statuses(callbacks.of_message(conn, id)) == [Status.SENT, Status.DELIVERED]


def test_what_is_taken_up_is_nobody_elses_until_its_time_is_over(conn: Connection, id: str) -> None:
    owed(conn, id, Status.SENT)
    assert not taken(conn, NOW - 1)
    (item,) = taken(conn)
    assert (item.tries, item.told, item.url) == (1, CallbackStatus.WAITING, URL)
    assert not taken(conn, NOW + OURS - 1)
    (again,) = taken(conn, NOW + OURS)
    assert again.tries == 2


def test_what_follows_waits_behind_the_first_whatever_becomes_of_it(
    conn: Connection, id: str
) -> None:
    owed(conn, id, Status.SENT, Status.DELIVERED, Status.READ)
    (sent,) = taken(conn)
    ended(conn, sent, CallbackStatus.WAITING, due_at=NOW + 5 * SECOND)
    assert not taken(conn, NOW + 4 * SECOND)
    (sent,) = taken(conn, NOW + 5 * SECOND)
    ended(conn, sent)
    (delivered,) = taken(conn, NOW + 6 * SECOND)
    ended(conn, delivered, CallbackStatus.GIVEN_UP)
    (read,) = taken(conn, NOW + 7 * SECOND)
    assert statuses([sent, delivered, read]) == [Status.SENT, Status.DELIVERED, Status.READ]
    ended(conn, read)
    assert not taken(conn, NOW + 10 * OURS)
    assert outbox.agenda(conn) == []
    assert [item.told for item in callbacks.of_message(conn, id)] == ["told", "given_up", "told"]


def test_what_comes_after_all_is_over_is_due_at_once(conn: Connection, id: str) -> None:
    owed(conn, id, Status.SENT)
    ended(conn, *taken(conn))
    owed(conn, id, Status.DELIVERED, at=NOW + SECOND)
    assert statuses(taken(conn, NOW + SECOND)) == [Status.DELIVERED]


def test_each_host_has_its_own_place_in_the_agenda(conn: Connection) -> None:
    ids = accepted(conn, 5, callback_url=URL)
    hosts = ["a.example", "b.example", "b.example:81", "c.example", "a.example"]
    for place, (id, host) in enumerate(zip(ids, hosts, strict=True)):
        owed(conn, id, Status.SENT, at=NOW - place, url=f"http://user:word@{host.upper()}/x")
    assert [tuple(item) for item in outbox.agenda(conn)] == [
        ("a.example", NOW - 4), ("b.example", NOW - 1), ("b.example:81", NOW - 2),
        ("c.example", NOW - 3),
    ]  # fmt: skip
    assert len(taken(conn, room=1, host="a.example")) == 1
    assert statuses(taken(conn, host="c.example")) == [Status.SENT]


def test_an_offer_that_ends_owes_what_came_of_it(conn: Connection) -> None:
    ids = accepted(conn, 2, callback_url=URL)
    fine, refused = offered(conn, ids)
    ends = [
        (fine, Outcome.ACCEPTED, Status.SENT, {"ref": "R1"}),
        (refused, Outcome.REFUSED, Status.FAILED, {"code": "30007", "text": "no"}),
    ]
    attempts.close(
        conn,
        [
            closing(offer, outcome, status, **words)._replace(
                owed=callbacks.of(offer.message, status, NOW)
            )
            for offer, outcome, status, words in ends
        ],
    )
    assert [statuses(callbacks.of_message(conn, id)) for id in ids] == [
        [Status.SENT], [Status.FAILED],
    ]  # fmt: skip


def test_a_receipt_that_was_quicker_than_the_answer_is_told_alone(
    conn: Connection, id: str
) -> None:
    (offer,) = offered(conn, [id])
    told = Receipt(message=id, status=Status.DELIVERED)
    receipts.record(conn, [receipts.Told("1" * 32, "sandbox", told, NOW)])
    end = closing(offer, Outcome.ACCEPTED, Status.SENT, ref="R1")
    attempts.close(conn, [end._replace(owed=callbacks.of(offer.message, Status.SENT, NOW))])
    assert statuses(callbacks.of_message(conn, id)) == [Status.DELIVERED]


def test_a_message_without_an_address_owes_nothing(conn: Connection) -> None:
    (id,) = accepted(conn)
    told = Receipt(message=id, status=Status.DELIVERED)
    receipts.record(conn, [receipts.Told("1" * 32, "sandbox", told, NOW)])
    assert callbacks.of_message(conn, id) == []


def test_calling_a_message_back_is_owed(conn: Connection, id: str) -> None:
    messages.cancel(conn, ACCOUNT, id, NOON)
    assert statuses(callbacks.of_message(conn, id)) == [Status.CANCELED]


def test_a_deleted_message_owes_nothing_any_more(conn: Connection, id: str) -> None:
    owed(conn, id, Status.SENT, Status.DELIVERED)
    messages.delete(conn, id)
    assert count(conn, "callbacks") == 0


def test_what_is_over_can_be_told_once_more_in_order(conn: Connection, id: str) -> None:
    owed(conn, id, Status.SENT, Status.DELIVERED)
    ended(conn, *taken(conn))
    assert callbacks.replay(conn, id, Status.DELIVERED, NOW) == []  # it is still to be told
    ended(conn, *taken(conn))
    assert callbacks.replay(conn, id, None, NOW + 9) == [Status.SENT, Status.DELIVERED]
    (sent,) = taken(conn, NOW + 9)
    assert (sent.status, sent.tries) == (Status.SENT, 1)
    ended(conn, sent, now=NOW + 10)
    assert statuses(taken(conn, NOW + 10)) == [Status.DELIVERED]


def test_a_list_goes_on_behind_the_last(conn: Connection) -> None:
    ids = accepted(conn, 7, callback_url=URL)
    for place, id in enumerate(ids):
        owed(conn, id, Status.SENT, Status.DELIVERED, at=NOW + place // 3)
    found: list[Callback] = []
    after = None
    while part := callbacks.page(conn, ACCOUNT, told=None, limit=3, after=after):
        found += part
        after = After.read(str(After.of(part[-1])))
    assert len({(item.message, item.status) for item in found}) == 14
    assert found == sorted(
        found, key=lambda item: (item.created_at, item.message, item.status), reverse=True
    )
    assert callbacks.page(conn, "AC" + "2" * 32, told=None, limit=3) == []
    assert callbacks.page(conn, ACCOUNT, told=CallbackStatus.TOLD, limit=3) == []
    assert callbacks.owed(conn) == 14
    assert After.read("nonsense") is None
    assert instant(found[-1].created_at) == NOW


def test_what_was_given_up_at_an_address_is_told_again_in_its_order(conn: Connection) -> None:
    first, second = accepted(conn, 2)
    for id in (first, second):
        owed(conn, id, Status.SENT, Status.DELIVERED)
    owed(conn, first, Status.READ, url="https://another.example/")
    for _ in range(2):
        for item in taken(conn):
            ended(conn, item, CallbackStatus.GIVEN_UP)
    assert callbacks.replay_given_up(conn, "another account", URL, NOW, 10) == 0
    assert callbacks.replay_given_up(conn, ACCOUNT, "https://customer.example/told", NOW, 10) == 0
    assert callbacks.replay_given_up(conn, ACCOUNT, URL, NOW, 10) == 4
    assert {item.said for item in taken(conn)} == {Status.SENT}
    found = callbacks.find(conn, ACCOUNT, first, Status.DELIVERED, "")
    assert found
    assert found.told is CallbackStatus.WAITING
    assert callbacks.find(conn, "another account", first, Status.DELIVERED, "") is None
