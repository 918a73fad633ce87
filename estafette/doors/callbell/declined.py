"""What the core declines, in this door's words."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from estafette.doors.callbell.errors import EMPTY, Refusal
from estafette.model import Declined, Reason


class Words(NamedTuple):
    """How it is said; `{}` in the text is the part of the request that is to blame."""

    text: str
    parameter: str = ""  #: whose fault it is: a 400 blames it, and has no code
    code: str = ""  #: a word for programs; ours where it is empty
    status: int = 422


#: Every reason there is. Of what is wrong with a request the parameter is blamed; what is refused
#: as things are has a code.
DECLINED: Final[Mapping[Reason, Words]] = {
    Reason.NO_RECIPIENT: Words(EMPTY, "to"),
    Reason.BAD_RECIPIENT: Words("is not a recipient on this channel", "to"),
    Reason.NOT_MOBILE: Words("cannot take a message", "to"),
    Reason.NO_SENDER: Words("no channel of this type is there to send from", code="no_channel"),
    Reason.BAD_SENDER: Words("the channel has no address to send from", code="no_channel"),
    Reason.FOREIGN_SENDER: Words("the channel is discarded", code="channel_disabled"),
    Reason.MIXED_CHANNELS: Words("is not of the type that from names", "channel_uuid"),
    Reason.EMPTY_BODY: Words(f"text {EMPTY}", "content"),
    Reason.NOTHING_TO_SAY: Words(f"text {EMPTY}", "content"),
    Reason.BAD_BODY: Words("text holds what no carrier can take: {}", "content"),
    Reason.TOO_LONG: Words(
        "text must have at most 1600 characters on SMS and 4096 elsewhere, not {}", "content"
    ),
    Reason.BAD_MEDIA: Words("url may not be asked: {}", "content"),
    Reason.TOO_MANY_MEDIA: Words("has too many media: {}", "content"),
    Reason.BAD_CALLBACK: Words("an address that is to be told may not be: {}"),
    Reason.BAD_VALIDITY: Words("it cannot wait for as long as that: {}"),
    Reason.BAD_TIME: Words("it cannot be sent at that time: {}"),
    Reason.UNKNOWN_SERVICE: Words("there is no such service: {}"),
    Reason.EMPTY_POOL: Words("the service has no senders: {}"),
    Reason.NO_FITTING_SENDER: Words("none of the senders of the service reaches {}"),
    Reason.TEST_ACCOUNT: Words("a test account sends nothing"),
    Reason.UNVERIFIED: Words("a trial account writes to verified numbers only, and not to {}"),
    Reason.OPTED_OUT: Words("{} asked not to be written to"),
    Reason.OUTSIDE_WINDOW: Words(
        "{} did not write in the last 24 hours: only a template may be sent",
        code="outside_24h_window",
    ),
    Reason.REGION: Words("this channel may not write to that part of the world: {}"),
    Reason.UNROUTABLE: Words("there is no way from this channel to {}"),
    Reason.QUEUE_FULL: Words("the queue of this channel is full", status=429),
    Reason.RUNAWAY: Words("two numbers answer each other without end: {}"),
    Reason.BLOCKED: Words("it was blocked: {}"),
    Reason.UNREACHABLE: Words("{} cannot be reached"),
    Reason.UNKNOWN_HANDSET: Words("{} is not known to the carrier"),
    Reason.LANDLINE: Words("{} is a landline"),
    Reason.EXPIRED: Words("it came too late to be sent"),
    Reason.UNANSWERED: Words("nobody knows whether it was taken"),
    Reason.OTHER: Words("it cannot be sent: {}"),
}
_LONGEST_VALUE = 200  # characters of what somebody sent that an answer repeats


def of_declined(error: Declined) -> Refusal:
    """What the core declined."""
    said = DECLINED[error.reason]
    text = said.text.format((error.value or str(error.reason))[:_LONGEST_VALUE])
    if error.code:  # the carrier's own words say more
        text = f"the carrier does not take it: {error.text or error.reason} ({error.code})"
    if said.parameter:
        return Refusal(400, {said.parameter: [text]})
    headers = {"retry-after": "1"} if said.status == 429 else {}
    return Refusal(said.status, text, code=said.code or str(error.reason), headers=headers)
