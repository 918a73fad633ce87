"""What is asked for where: the actions, each with its method and path, and the trigger beside them."""

from typing import Annotated

from msgspec import Struct

from estafette.actions import Action, find
from estafette.actions.twilio.models import said
from estafette.actions.twilio.paths import PREFIX as PREFIX  # noqa: PLC0414 - of this door

_NUMBERS = "/AvailablePhoneNumbers/{IsoCountryCode}"

#: Methods and paths below PREFIX, and the action that answers.
ACTIONS = (
    ("GET", "/Messages.json", "ListMessages"),
    ("POST", "/Messages.json", "SendMessage"),
    ("GET", "/Messages/{MessageId}.json", "GetMessage"),
    ("GET", "/IncomingPhoneNumbers.json", "ListIncomingPhoneNumbers"),
    ("POST", "/IncomingPhoneNumbers.json", "AddIncomingNumber"),
    ("GET", "/IncomingPhoneNumbers/{IncomingPhoneNumberSid}.json", "GetIncomingPhoneNumber"),
    ("GET", f"{_NUMBERS}/Local.json", "GetAvailableLocalNumbers"),
    ("GET", f"{_NUMBERS}/Mobile.json", "GetAvailableMobileNumbers"),
    ("GET", f"{_NUMBERS}/TollFree.json", "GetAvailableTollFreeNumbers"),
    ("GET", "/Usage/Records.json", "ListUsage"),
)
#: The trigger: what adds a subscription, and what a platform asks to end it.
SUBSCRIBE, SUBSCRIBE_AT = "WhenAMessageIsReceived", "/Subscriptions.json"
UNSUBSCRIBE, UNSUBSCRIBE_AT = "Unsubscribe", "/Subscriptions/{SubscriptionId}.json"


def action(name: str) -> Action:
    """The action of an operation."""
    return find(f"TWILIO.{name}")


class Failure(Struct, frozen=True, kw_only=True):
    """Why something was not done."""

    code: Annotated[int, said("Code", "Number of the error.", format="int32")]
    message: Annotated[str, said("Message", "Text of the error.")]
    more_info: Annotated[str, said("More Info", "Where the error is explained.")]
    status: Annotated[int, said("Status", "HTTP status.", format="int32")]


class SubscriptionRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom to tell."""

    notification_url: Annotated[
        str,
        said(
            "Notification URL",
            "Filled in by the platform: each message that arrives is posted there.",
            x_ms_notification_url=True,
            x_ms_visibility="internal",
        ),
    ] = ""


class Subscription(Struct, frozen=True, kw_only=True):
    """Who is told, until it is deleted."""

    sid: Annotated[str, said("SID", "Subscription identifier.")]
    notification_url: Annotated[str, said("Notification URL", "Where messages are posted.")]
    date_created: Annotated[str, said("Date Created", "RFC 2822 date.")]
