"""Meta's WhatsApp Cloud API, or anything that speaks it: another Estafette, for one.

A message is one POST to `/<version>/<phone number id>/messages`. What becomes of it, and what people
write, comes to `/in/meta/<connection>`, signed with the app secret. Our own id goes with each message
and comes back with all that is told of it, so that an answer that is lost is made up for.
"""

import asyncio
import hashlib
import hmac
import io
import json
import re
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, BinaryIO, cast
from urllib.parse import parse_qs, quote, urlsplit

import msgspec
import structlog

from estafette.http import Answer, Http, Limits
from estafette.model import (
    Accepted,
    Approval,
    BadAddress,
    Channel,
    Declined,
    GatewayError,
    Incoming,
    Inward,
    Message,
    Misconfigured,
    Offer,
    Outcome,
    Reason,
    Receipt,
    Refused,
    Send,
    SendError,
    Throttled,
    Unclear,
    Unknown,
    Unreached,
    webhook,
    whatsapp,
)
from estafette.model.attempt import Enclosed
from estafette.model.ids import digits
from estafette.model.meta import GRAPH, OF_NUMBER, QUOTA, REASON, VERSION, outcome_of, wait_of
from estafette.providers import Located, Place, Provider, secret

log = structlog.get_logger()

STATUS = webhook.STATUS

PACE = 80.0  #: messages a second that Meta takes of a number, unless it raised that
LIFE = 3600.0  #: seconds for which an upload is sent again by the id that Meta gave it

#: The headers of an answer that are kept.
KEPT = (
    "x-business-use-case-usage", "x-app-usage", "x-fb-trace-id", "x-fb-request-id", "retry-after",
    "facebook-api-version",
)  # fmt: skip

#: HTTP statuses of answers without an error of Meta's that are to the connection, not the message.
_NOT_OURS = {401, 403, 404, 405, 407, 410}
#: Such that leave open whether the message was taken, and such that are about one message.
_WHO_KNOWS, _TOO_MUCH = {408, 409, 425}, {413, 414, 431}

_LIMITS = Limits(connect_in=5, read_in=30, total_in=30, most=1 << 18)
_UPLOADS = Limits(connect_in=5, read_in=60, total_in=120, most=1 << 16)
_UPLOADS_IN = 140.0  # seconds for all uploads of one message, before it leaves
_LONGEST_WAIT = 3600.0  # seconds that a carrier may ask for
_MOST_KEPT, _MOST_WORDS = 6000, 1000  # characters of an answer, and of an error
_MOST_UPLOADS = 1000  # whose ids are remembered
_SMALL = 1 << 20  # bytes that are held in memory
_HIDDEN = "…"
_SECONDS = re.compile(r"\d{1,12}", re.ASCII)
_PHONE_ID, _REF = re.compile(r"[0-9A-Za-z_-]{1,64}"), re.compile(r"[!-~]{1,256}")
_TOKEN, _VERSION = re.compile(r"[!-~]+"), re.compile(r"(?:v\d{1,3}\.\d{1,3})?", re.ASCII)
_USER_ID = re.compile(r"[A-Z]{2}\.[A-Za-z0-9._-]{1,128}")


