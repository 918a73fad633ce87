"""Who was written to: the way from a recipient to the messages.

Recipients come in no order, so an index on them is touched all over: kept as messages are
accepted, it would cost more than everything else about them. On SQLite they are filed afterwards:
thousands are sorted as the index is, and added from its one end to the other, so that each part of
it is touched once for all of them. What is not filed yet is looked through. PostgreSQL, where no
row number tells what is not filed yet, files them at once.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import Connection, text

from estafette.model import Message
from estafette.store import bulk
from estafette.store.buckets import in_use
from estafette.store.schema import BUCKET, BUCKET_DIGITS, recipients

MOST = 20_000  #: messages filed in one go: more would take too long to look through before
FEW = 500  #: messages a second that are filed as they come
_SLICE = 500  # messages in one transaction: it holds up others for a few milliseconds
_BUCKETS_AT_ONCE = 64


def file_at_once(conn: Connection, accepted: Sequence[Message]) -> None:
    """File messages with their acceptance, where that is the way."""
    if conn.dialect.name == "postgresql":
        rows = [(m.account, m.id[:BUCKET_DIGITS], m.recipient, m.id) for m in accepted]
        bulk.insert(conn, recipients, rows, conflict="DO NOTHING")


def behind(conn: Connection) -> int:
    """How many messages are not filed yet: all, where the rows were numbered anew."""
    if conn.dialect.name == "postgresql":
        return 0
    last, mark = conn.execute(_LAST_AND_MARK).one()
    return int(last if last < mark else last - mark)


_MARK = "(SELECT value FROM marks WHERE name = 'filed')"
_LAST = "COALESCE((SELECT max(rowid) FROM messages), 0)"
_LAST_AND_MARK = text(f"SELECT {_LAST}, {_MARK}")


def is_time(behind: int, before: int) -> bool:
    """Whether to file now: so many wait, and so many did a second ago."""
    return behind >= MOST or (behind > 0 and behind - before < FEW)


def file(conn: Connection, apart: Callable[[], AbstractContextManager[None]]) -> None:
    """File the next messages, MOST at the most, each slice in a transaction that `apart` makes."""
    last, mark = conn.execute(_LAST_AND_MARK).one()
    if last < mark:  # VACUUM has numbered the rows anew: which are filed cannot be told
        mark = 0
    upto = min(last, mark + MOST)
    newest = conn.execute(_ID_OF, {"number": upto}).scalar()
    bulk.run(conn, _STAGED)
    bulk.run(conn, _UNSTAGE)  # what an error may have left there
    count = bulk.run(conn, _STAGE, (mark, upto)).rowcount
    for first in range(0, count, _SLICE):
        with apart():
            bulk.run(conn, _FILE, (first, first + _SLICE))
    with apart():
        # The number of a newest row that was deleted meanwhile may stand for another one by now.
        conn.execute(_SET_MARK, {"upto": upto, "newest": newest})
    bulk.run(conn, _UNSTAGE)


_STAGED = "CREATE TEMP TABLE IF NOT EXISTS staged (account TEXT, bucket TEXT, recipient TEXT, message TEXT)"
_STAGE = (
    f"INSERT INTO temp.staged SELECT account, {BUCKET}, recipient, id FROM messages"
    " WHERE rowid > ? AND rowid <= ? ORDER BY 1, 2, 3, 4"
)
_FILE = (  # but for what was deleted meanwhile
    "INSERT OR IGNORE INTO recipients SELECT * FROM temp.staged WHERE rowid > ? AND rowid <= ?"
    " AND EXISTS (SELECT 1 FROM messages WHERE id = message)"
)
_UNSTAGE = "DELETE FROM temp.staged"
_ID_OF = text("SELECT id FROM messages WHERE rowid = :number")
_SET_MARK = text(
    "UPDATE marks SET value = :upto WHERE name = 'filed'"
    " AND (SELECT id FROM messages WHERE rowid = :upto) = :newest"
)


def forget(conn: Connection, gone: Sequence[tuple[str, str, str]]) -> None:
    """Take messages that were deleted out of the files: account, recipient and id of each."""
    names = ("account", "bucket", "recipient", "message")
    keys = [(account, id[:BUCKET_DIGITS], recipient, id) for account, recipient, id in gone]
    if keys:
        # One by one: SQLite would go through the whole table for keys in a list.
        conn.execute(_FORGET, [dict(zip(names, key, strict=True)) for key in keys])
    if conn.dialect.name == "sqlite":
        # The number of the newest row is given again once that row is gone.
        conn.execute(_LOWER_MARK)


_FORGET = text(
    "DELETE FROM recipients WHERE account = :account AND bucket = :bucket"
    " AND recipient = :recipient AND message = :message"
)
_LOWER_MARK = text(
    f"UPDATE marks SET value = min(value, {_LAST}) WHERE name IN ('filed', 'contacts')"
)


def buckets(conn: Connection, asked: dict[str, Any], start: str, *, back: bool) -> Iterator[str]:
    """The buckets in which this account has messages to this recipient, from `start` on."""
    sql = text(
        f"{in_use('recipients', _MINE, column='bucket', oldest_first=back, start=':start')}"
        " AND EXISTS (SELECT 1 FROM recipients WHERE account = :account AND bucket = x"
        " AND recipient = :recipient) LIMIT :count"
    )
    beyond = ""
    while True:
        values = {**asked, "start": start, "count": _BUCKETS_AT_ONCE}
        found = conn.execute(sql, values).scalars().all()
        yield from (bucket for bucket in found if bucket != beyond)
        if len(found) < _BUCKETS_AT_ONCE:
            return
        start = beyond = found[-1]


_MINE = "account = :account"

#: What a question about a recipient joins with, and what it looks through besides.
FILED = (
    "recipients CROSS JOIN messages"
    " WHERE messages.id = recipients.message AND recipients.account = :account AND recipients.bucket = :bucket"
    " AND recipients.recipient = :recipient"
)
UNFILED = f"messages NOT INDEXED WHERE messages.rowid > {_MARK}"
