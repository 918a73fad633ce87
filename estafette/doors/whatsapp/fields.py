"""What a question asks for by name, and texts, objects and lists in what is to be changed."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from estafette.doors.whatsapp.errors import Refusal, missing, wrong

PRODUCT = "whatsapp"
_NAME = re.compile(r"[A-Za-z0-9_]+")
_MOST = 200  # fields of a question


def wanted(
    query: Mapping[str, str], known: Collection[str], usual: Sequence[str], node: str
) -> Sequence[str]:
    """The fields that a question asks for; the usual ones where it names none. Raises Refusal.

    What stands behind a name is left out: `throughput{level}` is `throughput`.
    """
    asked = [_NAME.match(part) for part in _split(query.get("fields", ""))]
    names = list(dict.fromkeys(found[0] if found else "" for found in asked))
    if len(names) > _MOST:
        raise Refusal(100, message=f"(#100) fields has at most {_MOST} names.")
    for name in names:
        if name not in known:
            text = f"(#100) Tried accessing nonexisting field ({name[:64]}) on node type ({node})"
            raise Refusal(100, message=text)
    return names or usual


def _split(text: str) -> Iterator[str]:
    """The parts between commas that stand in no brackets, without spaces around them."""
    depth, part = 0, ""
    for char in f"{text},":
        if char == "," and depth <= 0:
            if part.strip():
                yield part.strip()
            part = ""
            continue
        depth += (char in "{(") - (char in "})")
        part += char


def check_product(body: Mapping[str, Any]) -> None:
    """Raises Refusal unless a body says that it is about WhatsApp."""
    product = body.get("messaging_product")
    if product is None:
        raise Refusal(100, message="(#100) The parameter messaging_product is required.")
    if not isinstance(product, str) or product.strip().lower() != PRODUCT:
        raise Refusal(100, message="(#100) Param messaging_product must be whatsapp.")


def text_of(body: Mapping[str, Any], name: str, most: int, *, needed: bool = False) -> str | None:
    """A text of at most so many characters, without spaces around it; None where there is none.

    Raises Refusal.
    """
    value = body.get(name)
    if value is None or (needed and value == ""):
        if needed:
            raise missing(name)
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value) if abs(value) < 10**40 else ""
    if not isinstance(value, str):
        raise wrong(name, "must be a text")
    value = value.strip()
    if len(value) > most:
        raise wrong(name, f"must have at most {most} characters")
    if "\0" in value:
        raise wrong(name, "must not have U+0000")
    return value


def object_of(body: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    """An object, which may be JSON in a text; None where there is none. Raises Refusal."""
    value = _read(body.get(name))
    if value is None:
        return None
    if not isinstance(value, dict):
        raise wrong(name, "must be an object")
    return value


def list_of(body: Mapping[str, Any], name: str, most: int) -> list[Any] | None:
    """A list of at most so many items, which may be JSON in a text; None where there is none.

    Raises Refusal.
    """
    value = _read(body.get(name))
    if value is None:
        return None
    if not isinstance(value, list):
        raise wrong(name, "must be a list")
    if len(value) > most:
        raise wrong(name, f"must have at most {most} items")
    return value


def _read(value: Any) -> Any:
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            return msgspec.json.decode(value)
        except (msgspec.MsgspecError, RecursionError):
            return value
    return value