@dataclass(kw_only=True)
class Meta(Provider):
    """One app at Meta, with the numbers of one WhatsApp business account, or what stands at `base_url`."""

    title = "Meta (WhatsApp Cloud API)"
    channels = frozenset({Channel.WHATSAPP})
    docs = "docs/how-to/meta.md"
    fetches_media = True
    answers_within = 180.0
    thanks = ("text/plain", b"EVENT_RECEIVED")

    base_url: str = GRAPH
    token: str = secret()
    app_secret: str = secret(default="")
    verify_token: str = secret(default="")
    waba_id: str = ""
    version: str = VERSION
    _http: Http | None = field(default=None, init=False, repr=False)
    _uploads: dict[tuple[str, str], "_Upload"] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse what can never work. Raises Misconfigured."""
        _check_base(self.base_url)
        if not _TOKEN.fullmatch(self.token):
            raise Misconfigured("meta: token must be a text without spaces, and not empty")
        if not _VERSION.fullmatch(self.version):
            raise Misconfigured(f"meta: version must be like {VERSION}, or empty")

    async def open(self, place: Place) -> None:
        """Remember the way out."""
        self._http = place.http

    def vet(self, send: Send) -> None:
        """Decline what is sent to its own sender: Meta refuses it."""
        if send.sender == send.recipient:
            raise Declined(Reason.UNROUTABLE, send.recipient, code="131021")

    def pace(self, channel: Channel, address: str) -> float:
        """What Meta takes of a number."""
        return PACE

    async def send(self, offer: Offer) -> Accepted:
        """One POST, once what was uploaded to us is at Meta. What it did not answer clearly may have
        been taken, and is Unclear.
        """
        phone = _phone_of(offer)
        named = await self._enclose(phone, offer)
        body = _body(offer.message, named)
        answer = await self._ask("POST", f"{phone}/messages", body, key=_key(offer.message))
        kept = self._kept(answer)
        if not 200 <= answer.status < 300 or _error_of(answer):
            raise self._refusal(answer, kept, offer.number)
        made = next(iter(_list(_object(answer), "messages")), {})
        ref = made.get("id")
        if not isinstance(ref, str) or not _REF.fullmatch(ref):
            raise Unclear(f"it answered {answer.status}, and named no message", answer=kept)
        return Accepted(ref=ref, answer=kept)

    async def locate(self, url: str) -> Located:
        """Where the media of a person are for the next minutes: `url` is `meta:` and Meta's id."""
        id = url.removeprefix(webhook.MEDIA_OF)
        if id == url:
            return Located(url)
        try:
            answer = await self._ask("GET", quote(id, safe=""))
        except Unclear as error:
            raise Unreached(str(error)) from None
        found = _object(answer).get("url") if answer.status == 200 else None
        if isinstance(found, str) and urlsplit(found).scheme in ("https", "http"):
            # It is not given to who names no program.
            shown = {"Authorization": f"Bearer {self.token}", "User-Agent": "Estafette"}
            return Located(found, shown)
        raise self._not_there(answer)

    def _not_there(self, answer: Answer) -> SendError:
        error = self._refusal(answer, "")
        if error.code == "100" or answer.status == 404:
            return Refused(str(error), code=error.code, reason=Reason.BAD_MEDIA)
        return Unreached(str(error), code=error.code, reason=Reason.BAD_MEDIA)

    async def heed(self, sender_ref: str, ref: str, *, is_typing: bool = False) -> None:
        """Show that a message, and all before it, was read; typing shows until we answer, or for 25 s."""
        if not _PHONE_ID.fullmatch(sender_ref):
            raise Refused("the sender has no phone number id", reason=Reason.BAD_SENDER)
        asked: dict[str, Any] = {
            "messaging_product": "whatsapp",
            "status": "read",
            "message_id": ref,
        }
        if is_typing:
            asked["typing_indicator"] = {"type": "text"}
        answer = await self._ask("POST", f"{sender_ref}/messages", asked)
        if not 200 <= answer.status < 300 or _error_of(answer):
            raise self._refusal(answer, self._kept(answer))

    # What Meta tells

    def greet(self, told: Inward) -> bytes | None:
        """The challenge of who asks with our verify token whether we are there."""
        asked = parse_qs(told.query, keep_blank_values=True, max_num_fields=100)
        mode, token, challenge = (
            asked.get(f"hub.{name}", [""])[0] for name in ("mode", "verify_token", "challenge")
        )
        is_ours = hmac.compare_digest(token.encode(errors="replace"), self.verify_token.encode())
        if told.method != "GET" or mode != "subscribe" or not self.verify_token or not is_ours:
            return None
        return challenge.encode(errors="replace")

    def verify(self, told: Inward) -> bool:
        """Whether `X-Hub-Signature-256` is of our app secret, over the body as it came."""
        if not self.app_secret or told.method != "POST":
            return False
        shown = told.headers.get("x-hub-signature-256", "")
        signed = hmac.new(self.app_secret.encode(), told.body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(f"sha256={signed}".encode(), shown.encode(errors="replace"))

    def parse(self, told: Inward) -> list[Receipt | Incoming | Approval]:
        """What became of messages and templates, and what people wrote."""
        found = webhook.read(told.body)
        for note in found.notes:
            log.info("told, and left at that", field=note.field, what=note.event[:100])
        return found.facts

    # How Meta is asked

    async def _ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        key: str = "",
    ) -> Answer:
        packed = msgspec.json.encode(body) if body is not None else b""
        headers = {"Content-Type": "application/json"} if packed else {}
        if (
            key
        ):  # without effect at Meta; an Estafette takes what it saw before for the same message
            headers["Idempotency-Key"] = key
        return await self._request(method, path, headers, packed, _LIMITS)

    async def _request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes | BinaryIO,
        limits: Limits,
    ) -> Answer:
        if self._http is None:
            raise Misconfigured("meta: it is not open")
        places = [self.base_url.rstrip("/"), self.version, path]
        shown = {"Authorization": f"Bearer {self.token}", "Accept": "application/json", **headers}
        try:
            return await self._http.ask(
                method, "/".join(filter(None, places)), headers=shown, body=body, limits=limits
            )
        except BadAddress as error:
            raise Misconfigured(f"base_url: {error}") from None

    async def _enclose(self, phone: str, offer: Offer) -> dict[int, str]:
        """Meta's ids of what was uploaded to us, by their numbers among the media."""
        try:
            async with asyncio.timeout(_UPLOADS_IN):
                return {one.number: await self._upload(phone, offer, one) for one in offer.enclosed}
        except TimeoutError:
            raise Unreached(f"its media were not uploaded within {_UPLOADS_IN:g} s") from None

    async def _upload(self, phone: str, offer: Offer, item: Enclosed) -> str:
        """Meta's id of an upload: the one that it gave lately, or a new one. Whatever goes wrong, the
        message has not left us.
        """
        url = offer.message.media[item.number]
        known = self._uploads.setdefault((phone, url), _Upload())
        async with known.lock:
            if monotonic() >= known.until:
                known.id = await self._uploaded(phone, item, offer.number)
                known.until = monotonic() + LIFE
                self._forget()
            return known.id

    async def _uploaded(self, phone: str, item: Enclosed, number: int) -> str:
        boundary = secrets.token_hex(16)
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        small = item.size < _SMALL
        with io.BytesIO() if small else cast(BinaryIO, tempfile.TemporaryFile()) as file:
            await _pack(file, item, boundary)
            file.seek(0)
            try:
                answer = await self._request("POST", f"{phone}/media", headers, file, _UPLOADS)
            except Unclear as error:
                raise Unreached(f"its media could not be uploaded: {error}") from None
        id = _object(answer).get("id") if 200 <= answer.status < 300 else None
        if isinstance(id, str) and _REF.fullmatch(id):
            return id
        refusal = self._refusal(answer, self._kept(answer), number)
        if isinstance(refusal, Unclear):
            raise Unreached(f"its media could not be uploaded: {refusal}", answer=refusal.answer)
        raise refusal

    def _forget(self) -> None:
        """Let go of ids that are too old, and of the oldest where there are too many."""
        now = monotonic()
        for key, known in list(self._uploads.items()):
            is_over = len(self._uploads) > _MOST_UPLOADS or now >= known.until
            if is_over and not known.lock.locked():
                del self._uploads[key]

    # What Meta answers

    def _kept(self, answer: Answer) -> str:
        """An answer as it is kept with the attempt: JSON, and never a secret."""
        said = self._without_secrets(answer.body.decode(errors="replace"))
        body: Any = said[:_MOST_KEPT]
        if len(said) <= _MOST_KEPT:
            try:
                body = msgspec.json.decode(said)
            except (msgspec.DecodeError, RecursionError):
                body = said
        headers = {
            name: self._without_secrets(answer.headers[name])[:_MOST_WORDS]
            for name in KEPT
            if name in answer.headers
        }
        return json.dumps({"status": answer.status, "headers": headers, "body": body})

    def _without_secrets(self, text: str) -> str:
        """Meta repeats a token that it cannot read in its error."""
        for sealed in filter(None, (self.token, self.app_secret, self.verify_token)):
            text = text.replace(sealed, _HIDDEN)
        return text

    def _refusal(self, answer: Answer, kept: str, number: int = 1) -> SendError:
        """What an answer that takes nothing comes to: by its code, or, without one, by its status."""
        error = _error_of(answer)
        if not error:
            return _unsaid(answer, kept)
        code = int(error["code"])
        words = self._without_secrets(webhook.words_of(error))[:_MOST_WORDS]
        words = words or f"it answered {answer.status}"
        match outcome_of(code, number):
            case Outcome.MISCONFIGURED:
                return Misconfigured(words, code=str(code), answer=kept)
            case Outcome.THROTTLED:
                wait = _wait_asked(answer, code) or wait_of(code, number)
                holds = code in OF_NUMBER
                return Throttled(
                    words, code=str(code), retry_after=wait, holds_lane=holds, answer=kept
                )
        reason = REASON.get(code, Reason.OTHER)
        if code == 100 and error.get("error_subcode") == 33:  # what the path names is not there
            reason = Reason.BAD_SENDER
        return Refused(words, code=str(code), reason=reason, answer=kept)


