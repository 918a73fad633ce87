"""A round of a node: what it takes up of all that is due in its lanes."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from estafette.model import Channel, Later, Outcome, Reason, Receipt, Status
from estafette.model.ids import new_id
from estafette.store import attempts, due, jobs, lanes, messages, receipts
from estafette.store.due import Quota, Taken
from estafette.store.jobs import Job
from estafette.store.receipts import Moved
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
    lane,
    offered,
    sent,
    status_of,
    until_blocked_or_done,
)

SECOND = 1_000_000


def take_up(
    conn: Connection, *quotas: tuple[str, Quota], now: int = NOW, node: str = NODE, most: int = 512
) -> Taken:
    asked = dict(quotas or [(LANE, quota())])
    return due.take_up(conn, asked, node=node, now=now, new_id=lambda: new_id(NOON), most=most)


def quota(offers: int = 100, **more: Any) -> Quota:
    return Quota(CONNECTION, offers, **more)


def offers_of(taken: Taken, id: str = LANE) -> list[str]:
    return [offer.message.id for offer in taken.offers.get(id, [])]


# Offers


def test_what_is_due_becomes_offers_and_leaves_the_queue(conn: Connection) -> None:
    lane(conn)
    ids = accepted(conn, 3)
    (later,) = accepted(conn, at=NOON + timedelta(minutes=1))
    taken = take_up(conn)
    assert offers_of(taken) == ids
    assert taken.moved == []
    assert [job.message for job in all_jobs(conn)] == [later]
    assert [attempt.message for attempt, _ in attempts.open_of(conn, LANE)] == ids
    ((attempt, _), *_) = attempts.open_of(conn, LANE)
    assert (attempt.node, attempt.connection) == (NODE, CONNECTION)


def test_no_more_is_offered_than_there_is_room_for(conn: Connection) -> None:
    lane(conn)
    ids = accepted(conn, 10)
    assert offers_of(take_up(conn, (LANE, quota(4)))) == ids[:4]
    assert offers_of(take_up(conn, (LANE, quota(0)))) == []
    assert len(all_jobs(conn)) == 6


def test_nothing_is_taken_up_in_a_lane_that_another_drives(conn: Connection) -> None:
    lane(conn, node="node-2")
    (id,) = accepted(conn)
    (settling,) = accepted(conn)
    offered(conn, [settling])
    jobs.put(conn, [Job(settling, "settle", LANE, NOW)])
    before = all_jobs(conn)
    assert take_up(conn) == Taken({}, [], {})
    assert (status_of(conn, id), all_jobs(conn)) == (Status.QUEUED, before)


def test_nothing_is_taken_up_in_a_lane_whose_lease_is_over(conn: Connection) -> None:
    lane(conn)
    accepted(conn)
    conn.exec_driver_sql("UPDATE lanes SET leased_until = 1")
    assert take_up(conn) == Taken({}, [], {})
    assert len(all_jobs(conn)) == 1


def test_several_lanes_are_taken_up_in_one_round(conn: Connection) -> None:
    lane(conn)
    lane(conn, "lane-2")
    (one,) = accepted(conn)
    (two,) = accepted(conn, lane="lane-2", channel=Channel.WHATSAPP)
    taken = take_up(conn, (LANE, quota()), ("lane-2", Quota("other", 1)))
    assert (offers_of(taken), offers_of(taken, "lane-2")) == ([one], [two])
    assert attempts.of_message(conn, two)[0].connection == "other"


def test_a_recipient_with_an_offer_in_flight_waits(conn: Connection) -> None:
    lane(conn)
    (ann,) = accepted(conn, order_key="ann")
    (bob,) = accepted(conn, order_key="bob")
    taken = take_up(conn, (LANE, quota(busy=frozenset({"ann"}))))
    assert offers_of(taken) == [bob]
    assert [offer.order_key for offer in taken.offers[LANE]] == ["bob"]
    assert [job.message for job in all_jobs(conn)] == [ann]


def test_a_message_that_was_called_back_gives_no_offer(conn: Connection) -> None:
    lane(conn)
    (id,) = accepted(conn, status=Status.CANCELED)
    jobs.put(conn, [Job(id, "send", LANE, NOW)])
    assert take_up(conn) == Taken({LANE: []}, [], {})
    assert (all_jobs(conn), count(conn, "attempts")) == ([], 0)


# Validity


@pytest.mark.parametrize("redacted", [False, True])
def test_a_message_whose_validity_has_ended_fails_and_is_not_offered(
    conn: Connection, redacted: bool
) -> None:
    lane(conn)
    (late,) = accepted(conn, expires_at=NOON, redacted=redacted)
    (fine,) = accepted(conn, expires_at=NOON + timedelta(microseconds=1))
    taken = take_up(conn)
    assert (offers_of(taken), taken.moved) == ([fine], [Moved(late, Status.FAILED)])
    found = messages.get(conn, ACCOUNT, late)
    assert (found.status, found.reason) == (Status.FAILED, Reason.EXPIRED)
    assert (found.body, found.updated_at) == ("" if redacted else "Hi there", NOON)
    assert all_jobs(conn) == []
    assert attempts.of_message(conn, late) == []


def test_a_canceled_message_whose_validity_has_ended_stays_canceled(conn: Connection) -> None:
    lane(conn)
    (id,) = accepted(conn, expires_at=NOON, status=Status.CANCELED)
    jobs.put(conn, [Job(id, "send", LANE, NOW)])
    assert take_up(conn).moved == []
    assert status_of(conn, id) is Status.CANCELED


@pytest.mark.parametrize("redacted", [False, True])
def test_what_waits_too_long_in_a_lane_that_cannot_send_fails(
    conn: Connection, redacted: bool
) -> None:
    lane(conn)
    lane(conn, "theirs", node="node-2")
    (late,) = accepted(conn, expires_at=NOON, redacted=redacted)
    (fine,) = accepted(conn)
    (canceled,) = accepted(conn, expires_at=NOON, status=Status.CANCELED)
    jobs.put(conn, [Job(canceled, "send", LANE, NOW)])
    (other,) = accepted(conn, expires_at=NOON, lane="lane-2")
    (theirs,) = accepted(conn, expires_at=NOON, lane="theirs")
    moved = due.expire(conn, [LANE, "theirs"], node=NODE, now=NOW, most=10)
    assert moved == [Moved(late, Status.FAILED)]
    found = messages.get(conn, ACCOUNT, late)
    assert (found.reason, found.body) == (Reason.EXPIRED, "" if redacted else "Hi there")
    assert {job.message for job in all_jobs(conn)} == {fine, canceled, other, theirs}
    assert {status_of(conn, id) for id in (fine, other, theirs)} == {Status.QUEUED}


def test_only_those_that_have_been_due_the_longest_are_looked_at(conn: Connection) -> None:
    lane(conn)
    ids = accepted(conn, 5, expires_at=NOON)
    assert len(due.expire(conn, [LANE], node=NODE, now=NOW, most=3)) == 3
    assert [status_of(conn, id) for id in ids] == [Status.FAILED] * 3 + [Status.QUEUED] * 2


def test_a_message_that_is_called_back_while_it_expires_is_canceled(shared: Engine) -> None:
    with shared.begin() as conn:
        lane(conn)
        (id,) = accepted(conn, expires_at=NOON)

    def expire() -> None:
        with shared.begin() as conn:
            due.expire(conn, [LANE], node=NODE, now=NOW, most=9)

    with ThreadPoolExecutor(1) as pool:
        with shared.begin() as conn:
            messages.cancel(conn, ACCOUNT, id, NOON)
            task = pool.submit(expire)
            until_blocked_or_done(shared, task)
        task.result(20)
    with shared.begin() as conn:
        assert status_of(conn, id) is Status.CANCELED


# Pace


def test_a_pace_limits_what_leaves_and_is_written_down(conn: Connection) -> None:
    lane(conn)
    ids = accepted(conn, 5)
    taken = take_up(conn, (LANE, quota(rate=100)))
    assert offers_of(taken) == ids[:2]
    assert taken.next_at[LANE] == pytest.approx(NOW / 1e6 + 0.01, abs=1e-5)
    kept = lanes.holds(conn, NODE, [LANE])[LANE]
    assert kept == int(taken.next_at[LANE] * 1e6)
    again = take_up(conn, (LANE, quota(rate=100)))
    assert offers_of(again) == []
    assert again.next_at[LANE] == kept / 1e6
    assert len(offers_of(take_up(conn, (LANE, quota(rate=100)), now=kept))) == 1


def test_a_pace_without_anything_to_offer_stays_as_it_is(conn: Connection) -> None:
    lane(conn, next_at=NOW - 7)
    assert take_up(conn, (LANE, quota(rate=1))).next_at == {LANE: (NOW - 7) / 1e6}
    assert lanes.holds(conn, NODE, [LANE]) == {LANE: NOW - 7}


def test_the_room_limits_a_pace_too(conn: Connection) -> None:
    lane(conn)
    accepted(conn, 5)
    assert len(offers_of(take_up(conn, (LANE, quota(1, rate=1000))))) == 1


# What nobody ever told


def unclear(conn: Connection, order_key: str = "ann", **parts: Any) -> str:
    """A message of which nobody knows whether it was taken, to be settled now."""
    (id,) = accepted(conn, **parts)
    (offer,) = offered(conn, [id])
    settle = Job(id, "settle", LANE, NOW, tries=1, order_key=order_key)
    attempts.close(conn, [closing(offer, Outcome.UNCLEAR, Status.SENDING, next_jobs=(settle,))])
    return id


@pytest.mark.parametrize("redacted", [False, True])
def test_an_unanswered_message_fails_by_default(conn: Connection, redacted: bool) -> None:
    lane(conn)
    id = unclear(conn, redacted=redacted)
    assert take_up(conn, (LANE, quota(0))).moved == [Moved(id, Status.FAILED)]
    found = messages.get(conn, ACCOUNT, id)
    assert (found.status, found.reason) == (Status.FAILED, Reason.UNANSWERED)
    assert found.body == ("" if redacted else "Hi there")
    assert all_jobs(conn) == []


def test_an_unanswered_message_is_offered_again_where_that_is_wanted(conn: Connection) -> None:
    lane(conn)
    id = unclear(conn, redacted=True)
    assert take_up(conn, (LANE, quota(0, resends=True))).moved == []
    found = messages.get(conn, ACCOUNT, id)
    assert (found.status, found.body) == (Status.QUEUED, "Hi there")
    assert all_jobs(conn) == [Job(id, "send", LANE, NOW, tries=1, order_key="ann")]
    (offer,) = take_up(conn).offers[LANE]
    assert (offer.message.id, offer.number, offer.order_key) == (id, 2, "ann")


@pytest.mark.parametrize("resends", [False, True])
def test_a_message_that_was_answered_after_all_is_not_decided_about(
    conn: Connection, resends: bool
) -> None:
    lane(conn)
    id = unclear(conn)
    told = receipts.Told(new_id(NOON), CONNECTION, Receipt(status=Status.SENT, message=id), NOW)
    receipts.record(conn, [told])
    assert take_up(conn, (LANE, quota(resends=resends))).moved == []
    assert (status_of(conn, id), all_jobs(conn)) == (Status.SENT, [])


@pytest.mark.parametrize("resends", [False, True])
def test_many_are_settled_at_once_and_the_rest_later(conn: Connection, resends: bool) -> None:
    lane(conn)
    for n in range(7):
        unclear(conn, order_key=f"person {n}")
    take_up(conn, (LANE, quota(0, resends=resends)), most=4)
    assert sum(job.kind == "settle" for job in all_jobs(conn)) == 3


def test_nothing_is_settled_before_its_time(conn: Connection) -> None:
    lane(conn)
    id = unclear(conn)
    assert take_up(conn, now=NOW - 1).moved == []
    assert status_of(conn, id) is Status.SENDING


# What a carrier inside this process will tell


def later(after: float, status: Status, **more: Any) -> Later:
    return Later(after, Receipt(status=status, **more))


def test_receipts_are_told_each_in_its_time(conn: Connection) -> None:
    lane(conn)
    (id,) = accepted(conn)
    sent(conn, [id])
    plan = [
        later(2, Status.READ, message=id),
        later(1, Status.DELIVERED, message=id, code="000", text="Grüße", at=NOON),
        later(1.5, Status.DELIVERED, message=id),
    ]
    jobs.put(conn, [due.later_job(LANE, id, plan, NOW)])
    rounds = [NOW + SECOND - 1, NOW + SECOND, NOW + 2 * SECOND - 1, NOW + 2 * SECOND]
    moved = [take_up(conn, (LANE, quota(0)), now=now).moved for now in rounds]
    assert moved == [[], [Moved(id, Status.DELIVERED)], [], [Moved(id, Status.READ)]]
    assert all_jobs(conn) == []
    told = receipts.of_message(conn, id)
    assert told[0] == (
        Receipt(status=Status.DELIVERED, code="000", text="Grüße", at=NOON),
        moment(NOW + SECOND),
    )
    assert [receipt.status for receipt, _ in told] == [
        Status.DELIVERED,
        Status.DELIVERED,
        Status.READ,
    ]


def test_what_is_told_later_is_due_when_its_first_receipt_is(conn: Connection) -> None:
    job = due.later_job(LANE, "m1", [later(5, Status.READ), later(3, Status.DELIVERED)], NOW)
    assert job._replace(data="") == Job("m1", "receipts", LANE, NOW + 3 * SECOND)
    lane(conn)
    jobs.put(conn, [job])
    take_up(conn, now=NOW + 3 * SECOND)
    assert [(one.kind, one.due_at) for one in all_jobs(conn)] == [("receipts", NOW + 5 * SECOND)]


def test_a_receipt_with_every_word_survives_the_wait() -> None:
    whole = Receipt(
        status=Status.UNDELIVERED,
        message="0" * 32,
        ref="R1",
        reason=Reason.LANDLINE,
        code="30006",
        text="Landline, or “unreachable”",
        at=NOON + timedelta(microseconds=1),
    )
    bare = Receipt(status=Status.SENT)
    packed = due._pack([(2, whole), (1, bare)])
    assert due._unpack(packed) == [(1, bare), (2, whole)]


def test_receipts_settle_before_the_lack_of_them_is(conn: Connection) -> None:
    """Both are due in the same round: what was told counts."""
    lane(conn)
    id = unclear(conn)
    jobs.put(conn, [due.later_job(LANE, id, [later(0, Status.DELIVERED, message=id)], NOW)])
    assert take_up(conn).moved == [Moved(id, Status.DELIVERED)]
    assert status_of(conn, id) is Status.DELIVERED


def test_receipts_and_settlements_go_on_where_nothing_may_be_offered(conn: Connection) -> None:
    lane(conn)
    id = unclear(conn)
    (waiting,) = accepted(conn)
    taken = take_up(conn, (LANE, quota(0)))
    assert (taken.offers, taken.moved) == ({}, [Moved(id, Status.FAILED)])
    assert status_of(conn, waiting) is Status.QUEUED
