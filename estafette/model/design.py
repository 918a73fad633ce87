"""What WhatsApp lets a template be: how a request to make one is read, and its limits. Pure.

A fault has one of Meta's codes where there is one for it; see `model.meta`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from estafette.model import components
from estafette.model.components import BODY, BUTTONS, FOOTER, HEADER, NAMED, POSITIONAL, Part
from estafette.model.errors import GatewayError
from estafette.model.template import (
    HOLE,
    LANGUAGE,
    LONGEST_BODY,
    LONGEST_NAME,
    PLACE,
    Category,
    holes,
)

TOO_LONG, HEADER_TYPE, HEADER_FORM, BODY_FORM = 2388040, 2388039, 2388047, 2388072  # Meta's codes
FOOTER_FORM, RATIO, EDGES, TOO_MANY, TAKEN = 2388073, 2388293, 2388299, 2388019, 2388024

MOST = 6000  #: templates of an account
LONGEST_TEXT = 60  #: characters of a header, and of a footer
_LARGEST = 100_000  # bytes of all components
_NAME = re.compile(rf"[a-z0-9_]{{1,{LONGEST_NAME}}}")
_BRACES = re.compile(r"\{\{|\}\}")
_WORD = re.compile(r"\w+")
_EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf]")

FORMATS = ("TEXT", "IMAGE", "VIDEO", "GIF", "DOCUMENT", "LOCATION", "PRODUCT")
#: Components that are kept as they are told, beside those that are looked at.
_OTHERS = ("CAROUSEL", "LIMITED_TIME_OFFER", "CALL_PERMISSION_REQUEST", "ORDER_STATUS")

_LABEL, _URL, _PHONE, _CODE = 25, 2000, 20, 15  # characters
_MOST_BUTTONS = 10
#: How many buttons of each type there may be.
_BUTTONS = {
    "QUICK_REPLY": _MOST_BUTTONS,
    "URL": 2,
    **dict.fromkeys(
        (
            "PHONE_NUMBER", "COPY_CODE", "FLOW", "OTP", "CATALOG", "MPM", "SPM", "VOICE_CALL",
            "CALL_PERMISSION_REQUEST", "REQUEST_CONTACT_INFO", "ORDER_DETAILS",
        ),
        1,
    ),
}  # fmt: skip
#: Those that WhatsApp has a label for.
_LABELLED = ("COPY_CODE", "OTP", "CALL_PERMISSION_REQUEST", "REQUEST_CONTACT_INFO", "SPM")


class Undesigned(GatewayError):
    """A template cannot be as it was asked for."""

    def __init__(self, field: str, text: str, code: int = 0) -> None:
        super().__init__(f"{field} {text}")
        self.field = field  #: the part that is to blame
        self.code = code  #: Meta's, of what is wrong with it; none for a plain fault


class Design(Struct, frozen=True, kw_only=True):
    """What a template is made of, once it is looked at."""

    components: tuple[Part, ...]
    parameter_format: str = POSITIONAL
    more: Mapping[str, Any] = {}  #: how long a message of it may wait, and the like


def name_of(value: Any) -> str:
    """A name that WhatsApp takes. Raises Undesigned."""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        text = f"must be 1 to {LONGEST_NAME} lower-case letters, digits and underscores"
        raise Undesigned("name", text)
    return value


def language_of(value: Any) -> str:
    """The code of a language. Raises Undesigned."""
    if not isinstance(value, str) or not LANGUAGE.fullmatch(value):
        raise Undesigned("language", "must be a code such as en_US")
    return value


def category_of(value: Any) -> Category:
    """What a template is for. Raises Undesigned."""
    try:
        return Category(value.upper() if isinstance(value, str) else value)
    except ValueError:
        raise Undesigned("category", f"must be one of {', '.join(Category)}") from None


def design(said: Mapping[str, Any], category: Category) -> Design:
    """What `components`, `parameter_format` and what stands beside them ask for. Raises Undesigned."""
    parts = _listed(said.get("components"), "components")
    if len(msgspec.json.encode(parts)) > _LARGEST:
        raise Undesigned("components", f"must have at most {_LARGEST} bytes")
    made = tuple(_component(part, f"components[{at}]", category) for at, part in enumerate(parts))
    kinds = [part["type"] for part in made]
    if BODY not in kinds:
        raise Undesigned("components", "must have a component of type BODY", BODY_FORM)
    if twice := [kind for kind in kinds if kinds.count(kind) > 1]:
        raise Undesigned("components", f"must have one component of type {twice[0]}")
    form = _format(said.get("parameter_format"), made)
    _check_texts(made, form)
    return Design(components=made, parameter_format=form, more=beside(said))


def beside(said: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept beside the components: for how many seconds a message may wait. Raises Undesigned."""
    ttl = said.get("message_send_ttl_seconds")
    if isinstance(ttl, str) and re.fullmatch(r"-1|[0-9]{1,7}", ttl):
        ttl = int(ttl)
    if ttl is None:
        return {}
    if not isinstance(ttl, int) or isinstance(ttl, bool) or not -1 <= ttl <= 2_592_000:
        raise Undesigned("message_send_ttl_seconds", "must be seconds, 30 days at the most")
    return {"message_send_ttl_seconds": ttl}


