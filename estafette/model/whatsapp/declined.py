"""What the core declines, in Meta's words."""

from collections.abc import Mapping
from typing import Final

from estafette.model import meta
from estafette.model.errors import Declined
from estafette.model.message import Reason

#: What is said of a reason beside the title of its code; `{}` is the part that is to blame.
DETAILS: Final[Mapping[Reason, str]] = {
    Reason.NO_RECIPIENT: "to is required",
    Reason.BAD_RECIPIENT: "{} is no recipient on WhatsApp",
    Reason.NOT_MOBILE: "{} cannot take a message",
    Reason.NO_SENDER: "this phone number has nothing to send from",
    Reason.BAD_SENDER: "this phone number has no address to send from",
    Reason.FOREIGN_SENDER: "this phone number was given back",
    Reason.MIXED_CHANNELS: "{} is not on WhatsApp",
    Reason.EMPTY_BODY: "text.body must not be empty",
    Reason.NOTHING_TO_SAY: "text.body must not be empty",
    Reason.BAD_BODY: "the message holds what cannot be sent: {}",
    Reason.TOO_LONG: "the text must have at most 4096 characters, not {}",
    Reason.BAD_MEDIA: "the link may not be asked: {}",
    Reason.TOO_MANY_MEDIA: "the message has too many media: {}",
    Reason.BAD_CALLBACK: "an address that is to be told may not be: {}",
    Reason.BAD_VALIDITY: "it cannot wait for as long as that: {}",
    Reason.BAD_TIME: "it cannot be sent at that time: {}",
    Reason.UNKNOWN_SERVICE: "there is no such service: {}",
    Reason.EMPTY_POOL: "the service has no senders: {}",
    Reason.NO_FITTING_SENDER: "no sender of the service reaches {}",
    Reason.TEST_ACCOUNT: "a test account sends nothing",
    Reason.UNVERIFIED: "a trial account writes to verified numbers only, and not to {}",
    Reason.OPTED_OUT: "{} asked not to be written to",
    Reason.OUTSIDE_WINDOW: ("{} did not write in the last 24 hours: only a template may be sent"),
    Reason.REGION: "this phone number may not write to that part of the world: {}",
    Reason.UNROUTABLE: "there is no way from this phone number to {}",
    Reason.QUEUE_FULL: "the queue of this phone number is full",
    Reason.RUNAWAY: "two numbers answer each other without end: {}",
    Reason.BLOCKED: "it was blocked: {}",
    Reason.UNREACHABLE: "{} cannot be reached",
    Reason.UNKNOWN_HANDSET: "{} is not on WhatsApp",
    Reason.LANDLINE: "{} is a landline",
    Reason.EXPIRED: "it came too late to be sent",
    Reason.UNANSWERED: "nobody knows whether it was taken",
    Reason.OTHER: "it cannot be sent: {}",
}
#: Reasons that no code of Meta's stands for, and what comes nearest.
_CODE: Final[Mapping[Reason, int]] = {
    Reason.NO_SENDER: 133010,
    Reason.BAD_SENDER: 133010,
    Reason.FOREIGN_SENDER: 133010,
    Reason.TEST_ACCOUNT: 131005,
    Reason.RUNAWAY: 131048,
}
_REQUEST = 100  # an invalid parameter: of what else is wrong with a request
_LONGEST_VALUE = 200  # characters of what somebody sent that an answer repeats


def declined(error: Declined) -> tuple[int, str]:
    """The code of a message that was declined, and what is said beside its title."""
    code = meta.code_of(error.reason, error.code)
    if code == meta.OTHER and error.code != str(code):
        code = _CODE.get(error.reason, _REQUEST)
    text = error.text or DETAILS[error.reason].format(error.value[:_LONGEST_VALUE]).strip(": ")
    return code, text