@dataclass
class _Upload:
    """What Meta calls an upload of ours, and until when we say so too."""

    id: str = ""
    until: float = 0.0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


def _check_base(url: str) -> None:
    try:
        parts = urlsplit(url)
        is_well = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_well = False
    if not is_well or parts.query or parts.fragment or "@" in parts.netloc:
        raise Misconfigured(f"meta: base_url must be like {GRAPH}, and no more")


# What is sent


def _phone_of(offer: Offer) -> str:
    """The id at Meta of the number that sends. Raises Refused."""
    named = offer.message.content.get("phone_id")
    phone = str(named or offer.sender_ref)
    if not _PHONE_ID.fullmatch(phone):
        raise Refused("the sender has no phone number id (ref)", reason=Reason.BAD_SENDER)
    return phone


def _key(message: Message) -> str:
    """What is equal whenever a message is offered again. On its second way it is another one."""
    return f"{message.id}{message.content.get('way', '')}"


def _body(message: Message, named: Mapping[int, str]) -> dict[str, Any]:
    """What is asked for; `named` are Meta's ids of media by their number."""
    content = message.content
    said = whatsapp.payload(message)
    if named:
        known = {}
        for number, id in named.items():
            known[message.media[number]] = id
            known[_shown(message.media[number])] = id
        said = _with_ids(said, known)
    context = content.get("context")
    meant = str((context or {}).get("ref") or (context or {}).get("message_id") or "")
    if said.get("type") == "reaction":
        shown = said["reaction"]
        said = {**said, "reaction": {**shown, "message_id": meant or shown.get("message_id", "")}}
    elif meant:
        said = {**said, "context": {"message_id": meant}}
    if identity := content.get("identity"):
        said = {**said, "recipient_identity_key_hash": identity}
    # Ours, not the customer's: it comes back with every status, and theirs is told by us.
    envelope = {"messaging_product": "whatsapp", "biz_opaque_callback_data": message.id}
    return {**envelope, **_recipient(message), **said}


