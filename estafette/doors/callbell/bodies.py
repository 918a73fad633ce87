"""What a request to send says, read and checked: all that is wrong with it is told at once."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from estafette.doors.callbell.errors import EMPTY, NO_OBJECT, NO_STRING, NOT_ACCEPTED, Refusal
from estafette.doors.callbell.fallback import read_fallback
from estafette.doors.callbell.kinds import TEXT, TYPES
from estafette.doors.callbell.parameters import NO_LIST, Parameters, text_fault
from estafette.doors.callbell.recipients import NotRead, read_recipient
from estafette.doors.urls import is_url
from estafette.model import Channel, Fallback

#: Names that a translated page of this API has for parameters, by where they stand: taken where
#: the right one is absent, and never said by us.
ALIASES: Final[Mapping[str, Mapping[str, str]]] = {
    "": {"contenu": "content"},
    "content": {"texte": "text"},
}

#: What `from` may be. Texts are ours: clients of this API know no `sms`.
FROM: Final = (
    Channel.WHATSAPP, Channel.FACEBOOK, Channel.INSTAGRAM, Channel.TELEGRAM, Channel.SMS
)  # fmt: skip
BOT_WORDS: Final = ("bot_start", "bot_end")
MOST_PAIRS, LONGEST_KEY, LONGEST_VALUE = 10, 50, 500  # of metadata; characters
LONGEST_ID = 255  # characters of a recipient, and of what names other things
LONGEST_NAME = 255  # characters of a file's name

_NUMBER_DIGITS = 5  # a `from` with as many is somebody's number
_NO_TEXT = f"text {EMPTY}"
_NO_URL = "url must be an absolute http or https URL"


class Content(NamedTuple):
    """What is to be said."""

    text: str = ""
    url: str = ""
    filename: str = ""


class Asked(NamedTuple):
    """One request to send, in our words. Ids are as they came: what they name is not known yet."""

    channel: Channel
    recipient: str
    type: str
    content: Content
    sender: str  #: `channel_uuid`; empty for the main one
    template: str  #: `template_uuid`; empty for none
    values: tuple[str, ...] | None  #: of its holes, in their order
    opts_in: bool
    shown: frozenset[str]  #: what the answer shows beside the message
    bot_status: str
    metadata: Mapping[str, str]
    fallback: Fallback | None


def canonical(body: Mapping[str, Any]) -> dict[str, Any]:
    """The body with the names that are meant."""
    found = _named(body, ALIASES[""])
    if isinstance(content := found.get("content"), dict):
        found["content"] = _named(content, ALIASES["content"])
    return found


def _named(said: Mapping[str, Any], aliases: Mapping[str, str]) -> dict[str, Any]:
    found = {name: value for name, value in said.items() if name not in aliases}
    for alias, name in aliases.items():
        if alias in said and found.get(name) is None:
            found[name] = said[alias]
    return found


def read(body: Mapping[str, Any], query: Mapping[str, str]) -> Asked:
    """A canonical body, and the `fields` of the query. Raises Refusal."""
    said = Parameters(body)
    channel = _channel(said)
    recipient = _recipient(said, body, channel)
    type = _type(said)
    template = _text(said, "template_uuid")
    content = _content(said, body, type, is_template=bool(template))
    opts_in = _opt_in(said, body, is_template=bool(template))
    values = _values(said, body, is_template=bool(template))
    shown = frozenset(said.names("fields") or ()) | _listed(query.get("fields", ""))
    bot_status = said.word("bot_status", BOT_WORDS)
    sender, metadata = _text(said, "channel_uuid"), _metadata(said, body)
    fallback = _fallback(said, body)
    said.check()
    return Asked(
        channel=channel or Channel.WHATSAPP,
        recipient=recipient,
        type=type,
        content=content,
        sender=sender,
        template=template,
        values=values,
        opts_in=opts_in,
        shown=shown,
        bot_status=bot_status or "",
        metadata=metadata,
        fallback=fallback,
    )


def _text(said: Parameters, name: str, *, required: bool = False) -> str:
    return (said.text(name, LONGEST_ID, required=required) or "").strip()


def _channel(said: Parameters) -> Channel | None:
    found = _text(said, "from", required=True)
    if not found or found in FROM:
        return Channel(found) if found else None
    words = ", ".join(FROM)
    if sum(char.isdigit() for char in found) >= _NUMBER_DIGITS:
        said.wrong(
            "from",
            f"must be the type of a channel ({words}), not a number: channel_uuid names the one"
            " to send from",
        )
    else:
        said.wrong("from", f"must be one of {words}")
    return None


def _recipient(said: Parameters, body: Mapping[str, Any], channel: Channel | None) -> str:
    """The address; `bsuid` counts where there is no `to`."""
    if body.get("bsuid") is not None and body.get("to") in (None, ""):
        found = _text(said, "bsuid", required=True)
        if channel not in (None, Channel.WHATSAPP):
            said.wrong("bsuid", "is for whatsapp only")
        elif not found.isprintable() or " " in found:
            said.wrong("bsuid", "must have no spaces or control characters")
        return found
    found = _text(said, "to", required=True)
    if not found or channel is None:
        return found
    read = read_recipient(channel, found)
    if isinstance(read, NotRead):
        said.wrong("to", read.text)
        return found
    return read


def _type(said: Parameters) -> str:
    found = _text(said, "type", required=True)
    if found and found not in TYPES:
        hint = ": a template is named by template_uuid" if found == "template" else ""
        said.wrong("type", f"must be one of {', '.join(TYPES)}{hint}")
        return ""
    return found


def _content(said: Parameters, body: Mapping[str, Any], type: str, *, is_template: bool) -> Content:
    """What is to be said. A template is asked later which of it must be there."""
    given = body.get("content")
    if given is None or given == "" or (given == {} and not is_template):
        said.wrong("content", EMPTY)
        return Content()
    if not isinstance(given, dict):
        said.wrong("content", NO_OBJECT)
        return Content()
    parts = {name: _part(said, name, given.get(name)) for name in ("text", "url", "name")}
    name = parts["name"] or _part(said, "filename", given.get("filename"))
    if len(name) > LONGEST_NAME or not name.isprintable():
        said.wrong("content", f"name must be at most {LONGEST_NAME} printable characters")
    url = parts["url"].strip()
    if url and type != TEXT and not is_url(url):
        said.wrong("content", _NO_URL)
    elif not url and type not in ("", TEXT) and given.get("url") in (None, ""):
        said.wrong("content", f"url {EMPTY}")
    is_text = isinstance(given.get("text") or "", str)
    if type == TEXT and not is_template and is_text and not parts["text"].strip():
        said.wrong("content", _NO_TEXT)
    return Content(parts["text"], url, name)


def _part(said: Parameters, name: str, value: Any) -> str:
    """A text of the content; empty where it is left out."""
    if value is None:
        return ""
    if not isinstance(value, str):
        said.wrong("content", f"{name} {NO_STRING}")
        return ""
    if fault := text_fault(value, len(value)):
        said.wrong("content", f"{name} {fault}")
        return ""
    return value


def _opt_in(said: Parameters, body: Mapping[str, Any], *, is_template: bool) -> bool:
    """Whether the recipient is said to agree; a template needs that."""
    given = body.get("optin_contact")
    if is_template and (given is None or given == ""):
        said.wrong("optin_contact", EMPTY)
    elif is_template and given is False:
        said.wrong("optin_contact", NOT_ACCEPTED)
    elif given != "":
        return said.flag("optin_contact")
    return False


def _values(
    said: Parameters, body: Mapping[str, Any], *, is_template: bool
) -> tuple[str, ...] | None:
    """What fills the holes of a template; None where that is left to the text of the content."""
    given = body.get("template_values")
    if given is None or given == []:
        return None
    if not is_template:
        said.wrong("template_uuid", EMPTY)
    if not isinstance(given, list) or not all(isinstance(v, str | int | float) for v in given):
        said.wrong("template_values", NO_LIST)
        return None
    values = tuple(v if isinstance(v, str) else msgspec.json.encode(v).decode() for v in given)
    if fault := next(filter(None, (text_fault(v, len(v)) for v in values)), None):
        said.wrong("template_values", fault)
    return values


def _metadata(said: Parameters, body: Mapping[str, Any]) -> Mapping[str, str]:
    given = body.get("metadata")
    if given is None:
        return {}
    if not isinstance(given, dict):
        said.wrong("metadata", NO_OBJECT)
        return {}
    texts = [value for value in given.values() if isinstance(value, str)]
    faults = {
        NO_STRING: len(texts) < len(given),
        f"must have at most {MOST_PAIRS} pairs": len(given) > MOST_PAIRS,
        f"must have keys of 1 to {LONGEST_KEY} characters": not all(
            0 < len(key) <= LONGEST_KEY for key in given
        ),
        f"must have values of at most {LONGEST_VALUE} characters": any(
            len(text) > LONGEST_VALUE for text in texts
        ),
        "must not hold the character NUL": any("\0" in text for text in (*given, *texts)),
    }
    for text in (text for text, is_so in faults.items() if is_so):
        said.wrong("metadata", text)
    return given


def _fallback(said: Parameters, body: Mapping[str, Any]) -> Fallback | None:
    """The second way, whose faults are told with all others."""
    try:
        return read_fallback(body)
    except Refusal as error:
        for name, texts in error.blamed.items():
            said.wrong(name, *texts)
        return None


def _listed(text: str) -> frozenset[str]:
    return frozenset(word.strip() for word in text.split(","))
