"""What a message says, in parts that a page can draw: text, files, buttons, lists, places, cards.

What stands in a message was written by whoever sent it, so nothing of it is taken for granted: a part that
has another form than expected is left out.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from estafette.console.saying import (
    FEW,
    Button,
    File,
    Panel,
    Person,
    Place,
    Saying,
    Section,
    list_of,
    part_of,
    text_of,
)
from estafette.core.core import Core
from estafette.model import Account, Direction, Message, Unknown
from estafette.model.components import BUTTONS, FOOTER, HEADER, SHAPE, components, find
from estafette.model.ids import read_id
from estafette.model.template import Template, shape_on, shapes
from estafette.model.whatsapp import MEDIA, shown
from estafette.model.whatsapp.forms import is_link

#: What buttons of templates do, by their types.
_DOES = {
    "QUICK_REPLY": "reply",
    "URL": "link",
    "PHONE_NUMBER": "call",
    "COPY_CODE": "copy",
    "OTP": "copy",
}
#: Where buttons of interactive messages that are not answers have their words.
_ASKS = {
    "cta_url": "display_text",
    "flow": "flow_cta",
}
Designs = Mapping[str, Template]  #: templates by their ids


async def designs(core: Core, account: Account, messages: Iterable[Message]) -> Designs:
    """The templates that these messages were made of, as far as they are there."""
    found: dict[str, Template] = {}
    for id in {design_of(message) for message in messages} - {""}:
        try:
            found[id] = await core.templates.get(account, id)
        except Unknown:
            continue
    return found


def design_of(message: Message) -> str:
    """The id of the template that a message was made of; empty where that is not known."""
    said = message.content.get("template") or message.content.get("made_of")
    return read_id(text_of(said, "id")) or ""


def saying(message: Message, designs: Designs | None = None) -> Saying:
    """What a message says. Buttons of templates are shown where the template is among the `designs`."""
    kind = shown(message)
    found = Saying(kind, text=message.body, files=_files(message), about=_about(message))
    found = found._replace(
        is_forwarded=part_of(message.content, "context").get("forwarded") is True
    )
    return _drawn(message, found, designs or {})


def _drawn(message: Message, found: Saying, designs: Designs) -> Saying:
    """The same with what its kind has beside text and files."""
    part = part_of(message.content, found.kind)
    match found.kind:
        case "interactive":
            is_theirs = message.direction is Direction.INBOUND
            found = _answered(found, part) if is_theirs else _interactive(message, found, part)
        case "location":
            found = found._replace(place=_place(part))
        case "contacts":
            found = found._replace(people=tuple(_people(message.content.get("contacts"))))
        case "order":
            found = found._replace(facts=tuple(_ordered(part)))
        case "system" | "unsupported":
            found = found._replace(text=found.text or _reason(message.content))
        case _:
            if design := designs.get(design_of(message)):
                found = _designed(message, found, design)
    return found


def _files(message: Message) -> tuple[File, ...]:
    kind = shown(message)
    part = part_of(message.content, kind)
    types = message.content.get("media_types")
    told = [str(one) for one in types] if isinstance(types, list) else []
    name = text_of(part, "filename") or text_of(message.content, "filename")
    return tuple(
        File(
            f"/console/media/{message.id}/{number}",
            _family(kind, url, told[number] if number < len(told) else ""),
            (name or _named(url)) if number == 0 else _named(url),
            kind == "sticker",
        )
        for number, url in enumerate(message.media)
    )


_ENDS = {
    **dict.fromkeys(("aac", "amr", "m4a", "mp3", "oga", "ogg", "opus", "wav"), "audio"),
    **dict.fromkeys(("3gp", "mp4", "mov", "webm"), "video"),
    **dict.fromkeys(
        ("pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "txt", "csv", "vcf", "ics", "rtf"),
        "file",
    ),
}


def _family(kind: str, url: str, told: str) -> str:
    """What a file is drawn as. What nobody told is tried as a picture, which leads to the file."""
    family = told.partition("/")[0]
    if family in ("image", "audio", "video"):
        return family
    if told:
        return "file"
    end = _ENDS.get(_named(url).rpartition(".")[2].lower(), "")
    if kind in MEDIA and kind != "image":
        return {"document": "file", "sticker": "image"}.get(kind, kind)
    return end or "image"


def _named(url: str) -> str:
    """The name of a file at the end of an address; of what was uploaded, none is known."""
    if not is_link(url):
        return ""
    rest = url.partition("://")[2].partition("?")[0].partition("#")[0]
    return rest.rpartition("/")[2][:80] if "/" in rest else ""


def _about(message: Message) -> str:
    content = message.content
    for part, name in (
        ("reaction", "message_id"),
        ("edit", "original_message_id"),
        ("revoke", "original_message_id"),
        ("context", "id"),
        ("context", "message_id"),
    ):
        if id := read_id(text_of(part_of(content, part), name)):
            return id
    return ""


def _interactive(message: Message, found: Saying, part: Mapping[str, Any]) -> Saying:
    """A message of ours that is answered by touching it."""
    header, action = part_of(part, "header"), part_of(part, "action")
    buttons = [
        Button(text_of(reply, "title"), "reply", text_of(reply, "id"))
        for reply in (part_of(one, "reply") for one in list_of(action, "buttons"))
        if reply
    ]
    name = text_of(action, "name") or text_of(part, "type")
    parameters = part_of(action, "parameters")
    if label := text_of(parameters, _ASKS.get(name, "")):
        does = "link" if name == "cta_url" else name
        buttons.append(Button(label, does, _link(text_of(parameters, "url"))))
    elif name == "send_location":
        buttons.append(Button("", "locate"))
    elif name in ("address_message", "catalog_message", "product", "product_list"):
        buttons.append(Button("", name))
    panels = tuple(_panel(message, card, found) for card in list_of(action, "cards"))
    apart = {file for panel in panels for file in panel.files}
    return found._replace(
        head=text_of(header, "text"),
        foot=text_of(part_of(part, "footer"), "text"),
        files=tuple(file for file in found.files if file not in apart),
        buttons=tuple(buttons),
        menu=text_of(action, "button"),
        sections=tuple(
            Section(text_of(section, "title"), rows)
            for section in list_of(action, "sections")
            if (rows := tuple(map(_row, list_of(section, "rows"))))
        ),
        panels=panels,
    )


def _row(row: Mapping[str, Any]) -> Button:
    return Button(text_of(row, "title"), "row", text_of(row, "id"), text_of(row, "description"))


def _panel(message: Message, card: Mapping[str, Any], found: Saying) -> Panel:
    header = part_of(card, "header")
    link = text_of(part_of(header, text_of(header, "type")), "link")
    files = tuple(file for url, file in zip(message.media, found.files, strict=True) if url == link)
    action = part_of(card, "action")
    parameters = part_of(action, "parameters")
    buttons = [
        Button(text_of(reply, "title"), "reply", text_of(reply, "id"))
        for reply in (
            part_of(one, text_of(one, "type") or "reply") for one in list_of(action, "buttons")
        )
        if reply
    ]
    if label := text_of(parameters, "display_text"):
        buttons.append(Button(label, "link", _link(text_of(parameters, "url"))))
    return Panel(text_of(part_of(card, "body"), "text"), files, tuple(buttons))


def _answered(found: Saying, part: Mapping[str, Any]) -> Saying:
    """What somebody touched."""
    reply = part_of(part, text_of(part, "type"))
    facts = tuple(_filled(text_of(reply, "response_json")))
    return found._replace(
        text=found.text or text_of(reply, "title"), foot=text_of(reply, "description"), facts=facts
    )


def _filled(response: str) -> Iterator[tuple[str, str]]:
    """What stands in the fields of a form."""
    try:
        said = json.loads(response) if response else {}
    except (ValueError, RecursionError):
        return
    if isinstance(said, dict):
        for name, value in list(said.items())[:FEW]:
            plain = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            yield str(name)[:80], plain[:300]


def _place(part: Mapping[str, Any]) -> Place | None:
    try:
        latitude, longitude = float(part["latitude"]), float(part["longitude"])
    except (KeyError, TypeError, ValueError):
        return None
    return Place(latitude, longitude, text_of(part, "name"), text_of(part, "address"))


def _people(cards: Any) -> Iterator[Person]:
    for card in (cards if isinstance(cards, list) else [])[:FEW]:
        if not isinstance(card, dict):
            continue
        lines = [text_of(one, "phone") for one in list_of(card, "phones")]
        lines += [text_of(one, "email") for one in list_of(card, "emails")]
        lines.append(text_of(part_of(card, "org"), "company"))
        name = text_of(part_of(card, "name"), "formatted_name")
        yield Person(name, tuple(line for line in lines if line))


def _ordered(part: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for item in list_of(part, "product_items"):
        count, price = item.get("quantity", 1), item.get("item_price", "")
        worth = f"{price} {text_of(item, 'currency')}".strip()
        yield (
            text_of(item, "product_retailer_id"),
            f"{count} \u00d7 {worth}" if worth else str(count),
        )


def _reason(content: Mapping[str, Any]) -> str:
    return next((text_of(one, "title") for one in list_of(content, "errors")), "")


def _designed(message: Message, found: Saying, design: Template) -> Saying:
    """What was made of a template, with the parts that stand around its text."""
    if SHAPE not in shapes(design):
        shape = shape_on(shapes(design), message.channel) or {}
        return found._replace(buttons=tuple(map(_action, list_of(shape, "actions"))))
    parts = components(design)
    head, text, foot = "", found.text, text_of(find(parts, FOOTER), "text")
    if foot and text.endswith(f"\n\n{foot}"):
        text = text.removesuffix(f"\n\n{foot}")
    else:
        foot = ""
    if text_of(find(parts, HEADER), "text"):
        head, _, text = text.partition("\n\n")
    buttons = tuple(map(_button, list_of(find(parts, BUTTONS), "buttons")))
    return found._replace(head=head, text=text, foot=foot, buttons=buttons)


def _button(button: Mapping[str, Any]) -> Button:
    does = _DOES.get(text_of(button, "type"), "other")
    value = {"link": _link(text_of(button, "url")), "call": text_of(button, "phone_number")}
    label = text_of(button, "text")
    return Button(label, does, value.get(does, label if does == "reply" else ""))


def _action(action: Mapping[str, Any]) -> Button:
    """A button of a shape of Twilio's."""
    label = text_of(action, "title")
    if url := _link(text_of(action, "url")):
        return Button(label, "link", url)
    if phone := text_of(action, "phone"):
        return Button(label, "call", phone)
    return Button(label, "reply", text_of(action, "id") or label)


def _link(url: str) -> str:
    """An address that a page may lead to; holes in it are not filled here, so it leads nowhere."""
    return url if is_link(url) and "{{" not in url else ""
