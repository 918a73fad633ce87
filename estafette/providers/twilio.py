"""Twilio, or anything that speaks its API: another Estafette, for one.

A message is one POST to `Messages.json`. What becomes of it comes to `/in/twilio/<connection>/<our id>`,
what people write to `/in/twilio/<connection>`; both are signed with the auth token.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec

from estafette.http import Answer, Http, Limits
from estafette.model import (
    Accepted,
    BadAddress,
    Channel,
    Incoming,
    Inward,
    Later,
    Message,
    Misconfigured,
    Offer,
    Reason,
    Receipt,
    Refused,
    Send,
    SendError,
    Status,
    Throttled,
    Unclear,
)
from estafette.model.attempt import Request
from estafette.model.kept import HIDDEN, keep
from estafette.model.networks import is_private_host
from estafette.model.twilio import CONTENT, check, is_service_sid
from estafette.providers import Place, Provider, check_base, secret

#: What became of a message. `accepted`, `queued` and `sending` tell nothing that the answer did not.
STATUS = {
    "sent": Status.SENT,
    "delivered": Status.DELIVERED,
    "partially_delivered": Status.DELIVERED,
    "read": Status.READ,
    "undelivered": Status.UNDELIVERED,
    "failed": Status.FAILED,
    "canceled": Status.FAILED,  # called back there by somebody else
}

#: Why it was refused, or not delivered. A code that is not here is OTHER.
REASON = {
    "21201": Reason.NO_RECIPIENT, "21604": Reason.NO_RECIPIENT, "21211": Reason.BAD_RECIPIENT,
    "63003": Reason.BAD_RECIPIENT, "63024": Reason.BAD_RECIPIENT, "21614": Reason.NOT_MOBILE,
    "21603": Reason.NO_SENDER, "21212": Reason.BAD_SENDER, "21616": Reason.BAD_SENDER,
    "21601": Reason.FOREIGN_SENDER, "21606": Reason.FOREIGN_SENDER, "21659": Reason.FOREIGN_SENDER,
    "21660": Reason.FOREIGN_SENDER, "21661": Reason.FOREIGN_SENDER, "63007": Reason.FOREIGN_SENDER,
    "21910": Reason.MIXED_CHANNELS, "21602": Reason.EMPTY_BODY, "21619": Reason.NOTHING_TO_SAY,
    "21618": Reason.BAD_BODY, "63005": Reason.BAD_BODY, "63006": Reason.BAD_BODY,
    "63021": Reason.BAD_BODY, "21605": Reason.TOO_LONG, "21617": Reason.TOO_LONG,
    "21620": Reason.BAD_MEDIA, "21621": Reason.BAD_MEDIA, "21622": Reason.BAD_MEDIA,
    "30011": Reason.BAD_MEDIA, "30019": Reason.BAD_MEDIA, "63019": Reason.BAD_MEDIA,
    "21623": Reason.TOO_MANY_MEDIA, "21624": Reason.BAD_VALIDITY, "21610": Reason.OPTED_OUT,
    "63014": Reason.OPTED_OUT, "63033": Reason.OPTED_OUT, "63016": Reason.OUTSIDE_WINDOW,
    "21408": Reason.REGION,
    "21266": Reason.UNROUTABLE, "21612": Reason.UNROUTABLE, "63031": Reason.UNROUTABLE,
    "30001": Reason.QUEUE_FULL, "30004": Reason.BLOCKED, "30007": Reason.BLOCKED,
    "30032": Reason.BLOCKED, "30034": Reason.BLOCKED, "30038": Reason.BLOCKED,
    "30039": Reason.BLOCKED, "30450": Reason.BLOCKED, "30453": Reason.BLOCKED,
    "30454": Reason.BLOCKED, "63013": Reason.BLOCKED, "63049": Reason.BLOCKED,
    "30003": Reason.UNREACHABLE, "63036": Reason.UNREACHABLE, "30005": Reason.UNKNOWN_HANDSET,
    "21635": Reason.LANDLINE, "30006": Reason.LANDLINE, "30036": Reason.EXPIRED,
    "30410": Reason.UNANSWERED, "21608": Reason.OTHER,
}  # fmt: skip

#: Codes that ask to come back later, whatever the HTTP status is.
PATIENCE = {"20429", "21611", "63018", "63038"}

#: Codes that are about the account or our address: no message would be taken.
TROUBLE = {
    "20003", "20004", "20005", "20006", "20008", "20403", "20404", "20410", "21609", "30002",
}  # fmt: skip

#: HTTP statuses that are answered to the connection, not to the message.
_NOT_OURS = {401, 403, 404, 405, 407, 410}
#: HTTP statuses below 500 that leave open whether the message was taken; 409 is another request
#: under its idempotency key.
_WHO_KNOWS = {408, 409, 425}
#: HTTP statuses that are about one message, even if nothing more is said.
_TOO_MUCH = {413, 414, 431}

#: Messages a second that Twilio takes of a sender, by its kind, unless it agreed on more.
PACE = {"short code": 100.0, "toll-free": 3.0, "US or CA": 1.0, "other": 10.0, "whatsapp": 80.0}

#: What addresses begin with, by channel; others than these are not carried.
PREFIX = {Channel.SMS: "", Channel.WHATSAPP: "whatsapp:"}

_API = "https://api.twilio.com"
_LIMITS = Limits(connect_in=5, read_in=30, total_in=30, most=1 << 18)
_LONGEST_VALIDITY, _LONGEST_WAIT = 36000, 3600.0  # seconds; the wait: that a carrier may ask for
_MOST_MEDIA, _MOST_FIELDS = 10, 1000
_ID, _REF = re.compile(r"[0-9a-f]{32}"), re.compile(r"[!-~]{1,128}")
_SID = re.compile(r"AC[0-9A-Za-z]{1,62}")
_SECONDS = re.compile(r"\d{1,12}", re.ASCII)
_DEGREES = re.compile(r"-?\d{1,3}(?:\.\d{1,20})?", re.ASCII)
_TOLL_FREE = re.compile(r"\+18(?:00|33|44|55|66|77|88)\d{7}")

Said = Mapping[str, str]


@dataclass(kw_only=True)
class Twilio(Provider):
    """One account at Twilio, or at what stands at `base_url` in its place.

    With `key_sid` and `key_secret` it asks as that key; callbacks are signed with the auth token
    all the same.
    """

    title = "Twilio"
    channels = frozenset(PREFIX)
    docs = "docs/how-to/twilio.md"
    needs_urls = True
    thanks = ("text/xml", b"<Response/>")

    base_url: str = _API
    account_sid: str
    auth_token: str = secret()
    key_sid: str = ""
    key_secret: str = secret(default="")
    _http: Http | None = field(default=None, init=False, repr=False)
    _inward: str = field(default="", init=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse what can never work. Raises Misconfigured."""
        check_base("twilio", self.base_url, _API)
        if not _SID.fullmatch(self.account_sid):
            raise Misconfigured("twilio: account_sid must be AC and 32 hex digits")
        if not self.auth_token:
            raise Misconfigured("twilio: auth_token must not be empty")
        if bool(self.key_sid) != bool(self.key_secret):
            raise Misconfigured("twilio: key_sid and key_secret belong together")

    async def open(self, place: Place) -> None:
        """Remember the way out, and where we can be told what becomes of messages."""
        self._http = place.http
        # An address of ours that only this machine or network knows is of no use to Twilio, which
        # would refuse every message with it.
        is_inside = is_private_host(urlsplit(place.public_url).hostname or "")
        if not is_inside or is_private_host(urlsplit(self.base_url).hostname or ""):
            self._inward = place.inward("twilio")

    def vet(self, send: Send) -> None:
        """Decline what is sent to its own sender, which Twilio refuses with 21266; what is too long for
        it on any channel; and kinds of message that its API has no field for.
        """
        check(send)

    def pace(self, channel: Channel, address: str) -> float:
        """What Twilio takes of such a sender: see PACE."""
        if channel is Channel.WHATSAPP:
            return PACE["whatsapp"]
        if address.isdigit():
            return PACE["short code"]
        if _TOLL_FREE.fullmatch(address):
            return PACE["toll-free"]
        return PACE["US or CA" if address.startswith("+1") else "other"]

    async def send(self, offer: Offer) -> Accepted:
        """One POST. What it did not answer clearly may have been taken, and is Unclear."""
        if self._http is None:
            raise Misconfigured("twilio: it is not open")
        path = f"/2010-04-01/Accounts/{self.account_sid}/Messages.json"
        try:
            answer = await self._http.ask(
                "POST",
                self.base_url.rstrip("/") + path,
                headers=self._headers(offer.message, self.key_secret or self.auth_token),
                body=urlencode(self._form(offer.message, datetime.now(UTC))).encode(),
                limits=_LIMITS,
            )
        except BadAddress as error:
            raise Misconfigured(f"base_url: {error}") from None
        kept = keep("twilio", answer.status, answer.headers, answer.body, self._secrets())
        if 200 <= answer.status < 300:
            return _taken(answer, offer.message, kept)
        raise _refusal(answer, kept)

    def describe(self, offer: Offer, at: datetime) -> Request:
        """The same POST, its form as text."""
        path = f"/2010-04-01/Accounts/{self.account_sid}/Messages.json"
        return Request(
            method="POST",
            url=self.base_url.rstrip("/") + path,
            headers={**self._headers(offer.message, ""), "Authorization": f"Basic {HIDDEN}"},
            body=urlencode(self._form(offer.message, at)),
        )

    def _secrets(self) -> tuple[str, ...]:
        return self.auth_token, self.key_secret

    def _headers(self, message: Message, password: str) -> dict[str, str]:
        user = self.key_sid or self.account_sid
        shown = base64.b64encode(f"{user}:{password}".encode()).decode()
        return {
            "Authorization": f"Basic {shown}",
            "Accept": "application/json",
            "Content-Type": "application/x-www-form-urlencoded",
            # Without effect at Twilio. An Estafette takes what it saw before for the same message.
            # On its second way it is another one to whoever takes it.
            "I-Twilio-Idempotency-Token": f"{message.id}{message.content.get('way', '')}",
        }

    def _form(self, message: Message, now: datetime) -> list[tuple[str, str]]:
        prefix = PREFIX[message.channel]
        is_service = is_service_sid(message.sender)
        # How long somebody waits here for an answer is not how long it may take from there on.
        ends = not message.content.get("at_once")
        left = int((message.expires_at - now).total_seconds())
        form = [
            ("To", prefix + message.recipient),
            ("MessagingServiceSid", message.sender if is_service else ""),
            ("From", "" if is_service else prefix + message.sender),
            ("Body", message.body),
            *(("MediaUrl", url) for url in message.media),
            ("ValidityPeriod", str(min(max(left, 1), _LONGEST_VALIDITY)) if ends else ""),
            ("StatusCallback", self._inward and f"{self._inward}/{message.id}"),
        ]
        return [(name, value) for name, value in form if value]

    def verify(self, told: Inward) -> bool:
        """Whether `X-Twilio-Signature` is of our auth token, over the address that Twilio was given."""
        shown = told.headers.get("x-twilio-signature", "").encode()
        digest = parse_qs(told.query).get("bodySHA256", [""])[0]  # where the body is no form
        if digest and hashlib.sha256(told.body).hexdigest() != digest.lower():
            return False
        try:
            form = {} if digest else _form_of(told)
        except ValueError:
            return False
        signed = [_signature(self.auth_token, url, form).encode() for url in _spellings(told.url)]
        return any(hmac.compare_digest(one, shown) for one in signed)

    def parse(self, told: Inward) -> list[Receipt | Incoming]:
        """A status callback, or what somebody wrote; nothing for anything else."""
        form = _form_of(told) or parse_qs(told.query, keep_blank_values=True)
        said = {name: values[-1] for name, values in form.items()}
        is_ours = _ID.fullmatch(told.tail) is not None
        if is_ours or "MessageStatus" in said:
            receipt = _receipt(said, told.tail if is_ours else "")
            return [receipt] if receipt else []
        incoming = _incoming(said)
        return [incoming] if incoming else []


