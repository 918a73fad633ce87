"""Contacts: cards of people, as they are sent and received."""

import re
from typing import Any

from estafette.model.text import units
from estafette.model.whatsapp.forms import Parts, each, one, read_json, some, text
from estafette.model.whatsapp.words import MISSING, WRONG, Said, Unsaid

MOST = 257  #: cards in one message
_LONGEST_BODY = 4096  # UTF-16 units
_DAY = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])")

_NAMES = ("first_name", "last_name", "middle_name", "suffix", "prefix")
#: What the lists of a card are made of: the texts of each item.
_LISTS = {
    "phones": ("phone", "type", "wa_id"),
    "emails": ("email", "type"),
    "urls": ("url", "type"),
    "addresses": ("street", "city", "state", "zip", "country", "country_code", "type"),
}
_COMPANY = ("company", "department", "title")


def read_contacts(value: Any) -> Said:
    """Cards of people. Raises Unsaid."""
    found = read_json(value, "contacts")
    cards = [found] if isinstance(found, dict) else found
    if not isinstance(cards, list):
        raise Unsaid(WRONG, "contacts", "must be a list")
    if not cards:
        raise Unsaid(MISSING, "contacts", "is required")
    if len(cards) > MOST:
        raise Unsaid(WRONG, "contacts", f"must have at most {MOST} of them, not {len(cards)}")
    names = [_card(card, f"contacts[{index}]") for index, card in enumerate(cards)]
    body = cut(", ".join(names), _LONGEST_BODY)
    return Said(kind="contacts", body=body, content={"type": "contacts", "contacts": cards})


def _card(card: Any, at: str) -> str:
    """What a card is called."""
    if not isinstance(card, dict):
        raise Unsaid(WRONG, at, "must be an object")
    name = one(card, "name", at)
    _texts(name, f"{at}.name", _NAMES)
    for part, texts in _LISTS.items():
        for index, item in enumerate(each(card, part, at)):
            _texts(item, f"{at}.{part}[{index}]", texts)
    _texts(some(card, "org", at), f"{at}.org", _COMPANY)
    birthday = text(card, "birthday", at, needed=False)
    if birthday and not _DAY.fullmatch(birthday):
        raise Unsaid(WRONG, f"{at}.birthday", "must be a day, such as 1990-01-31")
    return text(name, "formatted_name", f"{at}.name")


def _texts(parts: Parts, at: str, names: tuple[str, ...]) -> None:
    for name in names:
        text(parts, name, at, needed=False)


def cut(text: str, most: int) -> str:
    """The text, or as much of it as fits into so many UTF-16 units, with an ellipsis at its end."""
    if len(text) <= most // 2 or units(text) <= most:
        return text
    kept = text.encode("utf-16-le")[: (most - 1) * 2].decode("utf-16-le", "ignore")
    return f"{kept}…"
