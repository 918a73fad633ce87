"""Second ways: taken once and whole, when the first failed or took too long, and never in silence."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection, Engine, text

from estafette.model import (
    Channel,
    Conflict,
    Filter,
    Offer,
    Outcome,
    Reason,
    Receipt,
    Status,
    Suppression,
    Unknown,
)
from estafette.model.fallback import Second, Way, Why
from estafette.model.ids import new_id
from estafette.store import (
    attempts,
    callbacks,
    conversations,
    due,
    fallbacks,
    jobs,
    lanes,
    listing,
    messages,
    receipts,
    recipients,
    suppressions,
    turns,
    usage,
)
from estafette.store.due import Quota
from estafette.store.jobs import Job
from estafette.store.messages import Accept
from estafette.store.receipts import Moved, Told
from estafette.store.turns import Turned
from tests.conftest import RECIPIENT
from tests.store.conftest import (
    ACCOUNT,
    CONNECTION,
    LANE,
    NODE,
    NOON,
    NOW,
    all_jobs,
    closing,
    count,
    lane,
    message,
    offered,
    status_of,
    until_blocked_or_done,
)

ELSEWHERE = "lane-2"
PHONE = "+14155550123"
AFTER = 300
SECOND_NOW = NOW + 1_000_000
LATER = NOW + AFTER * 1_000_000
TOLD = "https://customer.example/told"
NOBODY = Turned([], [])


def second_of(id: str, *, after: int | None = AFTER, **parts: Any) -> Second:
    first = Way(channel=Channel.WHATSAPP, sender="+15550783881", recipient=RECIPIENT, lane=LANE)
    way = Way(channel=Channel.SMS, sender="+15017122661", recipient=RECIPIENT, lane=ELSEWHERE)
    known: dict[str, Any] = {
        "message": id,
        "account": ACCOUNT,
        "first": first,
        "way": way,
        "valid_for": 3600,
        "due_at": None if after is None else NOON + timedelta(seconds=after),
        "created_at": NOON,
    }
    return Second(**{**known, **parts})


def given(
    conn: Connection, *, after: int | None = AFTER, way: dict[str, Any] | None = None, **parts: Any
) -> str:
    """A WhatsApp message that may go a second way."""
    one = message(
        channel=Channel.WHATSAPP, sender="+15550783881", callback_url=TOLD, door="own", **parts
    )
    item = second_of(one.id, after=after, **(way or {}))
    messages.accept(conn, [Accept(one, one.created_at, second=item)])
    return one.id


def second(conn: Connection, id: str) -> Second:
    found = fallbacks.get(conn, id)
    assert found is not None
    return found


def ended(conn: Connection, id: str, outcome: Outcome, status: Status, **more: Any) -> Offer:
    """An offer on the first way, and how it ended."""
    (offer,) = offered(conn, [id])
    way = f"{offer.message.lane} {offer.message.recipient}"
    attempts.close(conn, [closing(offer, outcome, status, way=way, **more)])
    return offer


def taken(conn: Connection, id: str) -> None:
    """It was taken by the carrier of its first way."""
    ended(conn, id, Outcome.ACCEPTED, Status.SENT, ref="first")


def told(
    conn: Connection, id: str, status: Status, ref: str = "first", *, at: int = NOW, **words: Any
) -> Moved | None:
    receipt = Receipt(message=id, ref=ref, status=status, **words)
    (moved,) = receipts.record(conn, [Told(new_id(NOON), CONNECTION, receipt, at)])
    return moved


def look(conn: Connection, at: int = SECOND_NOW) -> Turned:
    return turns.take_up(conn, now=at, most=100)


def on_second(conn: Connection, id: str, number: int = 1) -> Offer:
    """The offer on its second way."""
    (job,) = jobs.take(conn, ELSEWHERE, "send", 2**62, 100)
    assert (job.message, job.tries) == (id, number - 1)
    at = NOON + timedelta(hours=1)
    made = attempts.start(conn, [job], [new_id(at)], node=NODE, connection=CONNECTION, now=NOW)
    (offer,) = made
    return offer


def close_second(
    conn: Connection, offer: Offer, outcome: Outcome, status: Status, **more: Any
) -> None:
    way = f"{offer.message.lane} {offer.message.recipient}"
    attempts.close(conn, [closing(offer, outcome, status, way=way, **more)])


def said(conn: Connection, id: str) -> list[str]:
    return [item.said for item in callbacks.of_message(conn, id)]


def refuse(conn: Connection, id: str) -> None:
    ended(
        conn, id, Outcome.REFUSED, Status.FAILED,
        reason=Reason.BLOCKED, code="131026", text="Not on WhatsApp",
    )  # fmt: skip


def test_a_refused_message_goes_its_second_way_and_is_not_told_to_have_failed(
    conn: Connection,
) -> None:
    id = given(conn, after=None)
    refuse(conn, id)
    assert status_of(conn, id) is Status.SENDING
    assert look(conn) == Turned([id], [])
    found = messages.get(conn, ACCOUNT, id)
    assert (found.status, found.channel, found.lane) == (Status.QUEUED, Channel.SMS, ELSEWHERE)
    assert (found.sender, found.recipient, found.body) == ("+15017122661", RECIPIENT, "Hi there")
    assert (found.reason, found.code, found.ref, found.segments) == (None, "", "", 1)
    (attempt,) = attempts.of_message(conn, id)
    assert (attempt.lane, attempt.code, attempt.text) == (LANE, "131026", "Not on WhatsApp")
    item = second(conn, id)
    assert (item.why, item.due_at, item.last) == (Why.REFUSED, None, attempt.id)
    assert item.taken_at is not None
    assert all_jobs(conn) == [Job(id, "send", ELSEWHERE, SECOND_NOW)]
    assert said(conn, id) == []
    assert look(conn) == NOBODY


def test_it_is_taken_by_the_next_carrier_and_its_receipts_count(conn: Connection) -> None:
    id = given(conn)
    refuse(conn, id)
    look(conn)
    offer = on_second(conn, id)
    assert offer.message.channel is Channel.SMS
    close_second(conn, offer, Outcome.ACCEPTED, Status.SENT, ref="second", owed=callbacks.of(
        offer.message, Status.SENT, NOW))  # fmt: skip
    assert messages.get(conn, ACCOUNT, id).ref == "second"
    assert told(conn, id, Status.DELIVERED, "second") == Moved(id, Status.DELIVERED)
    assert said(conn, id) == ["sent", "delivered"]
    ways = [second(conn, id).way_of(one.id, one.lane) for one in attempts.of_message(conn, id)]
    assert [way.channel for way in ways] == [Channel.WHATSAPP, Channel.SMS]


@pytest.mark.parametrize("status", [Status.UNDELIVERED, Status.FAILED])
def test_what_was_sent_and_lost_is_shown_as_sent_until_the_second_way_is_over(
    conn: Connection, status: Status
) -> None:
    id = given(conn)
    taken(conn, id)
    assert told(conn, id, status, code="63003", text="lost") is None
    assert look(conn) == Turned([id], [])
    assert status_of(conn, id) is Status.SENT
    assert second(conn, id).why == Why(status)
    for wanted, ids in ((Status.SENT, [id]), (Status.QUEUED, []), (Status.SENDING, [])):
        page = listing.page(conn, ACCOUNT, Filter(status=wanted), limit=9)
        assert [one.id for one in page.items] == ids
    offer = on_second(conn, id)
    assert status_of(conn, id) is Status.SENT
    close_second(conn, offer, Outcome.ACCEPTED, Status.SENT, ref="second")
    assert status_of(conn, id) is Status.SENT
    moved = told(conn, id, Status.UNDELIVERED, "second", code="30003")
    assert moved == Moved(id, Status.UNDELIVERED)
    found = messages.get(conn, ACCOUNT, id)
    assert (found.status, found.code) == (Status.UNDELIVERED, "30003")
    assert said(conn, id) == ["undelivered"]


def test_sent_is_told_once_though_two_carriers_took_it(conn: Connection) -> None:
    id = given(conn)
    (offer,) = offered(conn, [id])
    owed = callbacks.of(offer.message, Status.SENT, NOW)
    attempts.close(conn, [closing(offer, Outcome.ACCEPTED, Status.SENT, ref="first", owed=owed)])
    told(conn, id, Status.UNDELIVERED)
    look(conn)
    offer = on_second(conn, id)
    close_second(conn, offer, Outcome.ACCEPTED, Status.SENT, ref="second", owed=owed)
    assert said(conn, id) == ["sent"]


def test_nothing_is_taken_before_its_time(conn: Connection) -> None:
    id = given(conn)
    taken(conn, id)
    assert turns.next_due(conn) == LATER
    assert look(conn, LATER - 1) == NOBODY
    assert look(conn, LATER) == Turned([id], [])
    assert second(conn, id).why is Why.LATE
    assert turns.next_due(conn) is None


@pytest.mark.parametrize("status", [Status.DELIVERED, Status.READ])
def test_what_arrived_in_time_goes_no_second_way(conn: Connection, status: Status) -> None:
    id = given(conn)
    taken(conn, id)
    told(conn, id, status)
    assert look(conn, LATER) == NOBODY
    assert second(conn, id).taken_at is None
    assert turns.next_due(conn) is None
    assert status_of(conn, id) is status


def test_what_waits_when_its_time_is_over_is_withdrawn_from_its_first_lane(
    conn: Connection,
) -> None:
    id = given(conn, way={"order_key": RECIPIENT})
    assert look(conn, LATER) == Turned([id], [])
    assert all_jobs(conn) == [Job(id, "send", ELSEWHERE, LATER, 0, RECIPIENT)]
    assert attempts.of_message(conn, id) == []
    found = messages.get(conn, ACCOUNT, id)
    assert found.expires_at == NOON + timedelta(seconds=AFTER + 3600)


def test_nobody_knows_and_the_time_is_over(conn: Connection) -> None:
    id = given(conn)
    settle = Job(id, "settle", LANE, NOW + 3_600_000_000, 1)
    ended(conn, id, Outcome.UNCLEAR, Status.SENDING, next_jobs=(settle,))
    assert look(conn, LATER) == Turned([id], [])
    assert [job.kind for job in all_jobs(conn)] == ["send"]
    # Its first carrier had it after all.
    assert told(conn, id, Status.DELIVERED, "late") == Moved(id, Status.DELIVERED)
    assert jobs.take(conn, ELSEWHERE, "send", 2**62, 9) == [Job(id, "send", ELSEWHERE, LATER)]
    job = Job(id, "send", ELSEWHERE, LATER)
    assert attempts.start(conn, [job], [new_id(NOON)], node="n", connection="c", now=NOW) == []


def test_an_open_offer_is_waited_for(conn: Connection) -> None:
    id = given(conn)
    (offer,) = offered(conn, [id])
    assert look(conn, LATER) == NOBODY
    assert turns.next_due(conn) == LATER + 1_000_000
    attempts.close(conn, [closing(offer, Outcome.THROTTLED, Status.QUEUED, code="429",
        next_jobs=(Job(id, "send", LANE, LATER, 1),))])  # fmt: skip
    assert look(conn, LATER + 1_000_000) == Turned([id], [])
    assert [(job.lane, job.tries) for job in all_jobs(conn)] == [(ELSEWHERE, 0)]


def test_a_receipt_that_overtakes_the_answer_waits_for_it(conn: Connection) -> None:
    id = given(conn)
    (offer,) = offered(conn, [id])
    assert told(conn, id, Status.UNDELIVERED) is None
    assert look(conn) == NOBODY
    attempts.close(conn, [closing(offer, Outcome.ACCEPTED, Status.SENT, ref="first")])
    assert look(conn, NOW + 5_000_000) == Turned([id], [])
    assert second(conn, id).why is Why.UNDELIVERED


@pytest.mark.parametrize("status", [Status.SENT, Status.UNDELIVERED, Status.FAILED])
def test_what_the_first_carrier_tells_late_is_kept_and_moves_nothing(
    conn: Connection, status: Status
) -> None:
    id = given(conn)
    taken(conn, id)
    look(conn, LATER)
    assert told(conn, id, status) is None
    assert [one.status for one, _ in receipts.of_message(conn, id)] == [status]
    offer = on_second(conn, id)
    assert told(conn, id, status) is None
    close_second(conn, offer, Outcome.ACCEPTED, Status.SENT, ref="second")
    assert told(conn, id, status) is None
    assert status_of(conn, id) is Status.SENT
    assert told(conn, id, Status.DELIVERED, "second") == Moved(id, Status.DELIVERED)


@pytest.mark.parametrize("is_taken", [True, False])
def test_a_late_success_of_the_first_way_counts(conn: Connection, is_taken: bool) -> None:
    id = given(conn)
    taken(conn, id)
    look(conn, LATER)
    if is_taken:
        close_second(conn, on_second(conn, id), Outcome.ACCEPTED, Status.SENT, ref="second")
    assert told(conn, id, Status.READ) == Moved(id, Status.READ)
    assert told(conn, id, Status.UNDELIVERED, "second") is None
    assert status_of(conn, id) is Status.READ


def test_a_receipt_without_a_ref_is_told_apart_by_what_is_not_answered_yet(
    conn: Connection,
) -> None:
    id = given(conn)
    taken(conn, id)
    look(conn, LATER)
    assert told(conn, id, Status.FAILED, "") is None  # nothing was offered on the second way
    on_second(conn, id)
    assert told(conn, id, Status.FAILED, "", code="30005") == Moved(id, Status.FAILED)


def test_early_words_of_the_second_carrier_are_matched_by_its_ref(conn: Connection) -> None:
    id = given(conn)
    refuse(conn, id)
    look(conn)
    offer = on_second(conn, id)
    early = Receipt(ref="second", status=Status.UNDELIVERED, code="30003")
    assert receipts.record(conn, [Told(new_id(NOON), CONNECTION, early, NOW)]) == [None]
    close_second(conn, offer, Outcome.ACCEPTED, Status.SENT, ref="second")
    assert status_of(conn, id) is Status.UNDELIVERED


def test_one_more_ref_of_the_second_way_is_its_own(conn: Connection) -> None:
    id = given(conn)
    taken(conn, id)
    look(conn, LATER)
    close_second(
        conn, on_second(conn, id), Outcome.ACCEPTED, Status.SENT, ref="s-1", more_refs=("s-2",)
    )
    assert told(conn, id, Status.UNDELIVERED, "s-2") == Moved(id, Status.UNDELIVERED)


def test_the_same_lane_to_another_recipient_is_told_apart_by_its_attempts(
    conn: Connection,
) -> None:
    way = Way(channel=Channel.WHATSAPP, sender="+15550783881", recipient=PHONE, lane=LANE)
    id = given(conn, way={"way": way})
    taken(conn, id)
    look(conn, LATER)
    (job,) = jobs.take(conn, LANE, "send", 2**62, 100)
    at = NOON + timedelta(hours=1)
    (offer,) = attempts.start(conn, [job], [new_id(at)], node="n", connection="c", now=NOW)
    assert offer.message.recipient == PHONE
    assert told(conn, id, Status.UNDELIVERED) is None
    ways = [second(conn, id).way_of(one.id, one.lane) for one in attempts.of_message(conn, id)]
    assert [found.recipient for found in ways] == [RECIPIENT, PHONE]


def test_a_node_that_was_taken_for_dead_moves_nothing_on_the_second_way(
    conn: Connection,
) -> None:
    id = given(conn)
    offer = ended(conn, id, Outcome.UNREACHED, Status.QUEUED,
        next_jobs=(Job(id, "send", LANE, LATER, 1),))  # fmt: skip
    look(conn, LATER)
    late = closing(offer, Outcome.ACCEPTED, Status.SENT, ref="first", way=f"{LANE} {RECIPIENT}")
    attempts.close(conn, [late])
    assert status_of(conn, id) is Status.QUEUED
    on_second(conn, id)
    assert told(conn, id, Status.DELIVERED) == Moved(id, Status.DELIVERED)


def test_a_job_of_the_first_lane_that_somebody_took_before_gives_no_offer(
    conn: Connection,
) -> None:
    id = given(conn)
    look(conn, LATER)
    stale = Job(id, "send", LANE, NOW)
    assert attempts.start(conn, [stale], [new_id(NOON)], node="n", connection="c", now=NOW) == []
    assert on_second(conn, id)


def round_of(conn: Connection, at: int, **more: Any) -> due.Taken:
    quota = Quota(CONNECTION, 10, **more)
    return due.take_up(
        conn, {LANE: quota}, node=NODE, now=at, new_id=lambda: new_id(NOON), most=100
    )


def test_what_expired_or_was_never_answered_goes_its_second_way(conn: Connection) -> None:
    lane(conn)
    old, unsure = given(conn, after=None, expires_at=NOON), given(conn, after=None)
    settle = Job(unsure, "settle", LANE, NOW, 1)
    ended(conn, unsure, Outcome.UNCLEAR, Status.SENDING, next_jobs=(settle,))
    assert round_of(conn, NOW).moved == []
    assert sorted(look(conn).turned) == sorted([old, unsure])
    assert [second(conn, id).why for id in (old, unsure)] == [Why.EXPIRED, Why.UNANSWERED]
    assert status_of(conn, old) is Status.QUEUED


def test_what_expired_in_a_lane_that_cannot_send_goes_its_second_way(conn: Connection) -> None:
    lane(conn)
    id, plain = given(conn, after=None, expires_at=NOON), message(expires_at=NOON)
    messages.accept(conn, [Accept(plain, NOON)])
    moved = due.expire(conn, [LANE], node=NODE, now=NOW, most=10)
    assert moved == [Moved(plain.id, Status.FAILED)]
    assert look(conn) == Turned([id], [])


def test_a_message_without_a_second_way_fails_beside_one_that_has(conn: Connection) -> None:
    id, plain = given(conn), message(callback_url=TOLD)
    messages.accept(conn, [Accept(plain, NOON)])
    ends = [
        closing(
            offer, Outcome.REFUSED, Status.FAILED, code="30007",
            owed=callbacks.of(offer.message, Status.FAILED, NOW),
        )
        for offer in offered(conn, [id, plain.id])
    ]  # fmt: skip
    results = dict(zip((end.message for end in ends), attempts.close(conn, ends), strict=True))
    assert results == {id: None, plain.id: True}
    assert status_of(conn, plain.id) is Status.FAILED
    assert said(conn, id) == []


def test_the_second_way_is_the_last(conn: Connection) -> None:
    id = given(conn)
    refuse(conn, id)
    look(conn)
    close_second(conn, on_second(conn, id), Outcome.REFUSED, Status.FAILED, code="30007",
        reason=Reason.BLOCKED)  # fmt: skip
    found = messages.get(conn, ACCOUNT, id)
    assert (found.status, found.reason, found.code) == (Status.FAILED, Reason.BLOCKED, "30007")
    assert look(conn, LATER) == NOBODY


def test_who_opted_out_of_the_second_way_is_not_written_to(conn: Connection) -> None:
    refused, late = given(conn), given(conn)
    refuse(conn, refused)
    gone = Suppression(
        account=ACCOUNT, recipient=RECIPIENT, channel=Channel.SMS, scope=ELSEWHERE, source="",
        created_at=NOON,
    )  # fmt: skip
    suppressions.add(conn, [gone])
    assert look(conn) == Turned([], [Moved(refused, Status.FAILED)])
    found = messages.get(conn, ACCOUNT, refused)
    assert (found.status, found.reason, found.code) == (Status.FAILED, Reason.BLOCKED, "131026")
    assert said(conn, refused) == ["failed"]
    assert look(conn, LATER) == NOBODY  # its first way goes on
    assert [(job.message, job.lane) for job in all_jobs(conn)] == [(late, LANE)]


def cancel(conn: Connection, id: str) -> None:
    messages.cancel(conn, ACCOUNT, id, NOON)


def remove(conn: Connection, id: str) -> None:
    messages.delete(conn, id)


@pytest.mark.parametrize("end", [cancel, remove])
def test_what_is_called_back_or_deleted_goes_no_second_way(
    conn: Connection, end: Callable[[Connection, str], None]
) -> None:
    id = given(conn)
    end(conn, id)
    assert look(conn, LATER) == NOBODY
    assert turns.next_due(conn) is None
    assert count(conn, "jobs") == 0


def test_it_can_be_called_back_on_its_second_way_until_it_is_offered(conn: Connection) -> None:
    id, other, sent = given(conn), given(conn), given(conn)
    taken(conn, sent)
    look(conn, LATER)
    cancel(conn, id)
    assert status_of(conn, id) is Status.CANCELED
    taken_up = jobs.take(conn, ELSEWHERE, "send", 2**62, 9)
    assert sorted(job.message for job in taken_up) == sorted([other, sent])
    for one in (other, sent):  # what a carrier took cannot be called back
        with pytest.raises(Conflict):
            cancel(conn, one)


def test_a_text_that_is_forgotten_is_not_said_on_a_second_way(conn: Connection) -> None:
    id = given(conn, way={"body": "By SMS"})
    messages.redact(conn, ACCOUNT, id, NOON)
    assert second(conn, id).body == ""
    refuse(conn, id)
    assert status_of(conn, id) is Status.FAILED
    assert look(conn, LATER) == NOBODY


def test_a_text_that_is_forgotten_after_the_first_way_failed_fails_the_message(
    conn: Connection,
) -> None:
    id = given(conn)
    refuse(conn, id)
    conn.execute(text("UPDATE messages SET redacted = TRUE"))
    assert look(conn) == Turned([], [Moved(id, Status.FAILED)])
    assert messages.get(conn, ACCOUNT, id).body == ""


def test_another_recipient_and_text(conn: Connection) -> None:
    way = Way(channel=Channel.SMS, sender="+15017122661", recipient=PHONE, lane=ELSEWHERE)
    id = given(conn, way={"way": way, "body": "x" * 161})
    taken(conn, id)
    if conn.dialect.name == "sqlite":
        recipients.file(conn, conn.begin_nested)
    look(conn, LATER)
    found = messages.get(conn, ACCOUNT, id)
    assert (found.recipient, found.segments, found.content) == (PHONE, 2, {"way": 2})
    assert conversations.between(conn, ACCOUNT, ELSEWHERE, Channel.SMS, PHONE) is not None
    for asked, ids in ((PHONE, [id]), (RECIPIENT, [])):
        page = listing.page(conn, ACCOUNT, Filter(recipient=asked), limit=9)
        assert [one.id for one in page.items] == ids
    close_second(conn, on_second(conn, id), Outcome.ACCEPTED, Status.SENT, ref="second")
    used = usage.count(conn, ACCOUNT, NOON.date())
    assert sum(use.count for use in used.values()) == 1
    messages.delete(conn, id)
    assert count(conn, "recipients") == count(conn, "fallbacks") == 0
    with pytest.raises(Unknown):
        messages.get(conn, ACCOUNT, id)


def test_what_was_scheduled_and_held_up_is_still_told_to_be_queued(conn: Connection) -> None:
    lanes.holds(conn, NODE, [])
    id = given(conn, status=Status.SCHEDULED)
    assert look(conn, LATER) == Turned([id], [])
    assert all_jobs(conn) == [Job(id, "send", ELSEWHERE, LATER, 0, "", jobs.SCHEDULED)]


def test_receipts_that_a_carrier_in_here_owes_are_kept_beside_new_ones(conn: Connection) -> None:
    def later(ref: str, at: int) -> Job:
        one = Receipt(message="m", ref=ref, status=Status.DELIVERED)
        return due.later_job(LANE, "m", [due.Later(at / 1e6, one)], NOW)

    jobs.put(conn, [later("b", 2_000_000)])
    jobs.put(conn, [later("a", 1_000_000)])
    (job,) = all_jobs(conn)
    assert job.due_at == NOW + 1_000_000
    assert [receipt.ref for _, receipt in due._unpack(job.data)] == ["a", "b"]


def test_two_nodes_turn_it_once_and_nobody_waits(database: Engine) -> None:
    with database.begin() as conn:
        ids = {given(conn) for _ in range(20)}

    def turn(_: int) -> list[str]:
        with database.begin() as conn:
            return look(conn, LATER).turned

    with ThreadPoolExecutor(4) as pool:
        found = [id for part in pool.map(turn, range(4)) for id in part]
    assert sorted(found) == sorted(ids)
    with database.begin() as conn:
        assert {job.lane for job in all_jobs(conn)} == {ELSEWHERE}
        assert count(conn, "jobs") == len(ids)


def test_what_another_has_in_hand_is_looked_at_again(shared: Engine) -> None:
    with shared.begin() as conn:
        first, other = given(conn), given(conn)
    with shared.connect() as one, one.begin(), shared.connect() as two:
        (job,) = jobs.take(one, LANE, "send", NOW, 1)
        with two.begin():
            assert look(two, LATER).turned == [({first, other} - {job.message}).pop()]
    with shared.begin() as conn:
        assert turns.next_due(conn) == LATER + 1_000_000
        assert second(conn, job.message).taken_at is None


def test_a_receipt_and_a_turn_at_the_same_moment(shared: Engine) -> None:
    """Who comes second sees what the first did: one of both counts, and none is lost."""
    with shared.begin() as conn:
        id = given(conn)
        taken(conn, id)
    with ThreadPoolExecutor(1) as pool, shared.connect() as one:
        with one.begin():
            assert look(one, LATER).turned == [id]

            def tell() -> Moved | None:
                with shared.begin() as conn:
                    return told(conn, id, Status.UNDELIVERED)

            task = pool.submit(tell)
            until_blocked_or_done(shared, task)
        assert task.result(10) is None
    with shared.begin() as conn:
        assert second(conn, id).why is Why.LATE
        assert status_of(conn, id) is Status.SENT
        assert [job.lane for job in all_jobs(conn)] == [ELSEWHERE]


def test_a_turn_does_not_wait_for_a_receipt_that_is_being_written(shared: Engine) -> None:
    with shared.begin() as conn:
        id = given(conn)
        taken(conn, id)
    with shared.connect() as one, one.begin(), shared.connect() as two:
        assert told(one, id, Status.DELIVERED) == Moved(id, Status.DELIVERED)
        with two.begin():
            assert look(two, LATER) == NOBODY
    with shared.begin() as conn:
        assert look(conn, LATER + 1_000_000) == NOBODY
        assert turns.next_due(conn) is None
        assert replace(second(conn, id), due_at=None).taken_at is None
