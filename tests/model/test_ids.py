"""Ids that grow with time, and still say which moment they were made in."""

import uuid
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.model import ids
from estafette.model.ids import digits, first_id, instant, new_id, read_digits, read_id

NOON = datetime(2026, 5, 4, 12, 0, 0, 123_456, tzinfo=UTC)

MOMENTS = st.integers(0, 250_000 * 10**12).map(
    lambda micros: datetime(1970, 1, 2, tzinfo=UTC) + timedelta(microseconds=micros)
)


@pytest.fixture(autouse=True)
def _forget_the_last_id(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "_last", 0)


def millisecond(id: str) -> int:
    return uuid.UUID(id).int >> 80


def test_an_id_is_a_version_7_uuid_of_its_millisecond() -> None:
    made = uuid.UUID(new_id(NOON))
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert millisecond(made.hex) == instant(NOON) // 1000


def test_an_id_is_32_lower_hex_digits() -> None:
    made = new_id(NOON)
    assert len(made) == 32
    assert made == uuid.UUID(made).hex


def test_a_time_in_another_zone_gives_the_same_moment() -> None:
    elsewhere = NOON.astimezone(datetime.strptime("+0530", "%z").tzinfo)
    assert instant(elsewhere) == instant(NOON)
    assert millisecond(new_id(elsewhere)) == millisecond(new_id(NOON))


def test_ten_thousand_ids_of_one_instant_strictly_grow() -> None:
    made = [new_id(NOON) for _ in range(10_000)]
    assert all(before < after for before, after in pairwise(made))


def test_ids_of_one_millisecond_stand_in_the_order_of_its_microseconds() -> None:
    moments = [NOON.replace(microsecond=123_000 + micros) for micros in range(1000)]
    made = [new_id(at) for at in moments]
    assert made == sorted(made)
    assert {millisecond(id) for id in made} == {instant(NOON) // 1000}


@pytest.mark.parametrize(
    "back", [timedelta(microseconds=1), timedelta(milliseconds=1), timedelta(seconds=59)]
)
def test_a_clock_set_back_a_little_does_not_stop_the_growth(back: timedelta) -> None:
    before = new_id(NOON)
    assert new_id(NOON - back) > before


def test_a_clock_set_back_by_more_than_a_minute_is_believed() -> None:
    new_id(NOON)
    earlier = NOON - timedelta(hours=1)
    assert millisecond(new_id(earlier)) == instant(earlier) // 1000


@given(st.lists(st.integers(-50_000_000, 50_000_000), max_size=50))
def test_ids_grow_whatever_a_restless_clock_does_within_a_minute(steps: list[int]) -> None:
    last = ""
    for step in [0, *steps]:
        made = new_id(NOON + timedelta(microseconds=step // 2))
        assert made > last
        assert uuid.UUID(made).version == 7
        last = made


@given(MOMENTS)
def test_the_first_id_of_a_moment_is_the_bound_of_the_ids_made_since(at: datetime) -> None:
    ids._last = 0
    assert first_id(at) <= new_id(at)
    ids._last = 0
    assert new_id(at - timedelta(milliseconds=1)) < first_id(at)


@given(MOMENTS)
def test_an_instant_is_exact_to_the_microsecond(at: datetime) -> None:
    assert datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=instant(at)) == at


@pytest.mark.parametrize(
    "text",
    [
        "0123456789abcdef0123456789abcdef",
        "0123456789ABCDEF0123456789ABCDEF",
        "SM0123456789abcdef0123456789abcdef",
        "MM0123456789ABCDEF0123456789abcdef",
        "01234567-89ab-cdef-0123-456789abcdef",
        "wamid." + b64encode(b"\x12\x180123456789abcdef0123456789ABCDEF\0").decode(),
        "wamid." + b64encode(b"0123456789abcdef0123456789abcdef").decode().rstrip("="),
    ],
)
def test_a_message_is_named_in_many_forms(text: str) -> None:
    assert read_id(text) == "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    "text", ["", "SM", "x" * 32, "AC" + "0" * 32, "wamid.", "wamid.é", "0" * 33]
)
def test_other_texts_name_none(text: str) -> None:
    assert read_id(text) is None


@given(st.integers(0, 2**128 - 1))
def test_an_id_is_read_back_from_its_digits(number: int) -> None:
    id = f"{number:032x}"
    assert read_digits(digits(id)) == id


@pytest.mark.parametrize(
    "text", ["", "-1", "+1", " 1", "1 ", "01", "1_0", "1.0", "٣", "abc", "1" * 40, str(2**128)]
)
def test_what_is_no_such_number_is_no_id(text: str) -> None:
    assert read_digits(text) is None
