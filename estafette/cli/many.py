"""`send --csv`: many messages, a row of a file each."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, NamedTuple

import typer
from msgspec.structs import replace
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from estafette.app import App
from estafette.cli import shape
from estafette.cli.run import (
    REFUSED,
    BadInput,
    account_of,
    home,
    print_json,
    run,
    visible,
)
from estafette.core.results import result
from estafette.model import Account, Unknown
from estafette.model.batch import LARGEST, Asked, Batch, BatchRow, BatchStatus, Role

_TOLD = 20  # rows that are wrong, of those that are told
_EVERY = 0.2  # seconds between two looks how far it is
_SAY_EVERY = 5.0  # seconds between two lines where there is no bar


class Wanted(NamedTuple):
    """What was asked for on the command line."""

    file: str
    asked: Asked
    template: str
    account: str
    result: str
    dry_run: bool
    as_json: bool


def send_many(wanted: Wanted) -> None:
    """Read the file, say what is wrong with it, and send the rest."""
    _check_file(wanted.file)
    batch = run(_work(wanted))
    if wanted.as_json:
        print_json(shape.batch(batch))
    elif wanted.dry_run:
        sys.stdout.write(_foreseen(batch))
    else:
        sys.stdout.write(f"{batch.id} {batch.status}: {batch.sent} sent, {batch.failed} not\n")
    wrong = batch.total - batch.checked.good if wanted.dry_run else batch.failed
    if wrong or batch.status not in (BatchStatus.DONE, BatchStatus.DRAFT):
        raise typer.Exit(REFUSED)


async def _work(wanted: Wanted) -> Batch:
    async with home() as app:
        owner = await account_of(app, wanted.account)
        batch = await _read(app, owner, wanted)
        await _tell(app, owner, batch)
        kept = app.core.batches
        if wanted.dry_run or not batch.checked.good:
            await kept.remove(owner, batch.id)
            if not wanted.dry_run:
                raise BadInput("no row of the file can be sent")
            return batch
        await kept.start(owner, batch.id, here=True)
        batch = await _carried(app, owner, batch)
        if wanted.result:
            await write_result(app, batch, wanted.result, bom=False)
        return batch


async def _read(app: App, owner: Account, wanted: Wanted) -> Batch:
    asked = wanted.asked
    if wanted.template:
        try:
            found = await app.core.templates.named(owner, wanted.template)
        except Unknown as error:
            raise BadInput(f"--template: {error}") from None
        asked = replace(asked, template=found.id)
    with _opened(wanted.file) as file:
        title = Path(wanted.file).name
        batch = await app.core.batches.add(owner, file, asked, title=title)
    if Role.TO not in batch.asked.columns:
        await app.core.batches.remove(owner, batch.id)
        raise BadInput("no column of the file is the recipient: call one of them to")
    return batch


def _opened(name: str) -> BinaryIO:
    """A file that can be read twice, which standard input cannot. Raises BadInput."""
    if name != "-":
        return Path(name).open("rb")
    raw = sys.stdin.buffer.read(LARGEST + 1)
    if len(raw) > LARGEST:
        raise BadInput(f"the file has more than {LARGEST} bytes")
    return BytesIO(raw)


def _check_file(name: str) -> None:
    if name != "-" and Path(name).stat().st_size > LARGEST:
        raise BadInput(f"the file has more than {LARGEST} bytes")


async def _tell(app: App, owner: Account, batch: Batch) -> None:
    """What is wrong with rows, on standard error."""
    found = await app.core.batches.rows(owner, batch.id, limit=_TOLD, is_wrong=True)
    for row in found:
        sys.stderr.write(f"row {row.number}: {why(row)}\n")
    more = sum(batch.checked.wrong.values()) - len(found)
    if more:
        sys.stderr.write(f"and {more} rows more\n")


def why(row: BatchRow) -> str:
    """Why a row became no message."""
    if row.fault is None:
        return ""
    parts = (row.fault.code, row.fault.text or row.fault.value)
    return visible(" ".join(part for part in parts if part))


def _foreseen(batch: Batch) -> str:
    counted = batch.checked
    segments = f" in {counted.segments} segments" if counted.segments else ""
    skipped = batch.total - counted.good
    return f"{batch.total} rows: {counted.good} can be sent{segments}, {skipped} cannot\n"


async def _carried(app: App, owner: Account, batch: Batch) -> Batch:
    """Send it from here, showing how far it is. Who stops it finds it paused."""
    kept = app.core.batches
    task = asyncio.create_task(app.mailing().carry(batch.id))
    try:
        async for found in _watched(app, owner, batch.id, task):
            batch = found
        await task
    except asyncio.CancelledError:
        task.cancel()
        await asyncio.wait([task])
        with contextlib.suppress(Exception):
            await kept.pause(owner, batch.id)
        sys.stderr.write(f"paused: estafette batches start {batch.id} goes on\n")
        raise
    return await kept.get(owner, batch.id)


async def _watched(
    app: App, owner: Account, id: str, task: "asyncio.Task[None]"
) -> AsyncIterator[Batch]:
    """How far a batch is, until its task is over: a bar on a terminal, a line now and then elsewhere."""
    with contextlib.ExitStack() as stack:
        bar = _bar(stack) if sys.stderr.isatty() else None
        shown = bar.add_task("") if bar else None
        said = 0.0
        while True:
            await asyncio.wait([task], timeout=_EVERY)
            found = await app.core.batches.get(owner, id)
            yield found
            if bar and shown is not None:
                bar.update(shown, total=found.total, completed=found.done)
            elif not task.done():
                said += _EVERY
                if said >= _SAY_EVERY:
                    sys.stderr.write(f"{found.done} of {found.total} rows\n")
                    said = 0.0
            if task.done():
                return


def _bar(stack: contextlib.ExitStack) -> Progress:
    return stack.enter_context(
        Progress(
            TextColumn("rows"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
    )


def _out(name: str) -> contextlib.AbstractContextManager[BinaryIO]:
    return contextlib.nullcontext(sys.stdout.buffer) if name == "-" else Path(name).open("wb")


async def write_result(app: App, batch: Batch, file: str, *, bom: bool) -> None:
    """Write the result file of a batch; `-` is standard output."""
    with _out(file) as out:
        async for piece in result(app.core.batches, batch, bom=bom):
            out.write(piece)
        out.flush()
