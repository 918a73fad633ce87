"""What the screen of a handset shows: who wrote to it, and what was said with one of them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from estafette.core.core import Core
from estafette.core.handset import REACHED
from estafette.model import Account, Channel, Cursor, Direction, Filter, Message, Sender, Status
from estafette.model.ids import read_id

_FEW = 80  # messages that are looked at in one go, either way
_PEOPLE = 8


class Chat(NamedTuple):
    """A line of the list."""

    sender: Sender
    last: Message
    is_new: bool  #: whether something was not read


class Thread(NamedTuple):
    """What was said with one sender, the oldest first."""

    messages: Sequence[Message]
    reactions: Mapping[str, Sequence[str]]  #: to messages, by their ids
    before: str  #: the cursor of what was said earlier; empty where there is nothing
    unread: Sequence[str]  #: the ids of what was not read


async def recent(
    core: Core, account: Account, person: str, channel: Channel, before: str = ""
) -> tuple[list[Message], str]:
    """What a person wrote and what reached them, newest first, and a cursor where there is more."""
    cursor = Cursor(before) if before else None
    found: list[Message] = []
    has_more = False
    for filter in (
        Filter(recipient=person, channel=channel),
        Filter(sender=person, channel=channel, direction=Direction.INBOUND),
    ):
        page = await core.gateway.page(account, filter, limit=_FEW, cursor=cursor)
        found += page.items
        has_more = has_more or page.has_next
    found.sort(key=lambda message: message.id, reverse=True)
    has_more = has_more or len(found) > _FEW
    found = found[:_FEW]
    return found, found[-1].id if found and has_more else ""


def chats(messages: Iterable[Message], senders: Iterable[Sender]) -> list[Chat]:
    """The senders that something was said with, that of late first."""
    known = {sender.id: sender for sender in senders}
    last: dict[str, Message] = {}
    new: set[str] = set()
    for message in filter(_is_seen, messages):
        if message.lane in known:
            first = last.setdefault(message.lane, message)
            if first is message and _is_unread(message):
                new.add(message.lane)
    return [Chat(known[id], message, id in new) for id, message in last.items()]


def thread(messages: Iterable[Message], sender: Sender, before: str) -> Thread:
    """What was said with one of them."""
    said = [one for one in messages if one.lane == sender.id and _is_seen(one)]
    there = {message.id for message in said}
    reactions: dict[tuple[str, bool], str] = {}
    shown = []
    for message in said:  # the newest first: it takes the place of those before
        about = _reacted(message)
        if about in there:
            key = about, message.direction is Direction.INBOUND
            reactions.setdefault(key, message.body)
        else:
            shown.append(message)
    by_message: dict[str, list[str]] = {}
    for (about, _), emoji in reactions.items():
        if emoji:
            by_message.setdefault(about, []).append(emoji)
    unread = [message.id for message in said if _is_unread(message)]
    return Thread(shown[::-1], by_message, before, unread)


def people(messages: Iterable[Message], senders: Iterable[Sender], channel: Channel) -> list[str]:
    """Whom something was said with of late on a channel."""
    known = {sender.id for sender in senders if sender.channel is channel}
    found = dict.fromkeys(
        message.sender if message.direction is Direction.INBOUND else message.recipient
        for message in messages
        if message.lane in known
    )
    return list(found)[:_PEOPLE]


def _is_seen(message: Message) -> bool:
    return message.direction is Direction.INBOUND or message.status in REACHED


def _is_unread(message: Message) -> bool:
    return message.direction is not Direction.INBOUND and message.status is not Status.READ


def _reacted(message: Message) -> str:
    """The message that a reaction is about; empty for whatever is none."""
    if message.content.get("type") != "reaction":
        return ""
    part = message.content.get("reaction")
    name = part.get("message_id") if isinstance(part, Mapping) else ""
    return (read_id(name) if isinstance(name, str) else "") or ""