def _taken(answer: Answer, message: Message, kept: str) -> Accepted:
    """The message that was made of ours. Raises Unclear where none is named."""
    made = _object(answer)
    ref = str(made.get("sid"))
    if not _REF.fullmatch(ref) or "sid" not in made:
        raise Unclear(f"it answered {answer.status}, and named no message", answer=kept)
    told = STATUS.get(str(made.get("status")), Status.SENT)
    if told is Status.SENT:
        return Accepted(ref=ref, answer=kept)
    # It is over already: there may be no callback to tell so.
    code, text = str(made.get("error_code") or ""), str(made.get("error_message") or "")
    later = (Later(0, _fact(told, message.id, ref, code, text)),)
    return Accepted(ref=ref, later=later, answer=kept)


def _refusal(answer: Answer, kept: str) -> SendError:
    """What an answer other than 2xx comes to; its code and text are kept as they came."""
    said = _object(answer)
    code = str(said.get("code") or "")
    words = [str(said[name]) for name in ("message", "detail") if said.get(name)]
    text = ": ".join(words) or f"it answered {answer.status}"
    if answer.status >= 500 or answer.status < 400 or answer.status in _WHO_KNOWS:
        return Unclear(text, code=code, answer=kept)
    if answer.status == 429 or code in PATIENCE:
        wait = _SECONDS.fullmatch(answer.headers.get("retry-after", ""))
        retry_after = min(float(wait[0]), _LONGEST_WAIT) if wait else None
        code = code or str(answer.status)
        return Throttled(text, code=code, retry_after=retry_after, answer=kept)
    is_about_us = answer.status in _NOT_OURS or not code
    if code in TROUBLE or (is_about_us and code not in REASON and answer.status not in _TOO_MUCH):
        return Misconfigured(text, code=code or str(answer.status), answer=kept)
    return Refused(text, code=code, reason=REASON.get(code, Reason.OTHER), answer=kept)


