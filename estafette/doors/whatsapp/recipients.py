"""Whom a message is for: a number, a user id of the business, or a group."""

import re
from typing import NamedTuple

from estafette.core.core import Core
from estafette.doors.whatsapp.errors import missing, wrong
from estafette.model import Account, Channel
from estafette.model.address import spelled_number
from estafette.model.whatsapp import Asked

#: What WhatsApp calls people whose number is hidden: a country, then digits or letters.
_USER_ID = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[0-9A-Za-z]{1,128}")
_GROUP = re.compile(r"[!-~]{1,256}")


class Recipient(NamedTuple):
    """Somebody to write to."""

    address: str  #: as messages have it: E.164, or the id of a group or of a user without a number
    input: str  #: as it was asked for
    wa_id: str = ""  #: the digits of the number; empty where it was not asked for by that
    user_id: str = ""  #: what it was asked for by in place of a number


async def recipient_of(core: Core, account: Account, asked: Asked) -> Recipient:
    """Whom a request names. `to` wins where both ways are given. Raises Refusal."""
    to = asked.to.strip()
    if asked.is_group:
        if not _GROUP.fullmatch(to):
            raise wrong("to", "must be the id of a group") if to else missing("to")
        return Recipient(to, to)
    if to and not _USER_ID.fullmatch(to):
        number = spelled_number(to, is_dialled=False)
        if number is None:
            raise wrong("to", "must be a phone number of 7 to 15 digits with its country code")
        return Recipient(number, asked.to, wa_id=number[1:])
    user_id = to or asked.user_id.strip()
    if not user_id:
        raise missing("to")
    if not _USER_ID.fullmatch(user_id):
        raise wrong(
            "recipient", "must be a business-scoped user id, such as US.13491208655302741918"
        )
    address = await core.aliases.resolve(account.sid, Channel.WHATSAPP, user_id)
    return Recipient(address, user_id, user_id=user_id)
