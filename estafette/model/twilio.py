"""Twilio's words for ours: its door, the connector and the actions speak them. Pure."""

import re
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache

from estafette.model.address import e164, is_alphanumeric_sender, is_opaque, is_short_code
from estafette.model.attempt import Outcome
from estafette.model.errors import Declined
from estafette.model.message import OPAQUE, Channel, Direction, Message, Reason, Send, Status
from estafette.model.text import units

STATUS = {
    Status.SCHEDULED: "scheduled",
    Status.QUEUED: "queued",
    Status.SENDING: "sending",
    Status.SENT: "sent",
    Status.DELIVERED: "delivered",
    Status.READ: "read",
    Status.UNDELIVERED: "undelivered",
    Status.FAILED: "failed",
    Status.CANCELED: "canceled",
    Status.RECEIVED: "received",
}
#: What WhatsApp tells beside text and media, in the words of its own API: kind, part, field of the form.
CONTENT = {
    "location": {
        "latitude": "Latitude", "longitude": "Longitude", "name": "Label", "address": "Address",
    },
    "button": {"payload": "ButtonPayload", "text": "ButtonText"},
    "context": {
        "id": "OriginalRepliedMessageSid", "from": "OriginalRepliedMessageSender",
        "forwarded": "Forwarded", "frequently_forwarded": "FrequentlyForwarded",
    },
    "referral": {
        "source_url": "ReferralSourceUrl", "source_type": "ReferralSourceType",
        "source_id": "ReferralSourceId", "headline": "ReferralHeadline", "body": "ReferralBody",
    },
}  # fmt: skip
DIRECTION = {
    Direction.INBOUND: "inbound",
    Direction.API: "outbound-api",
    Direction.REPLY: "outbound-reply",
}
#: What stands before an address of each channel.
PREFIX = {channel: "" if channel is Channel.SMS else f"{channel}:" for channel in Channel}
#: Twilio's test senders: they belong to nobody, and always answer the same.
MAGIC_SENDERS = {"+15005550001": 21212, "+15005550007": 21606, "+15005550008": 21611}


