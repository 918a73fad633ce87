"""Reading objects that strangers wrote: leniently, and with a word for what is wrong.

A part is named by its path, such as `interactive.body.text`. What is read in a lenient form (a number
for a text, an object as JSON in a text) is put back in the strict one.
"""

import re
from collections.abc import Sequence
from math import isfinite
from typing import Any

import msgspec

from estafette.model.whatsapp.words import MISSING, WRONG, Unsaid

Parts = dict[str, Any]

_DEEPEST = 24  # objects in objects
_LARGEST = 1 << 63  # numbers that JSON of ours cannot write
_LONGEST_LINK = 4096  # characters
_LINK = re.compile(
    r"https?://(?:[\w.~!$&'()*+,;=%:-]*@)?(?:[\w.~%-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?"
    r"(?:[/?#][^\s\x00-\x1f\x7f]*)?",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,30})?")


def tidy(value: Any, field: str, *, depth: int = 0) -> Any:
    """A copy without what is null, or an empty list or object. Raises Unsaid for what cannot be written
    down.
    """
    if depth > _DEEPEST:
        raise Unsaid(WRONG, field, "is nested too deeply")
    if isinstance(value, dict):
        found = {_name(name, field): tidy(value[name], field, depth=depth + 1) for name in value}
        return {name: part for name, part in found.items() if not _is_nothing(part)}
    if isinstance(value, list | tuple):
        listed = (tidy(part, field, depth=depth + 1) for part in value)
        return [part for part in listed if part is not None]
    if isinstance(value, str):
        return _writable(value, field)
    is_number = isinstance(value, int | float)
    if is_number and not (
        isfinite(value) if isinstance(value, float) else -_LARGEST <= value < _LARGEST
    ):
        raise Unsaid(WRONG, field, "has a number that is too large")
    if value is not None and not is_number:
        raise Unsaid(WRONG, field, "must be made of JSON values")
    return value


def _name(name: Any, field: str) -> str:
    if not isinstance(name, str):
        raise Unsaid(WRONG, field, "has a name that is no text")
    return _writable(name, field)


def _is_nothing(part: Any) -> bool:
    return part is None or part in ([], {})


def _writable(text: str, field: str) -> str:
    if "\0" in text or (not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text)):
        raise Unsaid(WRONG, field, "has a character that is none")
    return text


def read_json(value: Any, field: str) -> Any:
    """The value, or what it stands for where it is JSON in a text. Raises Unsaid."""
    if not isinstance(value, str) or value.strip()[:1] not in ("{", "["):
        return value
    try:
        return tidy(msgspec.json.decode(value), field)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise Unsaid(WRONG, field, "is a text that is no JSON") from None


def _path(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name


def need(parts: Parts, name: str, at: str) -> Any:
    """What stands under a name. Raises Unsaid where nothing does."""
    if name not in parts:
        raise Unsaid(MISSING, _path(at, name), "is required")
    return parts[name]


def some(parts: Parts, name: str, at: str) -> Parts:
    """The object under a name, empty where there is none. Raises Unsaid for anything else."""
    if name not in parts:
        return {}
    found = read_json(parts[name], _path(at, name))
    if not isinstance(found, dict):
        raise Unsaid(WRONG, _path(at, name), "must be an object")
    parts[name] = found
    return found


def one(parts: Parts, name: str, at: str) -> Parts:
    """The object under a name. Raises Unsaid where there is none."""
    need(parts, name, at)
    return some(parts, name, at)


def each(parts: Parts, name: str, at: str, *, least: int = 0, most: int = 0) -> list[Parts]:
    """The objects of the list under a name. Raises Unsaid for too few, too many, and anything else."""
    if name not in parts:
        if least:
            raise Unsaid(MISSING, _path(at, name), "is required")
        return []
    found = read_json(parts[name], _path(at, name))
    if not isinstance(found, list):
        raise Unsaid(WRONG, _path(at, name), "must be a list")
    if not least <= len(found) <= (most or len(found)):
        span = f"{least} to {most}" if least else f"at most {most}"
        raise Unsaid(WRONG, _path(at, name), f"must have {span} of them, not {len(found)}")
    for index, item in enumerate(found):
        if not isinstance(item, dict):
            raise Unsaid(WRONG, f"{_path(at, name)}[{index}]", "must be an object")
    parts[name] = found
    return found


def text(parts: Parts, name: str, at: str, *, most: int = 0, needed: bool = True) -> str:
    """The text under a name; empty where there is none and none is needed. Raises Unsaid."""
    field = _path(at, name)
    found = parts.get(name, "")
    if isinstance(found, int | float) and not isinstance(found, bool):
        found = parts[name] = str(found)
    if not isinstance(found, str):
        raise Unsaid(WRONG, field, "must be a text")
    if not found and needed:
        raise Unsaid(MISSING, field, "is required")
    if most and len(found) > most:
        raise Unsaid(WRONG, field, f"must have at most {most} characters, not {len(found)}")
    return found


def word(parts: Parts, name: str, at: str, allowed: Sequence[str], default: str = "") -> str:
    """The one of some words under a name, in whatever case it stands there. Raises Unsaid."""
    if name not in parts and default:
        return default
    found = text(parts, name, at).strip().lower()
    if found not in allowed:
        raise Unsaid(WRONG, _path(at, name), f"must be one of: {', '.join(allowed)}")
    parts[name] = found
    return found


def flag(parts: Parts, name: str, at: str) -> bool:
    """Whether something is so; not where nothing is said. Raises Unsaid."""
    found = parts.get(name, False)
    if isinstance(found, str) and found.strip().lower() in ("true", "false"):
        found = parts[name] = found.strip().lower() == "true"
    if not isinstance(found, bool):
        raise Unsaid(WRONG, _path(at, name), "must be true or false")
    return found


def degrees(parts: Parts, name: str, at: str, most: int) -> str:
    """An angle, given as a number or as a text, as a text. Raises Unsaid."""
    found = need(parts, name, at)
    shown = found.strip() if isinstance(found, str) else found
    is_text = isinstance(shown, str) and _NUMBER.fullmatch(shown)
    is_number = isinstance(shown, int | float) and not isinstance(shown, bool)
    if not (is_text or is_number) or abs(float(shown)) > most:
        raise Unsaid(WRONG, _path(at, name), f"must be a number between -{most} and {most}")
    return str(shown)


def file(parts: Parts, at: str, *, needed: bool = True) -> str:
    """The link of a file that is named by `id` or by `link`, and never by both; empty for an id.

    Raises Unsaid.
    """
    id, link = text(parts, "id", at, needed=False), text(parts, "link", at, needed=False)
    if id and link:
        raise Unsaid(WRONG, at, "must have an id or a link, and not both")
    if not id and not link:
        if needed:
            raise Unsaid(MISSING, f"{at}.link", "is required, or an id of media")
        return ""
    for name in ("id", "link"):
        if not parts.get(name, "-"):
            del parts[name]
    if link and not is_link(link):
        raise Unsaid(WRONG, f"{at}.link", "must be a URL that begins with http:// or https://")
    return link


def is_link(url: str) -> bool:
    """Whether a text is the URL of something in the web."""
    found = _LINK.fullmatch(url) if len(url) <= _LONGEST_LINK else None
    return found is not None and 0 < int(found[1] or 80) < 1 << 16


def unlike(found: Sequence[str], field: str, names: str) -> None:
    """Refuse names that are not all different. Raises Unsaid."""
    if len(found) != len(set(found)):
        raise Unsaid(WRONG, field, f"must have {names} that are all different")
