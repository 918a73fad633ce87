"""Whom a message is for: a number, a user id of the business, or a group."""

import re
from typing import NamedTuple

from estafette.model.address import is_person, spelled_number
from estafette.model.whatsapp.words import MISSING, WRONG, Asked, Unsaid

_GROUP = re.compile(r"[!-~]{1,256}")


class Recipient(NamedTuple):
    """Somebody to write to."""

    address: str  #: as messages have it: E.164, or the id of a group or of a user
    input: str  #: as it was asked for
    wa_id: str = ""  #: the digits of the number; empty where it was not asked for by that
    user_id: str = ""  #: what it was asked for by in place of a number
    is_group: bool = False


def recipient_of(asked: Asked) -> Recipient:
    """Whom a request names. `to` comes first where both ways are given. Raises Unsaid."""
    if asked.is_group:
        if not _GROUP.fullmatch(asked.to):
            if not asked.to:
                raise Unsaid(MISSING, "to", "is required")
            raise Unsaid(WRONG, "to", "must be the id of a group")
        return Recipient(asked.to, asked.to, is_group=True)
    user_id = asked.user_id or (asked.to if is_person(asked.to) else "")
    if not user_id:
        number = spelled_number(asked.to, is_dialled=False)
        if number is None:
            raise Unsaid(
                WRONG, "to", "must be a phone number of 7 to 15 digits with its country code"
            )
        return Recipient(number, asked.to, wa_id=number[1:])
    if not is_person(user_id):
        raise Unsaid(WRONG, "recipient", "must be a user id, such as US.13491208655302741918")
    return Recipient(user_id, user_id, user_id=user_id)
