"""What is changed of a contact and of its conversations, in the transaction of whoever asks."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from estafette.core.senders import is_main
from estafette.model import Channel, Conflict, Unknown
from estafette.model.contact import Card, Contact, Conversation
from estafette.model.ids import instant
from estafette.model.notice import Event
from estafette.store import cards, contacts, conversations, senders
from estafette.store.cards import Told
from estafette.store.words import plain

_TEXTS = ("name", "email", "avatar_url", "note")
_OF_TALKS = ("assignee", "team", "funnel")


def card_of(conn: Connection, known: Contact) -> Card:
    """A contact with what belongs to it."""
    (card,) = cards.of(conn, [known])
    return card


def card_at(conn: Connection, account: str, channel: Channel, address: str, sender: str) -> Card:
    """A contact with its conversation with `sender`, or with the one of late. Raises Unknown."""
    known = contacts.find(conn, account, channel, address)
    if known is None:
        raise Unknown(f"no contact {address} on {channel}")
    if not sender:
        return card_of(conn, known)
    talk = conversations.between(conn, account, sender, channel, address)
    if talk is None:
        raise Unknown(f"no conversation of {address} with this sender")
    (card,) = cards.of(conn, [known], {known.id: talk})
    return card


def talk_of(
    conn: Connection, known: Contact, now: datetime, told: list[Told], sender: str = ""
) -> Conversation:
    """A contact's conversation with a sender, or the one of late. Where there is none it is made, and
    `told` says so: with the main sender of the channel, or the first. Raises Conflict for no sender.
    """
    talks = conversations.of_contact(conn, known.id)
    mine = [talk for talk in talks if talk.sender == sender] if sender else talks
    if mine:
        return mine[-1]
    if not sender:
        every = senders.all_of(conn, known.account)
        ours = [one for one in every if one.channel is known.channel]
        if not ours:
            raise Conflict(
                f"no conversation with {known.address}, and no sender on {known.channel}"
            )
        sender = next(filter(is_main, ours), ours[0]).id
    made = conversations.add(conn, known, sender, now)
    told.append(Told(Event.CONVERSATION_OPENED, known.id, made.id))
    return made


def alter(
    conn: Connection,
    known: Contact,
    parts: Mapping[str, Any],
    now: datetime,
    *,
    sender: str = "",
    is_new: bool = False,
) -> None:
    """Change what `parts` names of a contact and of its conversation, and tell that.

    With a sender, it is the conversation with that one, which is made where there is none.
    """
    at = instant(now)
    told = [Told(Event.CONTACT_CREATED, known.id)] if is_new else []
    columns = _columns(known, parts, at)
    if columns:
        contacts.change(conn, known, columns, at)
    of_talk = _of_talk(parts, at)
    if of_talk or sender:
        talk = talk_of(conn, known, now, told, sender)
        changed = {key: value for key, value in of_talk.items() if getattr(talk, key) != value}
        if changed:
            conversations.change(conn, talk.id, at, **changed)
            columns = {**columns, **changed}
    if columns and not is_new:
        told.append(Told(Event.CONTACT_UPDATED, known.id))
    cards.tell(conn, told, now)


def _of_talk(parts: Mapping[str, Any], at: int) -> dict[str, Any]:
    """The columns of a conversation that are asked for."""
    found = {key: parts[key] for key in (*_OF_TALKS, "bot_status") if key in parts}
    if found.get("bot_status") == "bot_start":
        found["bot_started_at"] = at
    return found


def _columns(known: Contact, parts: Mapping[str, Any], at: int) -> dict[str, Any]:
    """The columns of a contact that are to be another than they are."""
    found: dict[str, Any] = {
        key: plain(parts[key])
        for key in _TEXTS
        if key in parts and parts[key] != getattr(known, key)
    }
    if "tags" in parts and (tags := _distinct(parts["tags"])) != known.tags:
        found["tags"] = tags
    if "fields" in parts:
        merged = {**known.fields, **_plain(dict(parts["fields"]))}
        fields = {key: value for key, value in merged.items() if value is not None}
        if fields != known.fields:
            found["fields"] = fields
    if "blocked" in parts and bool(parts["blocked"]) != (known.blocked_at is not None):
        found["blocked_at"] = at if parts["blocked"] else None
    if "opt_in" in parts and parts["opt_in"] != known.opt_in_source:
        found |= {"opt_in_at": at if parts["opt_in"] else None, "opt_in_source": parts["opt_in"]}
    return found


def _distinct(tags: Sequence[str]) -> tuple[str, ...]:
    """Tags in their order, none twice, whatever its case."""
    found: dict[str, str] = {}
    for tag in map(plain, tags):
        if tag.strip():
            found.setdefault(contacts.fold(tag.strip()), tag.strip())
    return tuple(found.values())


def _plain(value: Any) -> Any:
    """JSON without what no database keeps."""
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, Mapping):
        return {plain(str(key)): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value


def check_sender(conn: Connection, account: str, channel: Channel, id: str) -> None:
    """Raises Unknown where this is no sender of an account's on a channel."""
    found = senders.get(conn, id)
    if found is None or found.account != account or found.channel is not channel:
        raise Unknown(f"no sender {id} on {channel}")
