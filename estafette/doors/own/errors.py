"""Our errors as this door answers them: one shape, a word and a sentence."""

from msgspec import Struct

from estafette.model import BadFallback, Declined, Reason

#: The words, and the HTTP status that each comes with; those of `Reason` come with 400 else.
STATUS = {
    "bad_request": 400,
    "bad_json": 400,
    "misconfigured": 400,
    "unauthorized": 401,
    "forbidden": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "conflict": 409,
    "too_large": 413,
    "queue_full": 429,
    "internal": 500,
    "busy": 503,
}

#: What the core declined: the field that is to blame, and the sentence; `{}` is its value.
DECLINED = {
    Reason.NO_RECIPIENT: ("to", "a recipient is needed"),
    Reason.BAD_RECIPIENT: ("to", "{} is not a recipient on this channel"),
    Reason.NOT_MOBILE: ("to", "{} cannot take a text"),
    Reason.NO_SENDER: ("from", "say from which sender, or make one the main sender of {}"),
    Reason.BAD_SENDER: ("from", "{} is not an address on this channel"),
    Reason.FOREIGN_SENDER: ("from", "{} is not a sender of this account on this channel"),
    Reason.MIXED_CHANNELS: ("from", "sender and recipient are on different channels"),
    Reason.EMPTY_BODY: ("body", "the text is empty"),
    Reason.NOTHING_TO_SAY: ("body", "a text or media are needed"),
    Reason.BAD_BODY: ("body", "no carrier can take this text: {}"),
    Reason.TOO_LONG: ("body", "an SMS has at most 1600 characters, other texts 4096: not {}"),
    Reason.BAD_MEDIA: ("media", "these are not URLs that may be asked: {}"),
    Reason.TOO_MANY_MEDIA: ("media", "a message has at most 10 media, not {}"),
    Reason.BAD_CALLBACK: ("callback_url", "{} is not a URL that may be told"),
    Reason.BAD_VALIDITY: ("valid_for", "{} is not a number of seconds that a message may wait"),
    Reason.BAD_TIME: ("send_at", "{} is too soon or too late to be scheduled for"),
    Reason.UNKNOWN_SERVICE: ("service", "there is no service {}"),
    Reason.EMPTY_POOL: ("service", "the service {} has no senders"),
    Reason.NO_FITTING_SENDER: ("service", "none of the senders of the service reaches {}"),
    Reason.RUNAWAY: ("to", "two numbers answer each other without end: {}"),
    Reason.UNVERIFIED: ("to", "a trial account writes to verified numbers only, and not to {}"),
    Reason.TEST_ACCOUNT: ("", "a test account sends nothing"),
    Reason.OPTED_OUT: ("to", "{} asked not to be written to"),
    Reason.OUTSIDE_WINDOW: (
        "to",
        "{} did not write in the last 24 hours: until they do, only an approved template goes",
    ),
    Reason.BLOCKED: ("to", "{} is blocked: unblock them before you write to them"),
    Reason.REGION: ("to", "{} is in a part of the world that this sender may not write to"),
    Reason.UNROUTABLE: ("to", "there is no way from this sender to {}"),
    Reason.QUEUE_FULL: ("from", "the queue of this sender is full"),
}


class Error(Struct, frozen=True):
    """What was wrong."""

    code: str  #: a word for programs
    message: str  #: a sentence for people
    field: str | None  #: the part of the request that is to blame, where one is


class Problem(Struct, frozen=True):
    """The answer to a request that did not succeed."""

    error: Error


class Refusal(Exception):
    """An answer that is not a success."""

    def __init__(self, code: str, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.status = STATUS.get(code, 400)
        self.problem = Problem(Error(code, _short(message), field))


def of_declined(error: Declined, **fields: str) -> Refusal:
    """What the core declined; `fields` are other names for the fields that DECLINED blames."""
    if isinstance(error, BadFallback):
        place = f"fallback.{error.part}".rstrip(".")
        code = "bad_request" if error.reason is Reason.OTHER else str(error.reason)
        return Refusal(code, f"{place} {error.text}", field=place)
    field, text = DECLINED.get(error.reason, ("", "it cannot be done as asked: {}"))
    if error.code:  # the carrier's own words say more
        message = f"the carrier does not take it: {error.text or error.reason} ({error.code})"
    else:
        message = text.format(error.value or error.reason)
    return Refusal(str(error.reason), message, field=fields.get(field, field) or None)


def _short(text: str) -> str:
    """As much as an answer should repeat of what somebody sent."""
    return text if len(text) <= 400 else f"{text[:400]}…"
