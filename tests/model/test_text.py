import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estafette.model.graphemes import LONERS, clusters, is_plain
from estafette.model.text import BASIC, EXTENSION, is_gsm7, segments, units

EMOJI = "\U0001f600"
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
FLAG = "\U0001f1e9\U0001f1ea"
ZHE = "\u0436"
ACUTE = "\u0301"

#: label, text, parts, alphabet; the numbers are those of sms-segments-calculator 1.3.0.
VECTORS = [
    ("an empty text is one part", "", 1, "GSM-7"),
    ("160 letters fill one part", "a" * 160, 1, "GSM-7"),
    ("161 letters take two", "a" * 161, 2, "GSM-7"),
    ("306 letters fill two", "a" * 306, 2, "GSM-7"),
    ("307 letters take three", "a" * 307, 3, "GSM-7"),
    ("459 letters fill three", "a" * 459, 3, "GSM-7"),
    ("460 letters take four", "a" * 460, 4, "GSM-7"),
    ("the longest body takes eleven", "a" * 1600, 11, "GSM-7"),
    ("80 braces fill one part", "{" * 80, 1, "GSM-7"),
    ("81 braces take two", "{" * 81, 2, "GSM-7"),
    ("a euro does not fit into the last septet", "a" * 159 + "€", 2, "GSM-7"),
    ("a brace moves whole to the second part", "a" * 152 + "{" + "a" * 10, 2, "GSM-7"),
    ("69 accents and a foreign letter fill one part", "é" * 69 + ZHE, 1, "UCS-2"),
    ("70 accents and a foreign letter take two", "é" * 70 + ZHE, 2, "UCS-2"),
    ("134 Cyrillic letters fill two parts", ZHE * 134, 2, "UCS-2"),
    ("135 Cyrillic letters take three", ZHE * 135, 3, "UCS-2"),
    ("201 Cyrillic letters fill three", ZHE * 201, 3, "UCS-2"),
    ("202 Cyrillic letters take four", ZHE * 202, 4, "UCS-2"),
    ("35 emoji fill one part", EMOJI * 35, 1, "UCS-2"),
    ("36 emoji take two", EMOJI * 36, 2, "UCS-2"),
    ("an emoji moves whole to the second part", ZHE * 66 + EMOJI * 3, 2, "UCS-2"),
    ("a family is one part", FAMILY, 1, "UCS-2"),
    ("six families fit into one part", FAMILY * 6, 1, "UCS-2"),
    ("seven families take two", FAMILY * 7, 2, "UCS-2"),
    ("a flag is one part", FLAG, 1, "UCS-2"),
    ("a backtick is not in the GSM alphabet", "`", 1, "UCS-2"),
    ("a small c with cedilla is not either", "ç", 1, "UCS-2"),
    ("a capital C with cedilla is", "Ç", 1, "GSM-7"),
    ("both line ends are in the GSM alphabet", "a\r\nb", 1, "GSM-7"),
    ("a form feed is in the extension", "a\fb", 1, "GSM-7"),
    ("a tab is not in the GSM alphabet", "a\tb", 1, "UCS-2"),
    (
        "typographic quotes are not in the GSM alphabet",
        "\u201cHello\u201d \u2014 it\u2019s\u2026",
        1,
        "UCS-2",
    ),
    ("a space that does not break is not either", "a\xa0b", 1, "UCS-2"),
    ("an accent of its own is not either", "e" + ACUTE, 1, "UCS-2"),
    ("one foreign letter changes the alphabet of all", "a" * 159 + ZHE, 3, "UCS-2"),
]

#: 3GPP TS 23.038 once more, by code point, so that a slip in either list shows.
GSM7_CODES = {
    *(0x0A, 0x0C, 0x0D, *range(0x20, 0x60), *range(0x61, 0x7F)),
    *(0xA1, 0xA3, 0xA4, 0xA5, 0xA7, 0xBF, 0xC4, 0xC5, 0xC6, 0xC7, 0xC9, 0xD1, 0xD6, 0xD8, 0xDC),
    *(0xDF, 0xE0, 0xE4, 0xE5, 0xE6, 0xE8, 0xE9, 0xEC, 0xF1, 0xF2, 0xF6, 0xF8, 0xF9, 0xFC),
    *(0x393, 0x394, 0x398, 0x39B, 0x39E, 0x3A0, 0x3A3, 0x3A6, 0x3A8, 0x3A9, 0x20AC),
}

#: What the property tests mix: each behaves differently beside the others.
TRICKY = [
    *"a{\u20ac\xe9\r\n\t",
    *(ZHE, EMOJI, FAMILY, FLAG, ACUTE, "\u200d", "\u200b", "\ufe0f", "\u20e3", "\u0600"),
    *("\U0001f469", "\U0001f3fd", "\u2764", "\U0001f1e9", "\u0915", "\u094d", "\u0903"),
    *("\u1100", "\u1161", "\u11a8", "\uac00", "\uac01"),
]
tricky_texts = st.lists(
    st.tuples(st.sampled_from(TRICKY) | st.characters(), st.integers(1, 80)), max_size=8
).map(lambda runs: "".join(char * times for char, times in runs))


@pytest.mark.parametrize(
    ("body", "parts", "alphabet"),
    [pytest.param(*answer, id=label) for label, *answer in VECTORS],
)
def test_the_calculators_own_answers(body, parts, alphabet):
    assert (segments(body), is_gsm7(body)) == (parts, alphabet == "GSM-7")


