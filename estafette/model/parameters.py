"""What a template says with the parameters that WhatsApp's own API sends for its components. Pure.

Their form is checked before: see `model.whatsapp.read`. A fault here is one that can only be seen beside the
template: Meta's codes say which.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from estafette.model import components
from estafette.model.components import BODY, BUTTONS, FOOTER, HEADER, Part
from estafette.model.template import LONGEST_BODY, Template, holes, render
from estafette.model.whatsapp import Unsaid

COUNT, UNKNOWN, TOO_LONG, FORM = 132000, 132001, 132005, 132012  # Meta's codes
_MISSING = 131008

LONGEST_HEADER = 60  #: characters

#: What fills a hole of a text, and where its words are.
_TEXTS = ("text", "currency", "date_time")

#: The buttons that parameters fill: for each how they are called there, and the type of what fills it.
_PRESSED = {
    "QUICK_REPLY": ("quick_reply", "payload"),
    "URL": ("url", "text"),
    "OTP": ("url", "text"),
    "COPY_CODE": ("copy_code", "coupon_code"),
    "FLOW": ("flow", "action"),
    "CATALOG": ("catalog", "action"),
    "MPM": ("mpm", "action"),
    "ORDER_DETAILS": ("order_details", "action"),
    "VOICE_CALL": ("voice_call", "payload"),
}
#: Those that say nothing without.
_NEEDED = ("OTP", "COPY_CODE")


class Filling(NamedTuple):
    """What a template says."""

    body: str
    media: tuple[str, ...]
    values: tuple[str, ...]  #: what fills its holes, in the order in which they are read


class _Asked(NamedTuple):
    """What was sent for some components, sorted."""

    header: Sequence[Part]
    body: Sequence[Part]
    buttons: Mapping[int, Part]
    cards: Mapping[int, Part]


def filled(template: Template, sent: Sequence[Part]) -> Filling:
    """What it says with these components. Raises Unsaid."""
    parts, named = components.components(template), components.is_named(template)
    usual = "" if components.is_made_of(template) else template.header
    return _filled(parts, named, sent, usual, "")


def _filled(
    parts: Sequence[Part], named: bool, sent: Sequence[Part], usual: str, at: str
) -> Filling:
    asked = _sorted(sent, at)
    header, body = components.find(parts, HEADER), components.find(parts, BODY)
    above, heads, media = _header(header, asked.header, named, usual, f"{at}header")
    text = str(body.get("text", ""))
    given = _texts(components.names(text, named=named), asked.body, named, f"{at}body")
    told = _render(text, given, LONGEST_BODY, f"{at}body")
    ends = _buttons(components.find(parts, BUTTONS).get("buttons", ()), asked.buttons, at)
    _cards(components.find(parts, "CAROUSEL").get("cards", ()), asked.cards, named)
    footer = str(components.find(parts, FOOTER).get("text", ""))
    whole = components.together((above, told, footer))
    return Filling(whole, media, (*heads, *given.values(), *ends))


def _sorted(sent: Sequence[Part], at: str) -> _Asked:
    found: dict[str, Sequence[Part]] = {"header": (), "body": ()}
    buttons: dict[int, Part] = {}
    cards: dict[int, Part] = {}
    for part in sent:
        kind = part["type"]
        if kind in found:
            if found[kind]:
                raise Unsaid(FORM, f"{at}{kind}", "is there more than once")
            found[kind] = part.get("parameters", ())
        elif kind == "button":
            index = int(str(part["index"])[:9])
            if index in buttons:
                raise Unsaid(FORM, f"{at}button {index}", "is there more than once")
            buttons[index] = part
        for number, card in enumerate(part.get("cards", ())):
            told = card.get("card_index", number)
            cards[int(told) if str(told).isdecimal() and len(str(told)) < 9 else number] = card
    return _Asked(found["header"], found["body"], buttons, cards)


def _header(
    header: Part, given: Sequence[Part], named: bool, usual: str, at: str
) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Its text, what fills that, and the links of what it shows."""
    form = str(header.get("format", "TEXT"))
    if form == "TEXT":
        text = str(header.get("text", ""))
        found = _texts(components.names(text, named=named), given, named, at)
        return _render(text, found, LONGEST_HEADER, at), tuple(found.values()), ()
    if not given and usual and not holes(usual):
        return "", (), (usual,)
    if len(given) != 1:
        raise Unsaid(FORM, at, f"takes one parameter of type {form.lower()}, not {len(given)}")
    kind = given[0]["type"]
    if kind != form.lower() and (kind, form) != ("video", "GIF"):
        raise Unsaid(FORM, at, f"takes a parameter of type {form.lower()}, not {kind}")
    shown = given[0].get(kind)
    link = shown.get("link") if isinstance(shown, Mapping) else None
    return "", (), (link,) if isinstance(link, str) else ()


