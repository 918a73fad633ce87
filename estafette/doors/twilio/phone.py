"""A phone number in Twilio's words, and what is said to one in ours: pure."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from estafette.core.numbers import Configure
from estafette.doors.twilio import wire
from estafette.doors.twilio.errors import TwilioError
from estafette.doors.twilio.requests import label
from estafette.doors.urls import is_url
from estafette.model import Hook, Sender
from estafette.model.ids import made_at
from estafette.model.number import CAPABILITIES, friendly, kind_of, pattern
from estafette.model.twilio import rfc2822

#: Parameters that are kept as they are said and shown again: the property, and how each must look.
_SID = "{}[0-9a-fA-F]{{32}}"
_KEPT = {
    "ApiVersion": ("api_version", "2010-04-01|2008-08-01"),
    "StatusCallback": ("status_callback", "url"),
    "StatusCallbackMethod": ("status_callback_method", "method"),
    "VoiceUrl": ("voice_url", "url"),
    "VoiceMethod": ("voice_method", "method"),
    "VoiceFallbackUrl": ("voice_fallback_url", "url"),
    "VoiceFallbackMethod": ("voice_fallback_method", "method"),
    "VoiceApplicationSid": ("voice_application_sid", _SID.format("AP")),
    "VoiceCallerIdLookup": ("voice_caller_id_lookup", "true|false"),
    "VoiceReceiveMode": ("voice_receive_mode", "voice|fax"),
    "TrunkSid": ("trunk_sid", _SID.format("TK")),
    "AddressSid": ("address_sid", _SID.format("AD")),
    "IdentitySid": ("identity_sid", _SID.format("RI")),
    "BundleSid": ("bundle_sid", _SID.format("BU")),
    "EmergencyStatus": ("emergency_status", "Active|Inactive"),
    "EmergencyAddressSid": ("emergency_address_sid", _SID.format("AD")),
}


def read_pattern(text: str, name: str) -> str:
    """A number or a part of one, without what people write between digits. Raises TwilioError."""
    bare = text.translate(_PUNCTUATION)
    if text and pattern(bare) is None:
        raise TwilioError(20001, f"{name} must be digits, letters, * and %, after a + if any")
    return bare


_PUNCTUATION = str.maketrans("", "", " -.()")


def read_settings(said: wire.Form) -> Configure:
    """What a create or an update tells a number. Raises TwilioError for what it should not say."""
    title = label(said) if "FriendlyName" in said else None
    hooks = {name: _read(said, f"{name}Url", "url") for name in ("Sms", "SmsFallback")}
    methods = {name: _read(said, f"{name}Method", "method") for name in hooks}
    application = _read(said, "SmsApplicationSid", _SID.format("AP"))
    kept = {
        key: value
        for name, (key, rule) in _KEPT.items()
        if (value := _read(said, name, rule)) is not None
    }

    def configured(sender: Sender) -> Sender:
        return replace(
            sender,
            title=sender.title if title is None else title,
            inbound=_hook(sender.inbound, hooks["Sms"], methods["Sms"]),
            fallback=_hook(sender.fallback, hooks["SmsFallback"], methods["SmsFallback"]),
            application=sender.application if application is None else application[2:].lower(),
            details={**sender.details, "twilio": {**sender.details.get("twilio", {}), **kept}},
        )

    return configured


def _hook(hook: Hook, url: str | None, method: str | None) -> Hook:
    url = hook.url if url is None else url
    return Hook(url, (hook.method if method is None else method) or "POST")


def _read(said: wire.Form, name: str, rule: str) -> str | None:
    """A parameter's value; None where it is not said. Raises TwilioError for a wrong one."""
    if name not in said:
        return None
    value = wire.one(said, name)
    if not value:
        return ""
    if rule == "url":
        if not is_url(value):
            raise TwilioError(21402, value)
        return value
    if rule == "method":
        if value.upper() not in ("GET", "POST"):
            raise TwilioError(21403, value)
        return value.upper()
    if not re.fullmatch(rule, value):
        raise TwilioError(20001, f"{name} {value[:40]!r} is not valid")
    return value


def shape(sender: Sender) -> dict[str, Any]:
    """An IncomingPhoneNumber resource, its keys in Twilio's order."""
    kept: Mapping[str, Any] = sender.details.get("twilio", {})
    known: Mapping[str, Any] = sender.details.get("number", {})
    able = known.get("capabilities", ("sms", "mms"))
    return {
        "account_sid": sender.account,
        "address_requirements": "none",
        "address_sid": kept.get("address_sid") or None,
        "api_version": kept.get("api_version") or wire.API,
        "beta": False,
        "capabilities": {name: name in able for name in CAPABILITIES},
        "date_created": rfc2822(_made_at(sender)),
        "date_updated": rfc2822(max(sender.updated_at, _made_at(sender))),
        "emergency_status": kept.get("emergency_status") or "Inactive",
        "emergency_address_sid": kept.get("emergency_address_sid") or None,
        "emergency_address_status": "unregistered",
        "friendly_name": sender.title or friendly(sender.address),
        "identity_sid": kept.get("identity_sid") or None,
        "origin": "twilio",
        "phone_number": sender.address,
        "sid": f"PN{sender.id}",
        "sms_application_sid": f"AP{sender.application}" if sender.application else "",
        "sms_fallback_method": sender.fallback.method,
        "sms_fallback_url": sender.fallback.url,
        "sms_method": sender.inbound.method,
        "sms_url": sender.inbound.url,
        "status_callback": kept.get("status_callback", ""),
        "status_callback_method": kept.get("status_callback_method") or "POST",
        "trunk_sid": kept.get("trunk_sid") or None,
        "uri": f"/{wire.API}/Accounts/{sender.account}/IncomingPhoneNumbers/PN{sender.id}.json",
        "voice_application_sid": kept.get("voice_application_sid", ""),
        "voice_caller_id_lookup": kept.get("voice_caller_id_lookup") == "true",
        "voice_fallback_method": kept.get("voice_fallback_method") or "POST",
        "voice_fallback_url": kept.get("voice_fallback_url") or None,
        "voice_method": kept.get("voice_method") or "POST",
        "voice_url": kept.get("voice_url") or None,
        "voice_receive_mode": kept.get("voice_receive_mode") or "voice",
        "status": "in-use",
        "bundle_sid": kept.get("bundle_sid") or None,
        "type": known.get("kind") or str(kind_of(sender.address)),
    }


def _made_at(sender: Sender) -> datetime:
    """When it was added: a sender of an earlier version tells by its id."""
    return sender.created_at if sender.created_at.year > 1970 else made_at(sender.id)
