"""Numbers: which fit what somebody looks for, and what they are called."""

import pytest

from estafette.model.number import (
    Number,
    NumberKind,
    Wanted,
    area_code,
    country_of,
    distance,
    fits,
    friendly,
    kind_of,
    pattern,
)

NUMBER = Number(
    address="+14155550142",
    country="US",
    kind=NumberKind.LOCAL,
    locality="San Francisco",
    region="CA",
    latitude=37.77,
    longitude=-122.42,
    capabilities=("sms", "mms"),
)


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("415", True),
        ("+1415", True),
        ("+415", False),
        ("0142$", True),
        ("014$", False),
        ("415*******", True),
        ("415***", True),
        ("415*******$", True),
        ("415******$", False),
        ("4%2$", True),
        ("+1%0142", True),
        ("JKL", True),  # 555
        ("kl56", False),
        ("%5%5%5%5$", False),
        ("%5%5%5%5%", True),
        ("1%4%1%2$", True),
        ("1%4%1%1$", False),
        ("%9%9%9%9%9%9%9%$", False),
        ("%%%%%%%%%%%%%%%%", True),
        ("5550142", True),
    ],
)
def test_a_pattern_is_found_where_it_should_be(text: str, is_found: bool) -> None:
    found = pattern(text)
    assert found is not None
    assert (found.search(NUMBER.address) is not None) is is_found


@pytest.mark.parametrize("text", ["", "(415)", "4+15", "4$5", "é", "4 1", "x" * 17, "\0"])
def test_what_is_no_pattern_is_none(text: str) -> None:
    assert pattern(text) is None


@pytest.mark.parametrize(
    ("wanted", "does_fit"),
    [
        (Wanted(), True),
        (Wanted(country="US", kind=NumberKind.LOCAL, area_code="415"), True),
        (Wanted(country="CA"), False),
        (Wanted(kind=NumberKind.MOBILE), False),
        (Wanted(area_code="212"), False),
        (Wanted(contains="0142$"), True),
        (Wanted(contains="0143$"), False),
        (Wanted(locality="SAN FRANCISCO", region="ca"), True),
        (Wanted(postal_code="94103"), False),
        (Wanted(able={"sms": True, "voice": False}), True),
        (Wanted(able={"voice": True}), False),
        (Wanted(able={"mms": False}), False),
        (Wanted(near=(37.8, -122.4), within=10), True),
        (Wanted(near=(38.8, -122.4), within=10), False),
    ],
)
def test_each_part_of_what_is_wanted_narrows(wanted: Wanted, does_fit: bool) -> None:
    assert fits(NUMBER, wanted) is does_fit


def test_a_number_that_is_nowhere_is_near_nothing() -> None:
    nowhere = Number(address="+18005550100", country="US", kind=NumberKind.TOLL_FREE)
    assert not fits(nowhere, Wanted(near=(0, 0), within=500))


def test_distances_are_miles() -> None:
    assert distance((40.75, -73.99), (40.75, -73.99)) == 0
    assert 2560 < distance((40.75, -73.99), (37.77, -122.42)) < 2580
    assert 12_430 < distance((0, 0), (0, 180)) < 12_440


@pytest.mark.parametrize(
    ("address", "kind", "country"),
    [
        ("+14155550100", NumberKind.LOCAL, "US"),
        ("+15005550006", NumberKind.LOCAL, "US"),
        ("+14165550100", NumberKind.LOCAL, "CA"),
        ("+18005550100", NumberKind.TOLL_FREE, "US"),
        ("+4917139200000", NumberKind.MOBILE, "DE"),
        ("+442079460000", NumberKind.LOCAL, "GB"),
        ("nobody", NumberKind.LOCAL, ""),
    ],
)
def test_digits_say_the_kind_and_the_country(address: str, kind: NumberKind, country: str) -> None:
    assert (kind_of(address), country_of(address)) == (kind, country)


def test_numbers_are_written_as_people_do() -> None:
    assert friendly("+18089255327") == "(808) 925-5327"
    assert friendly("+447700900000") == "+447700900000"
    assert (area_code("+18089255327"), area_code("+447700900000")) == ("808", "")
