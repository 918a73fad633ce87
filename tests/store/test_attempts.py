"""Attempts: a row before the offer leaves, one end for each, and what follows from it."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection

from estafette.model import Channel, Outcome, Reason, Receipt, Status
from estafette.model.ids import new_id
from estafette.model.rules import WAITING
from estafette.store import attempts, jobs, messages, receipts
from estafette.store.times import moment
from tests.store.conftest import (
    ACCOUNT,
    CONNECTION,
    LANE,
    NODE,
    NOON,
    NOW,
    accepted,
    all_jobs,
    closing,
    count,
    offered,
    status_of,
)

CLOSED = NOW + 1_000_000  # as `closing` has it


def told(conn: Connection, id: str, status: Status) -> None:
    receipt = Receipt(status=status, message=id)
    receipts.record(conn, [receipts.Told(new_id(NOON), CONNECTION, receipt, NOW)])


def test_an_offer_is_written_down_before_it_leaves(conn: Connection) -> None:
    (id,) = accepted(conn)
    (offer,) = offered(conn, [id], at=NOW + 5)
    assert (offer.number, offer.message.id, offer.message.body) == (1, id, "Hi there")
    assert offer.message.status is Status.SENDING
    (attempt,) = attempts.of_message(conn, id)
    assert (attempt.id, attempt.number, attempt.node) == (offer.id, 1, NODE)
    assert (attempt.lane, attempt.connection) == (LANE, CONNECTION)
    assert attempt.started_at == moment(NOW + 5)
    assert (attempt.closed_at, attempt.outcome) == (None, None)
    assert messages.get(conn, ACCOUNT, id).status is Status.SENDING


def test_an_offer_carries_its_number_and_its_place_in_the_order(conn: Connection) -> None:
    (id,) = accepted(conn)
    job = jobs.Job(id, "send", LANE, NOW, tries=4, order_key="ann")
    (offer,) = attempts.start(
        conn, [job], [new_id(NOON)], node=NODE, connection=CONNECTION, now=NOW
    )
    assert (offer.number, offer.order_key) == (5, "ann")


@pytest.mark.parametrize("status", set(Status) - WAITING)
def test_only_what_waits_is_offered(conn: Connection, status: Status) -> None:
    ids = accepted(conn, 1, status=status)
    taken = [jobs.Job(id, "send", LANE, NOW) for id in [*ids, new_id(NOON)]]
    made = attempts.start(
        conn, taken, [new_id(NOON) for _ in taken], node=NODE, connection=CONNECTION, now=NOW
    )
    assert made == []
    assert count(conn, "attempts") == 0
    assert status_of(conn, ids[0]) is status


def test_each_message_of_a_large_group_gets_an_attempt_of_its_own(conn: Connection) -> None:
    ids = accepted(conn, 400)
    offers = offered(conn, ids)
    assert sorted(offer.message.id for offer in offers) == sorted(ids)
    assert len({offer.id for offer in offers}) == 400
    assert count(conn, "attempts") == 400


# How it ends


def test_an_accepted_offer_is_sent(conn: Connection) -> None:
    (id,) = accepted(conn)
    (offer,) = offered(conn, [id])
    attempts.close(conn, [closing(offer, Outcome.ACCEPTED, Status.SENT, ref="R1", text="fine")])
    found = messages.get(conn, ACCOUNT, id)
    assert (found.status, found.ref, found.reason) == (Status.SENT, "R1", None)
    assert (found.code, found.text) == ("", "")
    assert found.sent_at == found.updated_at == moment(CLOSED)
    (attempt,) = attempts.of_message(conn, id)
    assert (attempt.outcome, attempt.ref, attempt.text) == (Outcome.ACCEPTED, "R1", "fine")
    assert attempt.closed_at == moment(CLOSED)


def test_a_refused_offer_keeps_the_words_of_the_carrier(conn: Connection) -> None:
    (id,) = accepted(conn)
    (offer,) = offered(conn, [id])
    refused = closing(
        offer, Outcome.REFUSED, Status.FAILED, reason=Reason.BLOCKED, code="30007", text="Nô."
    )
    attempts.close(conn, [refused])
    found = messages.get(conn, ACCOUNT, id)
    assert (found.status, found.reason) == (Status.FAILED, Reason.BLOCKED)
    assert (found.code, found.text) == ("30007", "Nô.")
    assert found.sent_at is None
    (attempt,) = attempts.of_message(conn, id)
    assert (attempt.outcome, attempt.code, attempt.text) == (Outcome.REFUSED, "30007", "Nô.")


@pytest.mark.parametrize(
    ("outcome", "status", "kind"),
    [
        (Outcome.THROTTLED, Status.QUEUED, "send"),
        (Outcome.UNREACHED, Status.QUEUED, "send"),
        (Outcome.MISCONFIGURED, Status.QUEUED, "send"),
        (Outcome.UNCLEAR, Status.SENDING, "settle"),
    ],
)
def test_what_follows_is_written_together_with_the_end(
    conn: Connection, outcome: Outcome, status: Status, kind: str
) -> None:
    (id,) = accepted(conn)
    (offer,) = offered(conn, [id])
    follows = jobs.Job(id, kind, LANE, NOW + 9, tries=1)
    attempts.close(
        conn, [closing(offer, outcome, status, code="429", text="Hm.", next_jobs=(follows,))]
    )
    found = messages.get(conn, ACCOUNT, id)
    assert (found.status, found.code, found.text) == (status, "", "")
    assert all_jobs(conn) == [follows]
    (attempt,) = attempts.of_message(conn, id)
    assert (attempt.outcome, attempt.code, attempt.text) == (outcome, "429", "Hm.")


def test_offers_that_end_together_end_each_in_its_own_way(conn: Connection) -> None:
    ids = accepted(conn, 90)
    offers = sorted(offered(conn, ids), key=lambda offer: offer.message.id)
    ends = [
        closing(offer, Outcome.ACCEPTED, Status.SENT, ref=f"R{index}")
        if index % 3
        else closing(offer, Outcome.REFUSED, Status.FAILED, code=str(index))
        for index, offer in enumerate(offers)
    ]
    assert attempts.close(conn, ends[::-1]) == [False] * 90
    for index, id in enumerate(sorted(ids)):
        found = messages.get(conn, ACCOUNT, id)
        wanted = (Status.SENT, f"R{index}", "") if index % 3 else (Status.FAILED, "", str(index))
        assert (found.status, found.ref, found.code) == wanted


def test_all_offers_of_a_message_are_kept_the_first_first(conn: Connection) -> None:
    (id,) = accepted(conn)
    for number in range(3):
        (offer,) = offered(conn, [id])
        again = jobs.Job(id, "send", LANE, NOW, tries=number + 1)
        attempts.close(
            conn,
            [
                closing(
                    offer, Outcome.THROTTLED, Status.QUEUED, code=f"{number}", next_jobs=(again,)
                )
            ],
        )
    found = attempts.of_message(conn, id)
    assert [(one.number, one.code) for one in found] == [(1, "0"), (2, "1"), (3, "2")]


# A receipt that is quicker than the answer


@pytest.mark.parametrize("early", [Status.DELIVERED, Status.READ, Status.UNDELIVERED])
def test_the_end_of_an_offer_does_not_undo_what_a_receipt_told_before(
    conn: Connection, early: Status
) -> None:
    (id,) = accepted(conn)
    (offer,) = offered(conn, [id])
    told(conn, id, early)
    attempts.close(conn, [closing(offer, Outcome.ACCEPTED, Status.SENT, ref="R1")])
    found = messages.get(conn, ACCOUNT, id)
    assert (found.status, found.ref) == (early, "R1")
    assert found.sent_at == moment(NOW)


def test_a_message_that_was_told_to_be_delivered_is_not_offered_again(conn: Connection) -> None:
    (id,) = accepted(conn)
    (offer,) = offered(conn, [id])
    told(conn, id, Status.DELIVERED)
    again = jobs.Job(id, "send", LANE, NOW, tries=1)
    unreached = closing(offer, Outcome.UNREACHED, Status.QUEUED, next_jobs=(again,))
    attempts.close(conn, [unreached])
    assert offered(conn, [id]) == []
    assert status_of(conn, id) is Status.DELIVERED


# An end that is written twice: a process that was taken for dead answers after all


def test_an_end_stays_although_another_is_told_later(conn: Connection) -> None:
    (id,) = accepted(conn)
    (offer,) = offered(conn, [id])
    settle = jobs.Job(id, "settle", LANE, NOW + 9, tries=1)
    unclear = closing(offer, Outcome.UNCLEAR, Status.SENDING, next_jobs=(settle,))
    attempts.close(conn, [unclear])
    again = jobs.Job(id, "send", LANE, NOW, tries=1)
    late = closing(offer, Outcome.THROTTLED, Status.QUEUED, code="429", next_jobs=(again,))
    assert attempts.close(conn, [late]) == [False]
    (attempt,) = attempts.of_message(conn, id)
    assert (attempt.outcome, attempt.code) == (Outcome.UNCLEAR, "")
    assert status_of(conn, id) is Status.SENDING
    assert all_jobs(conn) == [settle]


def test_a_second_end_does_not_disturb_the_next_offer(conn: Connection) -> None:
    (id,) = accepted(conn)
    (first,) = offered(conn, [id])
    again = jobs.Job(id, "send", LANE, NOW, tries=1)
    unreached = closing(first, Outcome.UNREACHED, Status.QUEUED, next_jobs=(again,))
    attempts.close(conn, [unreached])
    (second,) = offered(conn, [id])
    attempts.close(conn, [unreached])
    assert (status_of(conn, id), all_jobs(conn)) == (Status.SENDING, [])
    attempts.close(conn, [closing(second, Outcome.ACCEPTED, Status.SENT, ref="R2")])
    assert status_of(conn, id) is Status.SENT


def test_a_late_acceptance_is_believed_over_what_was_only_supposed(conn: Connection) -> None:
    (id,) = accepted(conn)
    (offer,) = offered(conn, [id])
    settle = jobs.Job(id, "settle", LANE, NOW + 9, tries=1)
    unclear = closing(offer, Outcome.UNCLEAR, Status.SENDING, next_jobs=(settle,))
    attempts.close(conn, [unclear])
    attempts.close(conn, [closing(offer, Outcome.ACCEPTED, Status.SENT, ref="R1")])
    found = messages.get(conn, ACCOUNT, id)
    assert (found.status, found.ref) == (Status.SENT, "R1")
    assert messages.by_ref(conn, ACCOUNT, "R1").id == id
    (attempt,) = attempts.of_message(conn, id)
    assert attempt.outcome is Outcome.ACCEPTED


def test_a_late_acceptance_stops_what_was_to_be_offered_again(conn: Connection) -> None:
    (id,) = accepted(conn)
    (offer,) = offered(conn, [id])
    again = jobs.Job(id, "send", LANE, NOW, tries=1)
    unreached = closing(offer, Outcome.UNREACHED, Status.QUEUED, next_jobs=(again,))
    attempts.close(conn, [unreached])
    attempts.close(conn, [closing(offer, Outcome.ACCEPTED, Status.SENT, ref="R1")])
    assert offered(conn, [id]) == []
    assert status_of(conn, id) is Status.SENT


def test_an_acceptance_that_is_written_twice_tells_its_receipts_once(conn: Connection) -> None:
    (id,) = accepted(conn)
    (offer,) = offered(conn, [id])
    later = jobs.Job(id, "receipts", LANE, NOW, data="[]")
    taken = closing(offer, Outcome.ACCEPTED, Status.SENT, ref="R1", next_jobs=(later,))
    attempts.close(conn, [taken])
    assert jobs.take(conn, LANE, "receipts", NOW, 1) == [later]
    attempts.close(conn, [taken])
    assert all_jobs(conn) == []


# Redaction


@pytest.mark.parametrize(
    ("outcome", "status", "body"),
    [
        (Outcome.ACCEPTED, Status.SENT, ""),
        (Outcome.REFUSED, Status.FAILED, ""),
        (Outcome.THROTTLED, Status.QUEUED, "Hi there"),
        (Outcome.UNREACHED, Status.QUEUED, "Hi there"),
        (Outcome.UNCLEAR, Status.SENDING, "Hi there"),
    ],
)
def test_a_redacted_message_loses_its_text_once_it_is_not_to_be_sent_again(
    conn: Connection, outcome: Outcome, status: Status, body: str
) -> None:
    (id,) = accepted(conn, redacted=True)
    (plain,) = accepted(conn)
    offers = offered(conn, [id, plain])
    assert {offer.message.body for offer in offers} == {"Hi there"}
    attempts.close(conn, [closing(offer, outcome, status) for offer in offers])
    assert messages.get(conn, ACCOUNT, id).body == body
    assert messages.get(conn, ACCOUNT, plain).body == "Hi there"


def test_an_early_receipt_of_a_redacted_message_forgets_its_text(conn: Connection) -> None:
    (id,) = accepted(conn, redacted=True)
    (offer,) = offered(conn, [id])
    told(conn, id, Status.DELIVERED)
    attempts.close(conn, [closing(offer, Outcome.ACCEPTED, Status.SENT)])
    assert messages.get(conn, ACCOUNT, id).body == ""


# Open ends


def test_the_open_offers_of_a_lane_are_those_without_an_end(conn: Connection) -> None:
    ids = accepted(conn, 3)
    (elsewhere,) = accepted(conn, lane="lane-2", channel=Channel.WHATSAPP)
    job = jobs.Job(elsewhere, "send", "lane-2", NOW)
    attempts.start(conn, [job], [new_id(NOON)], node=NODE, connection=CONNECTION, now=NOW)
    offers = offered(conn, ids)
    attempts.close(conn, [closing(offers[0], Outcome.ACCEPTED, Status.SENT)])
    found = attempts.open_of(conn, LANE)
    assert {attempt.id for attempt, _ in found} == {offer.id for offer in offers[1:]}
    for attempt, message in found:
        assert message == messages.get(conn, ACCOUNT, attempt.message)
        assert message.status is Status.SENDING


def test_the_end_of_an_offer_whose_message_was_deleted_meanwhile_disturbs_nobody(
    conn: Connection,
) -> None:
    (id,) = accepted(conn)
    (offer,) = offered(conn, [id])
    told(conn, id, Status.DELIVERED)
    messages.delete(conn, id)
    attempts.close(conn, [closing(offer, Outcome.ACCEPTED, Status.SENT, ref="R1")])
    assert attempts.open_of(conn, LANE) == []
    assert (count(conn, "attempts"), count(conn, "messages"), count(conn, "jobs")) == (0, 0, 0)


def test_sent_at_is_when_a_carrier_first_took_it(conn: Connection) -> None:
    (id,) = accepted(conn)
    (offer,) = offered(conn, [id])
    attempts.close(conn, [closing(offer, Outcome.ACCEPTED, Status.SENT)])
    told(conn, id, Status.DELIVERED)
    found = messages.get(conn, ACCOUNT, id)
    assert found.sent_at == NOON + timedelta(seconds=1)
    assert found.updated_at == NOON