def _recipient(message: Message) -> dict[str, str]:
    if message.content.get("recipient_type") == "group":
        return {"recipient_type": "group", "to": message.recipient}
    name = "recipient" if _USER_ID.fullmatch(message.recipient) else "to"
    return {"recipient_type": "individual", name: message.recipient}


def _shown(url: str) -> str:
    """How customers name an upload of theirs; empty for any other URL."""
    id = url.removeprefix("upload:")
    return digits(id) if id != url else ""


def _with_ids(said: Any, known: Mapping[str, str]) -> Any:
    """The same with media by Meta's ids, however deep in it they are."""
    if isinstance(said, list | tuple):
        return [_with_ids(one, known) for one in said]
    if not isinstance(said, dict):
        return said
    for name in ("link", "id"):
        if isinstance(said.get(name), str) and said[name] in known:
            rest = {key: value for key, value in said.items() if key not in ("link", "id")}
            return {"id": known[said[name]], **rest}
    return {key: _with_ids(value, known) for key, value in said.items()}


async def _pack(file: BinaryIO, item: Enclosed, boundary: str) -> None:
    """Write the form of an upload. Raises Refused where its bytes are gone, Unreached where they cannot
    be had right now.
    """
    name = re.sub(r'[\x00-\x1f"\x7f\\]', "_", item.filename) or "file"
    fields = {"messaging_product": "whatsapp", "type": item.content_type}
    for key, value in fields.items():
        file.write(f'--{boundary}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n'.encode())
        file.write(f"{value}\r\n".encode())
    file.write(
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        f"Content-Type: {item.content_type}\r\n\r\n".encode()
    )

    async def take(piece: bytes) -> None:
        file.write(piece)

    try:
        await item.pour(take)
    except Unknown:
        raise Refused("its media are gone", code="131053", reason=Reason.BAD_MEDIA) from None
    except GatewayError as error:
        raise Unreached(f"its media cannot be read: {error}") from None
    file.write(f"\r\n--{boundary}--\r\n".encode())