#: Twilio's code: the HTTP status, and the text; `{}` is the part of the request that is to blame.
CODES = {
    14107: (429, "Too many replies between two numbers: {}"),
    20001: (400, "{}"),
    20003: (401, "Authenticate"),
    20004: (405, "Method not allowed"),
    20008: (403, "Resource not accessible with Test Account Credentials"),
    20009: (409, "Cannot delete message because delivery has not been completed."),
    20404: (404, "The requested resource {} was not found"),
    20409: (409, "This idempotency key was used with another request."),
    20410: (410, "The requested resource {} is gone: send to Messages instead"),
    20429: (429, "Too Many Requests"),
    20413: (413, "The request body is larger than {} bytes."),
    20500: (500, "An internal server error has occurred"),
    20503: (503, "The service is unable to write this down at the moment. Please try again."),
    21211: (400, "The 'To' number {} is not a valid phone number."),
    21212: (
        400,
        "The 'From' number {} is not a valid phone number, shortcode, or alphanumeric sender ID.",
    ),
    21408: (
        400,
        "Permission to send an SMS has not been enabled for the region indicated by the 'To'"
        " number: {}.",
    ),
    21402: (400, "The URL {} is not valid."),
    21403: (400, "The method {} is not valid: it must be GET or POST."),
    21421: (400, "The phone number {} is invalid."),
    21422: (400, "The phone number {} is not available."),
    21450: (400, "Phone number {} is already validated for your account."),
    21451: (400, "The area code {} is invalid."),
    21452: (400, "No phone numbers were found in area code {}."),
    21457: (400, "An AreaCode may not be used here: a PhoneNumber is needed."),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21606: (
        400,
        "The From phone number {} is not a valid, SMS-capable inbound phone number or short code"
        " for your account.",
    ),
    21608: (
        400,
        "The number {0} is unverified. Trial accounts cannot send messages to unverified numbers;"
        " verify {0} first, or send from a full account.",
    ),
    21609: (400, "The 'StatusCallback' URL {} is not a valid URL."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21611: (429, "SMS queue is full."),
    21612: (
        400,
        "The 'To' phone number: {}, is not currently reachable using the 'From' phone number"
        " via SMS.",
    ),
    21614: (400, "To number: {}, is not a mobile number"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit"),
    21618: (400, "The message body cannot be sent: {}"),
    21619: (400, "A text message body, media URLs or a ContentSid must be specified."),
    21620: (400, "Invalid media URL(s): {}"),
    21623: (400, "Number of media files exceeds allowed limit: 10"),
    21624: (400, "The ValidityPeriod {} is not a whole number of seconds from 1 to 36000"),
    21627: (400, "The MaxPrice {} is not a number"),
    21654: (400, "ContentSid Required"),
    21655: (400, "The ContentSid {} is invalid"),
    21656: (400, "The ContentVariables parameter is invalid"),
    21701: (400, "The Messaging Service {} does not exist"),
    21703: (
        400,
        "The Messaging Service does not have a sender that can reach the 'To' phone number: {}.",
    ),
    21704: (400, "The Messaging Service {} has no phone numbers or other senders in its pool"),
    21705: (400, "The MessagingServiceSid {} is invalid"),
    21710: (400, "Phone Number or Short Code is already in the Messaging Service."),
    21712: (400, "Phone Number or Short Code is associated with another Messaging Service."),
    21714: (400, "Number Pool size limit reached: a Messaging Service holds at most 400 numbers."),
    21910: (400, "Invalid From and To pair. From and To should be of the same channel"),
    30029: (400, "Invalid ContentRetention {}: it must be retain or discard"),
    30030: (400, "Invalid AddressRetention {}: it must be retain or obfuscate"),
    30400: (400, "Parameters are not valid"),
    30409: (409, "This message cannot be canceled"),
    35111: (400, "The SendAt parameter is missing"),
    35114: (
        400,
        "SendAt time must be between 300 seconds and 35 days (3024000 seconds) in the future,"
        " inclusive: {}",
    ),
    35115: (400, "The SendAt time {} is not an ISO 8601 time such as 2026-05-04T12:00:00Z"),
    35118: (400, "A MessagingServiceSid is required to schedule a message"),
    35126: (400, "The ScheduleType value provided is not supported for this channel: {}"),
    63007: (400, "Twilio could not find a Channel with the specified From address"),
    63016: (
        400,
        "Failed to send freeform message because you are outside the allowed window. If you are"
        " using WhatsApp, please use a Message Template.",
    ),
    63024: (400, "Invalid message recipient: {}"),
    70002: (400, "Paged requests must include a PageToken"),
}

#: What decides for test accounts: Twilio's magic numbers.
TEST_SENDER = "+15005550006"  #: the one sender that a message may have
TEST_SENDERS = {"+15005550001": 21212, "+15005550008": 21611}  #: any other: 21606
TEST_RECIPIENTS = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
}

#: Why the core declined a message, as the answer to a create.
DECLINED = {
    Reason.NO_RECIPIENT: 21604,
    Reason.BAD_RECIPIENT: 21211,
    Reason.NOT_MOBILE: 21614,
    Reason.NO_SENDER: 21603,
    Reason.BAD_SENDER: 21212,
    Reason.FOREIGN_SENDER: 21606,
    Reason.MIXED_CHANNELS: 21910,
    Reason.EMPTY_BODY: 21602,
    Reason.NOTHING_TO_SAY: 21619,
    Reason.BAD_BODY: 21618,
    Reason.TOO_LONG: 21617,
    Reason.BAD_MEDIA: 21620,
    Reason.TOO_MANY_MEDIA: 21623,
    Reason.BAD_CALLBACK: 21609,
    Reason.BAD_VALIDITY: 21624,
    Reason.BAD_TIME: 35114,
    Reason.UNKNOWN_SERVICE: 21701,
    Reason.EMPTY_POOL: 21704,
    Reason.NO_FITTING_SENDER: 21703,
    Reason.TEST_ACCOUNT: 20008,
    Reason.UNVERIFIED: 21608,
    Reason.OPTED_OUT: 21610,
    Reason.OUTSIDE_WINDOW: 63016,
    Reason.REGION: 21408,
    Reason.UNROUTABLE: 21612,
    Reason.QUEUE_FULL: 21611,
    Reason.RUNAWAY: 14107,
    Reason.BLOCKED: 63024,
}

#: Why a message failed on its way, as its `error_code` and `error_message`.
FAILED = {
    Reason.OPTED_OUT: (21610, "Attempt to send to unsubscribed recipient"),
    Reason.OUTSIDE_WINDOW: (63016, CODES[63016][1]),
    Reason.BAD_MEDIA: (21620, "Invalid media URL(s)"),
    Reason.QUEUE_FULL: (30001, "Queue overflow"),
    Reason.UNREACHABLE: (30003, "Unreachable destination handset"),
    Reason.BLOCKED: (30004, "Message blocked"),
    Reason.UNKNOWN_HANDSET: (30005, "Unknown destination handset"),
    Reason.LANDLINE: (30006, "Landline or unreachable carrier"),
    Reason.EXPIRED: (30036, "Validity Period Expired"),
    Reason.UNANSWERED: (30008, "Unknown error"),
}
UNKNOWN_FAILURE = (30008, "Unknown error")

SERVICE_SID = re.compile(r"MG([0-9a-fA-F]{32})")
_LONGEST_VALUE = 200  # characters of what somebody sent that an answer repeats
_LONGEST_BODY = 1600  # UTF-16 units, on any channel
_UNKNOWN_KINDS = {"contacts", "interactive", "location", "reaction"}  # no field says these


def is_service_sid(sender: str) -> bool:
    """Whether what stands in a sender's place is a service, of an account elsewhere."""
    return bool(SERVICE_SID.fullmatch(sender))


def split(text: str) -> tuple[Channel, str]:
    """The channel that stands before an address, and the address; SMS where none does."""
    for channel, prefix in PREFIX.items():
        if prefix and text.startswith(prefix):
            return channel, text.removeprefix(prefix)
    return Channel.SMS, text


def read_sender(text: str) -> tuple[Channel, str] | None:
    """A sender's channel and address; None where nobody can send from that."""
    channel, address = split(text)
    if channel is Channel.SMS:
        is_one = bool(e164(text)) or is_short_code(text) or is_alphanumeric_sender(text)
    else:
        is_one = is_opaque(address) if channel in OPAQUE else bool(e164(address))
    return (channel, address) if is_one else None


def read_recipient(text: str) -> tuple[Channel, str] | None:
    """A recipient's channel and address, a number with its `+`; None where it is none."""
    channel, address = split(text)
    is_one = is_opaque(address) if channel in OPAQUE else bool(e164(address))
    return (channel, address) if is_one else None


def message_sid(message: Message) -> str:
    """SM, or MM where it has media, and our 32 hex digits."""
    return ("MM" if message.media else "SM") + message.id


def words(code: int, value: str = "", text: str = "") -> str:
    """The text of a code, or another with the same hole; of what somebody sent only so much that any path that is served is whole."""
    short = value if len(value) <= _LONGEST_VALUE else f"{value[:_LONGEST_VALUE]}…"
    return (text or CODES[code][1]).format(short)


def declined(error: Declined, send: Send, *, has_body: bool = True) -> tuple[int, str]:
    """The code of a message that the core declined, and the value that is to blame.

    `has_body` tells a body that is empty from one that was never there.
    """
    if error.reason is Reason.FOREIGN_SENDER and send.channel is not Channel.SMS:
        return 63007, ""
    if error.reason is Reason.NOTHING_TO_SAY and has_body:
        return 21602, ""
    value = error.value or str(error.reason)
    if error.code and error.reason not in DECLINED:
        value = f"{error.text or error.reason} ({error.code})"
    if error.reason in (Reason.UNKNOWN_SERVICE, Reason.EMPTY_POOL):
        value = f"MG{value}"
    return DECLINED.get(error.reason, 20001), value


def check(send: Send) -> None:
    """Raise Declined for what Twilio's API never takes."""
    if send.sender == send.recipient:
        raise Declined(Reason.UNROUTABLE, send.recipient)
    if len(send.body) > _LONGEST_BODY // 2 and units(send.body) > _LONGEST_BODY:
        raise Declined(Reason.TOO_LONG, str(units(send.body)))
    if (kind := send.content.get("type")) in _UNKNOWN_KINDS:
        raise Declined(Reason.BAD_BODY, f"Twilio takes no {kind}")


def unsent(outcome: Outcome, code: str, text: str) -> tuple[str, str]:
    """What an offer that was not accepted is told as to who waited for it: code and text.

    The carrier's own are kept where they are Twilio's and say why.
    """
    own = code if len(code) == 5 and code.isdigit() else ""
    match outcome:
        case Outcome.REFUSED:
            return own or "20001", text
        case Outcome.THROTTLED:
            return own or "20429", text
        case Outcome.MISCONFIGURED:
            return own or ("20003" if code == "401" else "20500"), text
        case Outcome.UNREACHED:
            return "20500", f"The provider was not reached, and nothing was sent: {text}"
        case _:
            return "20500", (
                f"Nobody knows whether the provider took the message; it is not sent again: {text}"
            )


def failure(reason: Reason | None, code: str, text: str) -> tuple[int, str]:
    """The carrier's own code where it is one of Twilio's; else what our reason is there."""
    known, words = FAILED.get(reason or Reason.OTHER, UNKNOWN_FAILURE)
    if len(code) == 5 and code.isdigit():
        return int(code), text or words
    return known, words


def rfc2822(at: datetime) -> str:
    """`Fri, 24 May 2019 17:18:27 +0000`: the SDKs read no other offset right."""
    return _rfc2822(int(at.timestamp()))


@lru_cache(1024)
def _rfc2822(seconds: int) -> str:
    return format_datetime(datetime.fromtimestamp(seconds, UTC))