def _texts(names: Sequence[str], given: Sequence[Part], named: bool, at: str) -> dict[str, str]:
    """What fills each hole."""
    if len(given) != len(names):
        raise Unsaid(COUNT, at, f"takes {len(names)} parameters, not {len(given)}")
    found: dict[str, str] = {}
    for place, parameter in enumerate(given):
        name = names[place]
        if named:
            name = str(parameter.get("parameter_name", ""))
            if not name:
                raise Unsaid(FORM, f"{at}.parameters[{place}].parameter_name", "is required")
        if name not in names or name in found:
            raise Unsaid(FORM, f"{at}.parameters[{place}].parameter_name", "is none of its holes")
        found[name] = text_of(parameter, f"{at}.parameters[{place}]")
    return {name: found[name] for name in names}


def text_of(parameter: Part, at: str) -> str:
    """What a parameter puts into a text. Raises Unsaid."""
    kind = parameter["type"]
    if kind not in _TEXTS:
        raise Unsaid(FORM, at, f"must be of type {', '.join(_TEXTS)}, not {kind}")
    return str(parameter["text"] if kind == "text" else parameter[kind]["fallback_value"])


def _render(text: str, given: Mapping[str, str], most: int, at: str) -> str:
    told = render(text, given)
    if len(told) > most:
        raise Unsaid(TOO_LONG, at, f"has {len(told)} characters once filled, of {most} at the most")
    return told


def _buttons(buttons: Sequence[Part], given: Mapping[int, Part], at: str) -> list[str]:
    """What fills those that have a value of their own, in their order."""
    for index, part in given.items():
        if index >= len(buttons):
            raise Unsaid(FORM, f"{at}button {index}", f"is not there: it has {len(buttons)}")
        _press(buttons[index], part, f"{at}button {index}")
    found = []
    for index, button in enumerate(buttons):
        is_needed = components.needs(button) or button.get("type") in _NEEDED
        if is_needed and not given.get(index, {}).get("parameters"):
            raise Unsaid(_MISSING, f"{at}button {index}", "requires a parameter")
        if components.needs(button):
            parameter = given[index]["parameters"][0]
            found.append(str(parameter[parameter["type"]]))
    return found


def _press(button: Part, sent: Part, at: str) -> None:
    """Refuse what does not fit a button."""
    known = _PRESSED.get(str(button.get("type")))
    if known is None:
        raise Unsaid(FORM, at, f"is of type {button.get('type')}, which takes no parameters")
    name, kind = known
    if sent["sub_type"] != name:
        raise Unsaid(FORM, at, f"is of sub_type {name}, not {sent['sub_type']}")
    parameters = sent.get("parameters", ())
    is_fixed = button["type"] == "URL" and not components.needs(button)
    if len(parameters) > (0 if is_fixed else 1):
        raise Unsaid(COUNT, at, f"takes {0 if is_fixed else 1} parameters, not {len(parameters)}")
    for parameter in parameters:
        if parameter["type"] != kind:
            raise Unsaid(FORM, at, f"takes a parameter of type {kind}, not {parameter['type']}")


def _cards(cards: Sequence[Part], given: Mapping[int, Part], named: bool) -> None:
    if len(given) != len(cards) or any(index >= len(cards) for index in given):
        raise Unsaid(COUNT, "cards", f"must be {len(cards)}, not {len(given)}")
    for index, card in enumerate(cards):
        sent = given[index].get("components", ())
        _filled(card["components"], named, sent, "", f"cards[{index}].")