def _format(asked: Any, made: Sequence[Part]) -> str:
    """How the holes are called: as asked for, else as they are."""
    if asked is not None:
        form = asked.upper() if isinstance(asked, str) else asked
        if form not in (NAMED, POSITIONAL):
            raise Undesigned("parameter_format", f"must be {POSITIONAL} or {NAMED}")
        return str(form)
    found = [name for kind in (HEADER, BODY) for name in holes(_text_of(made, kind))]
    is_named = bool(found) and not any(name.isdigit() for name in found)
    return NAMED if is_named else POSITIONAL


def _text_of(made: Sequence[Part], kind: str) -> str:
    return str(components.find(made, kind).get("text", ""))


def _component(part: Part, at: str, category: Category) -> Part:
    """A component in the strict form: its words of our alphabet in upper case, its texts looked at."""
    kind = _upper(part, "type", at)
    made = {**part, "type": kind}
    if kind in _COMPONENT:
        return _COMPONENT[kind](made, at, category)
    if kind not in _OTHERS:
        known = (*_COMPONENT, *_OTHERS)
        raise Undesigned(f"{at}.type", f"must be one of {', '.join(known)}, not {kind[:40]}")
    if kind == "CAROUSEL":
        return _carousel(made, at, category)
    return made


def _header(part: dict[str, Any], at: str, category: Category) -> Part:
    form = part["format"] = _upper(part, "format", at)
    if form not in FORMATS:
        raise Undesigned(f"{at}.format", f"must be one of {', '.join(FORMATS)}", HEADER_FORM)
    if form != "TEXT" and category is Category.AUTHENTICATION:
        raise Undesigned(f"{at}.format", f"must not be {form} for {category}", HEADER_TYPE)
    example = _example(part, at)
    if form == "TEXT":
        text = _text(part, "text", at, LONGEST_TEXT)
        if "\n" in text or _EMOJI.search(text) or "*" in text:
            raise Undesigned(
                f"{at}.text", "must have no line break, emoji or asterisk", HEADER_FORM
            )
        return part
    handles = example.get("header_handle", [])
    if not isinstance(handles, list) or not all(isinstance(item, str) for item in handles):
        raise Undesigned(f"{at}.example.header_handle", "must be a list of texts", HEADER_FORM)
    return part


def _body(part: dict[str, Any], at: str, category: Category) -> Part:
    _example(part, at)
    if category is Category.AUTHENTICATION and "text" not in part:
        advice = f" {components.ADVICE}" if part.get("add_security_recommendation") is True else ""
        return {**part, "text": f"{components.CODE_TEXT}{advice}"}
    _text(part, "text", at, LONGEST_BODY)
    return part


def _footer(part: dict[str, Any], at: str, category: Category) -> Part:
    minutes = part.get("code_expiration_minutes")
    if minutes is not None and "text" not in part:
        is_whole = isinstance(minutes, int) and not isinstance(minutes, bool)
        if not is_whole or not 1 <= minutes <= 90:
            raise Undesigned(f"{at}.code_expiration_minutes", "must be 1 to 90", FOOTER_FORM)
        return {**part, "text": f"It can be used for {minutes} minutes."}
    if category is Category.AUTHENTICATION and "text" not in part:
        return {**part, "text": ""}
    text = _text(part, "text", at, LONGEST_TEXT)
    if _BRACES.search(text):
        raise Undesigned(f"{at}.text", "must have no variables", FOOTER_FORM)
    return part


def _buttons(part: dict[str, Any], at: str, category: Category) -> Part:
    asked = _listed(part.get("buttons"), f"{at}.buttons")
    if len(asked) > _MOST_BUTTONS:
        text = f"must be at most {_MOST_BUTTONS}, not {len(asked)}"
        raise Undesigned(f"{at}.buttons", text)
    found = [_button(button, f"{at}.buttons[{index}]") for index, button in enumerate(asked)]
    for kind, most in _BUTTONS.items():
        if (there := sum(button["type"] == kind for button in found)) > most:
            text = f"must have at most {most} of type {kind}, not {there}"
            raise Undesigned(f"{at}.buttons", text)
    return {**part, "buttons": found}