def _object(answer: Answer) -> dict[str, Any]:
    """The JSON object of an answer; empty for anything else."""
    try:
        return msgspec.json.decode(answer.body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}


def _form_of(told: Inward) -> dict[str, list[str]]:
    """The values of a form by name; none where the body is no form. Raises ValueError."""
    kind = told.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        return {}
    return parse_qs(told.body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)


def _signature(token: str, url: str, form: Mapping[str, list[str]]) -> str:
    """Base64 of HMAC-SHA1 over the address and each name and value, sorted, none of them twice."""
    said = "".join(name + value for name in sorted(form) for value in sorted(set(form[name])))
    signed = hmac.digest(token.encode(), (url + said).encode(), hashlib.sha1)
    return base64.b64encode(signed).decode()


def _spellings(url: str) -> Iterator[str]:
    """An address as it stands, and with its port, or without it: carriers sign any of these."""
    yield url
    parts = urlsplit(url)
    user, at, place = parts.netloc.rpartition("@")
    usual = 443 if parts.scheme == "https" else 80
    place = place.removesuffix(f":{parts.port}") if parts.port else f"{place}:{usual}"
    yield parts._replace(netloc=user + at + place).geturl()


def _receipt(said: Said, message: str) -> Receipt | None:
    status = STATUS.get(said.get("MessageStatus") or said.get("SmsStatus", ""))
    if status is None:
        return None
    ref = said.get("MessageSid") or said.get("SmsSid", "")
    words = said.get("ErrorMessage") or said.get("ChannelStatusMessage", "")
    return _fact(status, message, ref, said.get("ErrorCode", ""), words) if ref else None


