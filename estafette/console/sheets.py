"""Messages as a sheet: lines of values with commas between them, as spreadsheets read them."""

import csv
from collections.abc import AsyncIterator, Sequence
from io import StringIO

from estafette.core.gateway import Gateway
from estafette.core.sheets import FORMULA, guarded
from estafette.model import Account, Filter, Message

MOST = 100_000  #: messages of a sheet
_AT_ONCE = 500
_NAMES = (
    "id", "created_at", "direction", "channel", "status", "from", "to", "text", "media", "segments",
    "reason", "code",
)  # fmt: skip


async def sheet(gateway: Gateway, account: Account, filter: Filter) -> AsyncIterator[str]:
    """The messages that a filter leaves, the newest first, some lines at a time; MOST at the most."""
    yield "\ufeff" + _lines([_NAMES])  # spreadsheets know UTF-8 by this mark
    left, cursor = MOST, None
    while left > 0:
        found = await gateway.look(account, filter, limit=min(_AT_ONCE, left), cursor=cursor)
        if found.items:
            yield _lines([_line(item) for item in found.items])
        left -= len(found.items)
        cursor = found.older
        if cursor is None:
            return


def _line(item: Message) -> tuple[object, ...]:
    return (
        item.id,
        item.created_at.isoformat(timespec="milliseconds"),
        item.direction,
        item.channel,
        item.status,
        guarded(item.sender),  # on some channels people choose their addresses
        guarded(item.recipient),
        "" if item.redacted else _harmless(item.body),
        " ".join(map(_harmless, item.media)),
        item.segments,
        item.reason or "",
        _harmless(item.code),
    )


def _harmless(text: str) -> str:
    """A spreadsheet would take what begins like this for a formula, and run it."""
    return f"'{text}" if text.startswith(FORMULA) else text


def _lines(rows: Sequence[Sequence[object]]) -> str:
    written = StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue()
