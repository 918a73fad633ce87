"""A whole request to send something, as clients of the Cloud API write it."""

from collections.abc import Mapping
from typing import Any

from estafette.model.whatsapp.forms import Parts, some, text, tidy, word
from estafette.model.whatsapp.reading import kind_named, read
from estafette.model.whatsapp.words import MISSING, REQUEST, Asked, Unsaid

LONGEST_TRACKER = 512  #: characters
_LONGEST = 256  # characters of an address, an id or a key
_GROUP = "group"


def envelope(body: Mapping[str, Any]) -> Asked:
    """What a body asks for. Raises Unsaid.

    A recipient in `to` comes before one in `recipient`. A reaction answers nothing but the message that
    it is about.
    """
    product = body.get("messaging_product")
    if not isinstance(product, str) or product.strip().lower() != "whatsapp":
        raise Unsaid(REQUEST, "messaging_product", "is required, and must be whatsapp")
    kind = kind_named(body.get("type"))
    value = _value(body, kind)
    parts: Parts = {name: tidy(body[name], name) for name in _AROUND if body.get(name) is not None}
    to, user_id = _address(parts, "to"), _address(parts, "recipient")
    is_group = word(parts, "recipient_type", "", ("individual", _GROUP), "individual") == _GROUP
    if not to and not user_id:
        raise Unsaid(MISSING, "to", "is required, or recipient")
    return Asked(
        said=read(kind, value),
        to=to,
        user_id="" if to else user_id,
        is_group=is_group,
        context_id="" if kind == "reaction" else _context(parts),
        tracker=text(parts, "biz_opaque_callback_data", "", most=LONGEST_TRACKER, needed=False),
        identity=text(parts, "recipient_identity_key_hash", "", most=_LONGEST, needed=False),
    )


_AROUND = (
    "to",
    "recipient",
    "recipient_type",
    "context",
    "biz_opaque_callback_data",
    "recipient_identity_key_hash",
)


def _value(body: Mapping[str, Any], kind: str) -> Any:
    """The object of that kind."""
    found = body.get(kind)
    if found is None:
        named = (name for name in body if isinstance(name, str) and name.lower() == kind)
        found = next((body[name] for name in named if body[name] is not None), None)
    if found is None:
        raise Unsaid(MISSING, kind, "is required")
    return found


def _context(parts: Parts) -> str:
    found = some(parts, "context", "")
    return text(found, "message_id", "context", most=1024).strip() if found else ""


def _address(parts: Parts, name: str) -> str:
    return text(parts, name, "", most=_LONGEST, needed=False).strip()
