"""Phone numbers as things that an account may have: their kinds, and how they are looked for."""

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from math import asin, cos, radians, sin, sqrt

from msgspec import Struct
from phonenumbers import (
    NumberParseException,
    PhoneNumberType,
    number_type,
    parse,
    region_code_for_country_code,
    region_code_for_number,
)

EARTH = 3958.8  # miles
CAPABILITIES = ("voice", "sms", "mms", "fax")

_NORTH_AMERICAN = re.compile(r"\+1([2-9]\d\d)(\d{3})(\d{4})")
_TOLL_FREE_CODES = frozenset({"800", "833", "844", "855", "866", "877", "888"})
#: Which digit a letter stands for on the keys of a telephone (ITU-T E.161).
_KEYS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")
_LOOKED_FOR = re.compile(r"\+?[0-9A-Za-z*%]{1,16}\$?")


class NumberKind(StrEnum):
    """What a number is to those who call it."""

    LOCAL = "local"
    MOBILE = "mobile"
    TOLL_FREE = "toll-free"
    NATIONAL = "national"
    VOIP = "voip"
    SHARED_COST = "shared-cost"
    MACHINE_TO_MACHINE = "machine-to-machine"


class Number(Struct, frozen=True, kw_only=True):
    """A number that an account may take as a sender."""

    address: str  #: E.164
    country: str  #: ISO 3166, two letters
    kind: NumberKind
    connection: str = ""  #: that would carry it
    locality: str = ""
    region: str = ""
    postal_code: str = ""
    lata: str = ""
    rate_center: str = ""
    latitude: float | None = None
    longitude: float | None = None
    capabilities: tuple[str, ...] = ("sms",)  #: some of CAPABILITIES


class Wanted(Struct, frozen=True, kw_only=True):
    """Which numbers somebody would like to have. Every part narrows."""

    country: str = ""
    kind: NumberKind | None = None
    area_code: str = ""
    contains: str = ""  #: see `pattern`
    able: Mapping[str, bool] = {}  #: by capability: whether it must have it, or must not
    locality: str = ""
    region: str = ""
    postal_code: str = ""
    lata: str = ""
    rate_center: str = ""
    near: tuple[float, float] | None = None  #: latitude and longitude
    within: float = 25  #: miles of `near`


class Held(Struct, frozen=True, kw_only=True):
    """Which of an account's own numbers to list. Every part narrows."""

    kind: NumberKind | None = None
    title: str = ""
    contains: str = ""  #: see `pattern`


def pattern(text: str) -> re.Pattern[str] | None:
    """What a number must contain; None for what is no such text.

    `*` stands for one digit, `%` for any number of them, a letter for its key on a telephone; `+`
    before it all binds it to the beginning, `$` after it all to the end.
    """
    if not _LOOKED_FOR.fullmatch(text):
        return None
    begin, end = (r"^\+" if text[0] == "+" else ""), ("$" if text[-1] == "$" else "")
    bare = text.strip("+$").upper().translate(_KEYS).replace("*", r"\d")
    first, *rest = re.split("%+", bare)
    # The first place at which what follows a `%` fits is as good as any, but for the last of them:
    # so nothing is tried over and over, whatever the text is.
    last = [rf"\d*?{rest.pop()}"] if rest and end else []
    return re.compile("".join([begin, first, *(rf"(?>\d*?{part})" for part in rest), *last, end]))


def fits(number: Number, wanted: Wanted) -> bool:
    """Whether a number is one of those."""
    if wanted.country not in ("", number.country) or wanted.kind not in (None, number.kind):
        return False
    if wanted.area_code and area_code(number.address) != wanted.area_code:
        return False
    for name in ("locality", "region", "postal_code", "lata", "rate_center"):
        asked = getattr(wanted, name)
        if asked and asked.casefold() != getattr(number, name).casefold():
            return False
    if any((name in number.capabilities) is not able for name, able in wanted.able.items()):
        return False
    found = _pattern(wanted.contains)
    if found and not found.search(number.address):
        return False
    return wanted.near is None or _is_near(number, wanted.near, wanted.within)


@lru_cache(256)
def _pattern(text: str) -> re.Pattern[str] | None:
    return pattern(text) if text else None


def _is_near(number: Number, place: tuple[float, float], miles: float) -> bool:
    if number.latitude is None or number.longitude is None:
        return False
    return distance(place, (number.latitude, number.longitude)) <= miles


def distance(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Miles between two places, each a latitude and a longitude in degrees."""
    (south, west), (north, east) = (tuple(map(radians, place)) for place in (one, other))
    across = sin((north - south) / 2) ** 2
    across += cos(south) * cos(north) * sin((east - west) / 2) ** 2
    return 2 * EARTH * asin(sqrt(min(1.0, across)))


def area_code(address: str) -> str:
    """The area code of a North American number; empty for any other."""
    found = _NORTH_AMERICAN.fullmatch(address)
    return found[1] if found else ""


def friendly(address: str) -> str:
    """How people write a number: `(415) 555-0100` in North America, E.164 elsewhere."""
    found = _NORTH_AMERICAN.fullmatch(address)
    return f"({found[1]}) {found[2]}-{found[3]}" if found else address


def kind_of(address: str) -> NumberKind:
    """What a number is, as far as it can be seen from its digits."""
    if area_code(address) in _TOLL_FREE_CODES:
        return NumberKind.TOLL_FREE
    try:
        found = number_type(parse(address))
    except NumberParseException:
        return NumberKind.LOCAL
    return _KINDS.get(found, NumberKind.LOCAL)


_KINDS = {
    PhoneNumberType.MOBILE: NumberKind.MOBILE,
    PhoneNumberType.TOLL_FREE: NumberKind.TOLL_FREE,
    PhoneNumberType.SHARED_COST: NumberKind.SHARED_COST,
    PhoneNumberType.VOIP: NumberKind.VOIP,
}


def country_of(address: str) -> str:
    """The country of a number, two letters; that of its country code's main user if in doubt."""
    try:
        found = parse(address)
    except NumberParseException:
        return ""
    return region_code_for_number(found) or region_code_for_country_code(found.country_code or 0)


#: What countries are called, by their two letters; others are called by these letters.
COUNTRIES = {
    "AR": "Argentina", "AT": "Austria", "AU": "Australia", "BE": "Belgium", "BG": "Bulgaria",
    "BR": "Brazil", "CA": "Canada", "CH": "Switzerland", "CL": "Chile", "CO": "Colombia",
    "CZ": "Czechia", "DE": "Germany", "DK": "Denmark", "EE": "Estonia", "ES": "Spain",
    "FI": "Finland", "FR": "France", "GB": "United Kingdom", "GR": "Greece", "HK": "Hong Kong",
    "HR": "Croatia", "HU": "Hungary", "ID": "Indonesia", "IE": "Ireland", "IL": "Israel",
    "IN": "India", "IT": "Italy", "JP": "Japan", "KR": "South Korea", "LT": "Lithuania",
    "LU": "Luxembourg", "LV": "Latvia", "MX": "Mexico", "MY": "Malaysia", "NL": "Netherlands",
    "NO": "Norway", "NZ": "New Zealand", "PE": "Peru", "PH": "Philippines", "PL": "Poland",
    "PR": "Puerto Rico", "PT": "Portugal", "RO": "Romania", "SE": "Sweden", "SG": "Singapore",
    "SI": "Slovenia", "SK": "Slovakia", "TH": "Thailand", "TR": "Turkey", "TW": "Taiwan",
    "UA": "Ukraine", "US": "United States", "VN": "Vietnam", "ZA": "South Africa",
}  # fmt: skip
