"""Decisions: what a status becomes, what follows an attempt, how fast a sender may go."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import combinations_with_replacement, permutations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from estafette.model import (
    Channel,
    Direction,
    Failure,
    Message,
    Outcome,
    Patience,
    Reason,
    Status,
)
from estafette.model.rules import (
    FINAL,
    WAITING,
    Step,
    advance,
    after_attempt,
    allowance,
    back_off,
    fair_share,
    may_cancel,
    may_delete,
    next_offer_at,
    told_again_in,
)

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)

FORWARD = [Status.QUEUED, Status.SENDING, Status.SENT, Status.DELIVERED, Status.READ]
LOST = [Status.UNDELIVERED, Status.FAILED]
ENDED = [Status.UNDELIVERED, Status.FAILED, Status.CANCELED, Status.RECEIVED]


def told(start: Status, receipts: Iterable[Status]) -> list[Status]:
    """Every status that a message goes through."""
    path = [start]
    for receipt in receipts:
        path.append(advance(path[-1], receipt))
    return path


@pytest.mark.parametrize("start", FORWARD)
def test_receipts_of_progress_come_to_the_same_in_every_order(start: Status) -> None:
    for count in range(5):
        for receipts in combinations_with_replacement(FORWARD, count):
            furthest = max([start, *receipts], key=FORWARD.index)
            assert {told(start, order)[-1] for order in permutations(receipts)} == {furthest}


@pytest.mark.parametrize("start", FORWARD)
def test_a_status_never_goes_back_in_any_order_of_receipts(start: Status) -> None:
    rank = {status: FORWARD.index(status) for status in FORWARD} | dict.fromkeys(LOST, 9)
    for order in permutations([*FORWARD[1:], *LOST]):
        path = [rank[status] for status in told(start, order)]
        assert path == sorted(path)


def test_a_late_failure_does_not_undo_a_delivery() -> None:
    for now in (Status.DELIVERED, Status.READ):
        for receipt in LOST:
            assert advance(now, receipt) is now


def test_a_failure_ends_a_message_that_was_not_delivered_yet() -> None:
    for now in (Status.QUEUED, Status.SENDING, Status.SENT):
        for receipt in LOST:
            assert advance(now, receipt) is receipt


def test_of_a_delivery_and_a_failure_the_first_is_believed() -> None:
    for order in permutations([Status.SENT, Status.DELIVERED, Status.UNDELIVERED]):
        kept = [status for status in order if status is not Status.SENT]
        assert told(Status.SENDING, order)[-1] is kept[0]


@pytest.mark.parametrize("now", ENDED)
def test_an_end_stays_whatever_is_told(now: Status) -> None:
    assert {advance(now, receipt) for receipt in Status} == {now}


@pytest.mark.parametrize("now", FORWARD)
def test_words_that_no_carrier_can_say_change_nothing(now: Status) -> None:
    for word in (Status.SCHEDULED, Status.CANCELED, Status.RECEIVED):
        assert advance(now, word) is now


def test_a_message_that_was_read_is_all_that_a_final_status_may_become() -> None:
    changes = {(now, advance(now, receipt)) for now in FINAL for receipt in Status}
    assert changes == {(now, now) for now in FINAL} | {(Status.DELIVERED, Status.READ)}


def test_every_status_is_waiting_under_way_or_final() -> None:
    assert not WAITING & FINAL
    assert set(Status) - WAITING - FINAL == {Status.SENDING, Status.SENT}


def message(status: Status, sent_at: datetime | None = None) -> Message:
    return Message(
        id="0" * 32,
        account="AC",
        lane="1",
        channel=Channel.SMS,
        direction=Direction.API,
        sender="+15017122661",
        recipient="+15558675310",
        body="Hi",
        media=(),
        segments=1,
        status=status,
        ref="",
        reason=None,
        code="",
        text="",
        callback_url="",
        redacted=False,
        created_at=NOON,
        updated_at=NOON,
        sent_at=sent_at,
        expires_at=NOON,
    )


def test_only_what_was_offered_to_nobody_may_be_called_back() -> None:
    assert {status for status in Status if may_cancel(message(status))} == WAITING


@pytest.mark.parametrize("status", Status)
def test_what_is_final_may_be_deleted_at_once(status: Status) -> None:
    assert may_delete(message(status, NOON), NOON) is (status in FINAL)


@pytest.mark.parametrize("status", Status)
def test_what_was_taken_an_hour_ago_is_complete_though_nothing_more_was_told(
    status: Status,
) -> None:
    later = NOON + timedelta(hours=1)
    assert may_delete(message(status, NOON), later) is (status in FINAL | {Status.SENT})
    almost = later - timedelta(microseconds=1)
    assert may_delete(message(status, NOON), almost) is (status in FINAL)


def test_what_was_sent_at_an_unknown_time_is_not_complete() -> None:
    assert not may_delete(message(Status.SENT), NOON + timedelta(days=1))


#: Outcome and what is known beside it: what follows.
STEPS = {
    "accepted": (Outcome.ACCEPTED, {}, Step(Status.SENT)),
    "refused": (
        Outcome.REFUSED,
        {"reason": Reason.BLOCKED},
        Step(Status.FAILED, Reason.BLOCKED),
    ),
    "refused without a reason": (Outcome.REFUSED, {}, Step(Status.FAILED, Reason.OTHER)),
    "throttled, told when": (
        Outcome.THROTTLED,
        {"retry_after": 7.5},
        Step(Status.QUEUED, retry_in=7.5),
    ),
    "throttled, to come back at once": (
        Outcome.THROTTLED,
        {"retry_after": 0},
        Step(Status.QUEUED, retry_in=0),
    ),
    "throttled, not told when": (Outcome.THROTTLED, {}, Step(Status.QUEUED, retry_in=30)),
    "unreached": (Outcome.UNREACHED, {"retry_after": 1}, Step(Status.QUEUED, retry_in=30)),
    "unclear": (Outcome.UNCLEAR, {"receipt_wait": 60}, Step(Status.SENDING, settle_in=60)),
    "unclear, not to be waited for": (Outcome.UNCLEAR, {}, Step(Status.SENDING, settle_in=0)),
    "misconfigured": (Outcome.MISCONFIGURED, {}, Step(Status.QUEUED, retry_in=0, parks=True)),
}


@pytest.mark.parametrize("case", STEPS)
def test_what_follows_an_attempt_depends_on_its_outcome(case: str) -> None:
    outcome, known, step = STEPS[case]
    assert after_attempt(outcome, number=2, **known) == step  # type: ignore[arg-type]


def test_there_is_a_step_for_every_outcome() -> None:
    assert {outcome for outcome, _, _ in STEPS.values()} == set(Outcome)


@pytest.mark.parametrize("outcome", Outcome)
def test_what_may_have_been_taken_is_never_offered_again_by_itself(outcome: Outcome) -> None:
    step = after_attempt(outcome, number=1, reason=Reason.OTHER, retry_after=1, receipt_wait=1)
    again = step.retry_in is not None
    assert again is (outcome in {Outcome.THROTTLED, Outcome.UNREACHED, Outcome.MISCONFIGURED})
    assert not (again and step.settle_in is not None)


def test_waits_between_attempts_grow_to_an_hour_and_stay_there() -> None:
    waits = [back_off(number) for number in range(1, 9)]
    assert waits == [5, 30, 120, 600, 3600, 3600, 3600, 3600]


def pace(rate: float, gaps: list[int], next_at: int = 0) -> list[tuple[int, int]]:
    """When a sender with more than enough to say makes how many offers; times in microseconds.

    It looks after each of the gaps, and its pace is kept in whole microseconds, as in the store.
    """
    now, made = 1_750_000_000_000_000, []
    for gap in gaps:
        now += gap
        room = allowance(next_at / 1e6, now / 1e6, rate)
        if room:
            next_at = int(next_offer_at(next_at / 1e6, now / 1e6, room, rate) * 1e6)
            made.append((now, room))
    return made


def burst(rate: float) -> float:
    return max(1.0, rate / 50)


RATES = st.one_of(st.floats(0.1, 10), st.floats(10, 3000), st.sampled_from([1, 10, 50, 100, 1000]))


@given(RATES, st.lists(st.integers(0, 2_000_000) | st.integers(0, 5_000), max_size=400))
@example(100, [0, *[1_000] * 399])
@example(95, [0, *[1_000] * 399])
@example(1000, [0, 5_000_000, *[1_000] * 398])
def test_no_second_sees_more_than_the_rate_and_a_fiftieth_of_it(
    rate: float, gaps: list[int]
) -> None:
    made = pace(rate, gaps)
    broken = 0 if float(rate).is_integer() else 0.5  # part of an offer
    for at, _ in made:
        within = sum(count for when, count in made if at <= when < at + 1_000_000)
        assert within <= rate + burst(rate) + broken


@given(st.floats(0.5, 3000), st.integers(2, 8), st.integers(0, 2**32))
@example(95, 3, 1)
def test_a_busy_sender_that_looks_a_little_late_reaches_nine_tenths_of_its_rate(
    rate: float, milliseconds: int, seed: int
) -> None:
    """It looks when the next offer is due, as the worker does, and is late each time."""
    now = due = 1_750_000_000_000_000
    late = min(milliseconds * 1000, int(0.4e6 / rate)) if rate < 100 else milliseconds * 1000
    made = 0
    for step in range(1000):
        now = max(now, due) + 1 + (seed * 7919 + step * 104_729) % late
        room = allowance(due / 1e6, now / 1e6, rate)
        due = int(next_offer_at(due / 1e6, now / 1e6, room, rate) * 1e6)
        made += room
    assert made >= 0.9 * rate * (now - 1_750_000_000_000_000) / 1e6 - 1


@given(RATES)
def test_a_sender_that_was_quiet_for_long_may_not_make_up_for_it(rate: float) -> None:
    assert allowance(0, 1_750_000_000, rate) <= burst(rate)


@given(RATES)
def test_nothing_leaves_before_it_is_due(rate: float) -> None:
    assert allowance(1000.000001, 1000, rate) == 0
    assert allowance(1000, 1000, rate) == 1


@given(RATES, st.floats(0, 60))
def test_an_offer_pushes_the_next_one_away_by_no_less_than_its_share(
    rate: float, late: float
) -> None:
    due = next_offer_at(1000, 1000 + late, 1, rate)
    assert due >= 1000 + 1 / rate - 1e-6
    assert due <= 1000 + late + 1 / rate + 1e-6


def test_lanes_are_shared_evenly_and_none_is_left_over() -> None:
    assert [fair_share(7, nodes) for nodes in (1, 2, 3, 7, 20)] == [7, 4, 3, 1, 1]
    assert fair_share(0, 3) == 0
    assert fair_share(5, 0) == 5
    for lanes in range(30):
        for nodes in range(1, 10):
            assert fair_share(lanes, nodes) * nodes >= lanes


def test_a_callback_is_told_again_for_a_day_and_then_given_up() -> None:
    age, tries, waits = 0.0, 0, []
    while (wait := told_again_in(tries := tries + 1, age, Failure.SERVER, None)) is not None:
        waits.append(wait)
        age += wait
    assert waits[0] < 5
    assert waits[:5] == sorted(waits[:5])
    assert set(waits[4:]) == {3600}
    assert 23 * 3600 < age <= 24 * 3600


@pytest.mark.parametrize("failure", Failure)
@pytest.mark.parametrize("retries", range(6))
def test_a_callback_is_told_again_as_often_as_asked_for_and_for_that_failure_alone(
    failure: Failure, retries: int
) -> None:
    patience = Patience(retries, frozenset({failure}))
    waits = [told_again_in(tries, 0, failure, patience) for tries in range(1, 8)]
    assert waits == [1] * retries + [None] * (7 - retries)
    others = [other for other in Failure if other is not failure]
    assert {told_again_in(1, 0, other, patience) for other in others} == {None}
