"""Reading addresses: which texts are phone numbers, alphanumeric senders or short codes."""

import re
from functools import cache

from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    PhoneNumber,
    PhoneNumberFormat,
    PhoneNumberType,
    format_number,
    is_possible_number,
    number_type,
    parse,
)

from estafette.model.message import OPAQUE, Channel

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_ALPHANUMERIC = re.compile(r"(?! )(?=[^A-Za-z]*[A-Za-z])[A-Za-z0-9 +\-_&]{1,11}(?<! )")
_SHORT_CODE = re.compile(r"[0-9]{3,8}")
_LONGEST_OPAQUE = 64  # characters
_PERSON = re.compile(r"[A-Z]{2}\.[A-Za-z0-9._-]{1,128}")

#: The zero only dialled inside the country, marked as such: +44 (0)20.
_DOMESTIC_ZERO = re.compile(r"(?<=[0-9])[ .-]?\(0\)")

#: What people put between digits to read them better.
_PUNCTUATION = str.maketrans("", "", " -.()")

#: The same of numbers that programs copy: spaces of many kinds, and marks that nobody sees.
_COPIED = re.compile(r"[\s\-()\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_DIGITS = re.compile(r"[0-9]{7,15}")

#: A country code has one to three digits, and none begins with another.
_CODE_SIZES = (1, 2, 3)


def e164(text: str) -> str | None:
    """`text` if it is a `+` and 7 to 15 digits that could be a number, else None.

    Rule: ITU-T E.164 for the form; for what could be a number, the lengths phonenumbers knows for
    the country (is_possible_number), not whether the number is in use.
    """
    if not _E164.fullmatch(text):
        return None
    for size in _CODE_SIZES:
        code = int(text[1 : 1 + size])
        if code in COUNTRY_CODE_TO_REGION_CODE:
            # Parsing takes twenty times as long, but forgives the zero that is only dialled
            # inside a country (+44 0…): it is asked when the length alone says no.
            usual = len(text) - 1 - size in _lengths(code)
            return text if usual or is_possible_number(parse(text)) else None
    return None


def loose_e164(text: str) -> str | None:
    """The number in E.164 form that `text` is once read without its punctuation, else None.

    The `+` may be missing, the country code may not; spaces, dashes, dots and parentheses may be
    anywhere, and a zero in parentheses after the first digits is dropped. Else as `e164`.
    """
    bare = _DOMESTIC_ZERO.sub("", text).translate(_PUNCTUATION)
    return e164(bare if bare.startswith("+") else f"+{bare}")


def bare_digits(text: str) -> str:
    """The 7 to 15 digits of a number as people and programs write it, else nothing.

    Spaces, dashes and parentheses do not count, nor a `+` or 00 before it.
    """
    bare = _COPIED.sub("", text).removeprefix("+").removeprefix("00")
    return bare if _DIGITS.fullmatch(bare) else ""


def spelled_number(text: str, *, is_dialled: bool = True) -> str | None:
    """The number in E.164 form that `text` is as people and programs write it, else None.

    It has its country code. Unless `is_dialled`, every country code with digits is one: there are
    people under numbers that nobody can dial.
    """
    if number := e164(text):
        return number
    bare = bare_digits(text)
    if not bare:
        return None
    # It is read with its brackets: a zero in them is only dialled inside a country.
    zeroed = re.sub(r"[^0-9()]", "", text).removeprefix("00") if "(0)" in text else bare
    number = loose_e164(zeroed)
    if number is None and not is_dialled and not bare.startswith("0"):
        return f"+{bare}"
    return number


def spelled_recipient(text: str, channel: Channel) -> str | None:
    """Whom people mean on a channel, as they write it: a number, WhatsApp's own id of somebody, or what
    another platform calls them. None for nobody.
    """
    if channel in OPAQUE:
        return text if is_opaque(text) else None
    if channel is Channel.WHATSAPP and is_person(text):
        return text
    return spelled_number(text)


def is_alphanumeric_sender(text: str) -> bool:
    """Whether `text` can be a name in a sender's place: 1 to 11 characters, one of them a letter.

    Rule: 3GPP TS 23.040 for the length; ASCII letters, digits, space and `+ - _ &`, with no space
    at either end, for what carriers let through.
    """
    return _ALPHANUMERIC.fullmatch(text) is not None


def is_short_code(text: str) -> bool:
    """Whether `text` is 3 to 8 ASCII digits: the sizes of short codes countries give out."""
    return _SHORT_CODE.fullmatch(text) is not None


def is_opaque(text: str) -> bool:
    """Whether `text` can be what a platform calls somebody: 1 to 64 characters that show, no spaces."""
    return 0 < len(text) <= _LONGEST_OPAQUE and text.isprintable() and " " not in text


def is_person(text: str) -> bool:
    """Whether `text` can be WhatsApp's own id of somebody: a country, a dot, and what follows."""
    return _PERSON.fullmatch(text) is not None


def shown(number: str) -> str:
    """A number in E.164 form with spaces between its parts, as people read it: `+1 555-078-3881`."""
    return format_number(parse(number), PhoneNumberFormat.INTERNATIONAL) if e164(number) else number


def is_toll_free(text: str) -> bool:
    """Whether `text` is a number that costs who calls it nothing, such as +1 800."""
    return e164(text) is not None and number_type(parse(text)) == PhoneNumberType.TOLL_FREE


@cache
def _lengths(code: int) -> frozenset[int]:
    """The possible lengths of a national number, in digits; the same for all numbers of a code."""
    return frozenset(
        length
        for length in range(1, 15)
        if is_possible_number(PhoneNumber(country_code=code, national_number=10 ** (length - 1)))
    )
