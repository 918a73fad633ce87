import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from estafette.model.address import e164, is_alphanumeric_sender, is_short_code, loose_e164


def phonenumbers_finds_it_possible(text: str) -> bool:
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(text))
    except phonenumbers.NumberParseException:
        return False


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("+15558675310", id="a number nobody has"),
        pytest.param("+15005550006", id="a test number"),
        pytest.param("+15005530003", id="an area nobody lives in"),
        pytest.param("+442071838750", id="London"),
        pytest.param("+4915112345678", id="a German mobile"),
        pytest.param("+390612345678", id="an Italian zero that belongs there"),
        pytest.param("+2905123", id="seven digits"),
        pytest.param("+491511234567890", id="fifteen digits"),
        pytest.param("+80012345678", id="free from anywhere"),
        pytest.param("+4402071838750", id="a zero phonenumbers forgives"),
    ],
)
def test_a_possible_number_is_returned_as_it_is(text):
    assert e164(text) == text


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("+", id="a plus"),
        pytest.param("15558675310", id="no plus"),
        pytest.param("++15558675310", id="two"),
        pytest.param(" +15558675310", id="a space before"),
        pytest.param("+15558675310 ", id="a space after"),
        pytest.param("+15558675310\n", id="a line end"),
        pytest.param("+1 5558675310", id="a space inside"),
        pytest.param("+1555TWILIO1", id="letters"),
        pytest.param("\uff0b15558675310", id="a fullwidth plus"),
        pytest.param("+1555867531\uff10", id="a fullwidth digit"),
        pytest.param("+1555867531\u0660", id="an Arabic digit"),
        pytest.param("+155586753100", id="a digit too many for its country"),
        pytest.param("+1555867", id="too few for its country"),
        pytest.param("+05558675310", id="a leading zero"),
        pytest.param("+491511", id="six digits"),
        pytest.param("+4915112345678901", id="sixteen digits"),
        pytest.param("+99955512345", id="a country that is none"),
        pytest.param("+15558675310;ext=1", id="an extension"),
        pytest.param("whatsapp:+15558675310", id="a channel before it"),
    ],
)
def test_what_is_not_exactly_a_number_is_none(text):
    assert e164(text) is None


national = st.text("0123456789", min_size=4, max_size=13)
codes = st.sampled_from(sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)) | st.integers(1, 999)


@settings(deadline=None)
@given(codes, national)
@example(44, "02071838750")
@example(52, "15512345678")
@example(54, "91123456789")
def test_any_number_is_judged_as_phonenumbers_judges_it(code, rest):
    text = f"+{code}{rest}"
    possible = 7 <= len(text) - 1 <= 15 and phonenumbers_finds_it_possible(text)
    assert e164(text) == (text if possible else None)


@given(st.text())
def test_any_text_that_is_taken_is_a_plus_and_digits(text):
    assert e164(text) is None or (text[0] == "+" and text[1:].isascii() and text[1:].isdigit())


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+15558675310", "+15558675310"),
        ("15558675310", "+15558675310"),
        ("1 (555) 867-5310", "+15558675310"),
        (" +1.555.867.5310 ", "+15558675310"),
        ("(+49) 151 12345678", "+4915112345678"),
        ("+44 (0)20 7183 8750", "+442071838750"),
        ("44(0)2071838750", "+442071838750"),
    ],
)
def test_punctuation_and_a_missing_plus_are_forgiven_where_asked(text, number):
    assert loose_e164(text) == number


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("()", id="only punctuation"),
        pytest.param("(0)20 7183 8750", id="no country"),
        pytest.param("0044 20 7183 8750", id="an international prefix"),
        pytest.param("+1 555 TWILIO1", id="letters"),
        pytest.param("1+5558675310", id="a plus inside"),
        pytest.param("+1555867531\uff10", id="a fullwidth digit"),
        pytest.param("+15558675310\n", id="a line end"),
        pytest.param("+1/555/8675310", id="slashes"),
    ],
)
def test_the_rest_is_not_forgiven(text):
    assert loose_e164(text) is None


@given(codes, national)
def test_an_exact_number_reads_the_same_loosely(code, rest):
    text = f"+{code}{rest}"
    assert loose_e164(text) == e164(text)
    assert loose_e164(f" ({code}) {rest[:3]}-{rest[3:]}") == e164(text)


@pytest.mark.parametrize(
    "text", ["A", "Estafette", "Bank of Us", "ELEVENCHARS", "1st+A-b_c&d", "24x7", "4me"]
)
def test_a_name_may_stand_in_a_senders_place(text):
    assert is_alphanumeric_sender(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("12345", id="no letter"),
        pytest.param("+15558675310", id="a number"),
        pytest.param("TWELVECHARS!", id="an exclamation mark"),
        pytest.param("TWELVE CHARS", id="twelve characters"),
        pytest.param(" Bank", id="a space before"),
        pytest.param("Bank ", id="a space after"),
        pytest.param("Bank\n", id="a line end"),
        pytest.param("Caf\xe9", id="an accent"),
        pytest.param("\uff21bank", id="a fullwidth letter"),
        pytest.param("a.b", id="a dot"),
    ],
)
def test_other_texts_may_not(text):
    assert not is_alphanumeric_sender(text)


@pytest.mark.parametrize("text", ["123", "72345", "12345678", "00000"])
def test_three_to_eight_digits_are_a_short_code(text):
    assert is_short_code(text)


@pytest.mark.parametrize("text", ["", "12", "123456789", "1234a", "+1234", "1234\n", "12\uff134"])
def test_anything_else_is_no_short_code(text):
    assert not is_short_code(text)
