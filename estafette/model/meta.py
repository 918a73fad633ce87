"""Meta's words for ours, as its WhatsApp Cloud API has them. Pure.

The codes are those that its clients decide by; the HTTP statuses beside them are those that it gave in
2025, when it last told.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from estafette.model.attempt import Outcome
from estafette.model.message import Reason, Status

GRAPH = "https://graph.facebook.com"  #: where Meta answers
VERSION = "v23.0"  #: of the API that we speak to it

#: What a message's status is called there; nobody is told of what is not here.
STATUS: Mapping[Status, str] = {
    Status.SENT: "sent",
    Status.DELIVERED: "delivered",
    Status.READ: "read",
    Status.UNDELIVERED: "failed",
    Status.FAILED: "failed",
}


class When(StrEnum):
    """When a code is told."""

    AT_ONCE = "at once"  #: instead of taking the message
    LATER = "later"  #: as what became of a message that was taken
    EITHER = "either"


class Known(NamedTuple):
    """What is known of a code."""

    status: int  #: of HTTP
    title: str
    action: str  #: what who sends should do, in a word
    when: When
    is_retryable: bool = False  #: the same request may succeed later though nobody changed anything


#: Whatever a code is not known by.
OTHER = 131000

CODES: Mapping[int, Known] = {
    0: Known(401, "AuthException", "new_token", When.AT_ONCE),
    1: Known(400, "API Unknown", "retry_few", When.AT_ONCE, True),
    2: Known(503, "API Service", "retry_backoff", When.AT_ONCE, True),
    3: Known(500, "API Method", "fix_permission", When.AT_ONCE),
    4: Known(400, "API Too Many Calls", "retry_backoff", When.AT_ONCE, True),
    10: Known(403, "Permission Denied", "fix_permission", When.AT_ONCE),
    17: Known(429, "User request limit reached", "retry_backoff", When.AT_ONCE, True),
    33: Known(
        400, "Parameter value is not valid (phone number deleted)", "fix_config", When.AT_ONCE
    ),
    100: Known(400, "Invalid parameter", "fix_request", When.AT_ONCE),
    104: Known(401, "Missing or invalid access token on a signed call", "new_token", When.AT_ONCE),
    190: Known(401, "Access token has expired", "new_token", When.AT_ONCE),
    200: Known(403, "API Permission (whole range 200-299)", "fix_permission", When.AT_ONCE),
    368: Known(403, "Temporarily blocked for policies violations", "human", When.EITHER),
    613: Known(
        422,
        "Too many requests of this kind (verification codes)",
        "retry_backoff",
        When.AT_ONCE,
        True,
    ),
    803: Known(404, "Some of the aliases you requested do not exist", "fix_config", When.AT_ONCE),
    80007: Known(400, "Rate limit issues", "retry_backoff", When.AT_ONCE, True),
    130403: Known(400, "Business blocked by or has blocked the user", "give_up", When.EITHER),
    130429: Known(400, "Rate limit hit", "retry_backoff", When.EITHER, True),
    130472: Known(400, "User's number is part of an experiment", "give_up", When.LATER),
    130497: Known(
        403,
        "Business account is restricted from messaging users in this country",
        "give_up",
        When.EITHER,
    ),
    131000: Known(500, "Something went wrong", "retry_few", When.EITHER, True),
    131005: Known(403, "Access denied", "fix_permission", When.AT_ONCE),
    131008: Known(400, "Required parameter is missing", "fix_request", When.AT_ONCE),
    131009: Known(400, "Parameter value is not valid", "fix_request", When.EITHER),
    131016: Known(500, "Service unavailable", "retry_backoff", When.EITHER, True),
    131021: Known(400, "Recipient cannot be sender", "fix_request", When.AT_ONCE),
    131026: Known(400, "Message undeliverable", "give_up", When.LATER),
    131030: Known(400, "Recipient phone number not in allowed list", "fix_config", When.AT_ONCE),
    131031: Known(403, "Account has been locked", "human", When.EITHER),
    131037: Known(400, "Display name approval needed", "human", When.EITHER),
    131042: Known(400, "Business eligibility payment issue", "human", When.EITHER),
    131044: Known(400, "Business eligibility: calling payment issue", "human", When.EITHER),
    131045: Known(500, "Incorrect certificate", "fix_config", When.AT_ONCE),
    131047: Known(400, "Re-engagement message", "use_template", When.LATER),
    131048: Known(400, "Spam rate limit hit", "human", When.EITHER),
    131049: Known(400, "Meta chose not to deliver the message", "wait_24h", When.LATER),
    131050: Known(400, "User has stopped marketing messages", "give_up", When.LATER),
    131051: Known(400, "Unsupported message type", "fix_request", When.EITHER),
    131052: Known(400, "Media download error", "ask_user", When.LATER),
    131053: Known(400, "Media upload error", "fix_media", When.LATER),
    131055: Known(400, "Method not allowed", "fix_request", When.AT_ONCE),
    131056: Known(
        400,
        "(Business Account, Consumer Account) pair rate limit hit",
        "retry_pair",
        When.EITHER,
        True,
    ),
    131057: Known(500, "Account in maintenance mode", "retry_backoff", When.AT_ONCE, True),
    131062: Known(
        400,
        "Business-scoped user ID recipients not supported for this message",
        "fix_request",
        When.EITHER,
    ),
    131063: Known(
        400, "Marketing templates disabled on Cloud API for this account", "fix_config", When.EITHER
    ),
    131064: Known(400, "Messaging limit reached for template classification", "human", When.EITHER),
    132000: Known(400, "Template param count mismatch", "fix_template", When.AT_ONCE),
    132001: Known(404, "Template does not exist", "fix_template", When.AT_ONCE),
    132005: Known(400, "Template hydrated text too long", "fix_template", When.AT_ONCE),
    132007: Known(400, "Template format character policy violated", "fix_template", When.EITHER),
    132008: Known(400, "Template parameter value invalid", "fix_template", When.EITHER),
    132012: Known(400, "Template parameter format mismatch", "fix_template", When.AT_ONCE),
    132015: Known(400, "Template is paused", "fix_template", When.EITHER),
    132016: Known(400, "Template is disabled", "fix_template", When.AT_ONCE),
    132018: Known(400, "Template failed validation", "fix_template", When.AT_ONCE),
    132068: Known(400, "Flow is blocked", "fix_flow", When.EITHER),
    132069: Known(400, "Flow is throttled", "wait_1h", When.EITHER, True),
    133000: Known(500, "Incomplete deregistration", "fix_config", When.AT_ONCE),
    133004: Known(503, "Server temporarily unavailable", "retry_backoff", When.AT_ONCE, True),
    133005: Known(400, "Two step verification PIN mismatch", "fix_config", When.AT_ONCE),
    133006: Known(400, "Phone number re-verification needed", "fix_config", When.AT_ONCE),
    133008: Known(
        400, "Too many two step verification PIN guesses", "wait_details", When.AT_ONCE, True
    ),
    133009: Known(
        400, "Two step verification PIN guessed too fast", "wait_details", When.AT_ONCE, True
    ),
    133010: Known(400, "Phone number not registered", "fix_config", When.AT_ONCE),
    133015: Known(
        400,
        "Please wait a few minutes before attempting to register this phone number",
        "wait_5m",
        When.AT_ONCE,
        True,
    ),
    133016: Known(
        400, "Account register deregister rate limit exceeded", "wait_72h", When.AT_ONCE, True
    ),
    134011: Known(
        400, "WhatsApp Payments terms of service has not been accepted", "human", When.AT_ONCE
    ),
    134100: Known(400, "Only marketing messages supported", "fix_request", When.AT_ONCE),
    134101: Known(400, "Template is still syncing", "wait_10m", When.AT_ONCE, True),
    134102: Known(500, "Template unavailable for use", "fix_config", When.AT_ONCE),
    135000: Known(400, "Generic user error", "fix_request", When.EITHER),
    137000: Known(400, "Recipient identity key mismatch", "confirm_identity", When.EITHER),
    2388019: Known(400, "Message template limit exceeded", "fix_template", When.AT_ONCE),
    2388039: Known(400, "Template header type not allowed here", "fix_template", When.AT_ONCE),
    2388040: Known(400, "Template field exceeds character limit", "fix_template", When.AT_ONCE),
    2388047: Known(400, "Template header format incorrect", "fix_template", When.AT_ONCE),
    2388072: Known(400, "Template body format incorrect", "fix_template", When.AT_ONCE),
    2388073: Known(400, "Template footer format incorrect", "fix_template", When.AT_ONCE),
    2388293: Known(
        400, "Template parameter to words ratio exceeds limit", "fix_template", When.AT_ONCE
    ),
    2388299: Known(
        400, "Template leading or trailing params not allowed", "fix_template", When.AT_ONCE
    ),
    2494100: Known(400, "Phone number in maintenance mode", "retry_backoff", When.AT_ONCE, True),
    2593107: Known(400, "Synchronization request limit exceeded", "human", When.AT_ONCE),
    2593108: Known(
        400, "Synchronization request outside allowed time window", "human", When.AT_ONCE
    ),
}

#: Why a message was declined or failed, by the code that says so. A code that is not here is OTHER.
REASON: Mapping[int, Reason] = {
    4: Reason.QUEUE_FULL,
    80007: Reason.QUEUE_FULL,
    130429: Reason.QUEUE_FULL,
    131056: Reason.QUEUE_FULL,
    131009: Reason.BAD_BODY,
    131008: Reason.BAD_BODY,
    131021: Reason.UNROUTABLE,
    131026: Reason.UNREACHABLE,
    131030: Reason.UNVERIFIED,
    131047: Reason.OUTSIDE_WINDOW,
    131049: Reason.BLOCKED,
    131050: Reason.OPTED_OUT,
    131051: Reason.BAD_BODY,
    131052: Reason.BAD_MEDIA,
    131053: Reason.BAD_MEDIA,
    130403: Reason.BLOCKED,
    130472: Reason.BLOCKED,
    130497: Reason.REGION,
    131048: Reason.BLOCKED,
    132000: Reason.BAD_BODY,
    132001: Reason.BAD_BODY,
    132005: Reason.TOO_LONG,
    132007: Reason.BAD_BODY,
    132012: Reason.BAD_BODY,
    133006: Reason.BAD_SENDER,
    133010: Reason.BAD_SENDER,
    131037: Reason.BAD_SENDER,
    131045: Reason.BAD_SENDER,
    803: Reason.BAD_SENDER,
    33: Reason.BAD_SENDER,
}

#: Codes that every message of a connection would come to: its token, its rights, its account. What is
#: about one number, one template or one person is not here.
TROUBLE = frozenset({0, 3, 10, 104, 190, 368, 131005, 131031, *range(200, 300)})

#: Codes that are about everything that a number, or its account, sends: not about one message.
OF_NUMBER = frozenset({2, 4, 17, 80007, 130429, 131016, 131057, 133004, 2494100})

#: Codes about a quota that frees with time, of which an answer may say when.
QUOTA = frozenset({4, 17, 613, 80007})

#: Seconds until a code is worth another try, where nothing else is told. Others wait longer each time.
WAIT: Mapping[int, float] = {
    131057: 60,
    133008: 3600,
    133009: 600,
    133015: 300,
    133016: 3600,
    134101: 600,
    132069: 3600,
    2494100: 120,
}

FEW = 3  #: offers at most of what may be malformed, or may have been a passing trouble
_PAIR, _THROUGHPUT = 131056, 130429
_LONGEST_WAIT, _SLOWEST = 3600.0, 60.0  # seconds

#: The code for a failure of ours, where its carrier gave none of its own.
CODE: Mapping[Reason, int] = {
    Reason.NO_RECIPIENT: 131008,
    Reason.BAD_RECIPIENT: 131009,
    Reason.NOT_MOBILE: 131026,
    Reason.EMPTY_BODY: 131008,
    Reason.NOTHING_TO_SAY: 131008,
    Reason.BAD_BODY: 131009,
    Reason.TOO_LONG: 131009,
    Reason.OPTED_OUT: 131050,
    Reason.UNREACHABLE: 131026,
    Reason.UNKNOWN_HANDSET: 131026,
    Reason.LANDLINE: 131026,
    Reason.UNROUTABLE: 131026,
    Reason.BLOCKED: 131026,
    Reason.REGION: 130497,
    Reason.BAD_MEDIA: 131053,
    Reason.TOO_MANY_MEDIA: 131053,
    Reason.OUTSIDE_WINDOW: 131047,
    Reason.UNVERIFIED: 131030,
    Reason.QUEUE_FULL: 130429,
}


def code_of(reason: Reason | None, code: str = "") -> int:
    """The number of a failure: the carrier's own where that is one of Meta's, else by our reason."""
    if code.isascii() and code.isdigit() and int(code[:9]) in CODES:
        return int(code)
    return CODE.get(reason or Reason.OTHER, OTHER)


def outcome_of(code: int, number: int = 1) -> Outcome:
    """What a message comes to whose offer `number` was answered with a code."""
    if code in TROUBLE:
        return Outcome.MISCONFIGURED
    known = CODES.get(code)
    if known is None or not known.is_retryable:
        return Outcome.REFUSED
    gives_up = known.action == "retry_few" and number >= FEW
    return Outcome.REFUSED if gives_up else Outcome.THROTTLED


def wait_of(code: int, number: int = 1) -> float | None:
    """Seconds to wait after offer `number` came to such a code; None to wait longer each time."""
    if code == _PAIR:
        return min(4.0 ** min(number - 1, 6), _LONGEST_WAIT)
    if code == _THROUGHPUT:
        return min(2.0 ** min(number, 6), _SLOWEST)
    return WAIT.get(code)


def title_of(code: int) -> str:
    """What a code is called."""
    return CODES[code].title if code in CODES else CODES[OTHER].title


def status_of(code: int) -> int:
    """The HTTP status that goes with a code."""
    return CODES[code].status if code in CODES else 400


def unsent(outcome: Outcome, code: str, text: str) -> tuple[str, str]:
    """What an offer that was not accepted is told as to who waited for it: code and text.

    The carrier's own are kept where they are Meta's and say why.
    """
    own = code if _is_own(code) else ""
    match outcome:
        case Outcome.REFUSED:
            return own or str(OTHER), text
        case Outcome.THROTTLED:
            return own or "130429", text
        case Outcome.MISCONFIGURED:
            return own or ("190" if code == "401" else "131005"), text
        case Outcome.UNREACHED:
            return "131016", f"Meta was not reached, and nothing was sent: {text}"
        case _:
            return own or str(OTHER), (
                f"Nobody knows whether Meta took the message; it is not sent again: {text}"
            )


def _is_own(code: str) -> bool:
    """Whether a carrier's code is one of Meta's, known or not, and not a mere status of HTTP."""
    if not (code.isascii() and code.isdigit() and len(code) <= _LONGEST_CODE):
        return False
    return int(code) in CODES or not 400 <= int(code) <= 599


_LONGEST_CODE = 9  # digits


def error_shape(
    code: int, details: str = "", *, message: str = "", trace: str = "", subcode: int | None = None
) -> dict[str, Any]:
    """The body of an answer that is an error; `trace` is an id by which the log can be searched."""
    shape: dict[str, Any] = {
        "message": message or f"(#{code}) {title_of(code)}",
        "type": "OAuthException",
        "code": code,
    }
    if subcode is not None:
        shape["error_subcode"] = subcode
    if details:
        shape["error_data"] = {"messaging_product": "whatsapp", "details": details}
    if code in CODES and CODES[code].is_retryable:
        shape["is_transient"] = True
    return {"error": {**shape, "fbtrace_id": trace}}
