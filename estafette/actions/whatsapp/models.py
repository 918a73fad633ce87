"""The parameters of WHATSAPP.SEND_MESSAGE: what is asked for, and what comes of it."""

from typing import Annotated, Any

from msgspec import Meta, Struct

_ANY_OBJECT = {"type": "object", "additionalProperties": True}
#: What XML calls the items of the lists in an answer of Meta's.
_ITEMS = {
    "properties": {
        "contacts": {"type": "array", "items": {**_ANY_OBJECT, "xml": {"name": "contact"}}},
        "messages": {"type": "array", "items": {**_ANY_OBJECT, "xml": {"name": "message"}}},
    }
}
_REPLY = "The message that it answers: its id, or an object with `message_id`."


class Inputs(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is asked for. What is blank is as if it were left out."""

    connection_id: Annotated[
        str,
        Meta(
            description="The id (ac_…) or the name of a connection of meta or the sandbox; else the"
            " one of the sender."
        ),
    ] = ""
    sender_id: Annotated[
        str,
        Meta(description="The phone number id that it is sent from; else the account's main one."),
    ] = ""
    recipient_number: Annotated[
        str,
        Meta(
            description="The recipient with its country code; or a business-scoped user id, such as"
            " US.1349…"
        ),
    ] = ""
    type: Annotated[
        str,
        Meta(
            description="AUDIO, CONTACTS, DOCUMENT, IMAGE, INTERACTIVE, LOCATION, REACTION, STICKER,"
            " TEMPLATE, TEXT or VIDEO, in any case; TEXT where it is left out."
        ),
    ] = ""
    payload: Annotated[
        dict[str, Any] | list[Any] | str,
        Meta(
            description="The object of that type, a list for CONTACTS; or the same as JSON in a text."
        ),
    ] = ""
    context: Annotated[dict[str, Any] | str, Meta(description=_REPLY)] = ""


class Problem(Struct, frozen=True, kw_only=True):
    """Why something was not done, in Meta's words."""

    code: Annotated[int, Meta(description="Meta's.")]
    title: str
    details: str = ""
    retryable: Annotated[
        bool, Meta(description="Whether the same may succeed later though nobody changed anything.")
    ] = False
    action: Annotated[str, Meta(description="What to do about it, in a word.")] = ""
    fbtrace_id: str = ""


class Delivery(Struct, frozen=True, kw_only=True):
    """What became of a message that was taken."""

    state: Annotated[
        str, Meta(description="accepted, sent, delivered, read or failed; unknown: see error.")
    ]
    at: Annotated[str | None, Meta(description="Since when, ISO 8601.")] = None
    error: Problem | None = None


class Outputs(Struct, frozen=True, kw_only=True):
    """What came of it."""

    status_code: Annotated[
        int, Meta(description="Meta's HTTP status; 502 where it was not reached or cannot be read.")
    ]
    status: Annotated[int, Meta(description="The same number.")]
    success: Annotated[bool, Meta(description="Whether the message was taken.")]
    message_id: Annotated[
        str, Meta(description="The id of the message; empty where none was written down.")
    ] = ""
    wa_id: Annotated[str, Meta(description="What WhatsApp calls the recipient, without +.")] = ""
    message_status: Annotated[
        str, Meta(description="Such as accepted; of templates, it may be held or paused.")
    ] = ""
    body: Annotated[
        dict[str, Any],
        Meta(description="Meta's answer as it came.", extra_json_schema=_ITEMS),
    ] = {}
    headers: Annotated[
        dict[str, str], Meta(description="Of Meta's answer, those that say something.")
    ] = {}
    error: Annotated[Problem | None, Meta(description="Null after success.")] = None
    delivery: Annotated[
        Delivery | None,
        Meta(description="As it is known when this is answered; ask again to know more."),
    ] = None
