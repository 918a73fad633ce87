"""The result file of a batch: its rows as they came, and what became of each."""

from collections.abc import AsyncIterator

from estafette.core import sheets
from estafette.core.batches import Batches
from estafette.model.batch import Batch, BatchStatus
from estafette.store.batches import Became

BOM = b"\xef\xbb\xbf"  #: without it, some spreadsheets take UTF-8 for something else
COLUMNS = ("message_id", "status", "error_code", "error_text")
#: What a row is while it is no message.
WAITING, SKIPPED, STOPPED = "waiting", "skipped", "canceled"


async def result(kept: Batches, batch: Batch, *, bom: bool = False) -> AsyncIterator[bytes]:
    """The file piece by piece: CSV in UTF-8."""
    yield (BOM if bom else b"") + _line([*batch.header, *COLUMNS])
    width = len(batch.header)
    async for part in kept.became(batch):
        yield b"".join(_line([*_fit(item, width), *_told(item, batch)]) for item in part)


def _line(cells: list[str]) -> bytes:
    return sheets.line(cells).encode("utf-8", "replace")


def _fit(item: Became, width: int) -> list[str]:
    cells = list(item.row.cells[:width])
    return cells + [""] * (width - len(cells))


def _told(item: Became, batch: Batch) -> list[str]:
    if item.row.message:
        code = item.code or item.reason
        return [item.row.message, item.status or "deleted", code, item.text]
    if item.row.fault:
        fault = item.row.fault
        return ["", SKIPPED, fault.code, fault.text or fault.value]
    return ["", STOPPED if batch.status is BatchStatus.CANCELED else WAITING, "", ""]
