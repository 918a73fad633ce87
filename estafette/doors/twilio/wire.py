"""Twilio's shapes and our words, both ways: pure."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any
from urllib.parse import unquote_to_bytes

from estafette.doors.twilio.errors import TwilioError
from estafette.doors.twilio.options import check_content, through
from estafette.doors.urls import is_url
from estafette.model import (
    Account,
    AccountKind,
    Channel,
    Feedback,
    Key,
    Message,
    Send,
    Status,
)
from estafette.model.smart import smart
from estafette.model.twilio import (
    DIRECTION,
    MAGIC_SENDERS,
    PREFIX,
    STATUS,
    failure,
    is_service_sid,
    message_sid,
    read_recipient,
    read_sender,
    rfc2822,
)

API = "2010-04-01"
MESSAGE_SID = re.compile(r"(?:SM|MM)[0-9a-fA-F]{32}")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")

OUTCOME = {True: "confirmed", False: "unconfirmed"}

_MOST_PARAMETERS = 1000

Form = Mapping[str, list[str]]  #: every value, by name
Said = Mapping[str, str]  #: the last value, by name


def read_form(body: bytes) -> dict[str, list[str]]:
    """A form's values by name, in the order in which they came. Both `+` and `%20` are spaces."""
    form: dict[str, list[str]] = {}
    try:
        # What is in nearly every request is replaced at once: neither sign means anything here.
        text = body.decode().replace("+", " ").replace("%2B", "+").replace("%20", " ")
        parts = text.split("&", _MOST_PARAMETERS)
        for part in parts:
            name, _, value = part.partition("=")
            if "%" in part:
                name, value = _unquoted(name), _unquoted(value)
            if name in form:
                form[name].append(value)
            elif name:
                form[name] = [value]
    except UnicodeDecodeError:
        raise TwilioError(20001, "The request is not valid UTF-8") from None
    if len(parts) > _MOST_PARAMETERS:
        raise TwilioError(20001, f"The request has more than {_MOST_PARAMETERS} parameters")
    return form


def _unquoted(text: str) -> str:
    return unquote_to_bytes(text).decode() if "%" in text else text


def one(form: Form, name: str) -> str:
    """The value of a parameter that should come once; the last where it came more often."""
    values = form.get(name)
    return values[-1] if values else ""


def read_send(form: Form, *, idempotency_key: str = "") -> Send:
    """A create request in our words. Raises TwilioError for what it should not say."""
    said = {name: values[-1] for name, values in form.items()}
    to, sender = said.get("To"), said.get("From", "")
    if not to:
        raise TwilioError(21604)
    service, sender, send_at = through(said, sender)
    if not sender and not service:
        raise TwilioError(21603)
    if sender in MAGIC_SENDERS:
        raise TwilioError(MAGIC_SENDERS[sender], sender)
    from_channel, from_address = _sender(sender) if sender else (None, "")
    channel, recipient = _recipient(to)
    if channel is not (from_channel or channel):
        raise TwilioError(21910)
    _check_settings(said)
    return Send(
        channel=channel,
        sender=from_address,
        recipient=recipient,
        body=encoded(said, said.get("Body", ""), channel),
        media=read_media(form["MediaUrl"]) if "MediaUrl" in form else (),
        callback_url=_callback(said.get("StatusCallback", "")),
        valid_for=_validity(said.get("ValidityPeriod", "")),
        discard=said.get("ContentRetention") == "discard",
        idempotency_key=idempotency_key,
        fingerprint=_fingerprint(form) if idempotency_key else "",
        door="twilio",
        service=service,
        verbatim=bool(service) and said.get("SmartEncoded", "").lower() == "false",
        send_at=send_at,
    )


def encoded(said: Said, body: str, channel: Channel) -> str:
    """A text as SmartEncoded has it."""
    if "SmartEncoded" in said and _is_true(said["SmartEncoded"]) and channel is Channel.SMS:
        return smart(body)
    return body


def _is_true(text: str) -> bool:
    """Whether a parameter asks for something. What is no boolean asks for nothing."""
    return text.lower() == "true"  # Python's own `str` writes a capital


@lru_cache(4096)
def _sender(text: str) -> tuple[Channel, str]:
    found = read_sender(text)
    if found is None:
        is_whatsapp = text.startswith(PREFIX[Channel.WHATSAPP])
        raise TwilioError(63007) if is_whatsapp else TwilioError(21212, text)
    return found


def _recipient(text: str) -> tuple[Channel, str]:
    found = read_recipient(text)
    if found is None:
        raise TwilioError(21211, text)
    return found


def read_media(urls: Sequence[str]) -> tuple[str, ...]:
    """The URLs of a message's media. Raises TwilioError for what is none, and for too many."""
    media = tuple(url for url in urls if url)
    if len(media) > 10:
        raise TwilioError(21623)
    bad = [url for url in media if not is_url(url)]
    if bad:
        raise TwilioError(21620, ", ".join(bad))
    return media


def _callback(url: str) -> str:
    if url and not is_url(url):
        raise TwilioError(21609, url)
    return url


def _validity(text: str) -> int:
    if not text:
        return 36000
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= 36000):
        raise TwilioError(21624, text)
    return int(text)


