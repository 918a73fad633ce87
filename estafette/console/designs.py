"""A template as a form has it, and as WhatsApp shows it."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from estafette.console.words import later as _
from estafette.model import components as made_of
from estafette.model import design as limits
from estafette.model.components import BODY, BUTTONS, FOOTER, HEADER, Part
from estafette.model.design import Undesigned
from estafette.model.template import HOLE, Template

MOST_BUTTONS = 3  #: that the form has; WhatsApp itself takes more
FORMATS = ("IMAGE", "VIDEO", "DOCUMENT")  #: what a header may show beside a text
#: The buttons that the form has, and under which name what they do is kept.
BUTTON = {"QUICK_REPLY": "", "URL": "url", "PHONE_NUMBER": "phone_number", "COPY_CODE": "example"}
FIELDS = (
    "name", "language", "category", "header", "header_text", "header_url", "body", "samples", "footer",
    *(f"button_{at}_{part}" for at in range(MOST_BUTTONS) for part in ("type", "text", "value")),
)  # fmt: skip
#: What is wrong with a template, by Meta's code for it.
_WHY = {
    limits.TOO_LONG: _(
        "This is too long: a header and a footer have at most 60 characters, a text 1024."
    ),
    limits.HEADER_FORM: _("A header has no line break, emoji or asterisk, and at most one hole."),
    limits.HEADER_TYPE: _("A code is sent without a picture, a film or a file."),
    limits.BODY_FORM: _(
        "Holes are {{1}}, {{2}} and so on without a gap, or have names such as {{order_id}}."
    ),
    limits.FOOTER_FORM: _("A footer has no holes."),
    limits.RATIO: _("There are more holes than words."),
    limits.EDGES: _("A text neither begins nor ends with a hole."),
    limits.TOO_MANY: _("There are as many templates as WhatsApp takes."),
    limits.TAKEN: _("There is a template of this name in this language already."),
}
#: The same for what Meta has no code for, by the field that is to blame.
_WRONG = {
    "name": _("Lower-case letters, digits and underscores only."),
    "language": _("A code such as en, en_US or fr."),
    "category": _("For what was approved, this stays as it is."),
    "body": _("A text is needed."),
    "header_text": _("A text is needed."),
    "header_url": _("This must be an http or https address."),
    "status": _("It is looked at just now: it can be changed once that is over."),
}
_BUTTON_WRONG = _(
    "A button needs at most 25 characters and, but for a quick reply, what it does. A hole stands at the end of an address."
)
_URL = re.compile(r"https?://[^\s/]+\S*")
_INDEX = re.compile(r"\[(\d+)\]")


class Shown(NamedTuple):
    """A template as it is drawn: texts in pieces, each with whether it is a hole."""

    header: list[tuple[str, bool]]
    format: str  #: what the header shows, if that is no text
    body: list[tuple[str, bool]]
    footer: str
    buttons: list[tuple[str, str]]  #: type and text


def typed(template: Template) -> dict[str, str]:
    """What the form says of one that is there."""
    parts = made_of.components(template)
    header, body = made_of.find(parts, HEADER), made_of.find(parts, BODY)
    found = dict.fromkeys(FIELDS, "")
    found |= {
        "name": template.name,
        "language": template.language,
        "category": str(template.category),
        "header": str(header.get("format", "")),
        "header_text": str(header.get("text", "")),
        "header_url": template.header,
        "body": str(body.get("text", "")),
        "samples": "\n".join(_samples(body)),
        "footer": str(made_of.find(parts, FOOTER).get("text", "")),
    }
    for at, button in enumerate(made_of.find(parts, BUTTONS).get("buttons", ())[:MOST_BUTTONS]):
        kind = str(button.get("type", ""))
        found[f"button_{at}_type"] = kind
        found[f"button_{at}_text"] = str(button.get("text", ""))
        found[f"button_{at}_value"] = str(button.get(BUTTON.get(kind, ""), ""))
    return found


def is_formed(template: Template) -> bool:
    """Whether the form can say all that it is made of."""
    parts = made_of.components(template)
    buttons = made_of.find(parts, BUTTONS).get("buttons", ())
    return (
        bool(template.channel)
        and {part.get("type") for part in parts} <= {HEADER, BODY, FOOTER, BUTTONS}
        and made_of.find(parts, HEADER).get("format", "TEXT") in ("TEXT", *FORMATS)
        and len(buttons) <= MOST_BUTTONS
        and all(button.get("type") in BUTTON for button in buttons)
    )


def parts_of(said: Mapping[str, str]) -> list[Part]:
    """The components that a form asks for."""
    found: list[Part] = []
    if said["header"] == "TEXT":
        found.append({"type": HEADER, "format": "TEXT", "text": said["header_text"]})
    elif said["header"]:
        shown = {"example": {"header_handle": [said["header_url"]]}} if said["header_url"] else {}
        found.append({"type": HEADER, "format": said["header"], **shown})
    found.append(_body(said))
    if said["footer"]:
        found.append({"type": FOOTER, "text": said["footer"]})
    if buttons := [_button(said, at) for at in _used(said)]:
        found.append({"type": BUTTONS, "buttons": buttons})
    return found


def _used(said: Mapping[str, str]) -> list[int]:
    return [at for at in range(MOST_BUTTONS) if said[f"button_{at}_type"]]


def _button(said: Mapping[str, str], at: int) -> Part:
    kind, text, value = (said[f"button_{at}_{part}"] for part in ("type", "text", "value"))
    name = BUTTON.get(kind, "")
    shown = {"text": text} if text or kind != "COPY_CODE" else {}
    return {"type": kind, **shown, **({name: value} if name else {})}


def _body(said: Mapping[str, str]) -> Part:
    """The body with what stands in its holes for who approves of it."""
    text = said["body"]
    names = list(dict.fromkeys(HOLE.findall(text)))
    given = [line.strip() for line in said["samples"].splitlines() if line.strip()]
    if not names or not given:
        return {"type": BODY, "text": text}
    if all(name.isdigit() for name in names):
        return {"type": BODY, "text": text, "example": {"body_text": [given[: len(names)]]}}
    named = [
        {"param_name": name, "example": value} for name, value in zip(names, given, strict=False)
    ]
    return {"type": BODY, "text": text, "example": {"body_text_named_params": named}}


def _samples(body: Part) -> list[str]:
    """What stands in its holes for who approves of it, in their order."""
    example = body.get("example")
    if not isinstance(example, Mapping):
        return []
    rows = example.get("body_text")
    if isinstance(rows, Sequence) and rows and isinstance(rows[0], list):
        return [str(value) for value in rows[0]]
    named = example.get("body_text_named_params")
    items = named if isinstance(named, list) else []
    return [str(item.get("example", "")) for item in items if isinstance(item, Mapping)]


def check(said: Mapping[str, str]) -> dict[str, str]:
    """What is wrong by itself, by field."""
    wrong = {}
    url = said["header_url"]
    if said["header"] in FORMATS and url and not (_URL.fullmatch(url) and len(url) <= 2000):
        wrong["header_url"] = _WRONG["header_url"]
    if said["header"] not in ("", "TEXT", *FORMATS):
        wrong["header"] = _("There is no such header.")
    return wrong


def blamed(error: Undesigned, said: Mapping[str, str]) -> tuple[str, str]:
    """The field of the form that is to blame, and what is wrong with it."""
    field = error.field
    at = [int(number) for number in _INDEX.findall(field)]
    if field.startswith("components") and at:
        part = parts_of(said)[at[0]]["type"]
        if part == BUTTONS:
            used = _used(said)
            return f"button_{used[at[1]] if len(at) > 1 else used[0]}_text", _BUTTON_WRONG
        field = {HEADER: "header_text", FOOTER: "footer"}.get(part, "body")
    elif field == "header":
        field = "header_text"
    if field not in FIELDS:
        field = "body" if field != "status" else "status"
    return field, _WHY.get(error.code) or _WRONG.get(field, _WRONG["body"])


def drawn(parts: Sequence[Part]) -> Shown:
    """How components look."""
    header, body = made_of.find(parts, HEADER), made_of.find(parts, BODY)
    form = str(header.get("format", ""))
    return Shown(
        _pieces(str(header.get("text", "")), []),
        form if form != "TEXT" else "",
        _pieces(str(body.get("text", "")), _samples(body)),
        str(made_of.find(parts, FOOTER).get("text", "")),
        [
            (str(one.get("type", "")), str(one.get("text", "")))
            for one in made_of.find(parts, BUTTONS).get("buttons", ())
        ],
    )


def _pieces(text: str, samples: Sequence[str]) -> list[tuple[str, bool]]:
    """A text cut at its holes, which say what fills them where that is known."""
    names = list(dict.fromkeys(HOLE.findall(text)))
    known = dict(zip(names, samples, strict=False))
    found, end = [], 0
    for hole in HOLE.finditer(text):
        found.append((text[end : hole.start()], False))
        found.append((known.get(hole[1]) or hole[0], True))
        end = hole.end()
    found.append((text[end:], False))
    return [(piece, is_hole) for piece, is_hole in found if piece]
