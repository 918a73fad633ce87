"""What has to be looked up before an update can be told: the sender's ids, media, the price's category."""

from collections.abc import Mapping
from time import monotonic
from typing import Any

from estafette.core.core import Core
from estafette.model import Direction, MediaItem, Message, Sender, Unknown

_KNOWN_FOR = 2.0  # seconds in which a change may go unnoticed
_KNOWN = 1024  # senders, and templates
TEMPLATE = "template"  # in the content of a message that is one
_USUAL = "utility"  # of a template of which nobody said


class Facts:
    """Looks up what updates need beside the message itself."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._places: dict[tuple[str, str], tuple[float, tuple[str, str]]] = {}
        self._categories: dict[tuple[str, str], tuple[float, str]] = {}

    async def look(self, message: Message) -> Mapping[str, Any]:
        """`waba` and `phone_id` of the sender; `media` by their numbers; `category` of what is sent."""
        waba, phone_id = await self._place(message)
        facts: dict[str, Any] = {"waba": waba, "phone_id": phone_id}
        if message.direction is not Direction.INBOUND:
            return {**facts, "category": await self._category(message)}
        if message.media:
            facts["media"] = await self._media(message)
        return facts

    async def _place(self, message: Message) -> tuple[str, str]:
        """The business account and the phone number id of our sender."""
        key = message.account, message.lane
        at, known = self._places.get(key, (float("-inf"), ("", "")))
        if monotonic() - at < _KNOWN_FOR:
            return known
        sender = await self._sender(message)
        business = self._core.business
        waba = await (business.of_sender(sender) if sender else business.of(message.account))
        known = waba, sender.ref if sender else ""
        _keep(self._places, key, known)
        return known

    async def _sender(self, message: Message) -> Sender | None:
        """The sender; also one that was given back since."""
        try:
            return await self._core.senders.get(message.account, message.lane)
        except Unknown:
            gone = await self._core.senders.discarded(message.account, message.channel)
            return next((item for item in gone if item.id == message.lane), None)

    async def _category(self, message: Message) -> str:
        """Of the template that a message is; empty for what is none."""
        template = message.content.get(TEMPLATE)
        if not isinstance(template, Mapping):
            return ""
        if told := template.get("category"):
            return str(told).lower()
        key = message.account, str(template.get("id") or "")
        at, known = self._categories.get(key, (float("-inf"), ""))
        if monotonic() - at >= _KNOWN_FOR:
            known = await self._category_of(*key)
            _keep(self._categories, key, known)
        return known

    async def _category_of(self, account: str, id: str) -> str:
        try:
            owner = await self._core.people.account(account)
            found = await self._core.templates.get(owner, id)
        except Unknown:
            return _USUAL
        return str(found.approval.get("category") or _USUAL).lower()

    async def _media(self, message: Message) -> dict[int, MediaItem]:
        """Those of its media that were fetched and are there, by number."""
        return {item.number: item for item in await self._core.media.of_message(message)}


def _keep(known: dict[Any, tuple[float, Any]], key: Any, value: Any) -> None:
    if len(known) >= _KNOWN:
        known.clear()
    known[key] = (monotonic(), value)
