"""Callbacks as Twilio sends them: a form, signed with the account's auth token."""

import base64
import hashlib
import hmac
import uuid
from collections.abc import Mapping
from urllib.parse import parse_qs, urldefrag, urlencode, urlsplit

from estafette.doors.twilio import inbound, status
from estafette.model import Callback, Detour, Failure, Message, Patience, Post, Status

_MOST_RETRIES = 5
_TIMES = {"ct": (0.1, 10.0), "rt": (0.1, 15.0), "tt": (0.1, 15.0)}  # seconds, by override
_FAILURES = {
    "4xx": {Failure.CLIENT},
    "5xx": {Failure.SERVER},
    "ct": {Failure.CONNECT},
    "rt": {Failure.READ},
    "all": set(Failure),
}


#: What an address did that another one is asked in its place.
FAILURE = {
    Failure.CLIENT: "11200",
    Failure.SERVER: "11200",
    Failure.CONNECT: "11205",
    Failure.READ: "11205",
}


def post(callback: Callback, message: Message, token: str) -> Post:
    """One callback. Its form, headers and overrides after `#` are those of Twilio's docs."""
    url, overrides = urldefrag(callback.url)
    url = as_asked(url)
    is_inbound = callback.status is Status.RECEIVED
    form = inbound.form(message) if is_inbound else status.form(callback, message)
    form |= _in_place_of(callback.detour)
    asked = parse_qs(overrides)
    headers = {
        "accept": "*/*",
        "user-agent": "TwilioProxy/1.1",
        "i-twilio-idempotency-token": _name(callback, url),
    }
    is_get = callback.method == "GET"
    if is_get:
        url = f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(form)}"
    else:
        headers["content-type"] = "application/x-www-form-urlencoded; charset=utf-8"
    return Post(
        method="GET" if is_get else "POST",
        url=url,
        headers={**headers, "x-twilio-signature": signature(token, url, {} if is_get else form)},
        body=b"" if is_get else urlencode(form).encode(),
        connect_in=_seconds(asked, "ct", 5.0),
        read_in=_seconds(asked, "rt", 15.0),
        total_in=_seconds(asked, "tt", 15.0),
        patience=_patience(asked),
    )


def _name(callback: Callback, url: str) -> str:
    """The same in every try: who was told already can tell. Another for each further address."""
    detour = callback.detour
    place = f" {detour.number} {url}" if detour else ""
    name = f"{callback.status}{place}{callback.hook}"
    return str(uuid.uuid5(uuid.UUID(callback.message), name))


def _in_place_of(detour: Detour | None) -> dict[str, str]:
    """What a fallback is told of the address that it stands in for."""
    if detour is None or not (detour.failure or detour.code):
        return {}
    code = detour.code or FAILURE[detour.failure or Failure.SERVER]
    return {"ErrorCode": code, "ErrorUrl": urldefrag(detour.url).url}


def signature(token: str, url: str, form: Mapping[str, str]) -> str:
    """HMAC-SHA1 over the address as it was given and each name and value, sorted by name."""
    said = url + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.digest(token.encode(), said.encode(), hashlib.sha1)).decode()


def _seconds(asked: Mapping[str, list[str]], name: str, usual: float) -> float:
    """A time in milliseconds after `#`; what makes no sense is as if it were not there."""
    said = asked.get(name, [""])[-1]
    least, most = _TIMES[name]
    return min(max(int(said) / 1000, least), most) if said.isascii() and said.isdigit() else usual


def as_asked(url: str) -> str:
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
