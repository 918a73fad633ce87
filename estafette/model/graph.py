"""What Meta's Graph API is asked for a message, and what its answers come to. Pure."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeGuard

import msgspec

from estafette.model import whatsapp
from estafette.model.address import is_person
from estafette.model.attempt import Offer, Outcome
from estafette.model.errors import Misconfigured, Refused, SendError, Throttled, Unclear
from estafette.model.fact import Fact
from estafette.model.ids import digits
from estafette.model.message import Message, Reason
from estafette.model.meta import OF_NUMBER, QUOTA, REASON, outcome_of, wait_of
from estafette.model.webhook import words_of

#: HTTP statuses of answers without an error of Meta's that leave open whether a message was taken.
_WHO_KNOWS = {408, 409, 425}
#: Such that are about one message, though nothing more is said.
_TOO_MUCH = {413, 414, 431}

#: The headers of an answer that are kept.
KEPT = (
    "x-business-use-case-usage", "x-app-usage", "x-fb-trace-id", "x-fb-request-id", "retry-after",
    "facebook-api-version",
)  # fmt: skip

NOT_THERE = 33  #: the subcode of 100 where the path names nothing

_LONGEST_WAIT = 3600.0  # seconds that a carrier may ask for
_MOST_KEPT, _MOST_WORDS = 6000, 1000  # characters of an answer, and of an error or a header
_HIDDEN = "…"
_REF = re.compile(r"[!-~]{1,256}")
_UPLOAD = "upload:"
_STRANGE = re.compile(r'[\x00-\x1f"\x7f\\]')  # in the head of a part of a form
_PHONE_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
_SECONDS = re.compile(r"\d{1,12}", re.ASCII)


def body_of(message: Message, named: Mapping[int, str]) -> dict[str, Any]:
    """What is asked for; `named` are Meta's ids of media by their number."""
    content = message.content
    said = whatsapp.payload(message)
    if named:
        known = {}
        for number, id in named.items():
            known[message.media[number]] = id
            known[_digits_of(message.media[number])] = id
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
    name = "recipient" if is_person(message.recipient) else "to"
    return {"recipient_type": "individual", name: message.recipient}


def _digits_of(url: str) -> str:
    """How customers name an upload of theirs; empty for any other URL."""
    id = url.removeprefix(_UPLOAD)
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


def people_of(addresses: Iterable[str]) -> dict[str, Any]:
    """What is asked for to block these, or to let them in again."""
    named = [{"user_id" if is_person(one) else "user": one} for one in addresses]
    return {"messaging_product": "whatsapp", "block_users": named}


# What is answered


class Reply(NamedTuple):
    """One answer, without anything that is secret."""

    status: int
    headers: Mapping[str, str]  #: names in lower case
    said: Mapping[str, Any]  #: the object that it is; empty for anything else
    kept: str  #: what is written down of it: JSON of `status`, `headers` and `body`

    @property
    def is_well(self) -> bool:
        """Whether it is a 2xx, and says nothing else."""
        return 200 <= self.status < 300 and not self.error

    @property
    def error(self) -> Mapping[str, Any]:
        """The error that Meta names; empty for none, and for one without its code."""
        error = self.said.get("error")
        code = error.get("code") if isinstance(error, dict) else None
        is_code = isinstance(code, int) and not isinstance(code, bool) and 0 <= code < 10**9
        return error if isinstance(error, dict) and is_code else {}

    def id(self, *path: str) -> str:
        """What is made is called, such as `id` of the first of `messages`; empty where it says nothing
        of it.
        """
        found: Any = self.said
        for name in path:
            found = found.get(name) if isinstance(found, dict) else None
            found = found[0] if isinstance(found, list) and found else found
        return found if isinstance(found, str) and _REF.fullmatch(found) else ""


def read(
    status: int, headers: Mapping[str, str], body: bytes, secrets: Iterable[str] = ()
) -> Reply:
    """An answer. Meta repeats a token that it cannot read in its error: `secrets` are struck out."""

    def struck(text: str) -> str:
        for one in filter(None, secrets):
            text = text.replace(one, _HIDDEN)
        return text

    secrets = list(secrets)
    text = struck(body.decode(errors="replace"))
    try:
        said = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        said = text
    shown = {name: struck(headers[name])[:_MOST_WORDS] for name in KEPT if name in headers}
    kept = {"status": status, "headers": shown, "body": said}
    if len(text) > _MOST_KEPT:
        kept["body"] = text[:_MOST_KEPT]
    return Reply(status, headers, said if isinstance(said, dict) else {}, _packed(kept))