@pytest.mark.parametrize(
    ("body", "size"), [("", 0), ("a\u20ac", 2), (EMOJI, 2), (FAMILY, 11), ("\ud83d", 1)]
)
def test_a_body_is_measured_in_utf16_code_units(body, size):
    assert units(body) == size


def test_the_gsm_alphabet_is_127_characters_and_ten_more():
    assert (len(BASIC), len(set(BASIC)), len(EXTENSION)) == (127, 127, 10)
    assert {char for char in map(chr, range(0x10000)) if is_gsm7(char)} == set(map(chr, GSM7_CODES))


@pytest.mark.parametrize(
    "whole",
    [
        pytest.param(FAMILY, id="family"),
        pytest.param(FLAG, id="flag"),
        pytest.param("\U0001f44d\U0001f3fd", id="thumb with a skin tone"),
        pytest.param("1\ufe0f\u20e3", id="keycap"),
        pytest.param("e" + ACUTE * 3, id="letter with three accents"),
        pytest.param("\u1112\u1161\u11ab", id="Hangul in its letters"),
        pytest.param("\u0915\u093f", id="Devanagari consonant and vowel sign"),
        pytest.param("\U0001f3f4" + "\U000e0067\U000e007f", id="flag made of tags"),
    ],
)
def test_what_reads_as_one_character_is_one_cluster(whole):
    assert list(clusters(f"x{whole}x{whole}")) == ["x", whole, "x", whole]


def test_a_family_emoji_is_never_split():
    assert segments(ZHE * 57 + FAMILY + ZHE * 56) == 2
    assert segments(ZHE * 57 + FAMILY + ZHE * 57) == 3


def test_a_flag_is_never_split():
    assert segments(ZHE * 66 + FLAG + ZHE * 63) == 2
    assert segments(ZHE * 66 + FLAG + ZHE * 64) == 3


def test_a_carriage_return_and_its_line_feed_may_be_split():
    assert list(clusters("\u0301\r\n\u0301")) == ["\u0301", "\r", "\n", "\u0301"]
    assert segments(ZHE * 66 + "\r\n" + ZHE * 66) == 2


def test_three_flag_letters_are_a_flag_and_a_letter():
    assert list(clusters("\U0001f1e9" * 3)) == ["\U0001f1e9" * 2, "\U0001f1e9"]


def test_a_second_mark_after_a_flag_stands_alone():
    assert list(clusters(FLAG + ACUTE * 2)) == [FLAG + ACUTE, ACUTE]


def test_a_conjunct_of_two_consonants_is_two_clusters():
    assert list(clusters("\u0915\u094d\u0937")) == ["\u0915\u094d", "\u0937"]


def test_a_tone_after_a_mark_needs_the_person_right_before_that_mark():
    woman, tone = "\U0001f469", "\U0001f3fd"
    assert list(clusters(woman + ACUTE + tone)) == [woman + ACUTE + tone]
    assert list(clusters(woman + ACUTE * 2 + tone)) == [woman + ACUTE * 2, tone]
    joined = f"{woman}{ACUTE}\u200d{woman}"
    assert list(clusters(joined + tone)) == [joined, tone]
    assert list(clusters(joined + ACUTE + tone)) == [joined + ACUTE + tone]


def test_a_cluster_longer_than_a_part_leaves_the_first_part_empty():
    assert segments("e" + ACUTE * 69) == 1
    assert segments("e" + ACUTE * 70) == 2
    assert segments(("e" + ACUTE * 70) * 2) == 3


def test_what_the_first_part_gives_up_is_not_measured_again():
    assert segments(ZHE * 10 + "e" + ACUTE * 59 + "e" + ACUTE * 59) == 2


def test_plain_stretches_hold_nothing_that_joins():
    plain = [char for char in map(chr, range(0x20000)) if LONERS.fullmatch(char)]
    around = [*plain, *("a" + char for char in plain)]
    # The added mark keeps the short cut for plain texts out of the way.
    mark = "e" + ACUTE
    assert all(list(clusters(mark + text)) == [mark, *text] for text in around)


@given(st.text())
def test_is_gsm7_agrees_with_the_standards_code_points(body):
    assert is_gsm7(body) == all(ord(char) in GSM7_CODES for char in body)


@given(st.text(st.sampled_from(BASIC + EXTENSION)))
def test_any_mixture_of_the_gsm_alphabet_is_gsm7(body):
    assert is_gsm7(body)


@settings(deadline=None)
@given(tricky_texts, st.sampled_from(TRICKY) | st.characters())
def test_adding_a_character_never_lowers_the_count(body, char):
    assert segments(body) <= segments(body + char)


@settings(deadline=None)
@given(tricky_texts)
def test_clusters_joined_are_the_text(body):
    assert "".join(clusters(body)) == body
    assert all(clusters(body))


@settings(deadline=None)
@given(tricky_texts)
def test_a_plain_text_has_a_cluster_for_each_code_point(body):
    assert not is_plain(body) or list(clusters(body)) == list(body)


@settings(deadline=None)
@given(st.text(st.sampled_from(["a", "{", ZHE, EMOJI, "\u4e2d", "\u201c"]), max_size=400))
def test_the_count_is_that_of_filling_part_after_part(body):
    sizes = [(2 if char in EXTENSION else 1) if is_gsm7(body) else units(char) for char in body]
    alone, each = (160, 153) if is_gsm7(body) else (70, 67)
    parts, used = 1, 0
    for size in sizes:
        parts, used = (parts, used + size) if used + size <= each else (parts + 1, size)
    assert segments(body) == (1 if sum(sizes) <= alone else parts)
