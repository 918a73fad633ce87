"""Batches: many messages that are sent as one. Rows are kept first, looked through, and sent once the
batch is started, by whichever process has its lease.

Each row has an idempotency key of its own: a process that dies between two writes leaves nothing
that is sent twice.
"""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Any, BinaryIO, TypeVar

from msgspec.structs import replace
from sqlalchemy import Connection as Conn

from estafette.core import sheets
from estafette.core.checks import Checks, drafted
from estafette.core.circular import Circular, circular_of
from estafette.core.clock import Clock
from estafette.core.gateway import Gateway
from estafette.core.limits import LONGEST_ELSEWHERE
from estafette.core.pools import Pools
from estafette.core.senders import Senders
from estafette.core.templates import Templates
from estafette.core.url import is_url
from estafette.model import Account, BadValue, Conflict, Cursor, GatewayError, Message
from estafette.model.batch import (
    LONGEST_TITLE,
    MOST_ROWS,
    Asked,
    BadRow,
    BadSheet,
    Batch,
    BatchRow,
    BatchStatus,
    Checked,
    Unread,
    named,
    roles,
)
from estafette.model.ids import instant, new_id
from estafette.model.listed import Listed
from estafette.store import Store, batches
from estafette.store.batches import Became
from estafette.store.words import plain

LEASE = timedelta(seconds=3)  #: after which others take over what a dead process carried

_SLICE = 1000  # rows that are read or written at once
_LOADED = 20_000  # rows that are removed at once
_DRAFT_LASTS = timedelta(days=1)

T = TypeVar("T")

#: From which states a batch gets to which.
_BEFORE = {
    BatchStatus.RUNNING: (BatchStatus.DRAFT, BatchStatus.PAUSED),
    BatchStatus.PAUSED: (BatchStatus.RUNNING,),
    BatchStatus.CANCELED: (BatchStatus.RUNNING, BatchStatus.PAUSED, BatchStatus.DRAFT),
}


@dataclass(frozen=True)
class Makers:
    """What messages are made with."""

    gateway: Gateway
    senders: Senders
    pools: Pools
    templates: Templates


