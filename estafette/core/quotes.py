"""Which messages people refer to: what they answer, react to, edit or take back, by our ids."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Connection as Conn

from estafette.model import Incoming, Message, Unknown
from estafette.model.ids import read_id, wamid
from estafette.store import Store, messages
from estafette.store.words import plain

CONTEXT = "context"
#: The objects that name a message, and under which name they do.
NAMED: Mapping[str, str] = {
    CONTEXT: "id",
    "reaction": "message_id",
    "edit": "original_message_id",
    "revoke": "original_message_id",
}


class Quotes:
    """Reads carriers' ids of messages, and gives ours. What nobody knows stays as it came."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def translated(self, account: str, told: Incoming) -> Incoming:
        """The same, about messages by our ids; what somebody answers with who had written that."""
        content = _renamed(told.content)
        names = {content[kind][key] for kind, key in NAMED.items() if _names(content, kind, key)}
        if not names:
            return told
        found = await self._store.read(lambda conn: _found(conn, account, names))
        for kind, key in NAMED.items():
            if not _names(content, kind, key) or content[kind][key] not in found:
                continue
            message = found[content[kind][key]]
            part = {**content[kind], key: wamid(message.id)}
            if kind == CONTEXT and not part.get("from") and message.sender.startswith("+"):
                part["from"] = message.sender[1:]
            content[kind] = part
        return replace(told, content=content)


def _renamed(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content; its context names a message by `id`, though whoever sends says `message_id`."""
    context = content.get(CONTEXT)
    if not isinstance(context, Mapping) or "message_id" not in context or "id" in context:
        return dict(content)
    rest = {name: value for name, value in context.items() if name != "message_id"}
    return {**content, CONTEXT: {**rest, "id": context["message_id"]}}


def _names(content: Mapping[str, Any], kind: str, key: str) -> bool:
    part = content.get(kind)
    return isinstance(part, Mapping) and isinstance(part.get(key), str) and bool(part[key])


def _found(conn: Conn, account: str, names: set[str]) -> dict[str, Message]:
    """The messages of an account that are meant, by the names that were given to them."""
    found = {}
    for name in names:
        if plain(name) != name:
            continue
        for look in (_by_id, messages.by_ref):
            try:
                found[name] = look(conn, account, name)
                break
            except Unknown:
                continue
    return found


def _by_id(conn: Conn, account: str, name: str) -> Message:
    """The message that any form of our own id names. Raises Unknown."""
    return messages.get(conn, account, read_id(name) or "")
