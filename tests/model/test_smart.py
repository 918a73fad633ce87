"""Smart encoding. That the table is whole is held against npm in test_text_against_npm.py."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.model.smart import REPLACED, smart
from estafette.model.text import is_gsm7, segments

CODES = [int(code, 16) for codes in REPLACED.values() for code in codes.split()]


def test_the_table_names_270_characters_each_once() -> None:
    assert len(CODES) == len(set(CODES)) == 270


@pytest.mark.parametrize("code", CODES, ids=hex)
def test_what_stands_instead_is_gsm7_and_stays(code: int) -> None:
    instead = smart(chr(code))
    assert is_gsm7(instead)
    assert smart(instead) == instead != chr(code)


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        pytest.param("\u201cHello\u201d \u2014 it\u2019s", '"Hello" - it\'s', id="quotes"),
        pytest.param("a \u2013 b\u2026", "a - b...", id="dash and ellipsis"),
        pytest.param("\uff21\uff22\uff23 \uff11\uff12\uff13", "ABC 123", id="full width"),
        pytest.param("\xbd, \xbc and \xbe", "1/2, 1/4 and 3/4", id="fractions"),
        pytest.param("a\xa0b\u2009c", "a  b  c", id="spaces become two"),
        pytest.param("a\tb", "a       b", id="a tab becomes seven"),
        pytest.param("\u2039a\u203a", ">a<", id="single angle quotes turn round"),
        pytest.param("a\u200bb\ufeff\0", "ab", id="what has no width goes"),
        pytest.param("`a`", "'a'", id="backticks"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_a_text_as_it_becomes(text: str, instead: str) -> None:
    assert smart(text) == instead


@pytest.mark.parametrize(
    "text",
    [
        "Join Earth's mightiest heroes. Like Kevin Bacon.\r\n",
        "\u20ac {[~]} \xe9\xe8\xf1\xdf\xc4",
        "\u0436 \u4e2d \xe7 \U0001f468\u200d\U0001f469",
        "\ud83d",
    ],
)
def test_what_is_not_in_the_table_stays(text: str) -> None:
    assert smart(text) == text


def test_a_text_of_three_parts_becomes_one() -> None:
    text = "\u201c" + "a" * 158 + "\u201d"
    assert (segments(text), segments(smart(text))) == (3, 1)


@given(st.text())
def test_twice_is_once(text: str) -> None:
    assert smart(smart(text)) == smart(text)


@given(st.text(st.characters(max_codepoint=0x7E, min_codepoint=0x20, exclude_characters="`")))
def test_printable_ascii_stays_but_for_the_backtick(text: str) -> None:
    assert smart(text) == text
