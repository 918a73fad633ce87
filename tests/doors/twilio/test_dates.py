"""The times of list filters, in every notation."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estafette.doors.twilio.dates import on, since, until
from estafette.doors.twilio.errors import TwilioError

#: Notations of one time, and the time.
TIMES = {
    "2016-08-31T00:00:00Z": datetime(2016, 8, 31, tzinfo=UTC),
    "2016-08-31T12:30:15+02:00": datetime(2016, 8, 31, 10, 30, 15, tzinfo=UTC),
    "2019-06-11 22:05:25.000": datetime(2019, 6, 11, 22, 5, 25, tzinfo=UTC),
    "2019-06-11 22:05": datetime(2019, 6, 11, 22, 5, tzinfo=UTC),
    "06/11/2019 22:05:25 MST": datetime(2019, 6, 12, 5, 5, 25, tzinfo=UTC),
    "06/11/2019 22:05:25 PDT": datetime(2019, 6, 12, 5, 5, 25, tzinfo=UTC),
    "06/11/2019 22:05:25 GMT": datetime(2019, 6, 11, 22, 5, 25, tzinfo=UTC),
    "06/11/2019 22:05:25": datetime(2019, 6, 11, 22, 5, 25, tzinfo=UTC),
    "Wed, 19 Jun 2019 22:04:00 -0000": datetime(2019, 6, 19, 22, 4, tzinfo=UTC),
    "Wed, 19 Jun 2019 22:04:00 +0200": datetime(2019, 6, 19, 20, 4, tzinfo=UTC),
    " 2016-08-31T00:00:00Z ": datetime(2016, 8, 31, tzinfo=UTC),
}

NO_DATES = [
    "", "yesterday", "2009-13-01", "2009-02-30", "2009-7-6", "0000-00-00", "9999-12-31",
    "1969-12-31", "06/11/2019 22:05:25 XYZ", "13/13/2019 22:05:25 GMT", "22:05:25",
    "2016-08-31T25:00:00Z", "Wed, 99 Jun 2019 22:04:00 +0000", "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00", "\0", "²⁰¹⁶-08-31", "1" * 5000,
]  # fmt: skip

SECOND = timedelta(seconds=1) - timedelta(microseconds=1)
DAY = timedelta(days=1) - timedelta(microseconds=1)


@pytest.mark.parametrize("text", TIMES)
def test_a_time_is_an_instant_to_the_second(text: str) -> None:
    assert since(text) == TIMES[text]
    assert until(text) == TIMES[text] + SECOND


@pytest.mark.parametrize("text", TIMES)
def test_on_is_the_day_that_a_time_falls_on(text: str) -> None:
    start = TIMES[text].replace(hour=0, minute=0, second=0)
    assert on(text) == (start, start + DAY)


def test_a_date_alone_is_the_whole_day() -> None:
    start = datetime(2009, 7, 6, tzinfo=UTC)
    assert since("2009-07-06") == start
    assert until("2009-07-06") == start + DAY
    assert on("2009-07-06") == (start, start + DAY)


@pytest.mark.parametrize("text", NO_DATES)
@pytest.mark.parametrize("reading", [on, since, until])
def test_what_is_no_date_is_refused(reading: object, text: str) -> None:
    with pytest.raises(TwilioError) as caught:
        reading(text)  # type: ignore[operator]
    assert (caught.value.status, caught.value.code) == (400, 20001)


@settings(deadline=None)
@given(
    st.text()
    | st.text("0123456789-/:.TZ +,WedJun")
    | st.from_regex(r"\A\w{3}, \d{1,3} \w{3} \d{1,5} \d\d:\d\d:\d\d [+-]\d{1,6}\Z")
    | st.from_regex(r"\A\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d([.,]\d+)?([+-]\d\d:?\d\d)?\Z")
)
def test_any_text_is_a_date_or_refused(text: str) -> None:
    for reading in (on, since, until):
        try:
            reading(text)
        except TwilioError as error:
            assert error.code == 20001  # noqa: PT017 - either way is right


@settings(deadline=None)
@given(st.datetimes(datetime(1970, 1, 2), datetime(9998, 12, 30)))  # noqa: DTZ001 - naive on purpose
def test_a_time_lies_between_its_own_bounds(at: datetime) -> None:
    text = f"{at:%Y-%m-%dT%H:%M:%S}Z"
    aware = at.replace(tzinfo=UTC)
    assert since(text) <= aware <= until(text)
    start, end = on(text)
    assert start <= aware <= end
