"""Who was written to: the way from a recipient to the messages.

Recipients come in no order, so an index on them is touched all over: kept as messages are
accepted, it would cost more than everything else about them. On SQLite they are filed afterwards,
many in one transaction, in the order of the index; what is not filed yet is looked through.
PostgreSQL, where no row number tells what is not filed yet, files them at once.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, text

from estafette.model import Message
from estafette.store import bulk
from estafette.store.buckets import in_use
from estafette.store.schema import BUCKET, recipients

BATCH = 1000  #: messages filed in one transaction: it holds up others for some 10 ms
_BUCKETS_AT_ONCE = 64


def file_at_once(conn: Connection, accepted: Sequence[Message]) -> None:
    """File messages with their acceptance, where that is the way."""
    if conn.dialect.name == "postgresql":
        rows = [(m.account, m.id[:6], m.recipient, m.id) for m in accepted]
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


def file(conn: Connection) -> None:
    """File the next messages, as many as BATCH."""
    last, mark = conn.execute(_LAST_AND_MARK).one()
    if last < mark:  # VACUUM has numbered the rows anew: which are filed cannot be told
        mark = 0
    upto = min(last, mark + BATCH)
    conn.execute(_FILE, {"mark": mark, "upto": upto})
    conn.execute(_SET_MARK, {"upto": upto})


_FILE = text(
    f"INSERT OR IGNORE INTO recipients SELECT account, {BUCKET}, recipient, id FROM messages"
    " WHERE rowid > :mark AND rowid <= :upto ORDER BY 1, 2, 3, 4"
)
_SET_MARK = text("UPDATE marks SET value = :upto WHERE name = 'filed'")


def forget(conn: Connection, account: str, recipient: str, message: str) -> None:
    """Take a message that was deleted out of the files."""
    conn.execute(
        recipients.delete().where(
            recipients.c.account == account,
            recipients.c.bucket == message[:6],
            recipients.c.recipient == recipient,
            recipients.c.message == message,
        )
    )
    if conn.dialect.name == "sqlite":
        # The number of the newest row is given again once that row is gone.
        conn.execute(_LOWER_MARK)


_LOWER_MARK = text(f"UPDATE marks SET value = min(value, {_LAST}) WHERE name = 'filed'")


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
