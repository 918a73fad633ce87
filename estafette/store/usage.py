"""What accounts have used, by day (UTC).

A message that goes out counts on the day on which a carrier took it, whatever became of it then; one
that comes in on the day of its coming. A day that is over is counted once and kept, so that what is
deleted later still counts.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from estafette.model import Channel
from estafette.model.ids import first_id, instant, made_at
from estafette.model.usage import Use, category
from estafette.store import bulk
from estafette.store.schema import usage
from estafette.store.times import moment

Uses = dict[str, Use]  #: by category
_MARK = "counted"  # the category of the row that tells which day is to be counted next
_DAY = timedelta(days=1)


def start_of(day: date) -> datetime:
    """The first moment of a day."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def count(conn: Connection, account: str, day: date) -> Uses:
    """What was used on one day, counted from its messages."""
    start, end = start_of(day), start_of(day + _DAY)
    asked = {
        "account": account,
        "start": instant(start),
        "end": instant(end),
        "first": first_id(start),
        "beyond": first_id(end),
    }
    found: Uses = {}
    for sql, is_inbound in ((_SENT, False), (_RECEIVED, True)):
        for channel, has_media, address, messages, segments in conn.execute(sql, asked):
            name = category(
                Channel(channel), has_media=bool(has_media), is_inbound=is_inbound, address=address
            )
            amount = segments if name.startswith("sms-") else messages
            found[name] = found.get(name, Use()) + Use(int(messages), int(amount))
    return found


_WHAT = "count(*), sum(segments) FROM messages WHERE account = :account"
_SENT = text(
    f"SELECT channel, media <> '', sender, {_WHAT} AND sent_at >= :start AND sent_at < :end"
    " AND sent_at IS NOT NULL AND direction <> 'inbound' GROUP BY 1, 2, 3"
)
_RECEIVED = text(
    f"SELECT channel, media <> '', recipient, {_WHAT} AND id >= :first AND id < :beyond"
    " AND direction = 'inbound' GROUP BY 1, 2, 3"
)


def next_day(conn: Connection, account: str) -> date | None:
    """The first day that is not counted and on which there was something; None if there is none."""
    marked = conn.execute(_MARKED, {"account": account}).scalar()
    since = start_of(date.fromordinal(marked)) if marked else moment(0)
    asked = {"account": account, "since": instant(since), "first": first_id(since)}
    sent = conn.execute(_FIRST_SENT, asked).scalar()
    received = conn.execute(_FIRST_RECEIVED, asked).scalar()
    found = [moment(sent)] if sent is not None else []
    found += [made_at(received)] if received is not None else []
    return min(found).date() if found else None


_MARKED = text(
    "SELECT count FROM usage WHERE account = :account AND day = '' AND category = 'counted'"
)
_FIRST_SENT = text(
    "SELECT sent_at FROM messages WHERE account = :account AND sent_at >= :since"
    " AND sent_at IS NOT NULL AND direction <> 'inbound' ORDER BY sent_at, id LIMIT 1"
)
_FIRST_RECEIVED = text(
    "SELECT id FROM messages WHERE account = :account AND id >= :first"
    " AND direction = 'inbound' ORDER BY id LIMIT 1"
)


def keep(conn: Connection, account: str, day: date, uses: Mapping[str, Use]) -> None:
    """Write down what was used on a day that is over; who comes second changes nothing."""
    rows: list[tuple[Any, ...]] = [
        (account, day.isoformat(), name, use.count, use.amount) for name, use in uses.items()
    ]
    bulk.insert(conn, usage, sorted(rows), conflict="DO NOTHING")
    mark(conn, account, day + _DAY)


def mark(conn: Connection, account: str, day: date) -> None:
    """Note that all days before this one are kept."""
    row = (account, "", _MARK, day.toordinal(), 0)
    later = "(account, day, category) DO UPDATE SET count = excluded.count"
    bulk.insert(conn, usage, [row], conflict=f"{later} WHERE excluded.count > usage.count")


def kept(
    conn: Connection, account: str, first: date, last: date, digits: int
) -> dict[tuple[str, str], Use]:
    """What is kept of some days, by the first `digits` of each day (2026, 2026-05) and category."""
    asked = {
        "account": account, "first": first.isoformat(), "last": last.isoformat(), "digits": digits,
    }  # fmt: skip
    return {
        (period, name): Use(int(messages), int(amount))
        for period, name, messages, amount in conn.execute(_KEPT, asked)
    }


_KEPT = text(
    "SELECT substr(day, 1, :digits), category, sum(count), sum(usage) FROM usage"
    " WHERE account = :account AND day >= :first AND day <= :last GROUP BY 1, 2"
)
