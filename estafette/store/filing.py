"""Contacts of what was sent: made afterwards, as whoever accepts messages has no time for them.

Each second somebody looks what is new, and has contacts and conversations made of it: at once while
little comes, else in large parts. Inbound messages have theirs already; those of an old database are
gone through all the same, as nothing changes where things are known.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from time import monotonic
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, text

from estafette.store import encounters
from estafette.store.encounters import Encounter

T = TypeVar("T")
Run = Callable[[Callable[[Connection], Any]], Awaitable[Any]]

MANY = 100_000  #: so many wait: they are filed although more come
FEW = 500  #: messages a second that are filed as they come
_PART = 20_000  # messages that are gone through at a time
_SLICE = 128  # encounters in one transaction: it holds up others for a few milliseconds
_PAUSE = 0.05  # seconds at the most that others have for themselves between two slices

_AGAIN = 5.0  # seconds after which PostgreSQL is asked whether something came late
_LATE = 60_000  # milliseconds by which it may have come late, beyond what held up its transaction
_TURN = 10_000  # milliseconds for which one process files and others leave it to that


class Filing(Protocol):
    """Makes contacts of what was sent."""

    async def look(self) -> None:
        """File what is new, if it is time. Call it each second."""

    async def close(self) -> None:
        """Leave what is new to others."""


def of(read: Run, write: Run, *, is_shared: bool) -> Filing:
    """What files on this kind of database."""
    return _ByTime(read, write) if is_shared else _ByRow(read, write)


def is_time(behind: int, before: int) -> bool:
    """Whether to file now: so many wait, and so many did a second ago."""
    return behind >= MANY or (behind > 0 and behind - before < FEW)


class _Clerk:
    """What both kinds do with a part of the messages."""

    def __init__(self, read: Run, write: Run) -> None:
        self._read = read
        self._write = write
        self._behind = 0

    async def close(self) -> None:
        """Leave what is new to others."""

    def _is_time(self, behind: int) -> bool:
        before, self._behind = self._behind, behind
        return is_time(behind, before)

    async def _file(self, where: str, values: Mapping[str, Any]) -> None:
        sql = text(_MET.format(where=where))
        found = await self._read(lambda conn: conn.execute(sql, values).fetchall())
        met = [Encounter(*row) for row in found]
        for first in range(0, len(met), _SLICE):
            began = monotonic()
            meet = partial(_meet, items=met[first : first + _SLICE])
            await self._write(meet)
            if len(met) > _SLICE:
                await asyncio.sleep(min(monotonic() - began, _PAUSE))


def _meet(conn: Connection, items: list[Encounter]) -> None:
    encounters.meet(conn, items, datetime.now(UTC))


_MET = """
SELECT account, channel, CASE WHEN direction = 'inbound' THEN sender ELSE recipient END AS address,
    lane, min(created_at), max(created_at), max(CASE WHEN direction = 'inbound' THEN created_at END)
FROM messages WHERE {where} GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""


class _ByRow(_Clerk):
    """On SQLite the numbers of rows tell what is new, until VACUUM numbers them anew: then all is."""

    async def look(self) -> None:
        """See `Filing.look`."""
        last, mark = await self._read(lambda conn: conn.execute(_LAST_AND_MARK).one())
        if last < mark:
            mark = 0
        if not self._is_time(last - mark):
            return
        upto = min(last, mark + _PART)
        newest = await self._read(lambda conn: conn.execute(_ID_OF, {"number": upto}).scalar())
        await self._file("rowid > :mark AND rowid <= :upto", {"mark": mark, "upto": upto})
        # The number of a newest row that was deleted meanwhile may stand for another one by now.
        asked = {"upto": upto, "newest": newest}
        await self._write(lambda conn: conn.execute(_SET_MARK, asked))
        self._behind = last - upto


