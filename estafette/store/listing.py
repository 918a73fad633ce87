"""Lists of messages: newest first, a page at a time, each page in constant time.

Without a time of sending the order is that of the ids, which is that of acceptance; with one it is
that of `sent_at`. A page continues from the last message of the one before: what was added or
deleted meanwhile shifts nothing.

What is rare is found by looking through what is not: `look` looks at so many messages at the most,
and tells where it ended.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from msgspec.structs import replace as but
from sqlalchemy import Connection, TextClause, text

from estafette.model import Cursor, Filter, Message, Page
from estafette.model.ids import first_id, instant, made_at
from estafette.model.message import Looked
from estafette.store import recipients
from estafette.store.messages import FIELDS, get, of_row
from estafette.store.narrow import narrow
from estafette.store.schema import BUCKET_DIGITS
from estafette.store.times import moment

MOST = 10_000  #: messages that are looked at for one page
_FIRST, _BEYOND = "", "~"  # before and behind all ids
_NEVER = 1 << 62  # microseconds


@dataclass(frozen=True)
class _Asked:
    """A page of a list: of the messages from `low` on, and before `high`."""

    conn: Connection
    filter: Filter
    limit: int  #: one more than the page has
    cursor: Cursor | None
    most: int | None  #: how many are looked at; None for as many as it takes
    account: str
    low: str = _FIRST
    high: str = _BEYOND

    @property
    def is_back(self) -> bool:
        """Whether it leads to what is newer, the oldest first."""
        return self.cursor is not None and self.cursor.before

    @property
    def order(self) -> str:
        """In which the page is filled."""
        return "ASC" if self.is_back else "DESC"

    def narrowed(self, **without: Any) -> tuple[list[str], dict[str, Any]]:
        """The conditions of its filter but for some, its bounds of ids, and their values."""
        filter = but(self.filter, **without)
        parts, values = narrow(self.account, filter, self.conn.dialect.name)
        return parts, {**values, "low": self.low, "high": self.high, "limit": self.limit}

    def upto(self, edge: str) -> dict[str, str]:
        """The bound of ids that makes this one the last that is looked at."""
        return {"high": _next(edge)} if self.is_back else {"low": edge}


@dataclass(frozen=True)
class _Found:
    """What was found in the order of looking, and after which message looking ended, if it did."""

    items: list[Message]
    edge: Cursor | None = None


def page(
    conn: Connection, account: str, filter: Filter, *, limit: int, cursor: Cursor | None = None
) -> Page:
    """At most `limit` messages of an account. Raises Unknown for a cursor that is not its own."""
    found = look(conn, account, filter, limit=limit, cursor=cursor, most=None)
    has_next, has_previous = found.older is not None, found.newer is not None
    return Page(found.items, has_next=has_next, has_previous=has_previous)


def look(
    conn: Connection,
    account: str,
    filter: Filter,
    *,
    limit: int,
    cursor: Cursor | None = None,
    most: int | None = MOST,
) -> Looked:
    """As `page`, but looks at `most` messages at the most: a page may be short, and is not the last.

    Raises Unknown for a cursor that is not its own.
    """
    asked = _Asked(conn, filter, limit + 1, cursor, most, account)
    if filter.sent_from or filter.sent_until:
        return _looked(asked, _by_time(asked))
    asked = _bounded(asked)
    if filter.recipient:
        found = _to(asked, filter.recipient)
    elif filter.party:
        found = _with(asked)
    else:
        found = _by_id(asked)
    return _looked(asked, found)


def _bounded(asked: _Asked) -> _Asked:
    """With the bounds of ids that its cursor and times of creation give."""
    filter, cursor = asked.filter, asked.cursor
    low = first_id(filter.created_from) if filter.created_from else _FIRST
    high = first_id(filter.created_until) if filter.created_until else _BEYOND
    if cursor and cursor.before:
        low = max(low, _next(cursor.id))
    elif cursor:
        high = min(high, cursor.id)
    return replace(asked, low=low, high=high)


def _next(id: str, step: int = 1) -> str:
    return f"{min(max(int(id, 16) + step, 0), (1 << 128) - 1):032x}"


def _looked(asked: _Asked, found: _Found) -> Looked:
    more = len(found.items) == asked.limit
    items, edge = found.items[: asked.limit - 1], None if more else found.edge
    by_time = bool(asked.filter.sent_from or asked.filter.sent_until)

    def at(item: Message, *, before: bool) -> Cursor:
        return Cursor(item.id, before, item.sent_at if by_time else None)

    ahead = at(items[-1], before=asked.is_back) if more else edge
    behind = None
    if (
        cursor := asked.cursor
    ):  # where there is nothing, the way back begins with what it began after
        turned = Cursor(
            _next(cursor.id, 1 if cursor.before else -1), not cursor.before, cursor.sent_at
        )
        behind = at(items[0], before=not asked.is_back) if items else turned
    is_short = edge is not None and len(items) < asked.limit - 1
    upto = (edge.sent_at or made_at(edge.id)) if edge and is_short else None
    if asked.is_back:
        return Looked(items[::-1], newer=ahead, older=behind, upto=upto)
    return Looked(items, newer=behind, older=ahead, upto=upto)


_NO_BOUNDS: dict[str, Any] = {"created_from": None, "created_until": None}
_OF_IDS = ["messages.id >= :low", "messages.id < :high"]


def _by_id(asked: _Asked) -> _Found:
    """Through the index of the account, of the sender, or of what came in."""
    parts, values = asked.narrowed(**_NO_BOUNDS)
    way = ["messages.account = :account"]
    if asked.filter.sender:
        way.append("messages.sender = :sender")
    elif asked.filter.direction == "inbound":
        way.append("messages.direction = 'inbound'")
    order = f"messages.id {asked.order}"
    edge = None
    if asked.most is not None and len(parts) > len(way):
        row = _last(asked, "messages.id", [*way, *_OF_IDS], values, order)
        if row:
            edge = Cursor(row[0], asked.is_back)
            values |= asked.upto(edge.id)
    return _Found(_rows(asked, [*parts, *_OF_IDS], values, order), edge)


def _by_time(asked: _Asked) -> _Found:
    """Through the index of times of sending."""
    parts, values = asked.narrowed(sent_from=None, sent_until=None)
    filter, cursor = asked.filter, asked.cursor
    low = (instant(filter.sent_from) if filter.sent_from else -_NEVER, _FIRST)
    high = (instant(filter.sent_until) + 1 if filter.sent_until else _NEVER, _FIRST)
    if cursor:
        sent_at = cursor.sent_at or get(asked.conn, asked.account, cursor.id).sent_at
        at = instant(sent_at) if sent_at else 0
        if cursor.before:
            low = max(low, (at, _next(cursor.id)))
        else:
            high = min(high, (at, cursor.id))
    way = ["messages.account = :account", *_SENT]
    values |= _times(low, high)
    order = f"messages.sent_at {asked.order}, messages.id {asked.order}"
    edge = None
    if asked.most is not None and len(parts) > 1:
        row = _last(asked, "messages.id, messages.sent_at", way, values, order)
        if row:
            edge = Cursor(row[0], asked.is_back, moment(row[1]))
            if asked.is_back:
                high = (row[1], _next(row[0]))
            else:
                low = (row[1], row[0])
            values |= _times(low, high)
    return _Found(_rows(asked, [*parts, *_SENT], values, order), edge)


_SENT = [
    "messages.sent_at IS NOT NULL",
    # PostgreSQL guesses from these how few rows the pairs leave.
    "messages.sent_at >= :low_at",
    "messages.sent_at <= :high_at",
    "(messages.sent_at, messages.id) >= (:low_at, :low)",
    "(messages.sent_at, messages.id) < (:high_at, :high)",
]


def _times(low: tuple[int, str], high: tuple[int, str]) -> dict[str, Any]:
    return {"low_at": low[0], "low": low[1], "high_at": high[0], "high": high[1]}


def _last(
    asked: _Asked, what: str, way: Sequence[str], values: dict[str, Any], order: str
) -> Sequence[Any] | None:
    """The last of the messages that are looked at; None where there are fewer."""
    sql = (
        f"SELECT {what} FROM messages WHERE {' AND '.join(way)} ORDER BY {order}"
        " LIMIT 1 OFFSET :skip"
    )
    return asked.conn.execute(text(sql), {**values, "skip": (asked.most or 1) - 1}).first()


def _with(asked: _Asked) -> _Found:
    """What an address wrote, and what it was written, each through an index of its own."""
    party, narrower = asked.filter.party, but(asked.filter, party="")
    to = _to(replace(asked, filter=narrower), party)
    if narrower.sender and narrower.sender != party:
        return to
    of = _by_id(replace(asked, filter=but(narrower, sender=party)))
    return _merged(asked, of, to)


def _merged(asked: _Asked, one: _Found, other: _Found) -> _Found:
    """Both together, as far as both were looked for."""
    found = {item.id: item for item in (*one.items, *other.items)}
    ids = sorted(found, reverse=not asked.is_back)[: asked.limit]
    short = (way.edge for way in (one, other) if len(way.items) < asked.limit)
    edges = [edge.id for edge in short if edge]
    if not edges:
        return _Found([found[id] for id in ids])
    nearest = min(edges) if asked.is_back else max(edges)
    kept = [id for id in ids if (id <= nearest if asked.is_back else id >= nearest)]
    return _Found([found[id] for id in kept], Cursor(nearest, asked.is_back))


def _to(asked: _Asked, recipient: str) -> _Found:
    """What is not filed yet, and bucket after bucket of what is, until the page is full."""
    parts, values = asked.narrowed(**_NO_BOUNDS, recipient="")
    values["recipient"] = recipient
    conn, back = asked.conn, asked.is_back
    found: dict[str, Any] = {}
    # What went a second way is filed under the recipient of its first, too.
    mine = [*parts, "messages.recipient = :recipient"]
    if conn.dialect.name == "sqlite":
        sql = _from(asked, recipients.UNFILED, mine, "messages.id")
        found = {row[0]: row for row in conn.execute(sql, values)}
    filed: dict[str, Any] = {}
    edge, left = "", asked.most
    sql = _from(asked, recipients.FILED, mine, "recipients.message")
    for bucket in _buckets(asked, values):
        here = {**values, "bucket": bucket, "limit": asked.limit - len(filed)}
        if left is not None and len(parts) > 1:
            seen, edge = _seen(asked, here, left)
            left -= seen
            here |= asked.upto(edge) if edge else {}
        filed.update((row[0], row) for row in conn.execute(sql, here))
        if len(filed) >= asked.limit or left == 0:
            break
    found.update(filed)
    ids = sorted(found, reverse=not back)
    if left == 0:
        ids = [id for id in ids if (id <= edge if back else id >= edge)]
    items = [of_row(found[id]) for id in ids[: asked.limit]]
    return _Found(items, Cursor(edge, back) if left == 0 else None)


def _buckets(asked: _Asked, values: dict[str, Any]) -> Iterator[str]:
    """The buckets between the bounds of ids, in the order of looking."""
    low, high = asked.low[:BUCKET_DIGITS], asked.high[:BUCKET_DIGITS]
    start, end = (low, high) if asked.is_back else (high, low)
    for bucket in recipients.buckets(asked.conn, values, start, back=asked.is_back):
        if bucket > end if asked.is_back else bucket < end:
            return
        yield bucket


def _seen(asked: _Asked, values: dict[str, Any], left: int) -> tuple[int, str]:
    """How many of a bucket are looked at, at most `left`, and the last of them."""
    count, id = asked.conn.execute(_SEEN[asked.is_back], {**values, "left": left}).one()
    return int(count), id or ""


_SEEN = [
    text(
        f"SELECT count(*), {last}(message) FROM (SELECT message FROM recipients"
        " WHERE account = :account AND bucket = :bucket AND recipient = :recipient"
        " AND message >= :low AND message < :high"
        f" ORDER BY message {order} LIMIT :left) AS seen"
    )
    for last, order in (("min", "DESC"), ("max", "ASC"))
]


def _from(asked: _Asked, source: str, parts: Sequence[str], id: str) -> TextClause:
    where = " AND ".join([*parts, f"{id} >= :low", f"{id} < :high"])
    order = f"ORDER BY {id} {asked.order}"
    return text(f"SELECT {FIELDS} FROM {source} AND {where} {order} LIMIT :limit")


def _rows(asked: _Asked, parts: Sequence[str], values: dict[str, Any], order: str) -> list[Message]:
    sql = f"SELECT {FIELDS} FROM messages WHERE {' AND '.join(parts)} ORDER BY {order} LIMIT :limit"
    return [of_row(row) for row in asked.conn.execute(text(sql), values)]
