"""Receipts: whatever a carrier told is kept, matched early or late, and moves a message once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text

from estafette.model import Outcome, Reason, Receipt, Status
from estafette.model.ids import new_id
from estafette.store import attempts, jobs, messages, receipts
from estafette.store.receipts import Moved, Told
from estafette.store.times import moment
from tests.patience import PATIENCE
from tests.store.conftest import (
    ACCOUNT,
    CONNECTION,
    LANE,
    NODE,
    NOON,
    NOW,
    accepted,
    closing,
    count,
    offered,
    sent,
    status_of,
    until_blocked_or_done,
)


def told(status: Status, *, connection: str = CONNECTION, now: int = NOW, **receipt: Any) -> Told:
    return Told(new_id(NOON), connection, Receipt(status=status, **receipt), now)


def record(conn: Connection, *items: Told) -> list[Moved | None]:
    return receipts.record(conn, list(items))


def unmatched(conn: Connection) -> int:
    asked = text("SELECT count(*) FROM receipts WHERE message = ''")
    return int(conn.execute(asked).scalar_one())


def test_a_receipt_by_our_id_moves_its_message(conn: Connection) -> None:
    (id,) = accepted(conn)
    sent(conn, [id])
    item = told(Status.DELIVERED, message=id, ref="any", at=NOON - timedelta(hours=1), now=NOW + 7)
    assert record(conn, item) == [Moved(id, Status.DELIVERED)]
    found = messages.get(conn, ACCOUNT, id)
    assert (found.status, found.updated_at) == (Status.DELIVERED, moment(NOW + 7))
    assert receipts.of_message(conn, id) == [
        (
            Receipt(status=Status.DELIVERED, at=NOON - timedelta(hours=1)),
            moment(NOW + 7),
        )
    ]


def test_a_receipt_by_the_id_of_the_carrier_moves_its_message(conn: Connection) -> None:
    ids = accepted(conn, 2)
    sent(conn, ids)
    item = told(Status.UNDELIVERED, ref="ref-1", reason=Reason.LANDLINE, code="30006", text="Land")
    assert record(conn, item) == [Moved(ids[1], Status.UNDELIVERED)]
    found = messages.get(conn, ACCOUNT, ids[1])
    assert (found.reason, found.code, found.text) == (Reason.LANDLINE, "30006", "Land")
    assert status_of(conn, ids[0]) is Status.SENT
    ((receipt, _),) = receipts.of_message(conn, ids[1])
    assert (receipt.reason, receipt.code, receipt.text) == (Reason.LANDLINE, "30006", "Land")


def test_every_receipt_is_kept_although_it_says_nothing_new(conn: Connection) -> None:
    (id,) = accepted(conn)
    sent(conn, [id])
    said = [Status.DELIVERED, Status.DELIVERED, Status.SENT, Status.UNDELIVERED, Status.READ]
    moved = [record(conn, told(status, message=id))[0] for status in said]
    assert moved == [
        Moved(id, Status.DELIVERED),
        None,
        None,
        None,
        Moved(id, Status.READ),
    ]
    assert [receipt.status for receipt, _ in receipts.of_message(conn, id)] == said


def test_receipts_of_one_message_that_come_together_are_told_in_their_order(
    conn: Connection,
) -> None:
    ids = accepted(conn, 2)
    sent(conn, ids)
    moved = record(
        conn,
        told(Status.SENT, message=ids[0]),
        told(Status.UNDELIVERED, message=ids[0], code="1"),
        told(Status.DELIVERED, message=ids[0]),
        told(Status.DELIVERED, ref="ref-1"),
    )
    assert moved[:3] == [Moved(ids[0], Status.UNDELIVERED)] * 3
    assert moved[3] == Moved(ids[1], Status.DELIVERED)
    assert messages.get(conn, ACCOUNT, ids[0]).code == "1"


def test_a_large_group_of_receipts_moves_each_message(conn: Connection) -> None:
    ids = accepted(conn, 300)
    sent(conn, ids)
    moved = record(conn, *(told(Status.DELIVERED, message=id) for id in ids))
    assert moved == [Moved(id, Status.DELIVERED) for id in ids]
    assert {status_of(conn, id) for id in ids} == {Status.DELIVERED}


def test_a_receipt_of_a_message_that_is_none_is_kept_and_moves_nothing(conn: Connection) -> None:
    assert record(conn, told(Status.DELIVERED, message=new_id(NOON))) == [None]
    assert record(conn, told(Status.DELIVERED)) == [None]
    assert count(conn, "receipts") == 2


def test_a_receipt_moves_a_message_whose_answer_never_came(conn: Connection) -> None:
    (id,) = accepted(conn)
    (offer,) = offered(conn, [id])
    attempts.close(conn, [closing(offer, Outcome.UNCLEAR, Status.SENDING)])
    assert record(conn, told(Status.SENT, message=id, now=NOW + 9)) == [Moved(id, Status.SENT)]
    assert messages.get(conn, ACCOUNT, id).sent_at == moment(NOW + 9)


def test_a_receipt_tells_the_id_that_a_lost_answer_did_not(conn: Connection) -> None:
    (id,) = accepted(conn)
    offered(conn, [id])
    assert record(conn, told(Status.SENT, message=id, ref="theirs")) == [Moved(id, Status.SENT)]
    assert messages.by_ref(conn, ACCOUNT, "theirs").id == id
    assert messages.get(conn, ACCOUNT, id).ref == "theirs"
    assert record(conn, told(Status.DELIVERED, ref="theirs")) == [Moved(id, Status.DELIVERED)]
    assert record(conn, told(Status.READ, message=id, ref="another")) == [Moved(id, Status.READ)]
    assert messages.get(conn, ACCOUNT, id).ref == "theirs"


def test_a_receipt_of_what_was_never_offered_there_gives_no_id(conn: Connection) -> None:
    (id,) = accepted(conn)
    record(conn, told(Status.SENT, message=id, ref="theirs", connection="elsewhere"))
    assert messages.get(conn, ACCOUNT, id).ref == ""


def test_words_that_no_database_keeps_are_kept_as_far_as_they_can_be(conn: Connection) -> None:
    (id,) = accepted(conn)
    (offer,) = offered(conn, [id])
    attempts.close(conn, [closing(offer, Outcome.ACCEPTED, Status.SENT, ref="R1")])
    item = told(Status.UNDELIVERED, ref="R\0001", code="\0", text="half a pair \ud83d \0Grüße")
    assert record(conn, item, told(Status.SENT, ref="\0")) == [Moved(id, Status.UNDELIVERED), None]
    assert messages.get(conn, ACCOUNT, id).text == "half a pair ? Grüße"


# Refs that nobody knows yet


def test_a_receipt_that_comes_before_the_answer_waits_for_it(conn: Connection) -> None:
    (id,) = accepted(conn)
    (offer,) = offered(conn, [id])
    early = told(Status.DELIVERED, ref="R1", code="000", text="ok", at=NOON)
    assert record(conn, early) == [None]
    assert unmatched(conn) == 1
    attempts.close(conn, [closing(offer, Outcome.ACCEPTED, Status.SENT, ref="R1")])
    assert unmatched(conn) == 0
    assert status_of(conn, id) is Status.DELIVERED
    assert receipts.of_message(conn, id) == [
        (Receipt(status=Status.DELIVERED, code="000", text="ok", at=NOON), NOON)
    ]


def test_early_receipts_are_told_in_the_order_in_which_they_came(conn: Connection) -> None:
    (id,) = accepted(conn)
    (offer,) = offered(conn, [id])
    record(conn, told(Status.UNDELIVERED, ref="R1", code="first"))
    record(conn, told(Status.DELIVERED, ref="R1"))
    attempts.close(conn, [closing(offer, Outcome.ACCEPTED, Status.SENT, ref="R1")])
    found = messages.get(conn, ACCOUNT, id)
    assert (found.status, found.code) == (Status.UNDELIVERED, "first")


def test_early_receipts_find_their_messages_in_a_large_group(conn: Connection) -> None:
    ids = accepted(conn, 100)
    offers = sorted(offered(conn, ids), key=lambda offer: offer.message.id)
    record(conn, *(told(Status.DELIVERED, ref=f"R{n}") for n in range(0, 100, 2)))
    ends = [
        closing(offer, Outcome.ACCEPTED, Status.SENT, ref=f"R{n}") for n, offer in enumerate(offers)
    ]
    attempts.close(conn, ends)
    assert [status_of(conn, id) for id in ids] == [Status.DELIVERED, Status.SENT] * 50


def test_an_early_receipt_for_one_of_several_segments_is_matched(conn: Connection) -> None:
    (id,) = accepted(conn)
    (offer,) = offered(conn, [id])
    record(conn, told(Status.DELIVERED, ref="R2"))
    parts = closing(offer, Outcome.ACCEPTED, Status.SENT, ref="R1", more_refs=("R2", "R3"))
    attempts.close(conn, [parts])
    assert status_of(conn, id) is Status.DELIVERED


def test_a_late_receipt_for_one_of_several_segments_is_matched(conn: Connection) -> None:
    (id,) = accepted(conn)
    (offer,) = offered(conn, [id])
    parts = closing(offer, Outcome.ACCEPTED, Status.SENT, ref="R1", more_refs=("R2", "R3"))
    attempts.close(conn, [parts])
    assert record(conn, told(Status.DELIVERED, ref="R2")) == [Moved(id, Status.DELIVERED)]


def test_the_same_ref_of_two_carriers_means_two_messages(conn: Connection) -> None:
    ids = accepted(conn, 2)
    offers = {offer.message.id: offer for offer in offered(conn, ids)}
    record(conn, told(Status.DELIVERED, ref="R1", connection="theirs"))
    ends = [
        closing(offers[id], Outcome.ACCEPTED, Status.SENT, ref="R1", connection=name)
        for id, name in zip(ids, ["theirs", CONNECTION], strict=True)
    ]
    attempts.close(conn, ends)
    assert [status_of(conn, id) for id in ids] == [Status.DELIVERED, Status.SENT]


def test_a_late_receipt_goes_to_the_carrier_that_it_came_from(conn: Connection) -> None:
    (id,) = accepted(conn)
    sent(conn, [id])
    assert record(conn, told(Status.DELIVERED, ref="ref-0", connection="theirs")) == [None]
    assert status_of(conn, id) is Status.SENT


def test_an_unknown_ref_is_kept_and_known_later(conn: Connection) -> None:
    sent(conn, accepted(conn))
    record(conn, told(Status.DELIVERED, ref="R9"))
    assert unmatched(conn) == 1
    (id,) = accepted(conn)
    (offer,) = offered(conn, [id])
    attempts.close(conn, [closing(offer, Outcome.ACCEPTED, Status.SENT, ref="R9")])
    assert (unmatched(conn), status_of(conn, id)) == (0, Status.DELIVERED)


def test_a_ref_is_found_however_long_ago_its_offer_was_made(conn: Connection) -> None:
    ids = accepted(conn, 30)
    for days, id in enumerate(ids):
        (job,) = [job for job in jobs.take(conn, LANE, "send", NOW, 99) if job.message == id] or [
            jobs.Job(id, "send", LANE, NOW)
        ]
        attempt = new_id(NOON - timedelta(days=days * 3))
        (offer,) = attempts.start(conn, [job], [attempt], node=NODE, connection=CONNECTION, now=NOW)
        ref = "" if days % 4 == 3 else f"R{days}"
        attempts.close(conn, [closing(offer, Outcome.ACCEPTED, Status.SENT, ref=ref)])
    for days in (0, 1, 14, 29):
        item = told(Status.DELIVERED, ref=f"R{days}")
        assert record(conn, item) == [Moved(ids[days], Status.DELIVERED)]
    assert record(conn, told(Status.DELIVERED, ref="")) == [None]


# Two processes: one hears the carrier, the other writes down its answer


@pytest.mark.parametrize("first", ["the receipt", "the answer"])
def test_a_receipt_that_comes_while_the_answer_is_written_is_not_lost(
    shared: Engine, first: str
) -> None:
    with shared.begin() as conn:
        (id,) = accepted(conn)
        (offer,) = offered(conn, [id])

    def hear(conn: Connection) -> None:
        record(conn, told(Status.DELIVERED, ref="R1"))

    def close(conn: Connection) -> None:
        attempts.close(conn, [closing(offer, Outcome.ACCEPTED, Status.SENT, ref="R1")])

    before, after = (hear, close) if first == "the receipt" else (close, hear)

    def then() -> None:
        with shared.begin() as conn:
            after(conn)

    with ThreadPoolExecutor(1) as pool:
        with shared.begin() as conn:
            before(conn)
            task = pool.submit(then)
            until_blocked_or_done(shared, task)
        task.result(20)
    with shared.begin() as conn:
        assert (unmatched(conn), status_of(conn, id)) == (0, Status.DELIVERED)


def test_receipts_of_one_message_that_come_through_two_processes_count_both(
    database: Engine,
) -> None:
    with database.begin() as conn:
        ids = accepted(conn, 20)
        sent(conn, ids)
    meet = threading.Barrier(2)

    def go(status: Status) -> list[Moved | None]:
        meet.wait(PATIENCE)
        with database.begin() as conn:
            return record(conn, *(told(status, message=id) for id in ids))

    with ThreadPoolExecutor(2) as pool:
        delivered, read = pool.map(go, [Status.DELIVERED, Status.READ])
    assert read == [Moved(id, Status.READ) for id in ids]
    assert set(delivered) <= {None, *(Moved(id, Status.DELIVERED) for id in ids)}
    with database.begin() as conn:
        assert {status_of(conn, id) for id in ids} == {Status.READ}
        assert count(conn, "receipts") == 40


# Redaction


@pytest.mark.parametrize("status", [Status.SENT, Status.DELIVERED, Status.FAILED])
def test_a_receipt_of_a_redacted_message_forgets_its_text(conn: Connection, status: Status) -> None:
    (id,) = accepted(conn, redacted=True)
    (offer,) = offered(conn, [id])
    attempts.close(conn, [closing(offer, Outcome.UNCLEAR, Status.SENDING)])
    assert messages.get(conn, ACCOUNT, id).body == "Hi there"
    record(conn, told(status, message=id))
    assert messages.get(conn, ACCOUNT, id).body == ""