_LAST_AND_MARK = text(
    "SELECT COALESCE((SELECT max(rowid) FROM messages), 0),"
    " COALESCE((SELECT value FROM marks WHERE name = 'contacts'), 0)"
)
_ID_OF = text("SELECT id FROM messages WHERE rowid = :number")
_SET_MARK = text(
    "INSERT INTO marks (name, value) SELECT 'contacts', :upto"
    " WHERE (SELECT id FROM messages WHERE rowid = :upto) = :newest"
    " ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)


class _ByTime(_Clerk):
    """On PostgreSQL ids tell by when a message came; those of one moment are committed in any order.

    All that is older than the mark, in milliseconds, is filed for sure. What is newer is told by a
    fingerprint of each four seconds of it: where that changed, it is filed again.
    """

    def __init__(self, read: Run, write: Run) -> None:
        super().__init__(read, write)
        self._seen: dict[str, tuple[int, int]] = {}
        self._last = ""  # what is newer than this message is new
        self._sure = 0  # of what is older all was there when it was asked for last
        self._turn = 0  # until when it is ours to file
        self._again_at = 0.0

    async def look(self) -> None:
        """See `Filing.look`."""
        mark, newest, turn, now = await self._read(lambda conn: conn.execute(_STATE).one())
        if not newest or int(newest[:12], 16) < mark:
            return
        if turn not in (0, self._turn) and turn > now * 1_000_000:  # another files
            self._seen.clear()
            self._last, self._behind, self._again_at = newest, 0, 0.0
            return
        asked = {"last": max(self._last, f"{mark:012x}"), "most": MANY}
        behind = await self._read(lambda conn: conn.execute(_BEHIND, asked).scalar_one())
        if not self._is_time(behind) and monotonic() < self._again_at:
            return
        self._again_at = monotonic() + _AGAIN
        if await self._is_ours():
            await self._file_since(mark)
            self._last, self._behind = newest, 0

    async def close(self) -> None:
        """Others need not wait until the turn of this process is over."""
        mine = {"mine": self._turn}
        if self._turn:
            await self._write(lambda conn: conn.execute(_LEAVE_TURN, mine))

    async def _is_ours(self) -> bool:
        """Whether it is this process that files: the first to say so, until it says so no more."""

        def ask(conn: Connection) -> int:
            now = int(conn.execute(_NOW).scalar_one())
            # Nobody else says the same: the last digits are of chance enough.
            until = (now + _TURN) * 1_000_000 + id(self) // 16 % 1_000_000
            asked = {"until": until, "now": now * 1_000_000, "mine": self._turn}
            return until if conn.execute(_TAKE_TURN, asked).rowcount else 0

        self._turn = await self._write(ask)
        return self._turn > 0

    async def _file_since(self, mark: int) -> None:
        sure = int(await self._read(lambda conn: conn.execute(_SURE).scalar_one())) - _LATE
        asked = {"mark": f"{mark:012x}", "sure": f"{sure:012x}", "most": _PART}
        first, last, count = await self._read(lambda conn: conn.execute(_OLD, asked).one())
        if count == _PART and _bucket(first) not in self._seen:  # an old database
            asked = {"mark": f"{mark:012x}", "last": last}
            await self._file("id >= :mark AND id <= :last", asked)
            await self._set_mark(int(last[:12], 16))
            self._again_at = 0.0
            return
        marks = {"mark": f"{mark:012x}", "digits": _BUCKET}
        rows = await self._read(lambda conn: conn.execute(_PRINTS, marks).fetchall())
        for bucket, *found in rows:
            if self._seen.get(bucket) != tuple(found):
                begin = max(bucket, marks["mark"])
                await self._file(
                    "id >= :begin AND id < :end", {"begin": begin, "end": f"{bucket}g"}
                )
                self._seen[bucket] = tuple(found)
        # What was not there when it was asked for is newer than what was sure before that.
        if self._sure > mark:
            await self._set_mark(self._sure)
            gone = _bucket(f"{self._sure:012x}")
            self._seen = {key: value for key, value in self._seen.items() if key >= gone}
        self._sure = sure

    async def _set_mark(self, mark: int) -> None:
        await self._write(lambda conn: conn.execute(_SET_TIME, {"mark": mark}))


_BUCKET = 9  # digits of an id: four seconds


def _bucket(id: str) -> str:
    return id[:_BUCKET]


_STATE = text(
    "SELECT COALESCE((SELECT value FROM marks WHERE name = 'contacts'), 0),"
    " (SELECT max(id) FROM messages),"
    " COALESCE((SELECT value FROM marks WHERE name = 'contacts_turn'), 0),"
    " floor(extract(epoch FROM clock_timestamp()) * 1000)"
)
_BEHIND = text(
    "SELECT count(*) FROM (SELECT id FROM messages WHERE id > :last LIMIT :most) AS found"
)
_NOW = text("SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)")
# What is held up keeps back what is sure; of transactions that only wait for more, too.
_SURE = text(
    "SELECT floor(extract(epoch FROM LEAST(clock_timestamp(), min(xact_start))) * 1000)"
    " FROM pg_stat_activity"
    " WHERE datname = current_database() AND application_name = 'estafette'"
)
_TAKE_TURN = text(
    "INSERT INTO marks (name, value) VALUES ('contacts_turn', :until)"
    " ON CONFLICT (name) DO UPDATE SET value = excluded.value"
    " WHERE marks.value < :now OR marks.value = :mine"
)
_LEAVE_TURN = text("UPDATE marks SET value = 0 WHERE name = 'contacts_turn' AND value = :mine")
_OLD = text(
    "SELECT min(id), max(id), count(*) FROM (SELECT id FROM messages"
    " WHERE id >= :mark AND id < :sure ORDER BY id LIMIT :most) AS found"
)
_PRINTS = text(
    "SELECT substr(id, 1, :digits) AS bucket, count(*), sum(hashtext(id))"
    " FROM messages WHERE id >= :mark GROUP BY 1 ORDER BY 1"
)
_SET_TIME = text(
    "INSERT INTO marks (name, value) VALUES ('contacts', :mark)"
    " ON CONFLICT (name) DO UPDATE SET value = GREATEST(marks.value, excluded.value)"
)
