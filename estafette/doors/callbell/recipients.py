"""Whom `to` names: numbers as people and programs write them, other ids as they are."""

import re
from typing import NamedTuple

from estafette.model import Channel
from estafette.model.address import is_opaque, loose_e164

#: What people put between digits; programs copy spaces of many kinds with a number.
_PUNCTUATION = re.compile(r"[\s\-()\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_DIGITS = re.compile(r"[0-9]{7,15}")

NUMBERED = frozenset({Channel.WHATSAPP, Channel.SMS})  #: channels whose addresses are numbers


class NotRead(NamedTuple):
    """What is wrong with a recipient."""

    text: str


def read_recipient(channel: Channel, text: str) -> str | NotRead:
    """The address as messages have it: E.164 with its `+` where the channel goes by numbers, else
    the platform's own id as it came.

    Of a number spaces, dashes and parentheses do not count, nor a `+` or 00 before it. WhatsApp has
    people under numbers that nobody can dial, so there every country code with digits is one.
    """
    if channel not in NUMBERED:
        return text if is_opaque(text) else NotRead("is nobody's id on this channel")
    bare = _PUNCTUATION.sub("", text).removeprefix("+").removeprefix("00")
    if not _DIGITS.fullmatch(bare):
        return NotRead("must be a phone number of 7 to 15 digits with its country code")
    # It is read with its punctuation: a zero in parentheses is only dialled inside a country.
    number = loose_e164(bare) if "(0)" not in text else loose_e164(_with_zero(text))
    if number is None and channel is Channel.WHATSAPP and not bare.startswith("0"):
        number = f"+{bare}"
    return number or NotRead("is no possible phone number: it needs its country code")


def _with_zero(text: str) -> str:
    return re.sub(r"[^0-9()]", "", text).removeprefix("00")
