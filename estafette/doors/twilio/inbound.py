"""What people write, as the fields of the form that Twilio sends to a number's webhook."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from phonenumbers import (
    NumberParseException,
    parse,
    region_code_for_country_code,
    region_code_for_number,
)

from estafette.doors.twilio import wire
from estafette.model import Channel, Message
from estafette.model.twilio import PREFIX, STATUS, message_sid

UNKNOWN_TYPE = "application/octet-stream"

Media = Sequence[tuple[str, str]]  #: URLs, and the content type of what is there

_OURS = re.compile(r"(?:SM|MM)?([0-9a-fA-F]{32})")

#: A WhatsApp message's own objects, and the fields that tell them: by path in the object.
_OBJECTS = {
    "location": {
        "Latitude": "latitude", "Longitude": "longitude", "Address": "address", "Label": "name",
    },
    "button": {"ButtonText": "text", "ButtonPayload": "payload"},
    "interactive": {
        "ButtonText": "button_reply.title", "ButtonPayload": "button_reply.id",
        "InteractiveData": "nfm_reply.response_json",
    },
    "referral": {
        "ReferralBody": "body", "ReferralHeadline": "headline", "ReferralSourceId": "source_id",
        "ReferralSourceType": "source_type", "ReferralSourceUrl": "source_url",
    },
}  # fmt: skip
#: Where a choice from a list stands, which is told as a button is.
_CHOICE = {"ButtonText": "list_reply.title", "ButtonPayload": "list_reply.id"}

#: Kinds of WhatsApp messages that hold an object of their name.
_KINDS = (
    "location", "interactive", "button", "contacts", "sticker", "image", "audio", "video",
    "document", "reaction", "order", "system", "unsupported",
)  # fmt: skip


def media_of(message: Message) -> Media:
    """Where the media of a message are, in their order."""
    types = message.content.get("media_types", [])
    known = [*types, *[""] * (len(message.media) - len(types))]
    return [(url, kind or UNKNOWN_TYPE) for url, kind in zip(message.media, known, strict=False)]


def form(message: Message, media: Media | None = None) -> dict[str, str]:
    """The fields of one message, with its media where `media` says that they are."""
    media = media_of(message) if media is None else media
    sid = message_sid(message)
    prefix = PREFIX[message.channel]
    places = _places(message) if message.channel is Channel.SMS else {}
    said = {
        **places,
        "SmsMessageSid": sid,
        "NumMedia": str(len(media)),
        "SmsSid": sid,
        "SmsStatus": STATUS[message.status],
        "Body": message.body,
        "To": prefix + message.recipient,
        "NumSegments": str(message.segments),
        "MessageSid": sid,
        "AccountSid": message.account,
        "From": prefix + message.sender,
        "ApiVersion": wire.API,
    }
    if message.service:
        said["MessagingServiceSid"] = f"MG{message.service}"
    for number, (url, content_type) in enumerate(media):
        said[f"MediaUrl{number}"] = url
        said[f"MediaContentType{number}"] = content_type or UNKNOWN_TYPE
    if message.channel is Channel.WHATSAPP:
        said |= _whatsapp(message)
    if word := message.content.get("opt_out"):
        said["OptOutType"] = str(word).upper()
    return said


def _places(message: Message) -> dict[str, str]:
    """Where the two numbers are at home. No carrier tells more than the country."""
    found: dict[str, str] = {}
    for name, address in (("To", message.recipient), ("From", message.sender)):
        found |= {
            f"{name}Country": country(address),
            f"{name}State": "",
            f"{name}City": "",
            f"{name}Zip": "",
        }
    return found


@lru_cache(4096)
def country(address: str) -> str:
    """The two letters of a number's country; empty for what is no number."""
    try:
        number = parse(address)
    except NumberParseException:
        return ""
    found = region_code_for_number(number)
    if not found and number.country_code:
        found = region_code_for_country_code(number.country_code)
    return found if found and found.isalpha() else ""  # 001 and ZZ are no countries


def _whatsapp(message: Message) -> dict[str, str]:
    content = message.content
    said = {
        "ProfileName": str(content.get("name") or ""),
        "WaId": message.sender.removeprefix("+"),
        "MessageType": _kind(message),
    }
    for kind, fields in _OBJECTS.items():
        said |= _fields(content.get(kind), fields)
    said |= _fields(content.get("interactive"), _CHOICE)
    if "ButtonText" in said and not message.body:
        said["Body"] = said["ButtonText"]
    return said | _context(content.get("context"))


def _kind(message: Message) -> str:
    if asked := message.content.get("type"):
        return str(asked)
    found = [kind for kind in _KINDS if kind in message.content]
    return found[0] if found else "text" if not message.media else "document"


def _fields(found: Any, fields: Mapping[str, str]) -> dict[str, str]:
    """The fields that an object has something for."""
    said: dict[str, str] = {}
    for name, path in fields.items():
        value = found
        for part in path.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        if value is not None and not isinstance(value, Mapping | list):
            said[name] = str(value)
    return said


def _context(found: Any) -> dict[str, str]:
    """What a message answers, or where it was forwarded from."""
    if not isinstance(found, Mapping):
        return {}
    said: dict[str, str] = {}
    if ref := str(found.get("id") or ""):
        ours = _OURS.fullmatch(ref)
        said["OriginalRepliedMessageSid"] = f"SM{ours[1].lower()}" if ours else ref
        if sender := str(found.get("from") or ""):
            said["OriginalRepliedMessageSender"] = f"whatsapp:+{sender.removeprefix('+')}"
    for name, key in (("Forwarded", "forwarded"), ("FrequentlyForwarded", "frequently_forwarded")):
        if found.get(key):
            said[name] = "true"
    return said