def _fact(status: Status, message: str, ref: str, code: str, text: str) -> Receipt:
    is_bad = status in (Status.UNDELIVERED, Status.FAILED)
    reason = REASON.get(code, Reason.OTHER) if is_bad else None
    return Receipt(status=status, message=message, ref=ref, reason=reason, code=code, text=text)


def _incoming(said: Said) -> Incoming | None:
    """What somebody wrote; None on channels that are not carried, or if it says too little."""
    if said.get("SmsStatus") not in ("received", "receiving"):
        return None
    channel, sender = _address(said.get("From", ""))
    _, recipient = _address(said.get("To", ""))
    if channel is None or not sender or not recipient:
        return None
    numbers = [number for number in range(_MOST_MEDIA) if said.get(f"MediaUrl{number}")]
    return Incoming(
        channel=channel,
        sender=sender,
        recipient=recipient,
        body=said.get("Body", ""),
        media=tuple(said[f"MediaUrl{number}"] for number in numbers),
        ref=said.get("MessageSid") or said.get("SmsSid", ""),
        name=said.get("ProfileName", ""),
        content=_content(said, [said.get(f"MediaContentType{number}", "") for number in numbers]),
    )


def _address(text: str) -> tuple[Channel | None, str]:
    prefix, colon, rest = text.rpartition(":")
    return {begins: channel for channel, begins in PREFIX.items()}.get(prefix + colon), rest


def _content(said: Said, types: list[str]) -> dict[str, Any]:
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
