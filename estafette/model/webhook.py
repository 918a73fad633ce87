"""What Meta's webhooks tell, in our words: in the form of 2026 and in the one before. Pure.

One body holds up to a thousand updates. What is of no interest to us is told by its name alone.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from estafette.model.attempt import Receipt
from estafette.model.incoming import Approval, Incoming
from estafette.model.message import Channel, Reason, Status
from estafette.model.meta import REASON
from estafette.model.template import Category, TemplateStatus
from estafette.model.whatsapp import MEDIA, TEXT

#: What became of a message.
STATUS: Mapping[str, Status] = {
    "sent": Status.SENT,
    "delivered": Status.DELIVERED,
    "read": Status.READ,
    "played": Status.READ,  # a voice message was listened to
    "failed": Status.FAILED,
}

#: What became of a template. FLAGGED is a warning, and changes nothing yet.
APPROVAL: Mapping[str, TemplateStatus] = {
    "APPROVED": TemplateStatus.APPROVED,
    "REINSTATED": TemplateStatus.APPROVED,
    "UNARCHIVED": TemplateStatus.APPROVED,
    "PENDING": TemplateStatus.PENDING,
    "REJECTED": TemplateStatus.REJECTED,
    "PAUSED": TemplateStatus.PAUSED,
    "LOCKED": TemplateStatus.PAUSED,
    "DISABLED": TemplateStatus.DISABLED,
    "ARCHIVED": TemplateStatus.DEACTIVATED,
    "IN_APPEAL": TemplateStatus.IN_APPEAL,
    "LIMIT_EXCEEDED": TemplateStatus.LIMIT_EXCEEDED,
    "PENDING_DELETION": TemplateStatus.PENDING_DELETION,
    "DELETED": TemplateStatus.DELETED,
}

#: Fields that nobody acts upon: why not.
LEFT: Mapping[str, str] = {
    "message_template_quality_update": "a score; Meta pauses a template when it is too low, and tells that",
    "account_update": "logged by its event: it is for people to act upon",
    "account_alerts": "the same",
    "account_review_update": "the same",
    "phone_number_name_update": "the same",
    "phone_number_quality_update": "the same: raise `--max-per-second` when Meta raises its limit",
    "business_capability_update": "the same",
    "user_preferences": "Meta declines marketing templates to who stopped them by itself, with 131050",
}

#: What the URL of media begins with that are known by Meta's id.
MEDIA_OF = "meta:"

_OURS = re.compile(r"[0-9a-f]{32}")
_NUMBER = re.compile(r"[0-9]{1,32}", re.ASCII)
_BESIDE = ("context", "referral", "group_id", "errors")
_LONGEST = 256  # characters of an id

Facts = list[Receipt | Incoming | Approval]
Object = Mapping[str, Any]


class Note(NamedTuple):
    """Something that is told, and that nobody acts upon."""

    field: str  #: the kind of update
    event: str = ""  #: what happened, in a word of Meta's


class Told(NamedTuple):
    """What one body holds."""

    facts: Facts
    notes: list[Note]


def read(body: bytes) -> Told:
    """What a body tells, in its order. What is none of Meta's tells nothing."""
    told = Told([], [])
    found = _decoded(body)
    if isinstance(found, dict) and found.get("object") == "whatsapp_business_account":
        for entry in _objects(found, "entry"):
            for change in _objects(entry, "changes"):
                _change(told, _text(change, "field"), _object(change, "value"))
    return told


def _decoded(body: bytes) -> Any:
    """The JSON of a body, without half characters; None where it is none."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:  # what somebody wrote may hold half of a character: that is no reason to lose it
        found = json.loads(body.decode(errors="replace"))
        return json.loads(json.dumps(found, ensure_ascii=False).encode(errors="replace"))
    except (ValueError, RecursionError):
        return None


def _change(told: Told, field: str, value: Object) -> None:
    if field == "messages":
        told.facts.extend(_receipts(value))
        told.facts.extend(_messages(value))
        told.notes.extend(Note("errors", _code(one)) for one in _objects(value, "errors"))
    elif field in ("message_template_status_update", "template_category_update"):
        approval = _approval(value)
        if approval:
            told.facts.append(approval)
        else:
            told.notes.append(Note(field, _text(value, "event")))
    else:
        told.notes.append(Note(field[:_LONGEST], _text(value, "event")))


# What became of messages


def _receipts(value: Object) -> Iterator[Receipt]:
    for one in _objects(value, "statuses"):
        receipt = _receipt(one)
        if receipt:
            yield receipt


def _receipt(said: Object) -> Receipt | None:
    """None for a status that is not known, and for a group's member who could not be reached."""
    status, ref = STATUS.get(_text(said, "status")), _text(said, "id")
    if status is None or not ref or len(ref) > _LONGEST:
        return None
    if status is Status.FAILED and _is_of_member(said):
        return None
    tracker = _text(said, "biz_opaque_callback_data")
    error = next(_objects(said, "errors"), {}) if status is Status.FAILED else {}
    return Receipt(
        status=status,
        message=tracker if _OURS.fullmatch(tracker) else "",
        ref=ref,
        reason=_reason(error) if status is Status.FAILED else None,
        code=_code(error),
        text=words_of(error),
        at=_time(said.get("timestamp")),
    )


