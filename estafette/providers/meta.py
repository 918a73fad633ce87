"""Meta's WhatsApp Cloud API, or anything that speaks it: another Estafette, for one.

A message is one POST to `/<version>/<phone number id>/messages`. What becomes of it, and what people
write, comes to `/in/meta/<connection>`, signed with the app secret. Our own id goes with each message
and comes back with all that is told of it, so that an answer that is lost is made up for.
"""

import asyncio
import hashlib
import hmac
import io
import re
import secrets
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any, BinaryIO, cast
from urllib.parse import parse_qs, quote, urlsplit

import msgspec
import structlog

from estafette.http import Http, Limits
from estafette.model import (
    Accepted,
    Approval,
    BadAddress,
    Channel,
    Declined,
    GatewayError,
    Incoming,
    Inward,
    Misconfigured,
    Offer,
    Reason,
    Receipt,
    Refused,
    Send,
    Unclear,
    Unknown,
    Unreached,
    graph,
    meta,
    webhook,
)
from estafette.model.attempt import Enclosed, Request
from estafette.model.fact import Fact
from estafette.model.graph import Reply, body_of, id_of, phone_of
from estafette.model.kept import HIDDEN
from estafette.model.meta import GRAPH, VERSION
from estafette.providers import Located, Place, Provider, check_base, later, secret, setting

log = structlog.get_logger()

#: What became of a message, and why it was refused or not delivered, in Meta's words.
STATUS, REASON = webhook.STATUS, meta.REASON

PACE = 80.0  #: messages a second that Meta takes of a number, unless it raised that
LIFE = 3600.0  #: seconds for which an upload is sent again by the id that Meta gave it

_LIMITS = Limits(connect_in=5, read_in=30, total_in=30, most=1 << 18)
_PROBES = Limits(connect_in=5, read_in=10, total_in=10, most=1 << 18)
_UPLOADS = Limits(connect_in=5, read_in=60, total_in=120, most=1 << 16)
_UPLOADS_IN = 140.0  # seconds for all uploads of one message, before it leaves
_MOST_UPLOADS = 1000  # whose ids are remembered
_MOST_FIELDS = 100  # of a query
#: What a probe wants to know: of who the token belongs to, and of the numbers of an account.
_ASKED_FOR = ("id,name", "id,display_phone_number,verified_name,quality_rating")
_SMALL = 1 << 20  # bytes that are held in memory
_TOKEN, _VERSION = re.compile(r"[!-~]+"), re.compile(r"(?:v\d{1,3}\.\d{1,3})?", re.ASCII)


