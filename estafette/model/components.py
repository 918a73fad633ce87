"""What a template is made of as WhatsApp's own API has it: header, body, footer and buttons. Pure.

A template that was made of them keeps them as one of its shapes, beside the whole text that they are for
other doors. There the holes of all parts are counted through, in the order in which they are read:
`{{1}}` is the first hole of the header where that has one, the last are those of the buttons.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any, NamedTuple

from estafette.model.message import Channel
from estafette.model.template import (
    HOLE,
    PLACE,
    Template,
    TemplateKind,
    Types,
    holes,
)

Part = Mapping[str, Any]

SHAPE = "whatsapp/template"
NAMED, POSITIONAL = "NAMED", "POSITIONAL"
HEADER, BODY, FOOTER, BUTTONS = "HEADER", "BODY", "FOOTER", "BUTTONS"

#: What a header shows, by its format; any other shows no file.
KIND = {
    "IMAGE": TemplateKind.IMAGE,
    "DOCUMENT": TemplateKind.DOCUMENT,
    "VIDEO": TemplateKind.VIDEO,
    "GIF": TemplateKind.VIDEO,
}
#: What only the API that it was made for can fill: a place, a product, cards, the end of an offer.
_UNPLACED = ("CAROUSEL", "LIMITED_TIME_OFFER")

#: What a code is said with, where nothing else is: such a template has no text of its own.
CODE_TEXT = "Your code is {{1}}."
ADVICE = "Keep it to yourself."


class Slot(NamedTuple):
    """A hole, or something else that a value has to be given for."""

    part: str  #: `header`, `body`, or `button`
    name: str  #: of the hole; of a button, its index


def is_made_of(template: Template) -> bool:
    """Whether it was made of components, and so is told to no other shape."""
    return template.channel == Channel.WHATSAPP and SHAPE in template.types


def components(template: Template) -> tuple[Part, ...]:
    """Its components; what was made of a text and perhaps media has a body and a header of them."""
    if is_made_of(template):
        return tuple(template.types[SHAPE]["components"])
    body: dict[str, Any] = {"type": BODY, "text": template.body}
    if template.kind is TemplateKind.TEXT:
        return (body,)
    shown = {"example": {"header_handle": [template.header]}} if template.header else {}
    return ({"type": HEADER, "format": template.kind.upper(), **shown}, body)


def is_named(template: Template) -> bool:
    """Whether its holes have names, and not only numbers."""
    if is_made_of(template):
        return bool(template.types[SHAPE].get("parameter_format") == NAMED)
    return any(not PLACE.fullmatch(name) for name in holes(template.body))


def find(parts: Sequence[Part], kind: str) -> Part:
    """The first component of a type; empty where there is none."""
    return next((part for part in parts if part.get("type") == kind), {})


def names(text: str, *, named: bool) -> list[str]:
    """The holes of a text in the order in which they are filled: by number, or as they come."""
    found = holes(text)
    if named:
        return found
    most = max((int(name) for name in found if PLACE.fullmatch(name)), default=0)
    return [str(number) for number in range(1, most + 1)]


def slots(parts: Sequence[Part], *, named: bool) -> list[Slot]:
    """All that has to be filled, in the order in which it is read.

    The button that copies a password, or fills it in, takes that of the body.
    """
    header, body = find(parts, HEADER), find(parts, BODY)
    found = [Slot("header", name) for name in names(header.get("text", ""), named=named)]
    found += [Slot("body", name) for name in names(body.get("text", ""), named=named)]
    buttons = find(parts, BUTTONS).get("buttons", ())
    return found + [Slot("button", str(index)) for index, it in enumerate(buttons) if needs(it)]


def needs(button: Part) -> bool:
    """Whether a button has a value of its own: the end of a URL, or what is copied."""
    kind = button.get("type")
    return kind == "COPY_CODE" or (kind == "URL" and bool(holes(button.get("url", ""))))


def shape(parts: Sequence[Part], parameter_format: str, **more: Any) -> Types:
    """Its shapes: the components with their whole text, and that alone for who shows no more."""
    named = parameter_format == NAMED
    text = whole(parts, named=named)
    handles = find(parts, HEADER).get("example", {}).get("header_handle", ())
    shown = {"media": [url for url in handles[:1] if url.startswith(("http://", "https://"))]}
    made: dict[str, Any] = {
        "body": text,
        "components": list(parts),
        "parameter_format": parameter_format,
        **(shown if shown["media"] else {}),
        **more,
    }
    return {SHAPE: made, "twilio/text": {"body": text}}


def kind_of(parts: Sequence[Part]) -> TemplateKind:
    """What it shows beside its text."""
    return KIND.get(find(parts, HEADER).get("format", ""), TemplateKind.TEXT)


def whole(parts: Sequence[Part], *, named: bool) -> str:
    """The text of all parts, as it is read, with the holes counted through."""
    place = {slot: str(number) for number, slot in enumerate(slots(parts, named=named), 1)}

    def counted(part: Part, name: str) -> str:
        def hole(found: Any) -> str:
            return f"{{{{{place[Slot(name, found[1])]}}}}}"

        return HOLE.sub(hole, str(part.get("text", "")))

    texts = (
        counted(find(parts, HEADER), "header"),
        counted(find(parts, BODY), "body"),
        str(find(parts, FOOTER).get("text", "")),
    )
    return together(texts)


def together(texts: Sequence[str]) -> str:
    """Header, body and footer as one text."""
    return "\n\n".join(text for text in texts if text)


def is_by_place(parts: Sequence[Part]) -> bool:
    """Whether values, and the URL of what it shows, are all that fills it."""
    header = find(parts, HEADER).get("format", "TEXT")
    has_more = any(part.get("type") in _UNPLACED for part in parts)
    return not has_more and (header == "TEXT" or header in KIND)


def given(template: Template, values: Mapping[str, str], url: str) -> list[dict[str, Any]]:
    """What WhatsApp's own API would be sent to fill it with these values, by their places."""
    parts, named = components(template), is_named(template)
    found: dict[str, list[dict[str, Any]]] = {"header": [], "body": []}
    buttons = []
    header = find(parts, HEADER).get("format", "").lower()
    if url and kind_of(parts) is not TemplateKind.TEXT:
        found["header"].append({"type": header, header: {"link": url}})
    for number, slot in enumerate(slots(parts, named=named), 1):
        value = values.get(str(number), "")
        if slot.part == "button":
            buttons.append(_pressed(find(parts, BUTTONS)["buttons"][int(slot.name)], slot, value))
            continue
        name = {"parameter_name": slot.name} if named else {}
        found[slot.part].append({"type": "text", **name, "text": value})
    filled = [{"type": name, "parameters": items} for name, items in found.items() if items]
    return [*filled, *buttons, *_passwords(parts, values)]


def _pressed(button: Part, slot: Slot, value: str) -> dict[str, Any]:
    is_code = button["type"] == "COPY_CODE"
    kind = "coupon_code" if is_code else "text"
    return {
        "type": "button",
        "sub_type": "copy_code" if is_code else "url",
        "index": slot.name,
        "parameters": [{"type": kind, kind: value}],
    }


def _passwords(parts: Sequence[Part], values: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The code once more, for each button that copies it or fills it in."""
    for index, button in zip(count(), find(parts, BUTTONS).get("buttons", ()), strict=False):
        if button.get("type") == "OTP":
            shown = {"type": "text", "text": values.get("1", "")}
            at = {"type": "button", "sub_type": "url", "index": str(index)}
            yield {**at, "parameters": [shown]}
