"""What WhatsApp tells through Twilio beside text and media."""

import re
from collections.abc import Mapping
from typing import Any

#: In the words of WhatsApp's own API: kind, part, field of the form.
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

_DEGREES = re.compile(r"-?\d{1,3}(?:\.\d{1,20})?", re.ASCII)


def content_of(said: Mapping[str, str], types: list[str]) -> dict[str, Any]:
    """What is there beside text and media: CONTENT, the types of media, and `opt_out`."""
    found: dict[str, Any] = {}
    told = {key: text for key, text in said.items() if text not in ("", "false")}
    for kind, parts in CONTENT.items():
        if part := {name: _value(name, told[key]) for name, key in parts.items() if key in told}:
            found[kind] = part
    if any(types):
        found["media_types"] = types
    if said.get("OptOutType"):  # Twilio has answered it, and remembers it, by itself
        found["opt_out"] = said["OptOutType"]
    return found


def _value(name: str, text: str) -> str | float | bool:
    if name in ("latitude", "longitude") and _DEGREES.fullmatch(text):
        return float(text)
    if name.endswith("forwarded"):
        return True
    return text.removeprefix("whatsapp:") if name == "from" else text