@dataclass(kw_only=True)
class Meta(Provider):
    """One app at Meta, with the numbers of one WhatsApp business account, or what stands at `base_url`."""

    title = "Meta (WhatsApp Cloud API)"
    channels = frozenset({Channel.WHATSAPP})
    docs = "docs/how-to/meta.md"
    fetches_media = True
    answers_within = 180.0
    thanks = ("text/plain", b"EVENT_RECEIVED")

    token: str = secret(
        later("Access token"), later("Of a system user who may send for the business account.")
    )
    app_secret: str = secret(
        later("App secret"),
        later("Webhooks are signed with it: without it none is believed."),
        default="",
    )
    verify_token: str = secret(
        later("Verify token"),
        later("A word of your own. Give the same to Meta beside the address of the webhook."),
        default="",
    )
    waba_id: str = setting(
        later("WhatsApp business account id"), later("Digits; its numbers send."), default=""
    )
    version: str = setting(
        later("Version of the API"),
        later("Such as v23.0; it stands in every path."),
        default=VERSION,
    )
    base_url: str = setting(
        later("Address of the API"),
        later("Only for another place that speaks the same API, such as another Estafette."),
        default=GRAPH,
    )
    _http: Http | None = field(default=None, init=False, repr=False)
    _uploads: dict[tuple[str, str], "_Upload"] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse what can never work. Raises Misconfigured."""
        check_base("meta", self.base_url, GRAPH)
        if not _TOKEN.fullmatch(self.token):
            raise Misconfigured("meta: token must be a text without spaces, and not empty")
        if not _VERSION.fullmatch(self.version):
            raise Misconfigured(f"meta: version must be like {VERSION}, or empty")

    async def open(self, place: Place) -> None:
        """Remember the way out."""
        self._http = place.http

    def vet(self, send: Send) -> None:
        """Decline what is sent to its own sender, and what has more files than one message takes."""
        if send.sender == send.recipient:
            raise Declined(Reason.UNROUTABLE, send.recipient, code="131021")
        if len(send.media) > 1 and not ({"type", "template"} & set(send.content)):
            raise Declined(Reason.TOO_MANY_MEDIA, str(len(send.media)))

    def pace(self, channel: Channel, address: str) -> float:
        """What Meta takes of a number."""
        return PACE

    async def send(self, offer: Offer) -> Accepted:
        """One POST, once what was uploaded to us is at Meta. What it did not answer clearly may have
        been taken, and is Unclear.
        """
        phone = phone_of(offer)
        named = await self._enclose(phone, offer)
        body = body_of(offer.message, named)
        reply = await self._ask("POST", f"{phone}/messages", body, key=graph.key_of(offer.message))
        if not reply.is_well:
            for number in named:  # it may be what Meta does not know any more
                self._uploads.pop((phone, offer.message.media[number]), None)
            raise graph.refusal(reply, offer.number)
        ref = reply.id("messages", "id")
        if not ref:
            raise Unclear(f"it answered {reply.status}, and named no message", answer=reply.kept)
        return Accepted(ref=ref, answer=reply.kept)

    def describe(self, offer: Offer, at: datetime) -> Request | None:
        """The same POST; a file that was uploaded to us is named by what it is here."""
        try:
            places = [self.base_url.rstrip("/"), self.version, f"{phone_of(offer)}/messages"]
        except Refused:
            return None
        return Request(
            method="POST",
            url="/".join(filter(None, places)),
            headers={
                "Authorization": f"Bearer {HIDDEN}",
                "Accept": "application/json",
                "Content-Type": "application/json",
                "Idempotency-Key": graph.key_of(offer.message),
            },
            body=msgspec.json.encode(body_of(offer.message, {})).decode(),
        )

    async def locate(self, url: str) -> Located:
        """Where the media of a person are for the next minutes: `url` is `meta:` and Meta's id."""
        id = url.removeprefix(webhook.MEDIA_OF)
        if id == url:
            return Located(url)
        try:
            reply = await self._ask("GET", quote(id, safe=""))
        except Unclear as error:
            raise Unreached(str(error)) from None
        found = reply.said.get("url") if reply.is_well else None
        if isinstance(found, str) and urlsplit(found).scheme in ("https", "http"):
            # It is not given to who names no program.
            shown = {"Authorization": f"Bearer {self.token}", "User-Agent": "Estafette"}
            return Located(found, shown)
        refusal = graph.refusal(reply)
        if refusal.code == "100" or reply.status == 404:
            raise Refused(str(refusal), code=refusal.code, reason=Reason.BAD_MEDIA)
        raise Unreached(str(refusal)) if isinstance(refusal, Unclear) else refusal

    async def heed(self, sender_ref: str, ref: str, *, is_typing: bool = False) -> None:
        """Show that a message, and all before it, was read; typing shows until we answer, or for 25 s."""
        asked: dict[str, Any] = {
            "messaging_product": "whatsapp",
            "status": "read",
            "message_id": ref,
        }
        if is_typing:
            asked["typing_indicator"] = {"type": "text"}
        await self._done("POST", f"{id_of(sender_ref)}/messages", asked)

    async def block(self, sender_ref: str, people: Sequence[str], *, blocks: bool) -> None:
        """Have Meta keep people away from a number, or let them in again."""
        if not people:
            return
        path = f"{id_of(sender_ref)}/block_users"
        await self._done("POST" if blocks else "DELETE", path, graph.people_of(people))

    async def probe(self) -> Sequence[Fact]:
        """Read the numbers of the business account; where none is named, who the token belongs to."""
        path = f"{quote(self.waba_id, safe='')}/phone_numbers" if self.waba_id else "me"
        reply = await self._ask(
            "GET", f"{path}?fields={_ASKED_FOR[bool(self.waba_id)]}", within=_PROBES
        )
        if reply.is_well and reply.said:
            return graph.facts_of(reply)
        if not self.waba_id and reply.error.get("error_subcode") == graph.NOT_THERE:
            return ()  # the token is taken, and belongs to nobody with a name
        if reply.is_well:
            raise Unclear(f"it answered {reply.status}, and not as Meta does", answer=reply.kept)
        raise graph.refusal(reply)

    # What Meta tells

    def greet(self, told: Inward) -> bytes | None:
        """The challenge of who asks with our verify token whether we are there."""
        try:
            asked = parse_qs(told.query, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
        except ValueError:
            return None
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

    async def _done(self, method: str, path: str, body: Mapping[str, Any]) -> None:
        """Ask for something that is done, or raises a SendError."""
        reply = await self._ask(method, path, body)
        if not reply.is_well:
            raise graph.refusal(reply)

    async def _ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        key: str = "",
        within: Limits = _LIMITS,
    ) -> Reply:
        packed = msgspec.json.encode(body) if body is not None else b""
        headers = {"Content-Type": "application/json"} if packed else {}
        if (
            key
        ):  # without effect at Meta; an Estafette takes what it saw before for the same message
            headers["Idempotency-Key"] = key
        return await self._request(method, path, headers, packed, within)

    async def _request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes | BinaryIO,
        limits: Limits,
    ) -> Reply:
        if self._http is None:
            raise Misconfigured("meta: it is not open")
        places = [self.base_url.rstrip("/"), self.version, path]
        shown = {"Authorization": f"Bearer {self.token}", "Accept": "application/json", **headers}
        try:
            answer = await self._http.ask(
                method, "/".join(filter(None, places)), headers=shown, body=body, limits=limits
            )
        except BadAddress as error:
            raise Misconfigured(f"base_url: {error}") from None
        sealed = (self.token, self.app_secret, self.verify_token)
        return graph.read(answer.status, answer.headers, answer.body, sealed)

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
                reply = await self._request("POST", f"{phone}/media", headers, file, _UPLOADS)
            except Unclear as error:
                raise Unreached(f"its media could not be uploaded: {error}") from None
        if reply.is_well and (id := reply.id("id")):
            return id
        refusal = graph.refusal(reply, number)
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


@dataclass
class _Upload:
    """What Meta calls an upload of ours, and until when we say so too."""

    id: str = ""
    until: float = 0.0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


async def _pack(file: BinaryIO, item: Enclosed, boundary: str) -> None:
    """Write the form of an upload. Raises Refused where its bytes are gone, Unreached where they cannot
    be had right now.
    """
    head, tail = graph.upload_form(item.filename, item.content_type, boundary)
    file.write(head)

    async def take(piece: bytes) -> None:
        file.write(piece)

    try:
        await item.pour(take)
    except Unknown:
        raise Refused("its media are gone", code="131053", reason=Reason.BAD_MEDIA) from None
    except GatewayError as error:
        raise Unreached(f"its media cannot be read: {error}") from None
    file.write(tail)
