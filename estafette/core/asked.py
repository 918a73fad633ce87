"""A message as somebody would ask for it: through our own API, the Twilio API or the Cloud API. Pure.

Each is what that door takes, without who asks; None where it has no words for such a message, where
its text is forgotten, and for what somebody wrote to us.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from estafette.core.deliveries import bare
from estafette.core.media import is_followed
from estafette.core.window import TEMPLATE
from estafette.model import Channel, Direction, Message
from estafette.model.address import is_person
from estafette.model.fallback import Second
from estafette.model.ids import digits, read_id
from estafette.model.kept import HIDDEN
from estafette.model.upload import UPLOAD
from estafette.model.whatsapp import KINDS, MEDIA, TEXT, payload

_PREFIX = {Channel.SMS: "", Channel.WHATSAPP: "whatsapp:"}  # of addresses of Twilio's
_PLAIN = ("body", "header")  # the parts of a template that values and one file fill


def own(message: Message, second: Second | None = None) -> dict[str, Any] | None:
    """The body of `POST /api/messages`."""
    if not _is_known(message):
        return None
    way = second.first if second else message
    if second and second.taken_at:
        if second.body:
            return None  # what it said first is not known any more
        message = replace(message, channel=way.channel)
    said = _said(message)
    if said is None:
        return None
    found = {
        "to": way.recipient,
        "from": way.sender,
        "channel": str(way.channel),
        **said,
        "callback_url": _struck(message.callback_url),
        "service": message.service and f"MG{message.service}",
        "fallback": _fallback(second),
    }
    return {name: part for name, part in found.items() if part}


def _said(message: Message) -> dict[str, Any] | None:
    """What it says, in the words of our own API."""
    content = message.content
    if TEMPLATE in content:
        made = _template(message)
        return made and {"template": made}
    kind = str(content.get("type") or TEXT)
    around = _around(content)
    if message.channel is Channel.WHATSAPP and kind in KINDS and kind != TEXT and kind in content:
        return {kind: _named(content[kind]), **around}
    if not all(map(is_followed, message.media)):
        return None
    if content.get("preview_url"):
        return {"text": {"body": message.body, "preview_url": True}, **around}
    return {"body": message.body, "media": list(message.media), **around}


def _around(content: Mapping[str, Any]) -> dict[str, str]:
    context = content.get("context")
    answers = str(context.get("message_id") or "") if isinstance(context, dict) else ""
    is_reaction = content.get("type") == "reaction"
    found = {"reply_to": "" if is_reaction else answers, "tracker": content.get("tracker")}
    return {name: part for name, part in found.items() if isinstance(part, str) and part}


def _template(message: Message) -> dict[str, Any] | None:
    """A template by its name and what fills it; None where more than that is filled."""
    said = message.content[TEMPLATE]
    components = said.get("components") or ()
    if any(part.get("type") not in _PLAIN for part in components):
        return None
    language = said.get("language")
    code = language.get("code") if isinstance(language, Mapping) else language
    found = {
        "name": said.get("name"),
        "language": code,
        "values": _values(said),
        "media_url": next(filter(is_followed, message.media), ""),
    }
    return {name: part for name, part in found.items() if part}


def _values(said: Mapping[str, Any]) -> list[str]:
    return [str(one) for one in said.get("values") or (said.get("variables") or {}).values()]


def _fallback(second: Second | None) -> dict[str, Any]:
    if second is None:
        return {}
    way = second.way
    after = None
    if second.due_at and not second.taken_at:
        after = int((second.due_at - second.created_at).total_seconds())
    found = {
        "channel": str(way.channel),
        "after": after,
        "from": way.sender,
        "to": "" if way.recipient == second.first.recipient else way.recipient,
        "body": second.body,
    }
    return {name: part for name, part in found.items() if part}


def twilio(message: Message) -> list[tuple[str, str]] | None:
    """The form of `POST …/Messages.json`."""
    prefix = _PREFIX.get(message.channel)
    if prefix is None or not _is_known(message):
        return None
    content = message.content
    kind = str(content.get("type") or TEXT)
    form = [("To", prefix + message.recipient)]
    if message.service:
        form.append(("MessagingServiceSid", f"MG{message.service}"))
    form.append(("From", prefix + message.sender))
    if TEMPLATE in content:
        form += _content_of(content[TEMPLATE])
        if form[-1][0] == "From":
            return None
    elif kind in (TEXT, *MEDIA) and all(map(is_followed, message.media)):
        form += [("Body", message.body)] if message.body else []
        form += [("MediaUrl", url) for url in message.media]
    else:
        return None
    if message.callback_url:
        form.append(("StatusCallback", _struck(message.callback_url)))
    return form


def _content_of(said: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A template that is one of ours, with what fills it."""
    if not said.get("id"):
        return []
    named = said.get("variables") or {
        str(number): value for number, value in enumerate(_values(said), 1)
    }
    form = [("ContentSid", f"HX{said['id']}")]
    if named:
        form.append(("ContentVariables", msgspec.json.encode(named).decode()))
    return form


def cloud(message: Message) -> dict[str, Any] | None:
    """The body of `POST /<phone number id>/messages`."""
    if message.channel is not Channel.WHATSAPP or not _is_known(message):
        return None
    is_group = message.content.get("recipient_type") == "group"
    name = "recipient" if is_person(message.recipient) else "to"
    around = _around(message.content)
    said = _named(payload(message))
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "group" if is_group else "individual",
        name: message.recipient,
        **({"context": {"message_id": around["reply_to"]}} if "reply_to" in around else {}),
        **said,
        **({"biz_opaque_callback_data": around["tracker"]} if "tracker" in around else {}),
    }


def _is_known(message: Message) -> bool:
    return message.direction is not Direction.INBOUND and not message.redacted


def _named(said: Any) -> Any:
    """The same with files that were uploaded by the ids that people know them by."""
    if isinstance(said, list | tuple):
        return [_named(one) for one in said]
    if isinstance(said, Mapping):
        return {key: _named(value) for key, value in said.items()}
    if isinstance(said, str) and said.startswith(UPLOAD):
        id = said.removeprefix(UPLOAD)
        return digits(id) if read_id(id) else said
    return said


def _struck(url: str) -> str:
    """An address to tell, without what may be a secret in it."""
    return f"{bare(url)}?{HIDDEN}" if "?" in url else bare(url)