def _is_of_member(said: Object) -> bool:
    names = ("recipient_participant_id", "recipient_participant_user_id")
    return said.get("recipient_type") == "group" and any(_text(said, name) for name in names)


def _reason(error: Object) -> Reason:
    code = _code(error)
    return REASON.get(int(code), Reason.OTHER) if code else Reason.OTHER


def _code(error: Object) -> str:
    code = error.get("code")
    is_code = isinstance(code, int | str) and not isinstance(code, bool)
    return str(code) if is_code and _NUMBER.fullmatch(str(code)) else ""


def words_of(error: Object) -> str:
    """What an error says: its message or title, and its details."""
    said = _text(error, "message") or _text(error, "title")
    details = _text(_object(error, "error_data"), "details")
    return ": ".join(dict.fromkeys(part for part in (said, details) if part))


# What people wrote


def _messages(value: Object) -> Iterator[Incoming]:
    metadata = _object(value, "metadata")
    shown = _text(metadata, "display_phone_number")
    ours = _text(metadata, "phone_number_id") or (f"+{shown}" if shown else "")
    people = list(_objects(value, "contacts"))
    for said in _objects(value, "messages"):
        incoming = _incoming(said, ours, people)
        if incoming:
            yield incoming


def _incoming(said: Object, ours: str, people: list[Object]) -> Incoming | None:
    """None where it does not say who wrote, or to whom."""
    person = _person(said, people)
    number = _text(said, "from") or _text(person, "wa_id")
    user_id = _text(said, "from_user_id") or _text(person, "user_id")
    sender = f"+{number.removeprefix('+')}" if number else user_id
    kind = _text(said, "type")
    if not sender or not ours or not kind:
        return None
    profile = _object(person, "profile")
    inner = _object(_object(said, "edit"), "message") if kind == "edit" else said
    media, types = _media(inner)
    return Incoming(
        channel=Channel.WHATSAPP,
        sender=sender,
        recipient=ours,
        body=_body(inner),
        media=media,
        ref=_text(said, "id"),
        at=_time(said.get("timestamp")),
        name=_text(profile, "name") or _text(profile, "username"),
        user_id=user_id,
        content={
            **({} if kind == TEXT else {"type": kind}),
            **({kind: said[kind]} if kind != TEXT and said.get(kind) else {}),
            **{name: said[name] for name in _BESIDE if said.get(name) and name != kind},
            **({"media_types": types} if types else {}),
            **({"user_id": user_id} if user_id else {}),
            **({"username": name} if (name := _text(profile, "username")) else {}),
        },
    )


def _person(said: Object, people: list[Object]) -> Object:
    """Who wrote one message of several; the only one is meant by all of them."""
    for name, known in (("from", "wa_id"), ("from_user_id", "user_id")):
        asked = _text(said, name)
        for person in people:
            if asked and _text(person, known) == asked:
                return person
    is_system = _text(said, "type") == "system"
    return people[0] if len(people) == 1 and not is_system else {}


def _body(said: Object) -> str:
    """The text of a message, or what stands for it where only text is shown."""
    kind = _text(said, "type")
    value = _object(said, kind)
    if kind in MEDIA:
        return _text(value, "caption")
    if kind == "interactive":
        reply = _object(value, _text(value, "type"))
        return _text(reply, "title") or _text(reply, "body")
    name = {"button": "text", "order": "text", "reaction": "emoji"}.get(kind, "body")
    return _text(value, name)


def _media(said: Object) -> tuple[tuple[str, ...], list[str]]:
    """The media of a message by Meta's id, and their types."""
    kind = _text(said, "type")
    value = _object(said, kind) if kind in MEDIA else {}
    id = _text(value, "id")
    if not id or len(id) > _LONGEST:
        return (), []
    return (f"{MEDIA_OF}{id}",), [_text(value, "mime_type").partition(";")[0].strip()]


# What became of templates


def _approval(value: Object) -> Approval | None:
    """None for what changes nothing, and for words that are not known."""
    name = _text(value, "message_template_name")
    event = _text(value, "event")
    status = APPROVAL.get(event)
    asked = _text(value, "new_category") or _text(value, "message_template_category")
    category = asked if asked in Category.__members__ else ""
    if not name or (status is None and (event or not category)):
        return None
    reason = _text(value, "reason")
    info = _object(value, "rejection_info")
    words = ["" if reason == "NONE" else reason, _text(info, "reason")]
    return Approval(
        name=name,
        language=_text(value, "message_template_language"),
        status=str(status) if status else "",
        category=category,
        reason=": ".join(part for part in words if part),
    )


# The parts of objects, whatever they are in truth


def _object(of: Object, name: str) -> Object:
    found = of.get(name) if name else None
    return found if isinstance(found, dict) else {}


def _objects(of: Object, name: str) -> Iterator[Object]:
    found = of.get(name)
    for one in found if isinstance(found, list) else ():
        if isinstance(one, dict):
            yield one


def _text(of: Object, name: str) -> str:
    """A text; a number stands for its digits."""
    found = of.get(name)
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found)
    return found if isinstance(found, str) else ""


def _time(given: Any) -> datetime | None:
    """The time of a number of seconds since 1970; None where it is none."""
    text = str(given)
    if isinstance(given, bool) or not _NUMBER.fullmatch(text):
        return None
    try:
        return datetime.fromtimestamp(int(text), UTC)
    except (ValueError, OverflowError, OSError):
        return None