def _packed(kept: Mapping[str, Any]) -> str:
    return msgspec.json.encode(kept).decode()


def facts_of(reply: Reply) -> list[Fact]:
    """Whose token it is, or which numbers a business account has."""
    listed = reply.said.get("data")
    if not isinstance(listed, list):
        names = {"name": "name", "account": "id"}
        said = {name: reply.said.get(theirs) for name, theirs in names.items()}
        return [Fact(name, text[:_MOST_WORDS]) for name, text in said.items() if _is_text(text)]
    found = []
    for one in listed:
        parts = ("display_phone_number", "verified_name") if isinstance(one, dict) else ()
        words = [one[name] for name in parts if _is_text(one.get(name))]
        found.append(Fact("number", " · ".join(words)[:_MOST_WORDS]))
    return [fact for fact in found if fact.text]


def _is_text(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and bool(value)


def refusal(reply: Reply, number: int = 1) -> SendError:
    """What an answer that takes nothing comes to: by Meta's code, whatever the HTTP status is; by that
    where there is none. `number` is which offer of a message it answers.
    """
    error = reply.error
    if not error:
        return _unsaid(reply)
    code = int(error["code"])
    words = words_of(error)[:_MOST_WORDS] or f"it answered {reply.status}"
    match outcome_of(code, number):
        case Outcome.MISCONFIGURED:
            return Misconfigured(words, code=str(code), answer=reply.kept)
        case Outcome.THROTTLED:
            return Throttled(
                words,
                code=str(code),
                retry_after=_wait_asked(reply, code) or wait_of(code, number),
                holds_lane=code in OF_NUMBER,
                answer=reply.kept,
            )
    reason = REASON.get(code, Reason.OTHER)
    if code == 100 and error.get("error_subcode") == NOT_THERE:  # what the path names is not there
        reason = Reason.BAD_SENDER
    return Refused(words, code=str(code), reason=reason, answer=reply.kept)


def _unsaid(reply: Reply) -> SendError:
    """What an answer comes to that is no error of Meta's."""
    status, kept = reply.status, reply.kept
    text, code = f"it answered {status}", str(status)
    if status < 400 or status >= 500 or status in _WHO_KNOWS:
        return Unclear(text, answer=kept)
    if status == 429:
        wait = _wait_asked(reply)
        return Throttled(text, code=code, retry_after=wait, holds_lane=True, answer=kept)
    if status in _TOO_MUCH:
        return Refused(text, code=code, answer=kept)
    return Misconfigured(text, code=code, answer=kept)


def _wait_asked(reply: Reply, code: int = 0) -> float | None:
    """Seconds that the answer asks to wait; None where it does not say."""
    told = _SECONDS.fullmatch(reply.headers.get("retry-after", ""))
    wait = float(told[0]) if told else 0.0
    if not wait and code in QUOTA:
        wait = _regained_in(reply.headers.get("x-business-use-case-usage", ""))
    return min(wait, _LONGEST_WAIT) if wait > 0 else None


def _regained_in(usage: str) -> float:
    """Seconds until the quota of an account is free again, by the header that says so in minutes."""
    try:
        found = msgspec.json.decode(usage, type=dict[str, list[dict[str, Any]]])
    except (msgspec.DecodeError, RecursionError):
        return 0.0
    told = [one.get("estimated_time_to_regain_access") for many in found.values() for one in many]
    return max((float(one) * 60 for one in told if isinstance(one, int | float)), default=0.0)


def key_of(message: Message) -> str:
    """What is equal whenever a message is offered again. On its second way it is another one."""
    return f"{message.id}{message.content.get('way', '')}"


def upload_form(filename: str, content_type: str, boundary: str) -> tuple[bytes, bytes]:
    """What stands before and behind the bytes of a file, in the form that uploads it (RFC 7578)."""
    name, kind = (_STRANGE.sub("_", word) for word in (filename or "file", content_type))
    fields = {"messaging_product": "whatsapp", "type": kind}
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
        for key, value in fields.items()
    ]
    file = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        f"Content-Type: {kind}\r\n\r\n"
    )
    return "".join([*parts, file]).encode(), f"\r\n--{boundary}--\r\n".encode()


def phone_of(offer: Offer) -> str:
    """The id at Meta of the number that sends: the sender's own, unless another was asked for."""
    return id_of(str(offer.message.content.get("phone_id") or offer.sender_ref))


def id_of(phone: str) -> str:
    """The same id, once it can stand in a path. Raises Refused."""
    if not _PHONE_ID.fullmatch(phone):
        raise Refused("the sender has no phone number id (ref)", reason=Reason.BAD_SENDER)
    return phone
