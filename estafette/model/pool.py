"""Which sender of a pool a message goes through: pure, without regard to what went before."""

from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache

from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    PhoneNumberType,
    number_type,
    parse,
    region_code_for_number,
)

from estafette.model.account import Sender
from estafette.model.address import is_short_code
from estafette.model.message import OPAQUE, Channel

HOME = "US"  #: the country of a short code that says none, and whose numbers stand in for others
_AREAS = frozenset({"US", "CA"})  # countries of one plan, with area codes of three digits
_AREA = 5  # characters of a number up to the end of its area code: +1415


class Form(StrEnum):
    """What an address is, among those that may share a pool."""

    SHORT_CODE = "short code"
    NAME = "name"  #: alphanumeric
    NUMBER = "number"
    CHANNEL = "channel"  #: an address on anything but SMS


def form_of(sender: Sender) -> Form:
    """What the address of a sender is."""
    if sender.channel is not Channel.SMS:
        return Form.CHANNEL
    if sender.address.startswith("+"):
        return Form.NUMBER
    return Form.SHORT_CODE if is_short_code(sender.address) else Form.NAME


@lru_cache(8192)
def country_of(number: str) -> str:
    """The country of a number, such as `US`; where it is in nobody's plan, that of its code."""
    parsed = parse(number)
    usual = COUNTRY_CODE_TO_REGION_CODE.get(parsed.country_code or 0, ("",))
    return region_code_for_number(parsed) or usual[0]


@lru_cache(8192)
def is_toll_free(number: str) -> bool:
    """Whether calls to it cost the caller nothing: such numbers belong to no place."""
    return number_type(parse(number)) == PhoneNumberType.TOLL_FREE


def home_of(sender: Sender) -> str:
    """The country that a sender belongs to; empty for a name, which belongs to none."""
    match form_of(sender):
        case Form.NAME:
            return ""
        case Form.SHORT_CODE:
            return str(sender.details.get("country") or HOME)
        case _:
            return "" if sender.channel in OPAQUE else country_of(sender.address)


def fitting(
    senders: Sequence[Sender], recipient: str, *, by_area_code: bool = True
) -> list[Sender]:
    """Those of the senders of one channel that are equally right for a recipient.

    Senders of the recipient's country come first, then numbers of the US, then any. Among these a
    short code comes before a name, and a name before a number; to Canada, a toll-free number
    before another. A short code reaches its own country only, and names do not reach the US and
    Canada. With `by_area_code`, numbers of the recipient's area code come before others.
    """
    if not senders or senders[0].channel is not Channel.SMS:
        return list(senders)
    where = country_of(recipient)
    found = [sender for sender in senders if _is_near(sender, where)]
    if not found:
        numbers = [sender for sender in senders if form_of(sender) is Form.NUMBER]
        found = [sender for sender in numbers if country_of(sender.address) == HOME] or numbers
    if not found:
        return []
    best = min(_rank(sender, where) for sender in found)
    found = [sender for sender in found if _rank(sender, where) == best]
    if by_area_code and where in _AREAS:
        area = recipient[:_AREA]
        found = [sender for sender in found if sender.address[:_AREA] == area] or found
    return found


def _is_near(sender: Sender, where: str) -> bool:
    match form_of(sender):
        case Form.NAME:
            return where not in _AREAS
        case Form.SHORT_CODE:
            return home_of(sender) == where
        case _:
            own = country_of(sender.address)
            return own == where or (own in _AREAS and where in _AREAS and _is_free(sender))


def _is_free(sender: Sender) -> bool:
    return form_of(sender) is Form.NUMBER and is_toll_free(sender.address)


def _rank(sender: Sender, where: str) -> int:
    """The lower, the better."""
    match form_of(sender):
        case Form.SHORT_CODE:
            return 0
        case Form.NAME:
            return 1
        case _:
            return 3 if where == "CA" and not _is_free(sender) else 2
