"""Channels: what this API calls the senders of an account."""

from collections.abc import Sequence
from typing import Any, ClassVar

from estafette.core.core import Core
from estafette.core.senders import chosen
from estafette.doors.callbell.errors import blame, denied, not_found
from estafette.doors.callbell.requests import Call, page_of
from estafette.doors.callbell.staff import channel_shape, id_in, text_in
from estafette.model import Channel, Sender

#: What is listed unless a type is asked for; senders of SMS only where they are.
LISTED = (Channel.WHATSAPP, Channel.FACEBOOK, Channel.INSTAGRAM, Channel.TELEGRAM)

_LONGEST_TITLE = 200  # characters
_IS_ACTIVE = {"": False, "true": True, "1": True, "false": False, "0": False}


class Channels:
    """Each method answers one operation."""

    TABLE: ClassVar[list[tuple[str, str, str]]] = [
        ("GET", "/channels", "list"),
        ("GET", "/channels/{uuid}", "show"),
        ("PATCH", "/channels/{uuid}", "rename"),
    ]

    def __init__(self, core: Core) -> None:
        self._senders = core.senders

    async def list(self, call: Call) -> dict[str, Any]:
        """The channels: those that are held, then those that were given back, each by age."""
        asked = call.query.get("type", "")
        if asked and asked not in set(Channel):
            raise blame(type=f"must be one of: {', '.join(LISTED)}")
        only_active = _IS_ACTIVE.get(call.query.get("active", "").lower())
        if only_active is None:
            raise blame(active="must be true or false")
        types = (Channel(asked),) if asked else LISTED
        held = await self._senders.list(call.account.sid)
        gone = [] if only_active else await self._senders.discarded(call.account.sid)
        found = [sender for sender in (*held, *gone) if sender.channel in types]
        items, meta = page_of(found, call.page)
        return {"channels": [_shape(sender, held) for sender in items], "meta": meta}

    async def show(self, call: Call) -> dict[str, Any]:
        """One channel, also one that was given back."""
        sender, held = await self._find(call)
        return {"channel": _shape(sender, held)}

    async def rename(self, call: Call) -> dict[str, Any]:
        """Another title for a channel."""
        title = text_in(call, "title", most=_LONGEST_TITLE)
        sender, held = await self._find(call)
        if sender.released_at:
            raise denied("channel_discarded", "the channel was given back")
        changed = await self._senders.change(call.account.sid, sender.id, title=title)
        return {"channel": _shape(changed, held)}

    async def _find(self, call: Call) -> tuple[Sender, Sequence[Sender]]:
        """The channel of the path, and all senders that are held. Raises Refusal."""
        id, account = id_in(call), call.account.sid
        held = await self._senders.list(account)
        every = (*held, *await self._senders.discarded(account))
        found = next((sender for sender in every if sender.id == id), None)
        if found is None:
            raise not_found()
        return found, held


def _shape(sender: Sender, held: Sequence[Sender]) -> dict[str, Any]:
    main = chosen([other for other in held if other.channel is sender.channel])
    return channel_shape(sender, main is not None and main.id == sender.id)