_COMPONENT: Mapping[str, Callable[[dict[str, Any], str, Category], Part]] = {
    HEADER: _header,
    BODY: _body,
    FOOTER: _footer,
    BUTTONS: _buttons,
}


def _button(asked: Part, at: str) -> Part:
    kind = _upper(asked, "type", at)
    if kind not in _BUTTONS:
        raise Undesigned(f"{at}.type", f"must be one of {', '.join(_BUTTONS)}")
    made = {**asked, "type": kind}
    if kind not in _LABELLED or "text" in made:
        _text(made, "text", at, _LABEL)
    if kind == "URL":
        url = _text(made, "url", at, _URL)
        found = HOLE.findall(url)
        if len(found) > 1 or (found and not HOLE.sub("\0", url).endswith("\0")):
            raise Undesigned(f"{at}.url", "may have one variable, at its end")
    if kind == "PHONE_NUMBER":
        _text(made, "phone_number", at, _PHONE)
    if kind == "COPY_CODE":
        example = made.get("example")
        made["example"] = example[0] if isinstance(example, list) and example else example
        _text(made, "example", at, _CODE)
    if kind == "OTP":
        made["otp_type"] = _upper(made, "otp_type", at)
    return made


def _carousel(part: dict[str, Any], at: str, category: Category) -> Part:
    asked = _listed(part.get("cards"), f"{at}.cards")
    if not 2 <= len(asked) <= 10:
        raise Undesigned(f"{at}.cards", f"must be 2 to 10, not {len(asked)}")
    cards = []
    for index, card in enumerate(asked):
        under = f"{at}.cards[{index}].components"
        parts = [
            _component(each, under, category) for each in _listed(card.get("components"), under)
        ]
        if any(each["type"] == "CAROUSEL" for each in parts):
            raise Undesigned(under, "must have no carousel")
        cards.append({**card, "components": parts})
    return {**part, "cards": cards}


def _check_texts(made: Sequence[Part], form: str) -> None:
    """Refuse holes that nobody could fill, and texts that would be little else. Raises Undesigned."""
    header, body = _text_of(made, HEADER), _text_of(made, BODY)
    _check_holes(header, form, "header", HEADER_FORM)
    if len(holes(header)) > 1:
        raise Undesigned("header", "may have one variable", HEADER_FORM)
    _check_holes(body, form, "body", BODY_FORM)
    bare = HOLE.sub("\0", body).strip()
    if bare.startswith("\0") or bare.endswith("\0"):
        raise Undesigned("body", "must neither begin nor end with a variable", EDGES)
    if len(holes(body)) > len(_WORD.findall(bare)):
        raise Undesigned("body", "has more variables than words", RATIO)


def _check_holes(text: str, form: str, at: str, code: int) -> None:
    found = holes(text)
    if _BRACES.search(HOLE.sub("", text)):
        raise Undesigned(at, "has braces that are no variable such as {{1}}", code)
    if form == NAMED:
        if bad := [name for name in found if not re.fullmatch(r"[a-z][a-z0-9_]*", name)]:
            raise Undesigned(
                at, f"has a variable {bad[0][:40]}: they have names such as order_id", code
            )
        return
    if bad := [name for name in found if not PLACE.fullmatch(name)]:
        raise Undesigned(
            at, f"has a variable {bad[0][:40]}: they are {{{{1}}}}, {{{{2}}}}, …", code
        )
    if sorted(map(int, found)) != list(range(1, len(found) + 1)):
        raise Undesigned(at, "must have its variables counted from {{1}}, and none left out", code)


def _example(part: Part, at: str) -> Mapping[str, Any]:
    found = part.get("example", {})
    if not isinstance(found, dict):
        raise Undesigned(f"{at}.example", "must be an object")
    return found


def _listed(value: Any, at: str) -> list[Part]:
    if isinstance(value, str):
        value = _decoded(value)
    if not isinstance(value, list) or not value or not all(isinstance(it, dict) for it in value):
        raise Undesigned(at, "must be a list of objects, and not empty")
    return value


def _decoded(text: str) -> Any:
    """What stands in a text as JSON: so forms give lists."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def _upper(part: Part, name: str, at: str) -> str:
    found = part.get(name)
    if not isinstance(found, str) or not found.strip():
        raise Undesigned(f"{at}.{name}", "is required")
    return found.strip().upper()


def _text(part: Part, name: str, at: str, most: int) -> str:
    found = part.get(name)
    if not isinstance(found, str) or not found.strip():
        raise Undesigned(f"{at}.{name}", "is required, and must be text")
    if len(found) > most:
        raise Undesigned(
            f"{at}.{name}", f"has {len(found)} characters, of {most} at the most", TOO_LONG
        )
    return found
