"""Status callbacks as Twilio sends them: a form, signed with the account's auth token."""

import base64
import hashlib
import hmac
import uuid
from collections.abc import Mapping
from urllib.parse import parse_qs, urldefrag, urlencode, urlsplit

from estafette.doors.twilio import wire
from estafette.model import Callback, Channel, Failure, Message, Patience, Post, Status

_MOST_RETRIES = 5
_TIMES = {"ct": (0.1, 10.0), "rt": (0.1, 15.0), "tt": (0.1, 15.0)}  # seconds, by override
_FAILURES = {
    "4xx": {Failure.CLIENT},
    "5xx": {Failure.SERVER},
    "ct": {Failure.CONNECT},
    "rt": {Failure.READ},
    "all": set(Failure),
}


def post(callback: Callback, message: Message, token: str) -> Post:
    """One status callback. Its form, headers and overrides after `#` are those of Twilio's docs."""
    url, overrides = urldefrag(callback.url)
    url = _as_asked(url)
    form = _form(callback, message)
    asked = parse_qs(overrides)
    return Post(
        url=url,
        headers={
            "content-type": "application/x-www-form-urlencoded; charset=utf-8",
            "accept": "*/*",
            "user-agent": "TwilioProxy/1.1",
            "x-twilio-signature": signature(token, url, form),
            # The same in every try: who was told already can tell.
            "i-twilio-idempotency-token": str(
                uuid.uuid5(uuid.UUID(callback.message), callback.status)
            ),
        },
        body=urlencode(form).encode(),
        connect_in=_seconds(asked, "ct", 5.0),
        read_in=_seconds(asked, "rt", 15.0),
        total_in=_seconds(asked, "tt", 15.0),
        patience=_patience(asked),
    )


def signature(token: str, url: str, form: Mapping[str, str]) -> str:
    """HMAC-SHA1 over the address as it was given and each name and value, sorted by name."""
    said = url + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.digest(token.encode(), said.encode(), hashlib.sha1)).decode()


def _form(callback: Callback, message: Message) -> dict[str, str]:
    sid, status = wire.message_sid(message), wire.STATUS[callback.status]
    prefix = wire.PREFIX[message.channel]
    form = {
        "SmsSid": sid,
        "SmsStatus": status,
        "MessageSid": sid,
        "MessageStatus": status,
        "To": prefix + message.recipient,
        "From": prefix + message.sender,
        "AccountSid": message.account,
        "ApiVersion": wire.API,
    }
    if service := wire.service_sid(message):
        form["MessagingServiceSid"] = service
    if callback.status in (Status.FAILED, Status.UNDELIVERED):
        code, text = wire.failure(callback.reason, callback.code, callback.text)
        form |= {"ErrorCode": str(code), "ErrorMessage": text}
    if callback.status in (Status.DELIVERED, Status.UNDELIVERED) and not prefix:
        form["RawDlrDoneDate"] = callback.created_at.strftime("%y%m%d%H%M")
    if message.channel is Channel.WHATSAPP:
        form |= {"ChannelPrefix": "whatsapp", "ChannelToAddress": message.recipient}
        if callback.status is Status.READ:
            form["EventType"] = "READ"
    return form


def _seconds(asked: Mapping[str, list[str]], name: str, usual: float) -> float:
    """A time in milliseconds after `#`; what makes no sense is as if it were not there."""
    said = asked.get(name, [""])[-1]
    least, most = _TIMES[name]
    return min(max(int(said) / 1000, least), most) if said.isascii() and said.isdigit() else usual


def _as_asked(url: str) -> str:
    """An address as it arrives: without a path it is `/`, and so the receiver will check it."""
    parts = urlsplit(url)
    return url if parts.path else parts._replace(path="/").geturl()


def _patience(asked: Mapping[str, list[str]]) -> Patience | None:
    """Retries as they were asked for; None, which is ours, where nothing was."""
    count, policy = asked.get("rc", [""])[-1], asked.get("rp", [""])[-1]
    if not count and not policy:
        return None
    retries = int(count) if count.isascii() and count.isdigit() else 1
    on = set().union(*(_FAILURES.get(word.strip(), set()) for word in policy.split(",")))
    return Patience(min(retries, _MOST_RETRIES), frozenset(on or {Failure.CONNECT}))