def _check_settings(said: Said) -> None:
    """Refuse wrong values of what is understood; what is not known at all is ignored."""
    if len(said) <= 3:  # To, From and Body: the usual request has nothing more to check
        return
    retention, obfuscation = said.get("ContentRetention", ""), said.get("AddressRetention", "")
    if retention not in ("", "retain", "discard"):
        raise TwilioError(30029, retention)
    if obfuscation not in ("", "retain", "obfuscate"):
        raise TwilioError(30030, obfuscation)
    if (price := said.get("MaxPrice")) and not _NUMBER.fullmatch(price):
        raise TwilioError(21627, price)
    check_content(said.get("ContentSid", ""), said.get("ContentVariables", ""))


def _fingerprint(form: Form) -> str:
    said = sorted((name, value) for name, values in form.items() for value in values)
    return sha256(json.dumps(said).encode()).hexdigest()


def message(message: Message, *, created: bool = False, chosen: bool = True) -> dict[str, Any]:
    """A Message resource, its keys in Twilio's order; `created` as the answer to a create has it.

    Its sender is not `chosen` yet where a service has been asked for one just now.
    """
    sid = message_sid(message)
    uri = f"/{API}/Accounts/{message.account}/Messages/{sid}"
    parts = {"media": f"{uri}/Media.json"}
    if not created:
        parts["feedback"] = f"{uri}/Feedback.json"
    code, text = _failure(message)
    prefix = PREFIX[message.channel]
    is_outside = is_service_sid(message.sender)  # a pool that chooses where we do not see it
    created_at = rfc2822(message.created_at)
    status = STATUS[message.status]
    if not chosen and message.status is Status.QUEUED:
        status = "accepted"
    has_sender = status not in ("accepted", "scheduled")
    return {
        "account_sid": message.account,
        "api_version": API,
        "body": "" if message.redacted and not created else message.body,
        "date_created": created_at,
        "date_sent": rfc2822(message.sent_at) if message.sent_at else None,
        "date_updated": created_at if created else rfc2822(message.updated_at),
        "direction": DIRECTION[message.direction],
        "error_code": code,
        "error_message": text,
        "from": prefix + message.sender if has_sender and not is_outside else None,
        "messaging_service_sid": service_sid(message),
        "num_media": str(len(message.media)),
        "num_segments": str(message.segments) if has_sender else "0",
        "price": None,
        "price_unit": "USD",
        "sid": sid,
        "status": status,
        "subresource_uris": parts,
        "to": prefix + message.recipient,
        "uri": f"{uri}.json",
    }


def service_sid(message: Message) -> str | None:
    """The service that it goes through, if it goes through one."""
    if is_service_sid(message.sender):
        return message.sender
    return f"MG{message.service}" if message.service else None


def _failure(message: Message) -> tuple[int | None, str | None]:
    if message.status not in (Status.FAILED, Status.UNDELIVERED):
        return None, None
    return failure(message.reason, message.code, message.text)


def read_outcome(form: Form) -> bool:
    """Whether a feedback confirms; it does unless it says otherwise. Raises TwilioError."""
    outcome = one(form, "Outcome") or OUTCOME[True]
    if outcome not in OUTCOME.values():
        raise TwilioError(20001, "Outcome must be confirmed or unconfirmed")
    return outcome == OUTCOME[True]


def feedback(message: Message, feedback: Feedback) -> dict[str, Any]:
    """A Feedback resource, its keys in Twilio's order."""
    sid = message_sid(message)
    return {
        "account_sid": message.account,
        "date_created": rfc2822(feedback.created_at),
        "date_updated": rfc2822(feedback.updated_at),
        "message_sid": sid,
        "outcome": OUTCOME[feedback.confirmed],
        "uri": f"/{API}/Accounts/{message.account}/Messages/{sid}/Feedback.json",
    }


#: What lies under an account.
_UNDER = {
    "available_phone_numbers": "AvailablePhoneNumbers",
    "balance": "Balance",
    "incoming_phone_numbers": "IncomingPhoneNumbers",
    "keys": "Keys",
    "messages": "Messages",
    "outgoing_caller_ids": "OutgoingCallerIds",
    "usage": "Usage/Records",
}
TYPE = {AccountKind.FULL: "Full", AccountKind.TRIAL: "Trial", AccountKind.TEST: "Full"}


def account(account: Account) -> dict[str, Any]:
    """An Account resource. The token is left out: it is shown once, when it is made."""
    uri = f"/{API}/Accounts/{account.sid}"
    return {
        "date_created": rfc2822(account.created_at),
        "date_updated": rfc2822(account.updated_at),
        "friendly_name": account.name,
        "owner_account_sid": account.sid,
        "sid": account.sid,
        "status": "active",
        "subresource_uris": {name: f"{uri}/{path}.json" for name, path in _UNDER.items()},
        "type": TYPE[account.kind],
        "uri": f"{uri}.json",
    }


def key(key: Key, *, secret: str = "") -> dict[str, Any]:
    """A Key resource; the secret only in the answer to its creation."""
    shape = {
        "sid": key.sid,
        "friendly_name": key.label,
        "date_created": rfc2822(key.created_at),
        "date_updated": rfc2822(key.updated_at),
    }
    return {**shape, "secret": secret} if secret else shape


def iso8601(at: datetime) -> str:
    """`2015-07-30T20:12:31Z`, as products other than that of 2010 write times."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
