"""The 24-hour window as a rule: who may be written to freely, and until when."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from estafette.model.rules import WINDOW, WindowPolicy, may_write, window_until

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
DAY = timedelta(hours=24)
TICK = timedelta(microseconds=1)
KNOWN, STRICT, OFF = WindowPolicy

times = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
ages = st.timedeltas(timedelta(0), timedelta(days=400))
policies = st.sampled_from(WindowPolicy)


@pytest.mark.parametrize("policy", [KNOWN, STRICT])
@pytest.mark.parametrize(
    ("age", "is_open"),
    [
        (timedelta(0), True),
        (timedelta(hours=23, minutes=59), True),
        (timedelta(hours=23, minutes=59, seconds=59), True),
        (DAY - TICK, True),
        (DAY, False),
        (DAY + TICK, False),
        (timedelta(days=400), False),
    ],
)
def test_it_is_open_for_less_than_24_hours(
    policy: WindowPolicy, age: timedelta, is_open: bool
) -> None:
    assert may_write(policy, NOON - age, NOON) is is_open


def test_who_never_wrote_is_refused_only_where_that_is_asked_for() -> None:
    assert [may_write(policy, None, NOON) for policy in (KNOWN, STRICT, OFF)] == [True, False, True]


def test_an_hour_that_a_country_skips_is_none_of_24() -> None:
    before = datetime(2026, 3, 28, 12, tzinfo=timezone(timedelta(hours=1)))
    after = datetime(2026, 3, 29, 12, tzinfo=timezone(timedelta(hours=2)))
    assert may_write(KNOWN, before, after)
    assert window_until(before).astimezone(UTC) == datetime(2026, 3, 29, 11, tzinfo=UTC)


@given(policies, st.none() | ages, times)
def test_templates_go_always_and_so_does_all_where_it_is_off(
    policy: WindowPolicy, age: timedelta | None, now: datetime
) -> None:
    at = None if age is None else now - age
    assert may_write(policy, at, now, is_template=True)
    assert may_write(OFF, at, now)


@given(times, ages)
@example(NOON, DAY)
@example(NOON, DAY - TICK)
def test_the_rule_and_the_time_that_is_told_agree(now: datetime, age: timedelta) -> None:
    at = now - age
    for policy in (KNOWN, STRICT):
        assert may_write(policy, at, now) is (now < window_until(at)) is (age < WINDOW)


@given(times, ages, ages)
def test_once_closed_it_stays_closed_until_they_write_again(
    at: datetime, one: timedelta, more: timedelta
) -> None:
    for policy in (KNOWN, STRICT):
        if not may_write(policy, at, at + one):
            assert not may_write(policy, at, at + one + more)
        assert may_write(policy, at + one, at + one)


@given(st.none() | ages, times)
def test_what_is_stricter_lets_nothing_more_through(age: timedelta | None, now: datetime) -> None:
    at = None if age is None else now - age
    strict, known, off = (may_write(policy, at, now) for policy in (STRICT, KNOWN, OFF))
    assert strict <= known <= off