# What is answered


def _unsaid(answer: Answer, kept: str) -> SendError:
    """What an answer comes to that is no error of Meta's."""
    status = answer.status
    text, code = f"it answered {status}", str(status)
    if status < 400 or status >= 500 or status in _WHO_KNOWS:
        return Unclear(text, answer=kept)
    if status == 429:
        return Throttled(
            text, code=code, retry_after=_wait_asked(answer), holds_lane=True, answer=kept
        )
    if status in _TOO_MUCH:
        return Refused(text, code=code, answer=kept)
    return Misconfigured(text, code=code, answer=kept)


def _wait_asked(answer: Answer, code: int = 0) -> float | None:
    """Seconds that the answer asks to wait; None where it does not say."""
    told = _SECONDS.fullmatch(answer.headers.get("retry-after", ""))
    wait = float(told[0]) if told else 0.0
    if not wait and code in QUOTA:
        wait = _regained_in(answer.headers.get("x-business-use-case-usage", ""))
    return min(wait, _LONGEST_WAIT) if wait > 0 else None


def _regained_in(usage: str) -> float:
    """Seconds until the quota of an account is free again, by the header that says so in minutes."""
    try:
        found = msgspec.json.decode(usage, type=dict[str, list[dict[str, Any]]])
    except (msgspec.DecodeError, RecursionError):
        return 0.0
    told = [one.get("estimated_time_to_regain_access") for many in found.values() for one in many]
    return max((float(one) * 60 for one in told if isinstance(one, int | float)), default=0.0)


def _object(answer: Answer) -> dict[str, Any]:
    """The JSON object of an answer; empty for anything else."""
    try:
        return msgspec.json.decode(answer.body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}


def _list(of: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    found = of.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _error_of(answer: Answer) -> dict[str, Any]:
    """The error that Meta names in an answer; empty for none, and for one without its code."""
    error = _object(answer).get("error")
    if not isinstance(error, dict):
        return {}
    code = error.get("code")
    is_code = isinstance(code, int) and not isinstance(code, bool) and 0 <= code < 10**9
    return error if is_code else {}
