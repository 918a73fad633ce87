"""What a service may be set to, as somebody gives it: texts of forms and commands, or JSON."""

from collections.abc import Mapping
from typing import Any

from estafette.core.url import is_url
from estafette.model import BadValue
from estafette.model.service import DEFAULTS, LONGEST_NAME, WORDS

_SWITCH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def read_name(text: str) -> str:
    """The name of a service. Raises BadValue."""
    name = text.strip()
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise BadValue("name", f"a name has 1 to {LONGEST_NAME} characters")
    return name


def read(given: Mapping[str, Any]) -> dict[str, Any]:
    """Settings in their own types. Raises BadValue, which names the first that is wrong."""
    return {name: _read(name, value) for name, value in given.items()}


def _read(name: str, value: Any) -> Any:
    usual = DEFAULTS.get(name)
    if usual is None:
        raise BadValue(name, f"a service has no setting {name[:64]}: {', '.join(DEFAULTS)}")
    if isinstance(usual, bool):
        return _switch(name, value)
    if isinstance(usual, int):
        return _seconds(name, value, usual)
    text = str(value).strip()
    if words := WORDS.get(name):
        if text not in words:
            raise BadValue(name, f"{name} must be one of {', '.join(words)}")
    elif text and not is_url(text):
        raise BadValue(name, f"{name} must be a URL")
    return text


def _switch(name: str, value: Any) -> bool:
    found = value if isinstance(value, bool) else _SWITCH.get(str(value).strip().lower())
    if found is None:
        raise BadValue(name, f"{name} must be true or false")
    return bool(found)


def _seconds(name: str, value: Any, most: int) -> int:
    text = str(value).strip()
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= most):
        raise BadValue(name, f"{name} must be a whole number from 1 to {most}")
    return int(text)
