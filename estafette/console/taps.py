"""What a handset says when something in a message is touched, as WhatsApp would tell it."""

from collections.abc import Mapping
from typing import Any

from estafette.console.said import Designs, saying
from estafette.console.saying import Button
from estafette.model import BadValue, Message
from estafette.model.ids import wamid
from estafette.model.whatsapp import hear
from estafette.model.whatsapp.heard import Heard

REACTIONS = ("👍", "❤️", "😂", "🙏")


def tapped(message: Message, name: str, designs: Designs) -> Heard:
    """What is said by touching a button or a row of a message. Raises BadValue where there is none."""
    button = _buttons(message, designs).get(name)
    if button is None:
        raise BadValue("tap", "there is nothing like that to touch")
    beside = {"context": context(message)}
    if message.content.get("type") != "interactive":
        part = {"text": button.label, "payload": button.value or button.label}
        return hear("button", part, beside=beside)
    kind = "list_reply" if button.does == "row" else "button_reply"
    reply = {"id": button.value, "title": button.label}
    if button.about:
        reply["description"] = button.about
    return hear("interactive", {"type": kind, kind: reply}, beside=beside)


def reacted(message: Message, emoji: str) -> Heard:
    """A reaction to a message; an empty one takes it back. Raises BadValue."""
    if emoji and emoji not in REACTIONS:
        raise BadValue("tap", "there is no such reaction here")
    return hear("reaction", {"message_id": wamid(message.id), "emoji": emoji})


def context(message: Message) -> dict[str, Any]:
    """The message that something answers."""
    return {"from": message.sender.removeprefix("+"), "id": wamid(message.id)}


def _buttons(message: Message, designs: Designs) -> Mapping[str, Button]:
    """What answers when it is touched, by the names that `said.html` gives."""
    it = saying(message, designs)
    found = {f"b{number}": one for number, one in enumerate(it.buttons)}
    for place, section in enumerate(it.sections):
        found |= {f"r{place}.{number}": one for number, one in enumerate(section.rows)}
    for place, panel in enumerate(it.panels):
        found |= {f"p{place}.{number}": one for number, one in enumerate(panel.buttons)}
    return {name: one for name, one in found.items() if one.does in ("reply", "row")}
