"""What a step asks for, as the Cloud API would be asked for it."""

from collections.abc import Mapping
from typing import Any

import msgspec

from estafette.actions.whatsapp.models import Inputs
from estafette.model.address import is_person
from estafette.model.whatsapp import KINDS, TEXT, Asked, Recipient, Unsaid, envelope, recipient_of
from estafette.model.whatsapp.words import MISSING, WRONG

#: What may stand around the object in a whole envelope, and counts.
_AROUND = (
    "context", "biz_opaque_callback_data", "recipient_identity_key_hash", "recipient_type", "to",
    "recipient",
)  # fmt: skip
_NUMBER = "recipient_number"


def read(inputs: Inputs) -> tuple[Asked, Recipient]:
    """What is asked for, and for whom. Raises Unsaid."""
    kind = inputs.type.strip().lower()
    value = _value(inputs.payload, kind or TEXT)
    if value in ("", {}, []):
        raise Unsaid(MISSING, "payload", "is required")
    kind = kind or _kind_in(value)
    value, around = _unwrapped(value, kind)
    try:
        asked = envelope(
            {
                **around,
                **_recipient(inputs, around),
                **_context(inputs),
                "messaging_product": "whatsapp",
                "type": kind,
                kind: value,
            }
        )
        return asked, recipient_of(asked)
    except Unsaid as error:
        if error.field in ("to", "recipient"):
            raise Unsaid(error.code, _NUMBER, error.text) from None
        raise


def _value(payload: Any, kind: str) -> Any:
    """The payload, read where it is JSON in a text; for a text, any other text is its body."""
    if not isinstance(payload, str):
        return payload
    text = payload.strip()
    if text[:1] in ("{", "["):
        try:
            return msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            if kind != TEXT:
                raise Unsaid(WRONG, "payload", "is a text that is no JSON") from None
    if kind == TEXT and text:
        return {"body": payload}
    if text:
        raise Unsaid(WRONG, "payload", "must be an object, or one as JSON in a text")
    return text


def _kind_in(value: Any) -> str:
    """The kind that a payload names itself, where the step does not."""
    if isinstance(value, list):
        return "contacts"
    named = value.get("type")
    if isinstance(named, str) and named.lower() in KINDS and named.lower() in value:
        return named.lower()
    return next((kind for kind in KINDS if kind in value), TEXT)


def _unwrapped(value: Any, kind: str) -> tuple[Any, dict[str, Any]]:
    """The object of that kind, and what stands around it in a whole envelope."""
    is_whole = isinstance(value, Mapping) and (kind in value or "messaging_product" in value)
    if not is_whole:
        return value, {}
    around = {name: value[name] for name in _AROUND if value.get(name) is not None}
    return value.get(kind), around


def _recipient(inputs: Inputs, around: Mapping[str, Any]) -> dict[str, Any]:
    """Whom it is for: what the step says comes before what its payload does."""
    number = inputs.recipient_number.strip()
    if not number:
        return {}
    if is_person(number) and around.get("recipient_type") != "group":
        return {"to": None, "recipient": number}
    return {"to": number, "recipient": None}


def _context(inputs: Inputs) -> dict[str, Any]:
    context = inputs.context
    if not isinstance(context, str):
        return {"context": context} if context else {}
    text = context.strip()
    if not text:
        return {}
    return {"context": text if text.startswith("{") else {"message_id": text}}
