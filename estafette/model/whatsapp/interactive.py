"""Messages that people answer by touching them: buttons, lists, links, forms, products.

Kinds that are not in RULES are let through with only their form looked at: new ones come up.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from estafette.model.whatsapp.forms import (
    Parts,
    each,
    file,
    is_link,
    one,
    some,
    text,
    unlike,
    word,
)
from estafette.model.whatsapp.words import MISSING, WRONG, Said, Unsaid

LONGEST_BODY, LONGEST_LIST_BODY, LONGEST_FOOTER, LONGEST_HEADER = 1024, 4096, 60, 60
_ACTION, _PARAMETERS = "interactive.action", "interactive.action.parameters"
_FILES = ("document", "image", "video")
_ANY = ("text", *_FILES)
_CARD_BODY, _CARD_LINES = 160, 2
_KIND = re.compile(r"[a-z][a-z0-9_]{0,63}")


class Rule(NamedTuple):
    """What one kind takes around its action, and how its action is read."""

    action: Callable[[Parts], None]
    headers: tuple[str, ...] = _ANY
    body: int = LONGEST_BODY
    needs_body: bool = True
    needs_header: bool = False
    takes_footer: bool = True


def read_interactive(parts: Parts) -> Said:
    """A message that is answered by touching it. Raises Unsaid."""
    kind = text(parts, "type", "interactive").strip().lower()
    if not _KIND.fullmatch(kind):
        raise Unsaid(WRONG, "interactive.type", f"must be a kind, such as {', '.join(RULES)}")
    parts["type"] = kind
    rule = RULES.get(kind, _OTHER)
    media = _header(parts, rule)
    body = _body(parts, rule)
    footer = some(parts, "footer", "interactive")
    if footer and not rule.takes_footer:
        raise Unsaid(WRONG, "interactive.footer", f"does not go with {kind}")
    if footer:
        text(footer, "text", "interactive.footer", most=LONGEST_FOOTER)
    if kind in RULES:
        one(parts, "action", "interactive")
    action = some(parts, "action", "interactive")
    rule.action(action)
    media += tuple(link for card in _cards(action) if (link := _card_link(card)))
    content = {"type": "interactive", "interactive": parts}
    return Said(kind="interactive", body=body, media=media, content=content)


def _header(parts: Parts, rule: Rule) -> tuple[str, ...]:
    """The links in the header."""
    at = "interactive.header"
    header = some(parts, "header", "interactive")
    if not header:
        if rule.needs_header:
            raise Unsaid(MISSING, at, "is required")
        return ()
    if not rule.headers:
        raise Unsaid(WRONG, at, f"does not go with {parts['type']}")
    kind = word(header, "type", at, rule.headers)
    if kind == "text":
        text(header, "text", at, most=LONGEST_HEADER)
        return ()
    if kind not in _FILES:
        return ()
    link = file(one(header, kind, at), f"{at}.{kind}")
    return (link,) if link else ()


def _body(parts: Parts, rule: Rule) -> str:
    body = some(parts, "body", "interactive")
    if not body and not rule.needs_body:
        return ""
    return text(body, "text", "interactive.body", most=rule.body, needed=rule.needs_body)


def _named(action: Parts, name: str) -> None:
    """An action says what it is called."""
    word(action, "name", _ACTION, (name,))


def _buttons(action: Parts) -> None:
    at = f"{_ACTION}.buttons"
    ids = []
    for index, button in enumerate(each(action, "buttons", _ACTION, least=1, most=3)):
        word(button, "type", f"{at}[{index}]", ("reply",), "reply")
        button.setdefault("type", "reply")
        reply = one(button, "reply", f"{at}[{index}]")
        ids.append(text(reply, "id", f"{at}[{index}].reply", most=256))
        text(reply, "title", f"{at}[{index}].reply", most=20)
    unlike(ids, at, "ids")


def _list(action: Parts) -> None:
    text(action, "button", _ACTION, most=20)
    sections = each(action, "sections", _ACTION, least=1, most=10)
    ids = []
    for index, section in enumerate(sections):
        at = f"{_ACTION}.sections[{index}]"
        text(section, "title", at, most=24, needed=len(sections) > 1)
        for number, row in enumerate(each(section, "rows", at, least=1)):
            ids.append(text(row, "id", f"{at}.rows[{number}]", most=200))
            text(row, "title", f"{at}.rows[{number}]", most=24)
            text(row, "description", f"{at}.rows[{number}]", most=72, needed=False)
    if len(ids) > 10:
        raise Unsaid(WRONG, f"{_ACTION}.sections", f"must have at most 10 rows, not {len(ids)}")
    unlike(ids, f"{_ACTION}.sections", "rows whose ids")


def _link(action: Parts) -> None:
    _named(action, "cta_url")
    parameters = one(action, "parameters", _ACTION)
    text(parameters, "display_text", _PARAMETERS, most=20)
    if not is_link(text(parameters, "url", _PARAMETERS)):
        raise Unsaid(WRONG, f"{_PARAMETERS}.url", "must begin with http:// or https://")


def _flow(action: Parts) -> None:
    _named(action, "flow")
    at, parameters = _PARAMETERS, one(action, "parameters", _ACTION)
    text(parameters, "flow_message_version", at)
    names = [text(parameters, name, at, needed=False) for name in ("flow_id", "flow_name")]
    if all(names):
        raise Unsaid(WRONG, at, "must have flow_id or flow_name, and not both")
    if not any(names):
        raise Unsaid(MISSING, f"{at}.flow_id", "is required, or flow_name")
    text(parameters, "flow_cta", at, most=30)
    text(parameters, "flow_token", at, needed=False)
    word(parameters, "mode", at, ("draft", "published"), "published")
    word(parameters, "flow_action", at, ("navigate", "data_exchange"), "navigate")
    payload = some(parameters, "flow_action_payload", at)
    text(payload, "screen", f"{at}.flow_action_payload", needed=False)
    some(payload, "data", f"{at}.flow_action_payload")


def _place(action: Parts) -> None:
    _named(action, "send_location")


def _address(action: Parts) -> None:
    _named(action, "address_message")
    parameters = one(action, "parameters", _ACTION)
    text(parameters, "country", _PARAMETERS)
    some(parameters, "values", _PARAMETERS)
    some(parameters, "validation_errors", _PARAMETERS)
    each(parameters, "saved_addresses", _PARAMETERS)


def _product(action: Parts) -> None:
    text(action, "catalog_id", _ACTION)
    text(action, "product_retailer_id", _ACTION)


def _products(action: Parts) -> None:
    text(action, "catalog_id", _ACTION)
    sections = each(action, "sections", _ACTION, least=1, most=10)
    count = 0
    for index, section in enumerate(sections):
        at = f"{_ACTION}.sections[{index}]"
        text(section, "title", at, most=24, needed=len(sections) > 1)
        for number, item in enumerate(each(section, "product_items", at, least=1)):
            text(item, "product_retailer_id", f"{at}.product_items[{number}]")
            count += 1
    if count > 30:
        raise Unsaid(WRONG, f"{_ACTION}.sections", f"must have at most 30 products, not {count}")


def _catalog(action: Parts) -> None:
    _named(action, "catalog_message")
    parameters = some(action, "parameters", _ACTION)
    text(parameters, "thumbnail_product_retailer_id", _PARAMETERS, needed=False)


def _carousel(action: Parts) -> None:
    for index, card in enumerate(each(action, "cards", _ACTION, least=2, most=10)):
        at = f"{_ACTION}.cards[{index}]"
        body = some(card, "body", at)
        words = text(body, "text", f"{at}.body", most=_CARD_BODY, needed="body" in card)
        if words.count("\n") > _CARD_LINES:
            raise Unsaid(WRONG, f"{at}.body.text", f"must have at most {_CARD_LINES} line breaks")
        header = some(card, "header", at)
        if header:
            kind = word(header, "type", f"{at}.header", ("image", "video"))
            file(one(header, kind, f"{at}.header"), f"{at}.header.{kind}")
        one(card, "action", at)


def _any(action: Parts) -> None:
    """Whatever an action of a kind that we do not know says."""


def _cards(action: Parts) -> list[Parts]:
    cards = action.get("cards")
    return [card for card in cards if isinstance(card, dict)] if isinstance(cards, list) else []


def _card_link(card: Parts) -> str:
    """The link in a card's header."""
    header = card.get("header")
    found = header.get(str(header.get("type"))) if isinstance(header, dict) else None
    link = found.get("link") if isinstance(found, dict) else None
    return link if isinstance(link, str) and is_link(link) else ""


RULES = {
    "button": Rule(_buttons),
    "list": Rule(_list, headers=("text",), body=LONGEST_LIST_BODY),
    "cta_url": Rule(_link),
    "flow": Rule(_flow),
    "location_request_message": Rule(_place, headers=(), takes_footer=False),
    "address_message": Rule(_address),
    "product": Rule(_product, headers=(), needs_body=False),
    "product_list": Rule(_products, headers=("text",), needs_header=True),
    "catalog_message": Rule(_catalog, headers=()),
    "carousel": Rule(_carousel, headers=(), takes_footer=False),
}
_OTHER = Rule(_any, body=LONGEST_LIST_BODY, needs_body=False)
