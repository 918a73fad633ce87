"""Whom `to` names: numbers as people and programs write them, other ids as they are."""

from typing import NamedTuple

from estafette.model import Channel
from estafette.model.address import bare_digits, is_opaque, is_person, spelled_number

NUMBERED = frozenset({Channel.WHATSAPP, Channel.SMS})  #: channels whose addresses are numbers


class NotRead(NamedTuple):
    """What is wrong with a recipient."""

    text: str


def read_recipient(channel: Channel, text: str) -> str | NotRead:
    """The address as messages have it: E.164 with its `+` where the channel goes by numbers, else
    the platform's own id as it came.

    Of a number spaces, dashes and parentheses do not count, nor a `+` or 00 before it. WhatsApp has
    people under numbers that nobody can dial, so there every country code with digits is one; and it
    has ids for those who show none.
    """
    if channel not in NUMBERED:
        return text if is_opaque(text) else NotRead("is nobody's id on this channel")
    if channel is Channel.WHATSAPP and is_person(text):
        return text
    if not bare_digits(text):
        return NotRead("must be a phone number of 7 to 15 digits with its country code")
    number = spelled_number(text, is_dialled=channel is not Channel.WHATSAPP)
    return number or NotRead("is no possible phone number: it needs its country code")
