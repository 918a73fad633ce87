"""Fill a SQLite database with delivered messages, quickly: their rows are made inside SQLite."""

import sqlite3
import time
from pathlib import Path

from bench.servers import ACCOUNT_SID
from estafette.store.schema import BUCKET

_CHUNK = 100_000
_APART = 2  # seconds between one message and the next

_INSERT = """
WITH RECURSIVE n(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :last),
row AS (
    SELECT i, :start + i * :apart AS ms, abs(random()) % 10000000 AS digits,
    lower(hex(randomblob(8))) AS tail FROM n)
INSERT INTO messages
SELECT printf('%012x7000%s', ms, substr('8' || tail, 1, 16)), :account, :lane, 'sms',
    'outbound-api', '+15017122661', printf('+1415%07d', digits),
    'Your table for two is booked for eight', '', 1, 'delivered', '', '', '', '', '', 0,
    ms * 1000, ms * 1000 + 400000, ms * 1000 + 200000, ms * 1000 + 36000000000, 'twilio', '', ''
FROM row
"""

_FILE = f"""
INSERT INTO recipients SELECT account, {BUCKET}, recipient, id FROM messages
WHERE rowid > (SELECT value FROM marks WHERE name = 'filed') ORDER BY 1, 2, 3, 4
"""


def seed(home: Path, count: int) -> float:
    """Add `count` messages, one every two seconds until now; give the seconds that it took."""
    began = time.monotonic()
    database = sqlite3.connect(home / "estafette.db", isolation_level=None)
    try:
        database.execute("PRAGMA synchronous = OFF")
        database.execute("PRAGMA cache_size = -400000")
        (lane,) = database.execute("SELECT id FROM senders ORDER BY id LIMIT 1").fetchone()
        start = time.time_ns() // 1_000_000 - count * _APART * 1000
        for first in range(0, count, _CHUNK):
            last = min(first + _CHUNK, count)
            asked = {"first": first, "last": last, "start": start, "apart": _APART * 1000}
            database.execute("BEGIN IMMEDIATE")
            database.execute(_INSERT, {**asked, "account": ACCOUNT_SID, "lane": lane})
            database.execute(_FILE)
            # Also as if contacts had been made of them, though there are none.
            database.execute("INSERT OR IGNORE INTO marks VALUES ('contacts', 0)")
            database.execute("UPDATE marks SET value = (SELECT max(rowid) FROM messages)")
            database.execute("COMMIT")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        database.close()
    return time.monotonic() - began
