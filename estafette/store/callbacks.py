"""Callbacks: owed with the status that they tell, told in order, kept for whoever asks.

They are owed to the address that a message or its sender names, and to every subscription of its
account. Of what one of these is owed about a message, or about what notices are about, only the first
that is not over is ever due; what follows waits behind it, and nobody waits for another. Who tells
them takes them from `outbox.py`.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from sqlalchemy import Connection, text

from estafette.model import After, Callback, CallbackStatus, Hook, Message, Reason, Status
from estafette.model.subscription import ANY_SENDER, CREATED, EVENT, STATUS
from estafette.store import bulk, media, subscriptions
from estafette.store.schema import callbacks, messages
from estafette.store.times import moment, moment_or_none

NAMES = tuple(column.name for column in callbacks.c)
_COLUMNS = ", ".join(f"callbacks.{name}" for name in NAMES)
BEHIND = 2**60  # when what waits behind another is due: long after us all


class Fact(NamedTuple):
    """A message came to a status, or something else happened: see `Callback` for the first two and
    the last. The `url` that a message names itself is empty where it names none.
    """

    message: str
    said: str
    account: str
    door: str
    url: str
    at: int
    reason: str = ""
    code: str = ""
    text: str = ""
    method: str = ""
    fallback_url: str = ""
    fallback_method: str = ""
    hook: str = ""
    event: str = ""


def of(message: Message, status: Status, at: int, **words: str) -> Fact:
    """What is owed when this message comes to a status."""
    return Fact(
        message.id, status, message.account, message.door, message.callback_url, at, **words
    )


def owe(conn: Connection, facts: Sequence[Fact]) -> None:
    """Write down what is to be told, and to whom: see `spread` and `put`."""
    put(conn, spread(conn, facts))


def spread(conn: Connection, facts: Sequence[Fact]) -> list[Fact]:
    """The facts of messages, each to everybody who is to be told of it; none where nobody is.

    That a message to be sent was written down is owed with the first that becomes of it: accepting
    a message asks nothing about subscriptions.
    """
    accounts = sorted({fact.account for fact in facts if fact.said in EVENT})
    known = subscriptions.addresses(conn, accounts)
    found = [fact for fact in facts if fact.url]
    if not known:
        return found
    narrowed = any(to.channel for items in known.values() for to in items)
    places = _places(conn, facts) if narrowed else {}
    for fact in facts:
        event = EVENT.get(Status(fact.said))
        to_all = known.get(fact.account, ())
        for to in _meant(to_all, *places.get(fact.message, ("", ""))) if narrowed else to_all:
            # What was written before somebody subscribed is nothing new. Ids grow with time.
            if event == STATUS and CREATED in to.events and fact.message > to.id:
                found.append(_created(fact, to))
            if event in to.events:
                found.append(_told_to(fact, to))
    return found


def _places(conn: Connection, facts: Sequence[Fact]) -> dict[str, tuple[str, str]]:
    """The channel and the sender of each message that facts are about."""
    ids = sorted({fact.message for fact in facts})
    rows = bulk.select(conn, messages, "id", ids, ("id", "channel", "lane"))
    return {row[0]: (row[1], row[2]) for row in rows}


def _meant(
    known: Sequence[subscriptions.Address], channel: str, sender: str
) -> Sequence[subscriptions.Address]:
    """Those that are told of a message of this channel and this sender."""
    fit = [
        to for to in known if to.channel in ("", channel) and to.sender in ("", ANY_SENDER, sender)
    ]
    narrowest: dict[str, str] = {}
    for to in fit:
        if to.channel:
            # A sender's id comes after the word for any, which comes after none.
            narrowest[to.door] = max(narrowest.get(to.door, ""), to.sender)
    return [to for to in fit if not to.channel or to.sender == narrowest[to.door]]


def _told_to(fact: Fact, to: subscriptions.Address) -> Fact:
    fact = fact._replace(method="", fallback_url="", fallback_method="")
    return fact._replace(door=to.door, url=to.url, hook=to.id)


def _created(fact: Fact, to: subscriptions.Address) -> Fact:
    return _told_to(fact, to)._replace(said=Status.QUEUED, reason="", code="", text="")


def put(conn: Connection, facts: Sequence[Fact]) -> None:
    """Write down what is to be told, each status of a message once to each address.

    That one was received is told when its media are fetched: the job for that comes first.
    """
    if not facts:
        return
    known, waiting = _there(conn, sorted({fact.message for fact in facts}))
    received = sorted({fact.message for fact in facts if fact.said == Status.RECEIVED})
    fetching = media.fetching(conn, received) if received else set()
    rows = []
    for fact in sorted(facts, key=_order):  # in one order everywhere: nobody waits in a circle
        place = (fact.message, fact.hook)
        if (*place, fact.said) in known:  # nothing may wait behind what is not written down
            continue
        known.add((*place, fact.said))
        due_at = BEHIND if place in waiting or fact.message in fetching else fact.at
        waiting.add(place)
        rows.append(
            (
                fact.message, fact.said, fact.account, fact.door, fact.url, host_of(fact.url),
                fact.reason, fact.code, fact.text, NUMBER.get(fact.said, 1), fact.at,
                CallbackStatus.WAITING, due_at, 0, "", None,
                fact.method, fact.fallback_url, fact.fallback_method, fact.hook, fact.event, "",
            )
        )  # fmt: skip
    bulk.insert(conn, callbacks, rows, conflict="DO NOTHING")


NUMBER: Mapping[str, int] = {
    Status.QUEUED: -1,
    Status.SENT: 0,
    Status.READ: 2,
}  # of what is written down in the same moment; notices of one moment go by their ids


def _order(fact: Fact) -> tuple[str, str, int, int, str]:
    return fact.message, fact.hook, fact.at, NUMBER.get(fact.said, 1), fact.said


def _there(
    conn: Connection, ids: Sequence[str]
) -> tuple[set[tuple[str, str, str]], set[tuple[str, str]]]:
    """What was owed about these messages before: what to whom, and to whom something still is."""
    names = ("message", "hook", "status", "due_at")
    found = bulk.select(conn, callbacks, "message", ids, names, lock=True)
    pending = {(row[0], row[1]) for row in found if row[3] is not None}
    return {(row[0], row[1], row[2]) for row in found}, pending


@lru_cache(1024)
def host_of(url: str) -> str:
    """Whom the address belongs to: host and port."""
    return urlsplit(url).netloc.rpartition("@")[2].lower()


def of_message(conn: Connection, id: str) -> list[Callback]:
    """What was and is to be told of one message, or about something else, the first first."""
    rows = bulk.select(conn, callbacks, "message", [id], NAMES)
    return sorted(map(of_row, rows), key=_place)


def _place(item: Callback) -> tuple[datetime, int, str, str]:
    return item.created_at, NUMBER.get(item.said, 1), item.said, item.hook


def page(
    conn: Connection,
    account: str,
    *,
    told: CallbackStatus | None,
    limit: int,
    after: After | None = None,
) -> list[Callback]:
    """Callbacks of an account, newest first, at most `limit`."""
    parts = ["account = :account"]
    values: dict[str, Any] = {"account": account, "limit": limit}
    if told:
        parts.append(f"told = '{CallbackStatus(told)}'")  # to the letter, as its index has it
    if after:
        parts.append("(created_at, message, status, hook) < (:at, :message, :said, :hook)")
        values |= after._asdict()
    sql = (
        f"SELECT {_COLUMNS} FROM callbacks WHERE {' AND '.join(parts)}"  # noqa: S608
        " ORDER BY created_at DESC, message DESC, status DESC, hook DESC LIMIT :limit"
    )
    return [of_row(row) for row in conn.execute(text(sql), values)]


def find(conn: Connection, account: str, message: str, said: str, hook: str) -> Callback | None:
    """One of them; None where there is no such."""
    asked = {"account": account, "message": message, "said": said, "hook": hook}
    row = conn.execute(_ONE, asked).first()
    return of_row(row) if row else None


_ONE = text(
    f"SELECT {_COLUMNS} FROM callbacks"  # noqa: S608
    " WHERE message = :message AND status = :said AND hook = :hook AND account = :account"
)


def replay_given_up(conn: Connection, account: str, url: str, now: int, most: int) -> int:
    """Have what was given up at an address told once more, the newest first; how many that are. What
    is about one thing is told in its order, behind what is still owed about it.
    """
    found = conn.execute(_GIVEN_UP, {"account": account, "url": url, "most": most}).fetchall()
    items = sorted(map(of_row, found), key=_place)
    _, begun = _there(conn, sorted({item.message for item in items}))
    rows = []
    for item in items:
        place = (item.message, item.hook)
        rows.append((item.message, item.said, item.hook, BEHIND if place in begun else now))
        begun.add(place)
    _again(conn, rows)
    return len(rows)


_GIVEN_UP = text(
    f"SELECT {_COLUMNS} FROM callbacks WHERE account = :account AND told = 'given_up'"  # noqa: S608
    " AND url = :url ORDER BY created_at DESC LIMIT :most"
)


def _again(conn: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    bulk.update(
        conn,
        callbacks,
        ("message", "said", "to_hook", "due_at"),
        rows,
        sets="told = 'waiting', due_at = v.due_at, tries = 0, closed_at = NULL, answer = ''",
        where="callbacks.status = v.said AND callbacks.hook = v.to_hook",
    )


def replay(
    conn: Connection, message: str, said: str | None, now: int, hook: str | None = None
) -> list[str]:
    """Have what is over told once more, as if it were new; which that is, in order, each once: the
    statuses of a message, and the names of other events.

    `said` is a status, the name of an event, or the id of a notice. With a `hook`, only to this
    subscription; with an empty one, only to the message's own address.
    """
    over = [item for item in of_message(conn, message) if item.due_at is None]
    again = [
        item
        for item in over
        if said in (None, item.said, item.event or None) and hook in (None, item.hook)
    ]
    rows, begun = [], set()
    for item in again:
        # The first to each at once; what is behind it when it is over.
        rows.append((message, item.said, item.hook, BEHIND if item.hook in begun else now))
        begun.add(item.hook)
    _again(conn, rows)
    return list(dict.fromkeys(item.event or item.said for item in again))


def has_any(conn: Connection, account: str, about: str) -> bool:
    """Whether anything was or is to be told of this to addresses of an account."""
    found = bulk.select(conn, callbacks, "message", [about], ("account",))
    return any(row[0] == account for row in found)


def forget(conn: Connection, message: str) -> None:
    """Remove what was and is to be told of a message that is deleted."""
    bulk.delete(conn, callbacks, "message", [message])


def give_up(conn: Connection, hooks: Sequence[str], now: int, answer: str) -> None:
    """Tell these subscriptions nothing of what they are still owed; `answer` says why."""
    for hook in hooks:
        conn.execute(_GIVE_UP, {"hook": hook, "now": now, "answer": answer})


_GIVE_UP = text(
    "UPDATE callbacks SET told = 'given_up', due_at = NULL, closed_at = :now, answer = :answer"
    " WHERE due_at IS NOT NULL AND hook = :hook"
)


def redact(conn: Connection, message: str) -> None:
    """Forget what was said of a message whose text is forgotten."""
    conn.execute(_REDACT, {"message": message})


_REDACT = text("UPDATE callbacks SET response = '' WHERE message = :message AND response <> ''")


def owed(conn: Connection) -> int:
    """How many wait to be told, for the first time or again."""
    return int(conn.execute(_OWED).scalar_one())


_OWED = text("SELECT count(*) FROM callbacks WHERE due_at IS NOT NULL")


def of_row(row: Sequence[Any]) -> Callback:
    """A callback from its columns."""
    return Callback(
        message=row[0],
        said=row[1],
        account=row[2],
        door=row[3],
        url=row[4],
        reason=Reason(row[6]) if row[6] else None,
        code=row[7],
        text=row[8],
        created_at=moment(row[10]),
        told=CallbackStatus(row[11]),
        due_at=None if row[12] is None else moment(min(row[12], _LAST)),
        tries=row[13],
        answer=row[14],
        closed_at=moment_or_none(row[15]),
        method=row[16] or "POST",
        fallback=Hook(row[17], row[18] or "POST"),
        hook=row[19],
        event=row[20],
        response=json.loads(row[21]) if row[21] else {},
    )


_LAST = 253_000_000_000_000_000  # the year 9987: what waits behind another has no time of its own
