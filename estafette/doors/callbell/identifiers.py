"""Whom a contact is, by what its channel calls it."""

import re

from estafette.doors.callbell.recipients import NUMBERED, NotRead, read_recipient
from estafette.doors.callbell.shapes import is_bsuid
from estafette.model import Channel

LONGEST = 64  # characters
#: Contacts may be filed under numbers that nobody can have: clients try with such.
_DIGITS = re.compile(r"[0-9]{7,20}")
_PUNCTUATION = re.compile(r"[\s\-.()]")


def read_identifier(channel: Channel, text: str) -> str | NotRead:
    """The address as contacts have it: as that of a message, but a number need not be possible."""
    text = text.strip()
    if is_bsuid(channel, text):
        return text
    read = read_recipient(channel, text)
    if isinstance(read, str):
        fits = 0 < len(read) <= LONGEST and " " not in read
        return read if fits else NotRead(f"must have 1 to {LONGEST} characters and no spaces")
    if channel not in NUMBERED:
        return read
    bare = _PUNCTUATION.sub("", text).removeprefix("+").removeprefix("00")
    return f"+{bare}" if _DIGITS.fullmatch(bare) else read
