"""Templates that the sandbox knows by itself, as each number for trying out has some: nothing has to be made
before a first message goes out. An account that makes one of such a name has its own. Pure.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from estafette.model.components import Part
from estafette.model.parameters import COUNT, Filling, text_of
from estafette.model.whatsapp import Unsaid

HELLO, READY, HELD = "hello_world", "order_ready", "order_ready_held"

#: In which languages each is there.
LANGUAGES: Mapping[str, tuple[str, ...]] = {
    HELLO: ("en_US",),
    READY: ("en_US", "en"),
    HELD: ("en_US", "en"),
}
_HELLO = "Hello World\n\nThis number can send: that is all that this message is to show."
_READY = "Your order is ready"
_SHOWN = ("image", "video", "document")


def filled(name: str, sent: Sequence[Part]) -> Filling:
    """What a sample says with these components: `hello_world` takes none, the others take any, except a
    body without parameters. Raises Unsaid.
    """
    if name == HELLO:
        if any(part.get("parameters") for part in sent):
            raise Unsaid(COUNT, "components", "must be none: the template has no parameters")
        return Filling(_HELLO, (), ())
    body, header = _parameters(sent, "body"), _parameters(sent, "header")
    if body == ():
        raise Unsaid(COUNT, "body", "has no parameters, and takes one or more")
    values = tuple(text_of(item, f"body.parameters[{at}]") for at, item in enumerate(body or ()))
    links = [item[item["type"]].get("link") for item in header or () if item["type"] in _SHOWN]
    text = f"{_READY}: {', '.join(values)}" if values else f"{_READY}."
    return Filling(text, tuple(link for link in links if link), values)


def _parameters(sent: Sequence[Part], kind: str) -> tuple[Part, ...] | None:
    """Those of a component; None where it was not sent."""
    found = next((part for part in sent if part["type"] == kind), None)
    return None if found is None else tuple(found.get("parameters", ()))


def message_status(content: Mapping[str, Any]) -> str:
    """How an answer to a send calls a message with this content: `held_for_quality_assessment` for the
    sample that shows this, else `accepted`.
    """
    said = content.get("template")
    is_held = isinstance(said, Mapping) and bool(said.get("is_sample")) and said["name"] == HELD
    return "held_for_quality_assessment" if is_held else "accepted"
