"""Templates as they are sent: their form, and nothing of what they say."""

from estafette.model.whatsapp.forms import Parts, degrees, each, file, need, one, some, text
from estafette.model.whatsapp.words import WRONG, Said, Unsaid

_LONGEST_NAME = 512  # characters
_LONGEST_TEXT = 32_768  # characters of one that fills a hole
_FILES = ("document", "image", "video")


def read_template(parts: Parts) -> Said:
    """A template by its name, with what fills it. Raises Unsaid."""
    text(parts, "name", "template", most=_LONGEST_NAME)
    language = one(parts, "language", "template")
    text(language, "code", "template.language")
    for index, component in enumerate(each(parts, "components", "template")):
        _component(component, f"template.components[{index}]")
    return Said(kind="template", content={"type": "template", "template": parts})


def _component(component: Parts, at: str) -> None:
    kind = component["type"] = text(component, "type", at).strip().lower()
    if kind == "button":
        component["sub_type"] = text(component, "sub_type", at).strip().lower()
        if not text(component, "index", at).strip().isdecimal():
            raise Unsaid(WRONG, f"{at}.index", "must be a number")
    for index, parameter in enumerate(each(component, "parameters", at)):
        _parameter(parameter, f"{at}.parameters[{index}]")
    for index, card in enumerate(each(component, "cards", at)):
        for number, part in enumerate(each(card, "components", f"{at}.cards[{index}]")):
            _component(part, f"{at}.cards[{index}].components[{number}]")


def _parameter(parameter: Parts, at: str) -> None:
    kind = parameter["type"] = text(parameter, "type", at).strip().lower()
    text(parameter, "parameter_name", at, needed=False)
    if kind == "text":
        text(parameter, "text", at, most=_LONGEST_TEXT)
    elif kind in ("currency", "date_time"):
        text(one(parameter, kind, at), "fallback_value", f"{at}.{kind}")
    elif kind in _FILES:
        file(one(parameter, kind, at), f"{at}.{kind}")
    elif kind == "location":
        spot = one(parameter, kind, at)
        degrees(spot, "latitude", f"{at}.{kind}", 90)
        degrees(spot, "longitude", f"{at}.{kind}", 180)
    elif kind in ("payload", "coupon_code"):
        need(parameter, kind, at)
        text(parameter, kind, at, needed=False)
    elif kind == "action":
        some(parameter, kind, at)