class Batches:
    """The batches of all accounts."""

    def __init__(self, store: Store, makers: Makers, clock: Clock) -> None:
        self._store = store
        self._makers = makers
        self._clock = clock
        self.node = secrets.token_hex(8)  #: what this process's leases are in the name of
        self.started = asyncio.Event()  #: set when there is something to carry

    async def add(
        self, account: Account, file: BinaryIO, asked: Asked, *, title: str = "", actor: str = ""
    ) -> Batch:
        """Make a draft of a CSV file. Columns that `asked` gives no role have the one of their name.

        Raises BadSheet, BadValue and Unknown.
        """
        sheet = sheets.read(file)
        return await self.of_rows(
            account, sheet.header, sheet.rows, asked, title=title, actor=actor
        )

    async def of_rows(
        self,
        account: Account,
        header: Sequence[str],
        rows: Iterator[Sequence[str]],
        asked: Asked,
        *,
        title: str = "",
        actor: str = "",
    ) -> Batch:
        """Make a draft of rows, whose columns have these names. Raises BadValue and Unknown."""
        now = self._clock()
        names = named(header)
        asked = replace(asked, columns={**roles(names), **asked.columns})
        await self._check(account, asked, names)
        made = Batch(
            id=new_id(now),
            account=account.sid,
            title=plain(" ".join(title.split())[:LONGEST_TITLE]),
            header=names,
            asked=asked,
            status=BatchStatus.LOADING,
            actor=actor,
            created_at=now,
            updated_at=now,
        )
        await self._store.write(lambda conn: batches.add(conn, made))
        try:
            total = await self._load(made.id, rows)
        except BaseException:
            with contextlib.suppress(GatewayError):  # then it is removed later
                await asyncio.shield(self._drop(made.id))
            raise
        return await self._look(account, replace(made, total=total))

    async def _load(self, id: str, rows: Iterator[Sequence[str]]) -> int:
        total = 0
        while part := list(islice(rows, _SLICE)):
            if total + len(part) > MOST_ROWS:
                text = f"there are more than {MOST_ROWS} rows"
                raise BadSheet(Unread.ROWS, text, number=MOST_ROWS)
            first = total + 1
            await self._store.write(_writing(batches.put_rows, id, first, part))
            total += len(part)
        if not total:
            raise BadSheet(Unread.NO_ROWS, "there are no rows below the names of the columns")
        return total

    async def change(self, account: Account, id: str, asked: Asked) -> Batch:
        """Ask for something else of a draft; its rows are looked through again.

        Raises Unknown, BadValue, and Conflict where it was started.
        """
        known = await self.get(account, id)
        await self._check(account, asked, known.header)
        now = self._clock()

        def write(conn: Conn) -> Batch:
            found = batches.get(conn, account.sid, id, lock=True)
            if found.status is not BatchStatus.DRAFT:
                raise Conflict(f"the batch is {found.status}")
            # It is not to be started before its rows were looked through.
            batches.save(conn, id, instant(now), asked=asked, checked=Checked())
            return batches.get(conn, account.sid, id)

        return await self._look(account, await self._store.write(write))

    async def _check(self, account: Account, asked: Asked, header: Sequence[str]) -> None:
        """Refuse what is wrong with all messages. Raises BadValue, Unknown."""
        for role, name in asked.columns.items():
            if name and name not in header:
                raise BadValue(f"columns.{role}", f"the file has no column {name[:100]}")
        if len(asked.body) > LONGEST_ELSEWHERE or "\0" in asked.body:
            raise BadValue(
                "body", f"a text has at most {LONGEST_ELSEWHERE} characters, and no U+0000"
            )
        if asked.callback_url and not is_url(asked.callback_url):
            raise BadValue("callback_url", f"{asked.callback_url[:100]} is not a URL")
        for url in asked.media:
            if not is_url(url):
                raise BadValue("media", f"{url[:100]} is not a URL")
        if asked.service:
            await self._makers.pools.get(account, asked.service)
        if asked.template:
            await self._makers.templates.get(account, asked.template)

    async def _look(self, account: Account, batch: Batch) -> Batch:
        """Look through all rows of a draft, and keep what is wrong with them."""
        circular = await self.circular(account, batch)
        repeats = batch.asked.repeats
        checks = Checks(self._makers.gateway, account, circular, repeats=repeats)
        after = 0
        while part := await self._rows(batch.id, after):
            # Computing: others have their turn meanwhile.
            faults = await asyncio.to_thread(checks.look, part)
            after = part[-1].number
            if faults:
                await self._store.write(_writing(batches.judge, batch, faults))
        return await self._settle(batch, checks.found)

    async def _settle(self, batch: Batch, found: Checked) -> Batch:
        now = instant(self._clock())

        def write(conn: Conn) -> Batch:
            batches.hold(conn, batch)
            parts = {"checked": found, "total": batch.total, "status": BatchStatus.DRAFT}
            batches.save(conn, batch.id, now, **parts)
            return batches.get(conn, batch.account, batch.id)

        return await self._store.write(write)

    async def circular(self, account: Account, batch: Batch) -> Circular:
        """How the rows of a batch become messages."""
        makers = self._makers
        return await circular_of(
            account, batch.asked, batch.header, makers.senders, makers.templates
        )

    async def get(self, account: Account, id: str) -> Batch:
        """One of them. Raises Unknown; another account's is unknown too."""
        return await self._store.read(lambda conn: batches.get(conn, account.sid, id))

    async def page(
        self, account: Account, *, limit: int, cursor: Cursor | None = None
    ) -> Listed[Batch]:
        """Those of an account, newest first."""
        return await self._store.read(
            lambda conn: batches.page(conn, account.sid, limit=limit, cursor=cursor)
        )

    async def rows(
        self, account: Account, id: str, *, limit: int, after: int = 0, is_wrong: bool = False
    ) -> list[BatchRow]:
        """Rows of one behind a number; only those that became, or would become, nothing if
        `is_wrong`. Raises Unknown.
        """
        await self.get(account, id)
        return await self._store.read(
            lambda conn: batches.rows(conn, id, limit=limit, after=after, is_wrong=is_wrong)
        )

    async def preview(
        self, account: Account, batch: Batch, rows: Sequence[BatchRow]
    ) -> list[tuple[BatchRow, Message | None]]:
        """Rows with the messages that they would become; None for those that become none."""
        circular = await self.circular(account, batch)
        found: list[tuple[BatchRow, Message | None]] = []
        for row in rows:
            try:
                message = drafted(self._makers.gateway, account, circular, row.cells)
            except BadRow:
                found.append((row, None))
            else:
                found.append((row, None if row.fault else message))
        return found

    async def became(self, batch: Batch) -> AsyncIterator[Sequence[Became]]:
        """All its rows with what became of their messages by now, some at a time."""
        after = 0
        while part := await self._store.read(_reading(batches.became, batch.id, _SLICE, after)):
            yield part
            after = part[-1].row.number

    async def start(self, account: Account, id: str, *, here: bool = False) -> Batch:
        """Send it, or go on with it: by this process if `here`, by whichever server else.

        Raises Unknown, Conflict.
        """
        found = await self._move(account, id, BatchStatus.RUNNING, node=self.node if here else "")
        self.started.set()
        return found

    async def pause(self, account: Account, id: str) -> Batch:
        """Stop before the next rows, to go on later. Raises Unknown, Conflict."""
        return await self._move(account, id, BatchStatus.PAUSED)

    async def cancel(self, account: Account, id: str) -> Batch:
        """Stop before the next rows, for good; what was written down is sent. Raises Unknown, Conflict."""
        return await self._move(account, id, BatchStatus.CANCELED)

    async def _move(self, account: Account, id: str, to: BatchStatus, node: str = "") -> Batch:
        now = self._clock()
        parts: dict[str, Any] = {"status": to}
        if to is BatchStatus.CANCELED:
            parts["closed_at"] = instant(now)
        if to is BatchStatus.RUNNING:
            parts |= {"node": node, "leased_until": instant(now + LEASE) if node else None}

        def write(conn: Conn) -> Batch:
            known = batches.get(conn, account.sid, id, lock=True)
            if known.status not in _BEFORE[to]:
                raise Conflict(f"the batch is {known.status}")
            if known.status is BatchStatus.DRAFT and to is BatchStatus.RUNNING:
                _check_good(known)
            batches.save(conn, id, instant(now), **parts)
            return batches.get(conn, account.sid, id)

        return await self._store.write(write)

    async def remove(self, account: Account, id: str) -> None:
        """Forget a batch and its rows; its messages stay. Raises Unknown, and Conflict while it runs."""
        found = await self.get(account, id)
        if found.status in (BatchStatus.RUNNING, BatchStatus.PAUSED):
            raise Conflict(f"the batch is {found.status}: cancel it first")
        await self._drop(id)

    async def _drop(self, id: str) -> None:
        while await self._store.write(_writing(batches.clear, id, _LOADED)):
            pass
        await self._store.write(lambda conn: batches.remove(conn, id))

    async def tidy(self) -> None:
        """Forget drafts that nobody started for a day."""
        before = instant(self._clock() - _DRAFT_LASTS)
        for id in await self._store.read(lambda conn: batches.stale(conn, before)):
            await self._drop(id)

    async def _rows(self, id: str, after: int) -> list[BatchRow]:
        return await self._store.read(
            lambda conn: batches.rows(conn, id, limit=_SLICE, after=after)
        )


def _check_good(batch: Batch) -> None:
    if not batch.checked.good:
        raise Conflict("no row of the batch can be sent")


def _writing(work: Callable[..., T], *values: Any) -> Callable[[Conn], T]:
    return lambda conn: work(conn, *values)


def _reading(work: Callable[..., T], id: str, limit: int, after: int) -> Callable[[Conn], T]:
    return lambda conn: work(conn, id, limit=limit, after=after)
