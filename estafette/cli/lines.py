"""Files of many lines, CSV or JSON, read so that a bad line costs no other."""

import csv
import json
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from estafette.cli.run import BadInput

_BAR_EVERY = 500  # lines


class Line(NamedTuple):
    """One line of a file, read as far as it could be."""

    number: int
    values: dict[str, Any]
    wrong: str = ""


def opened(file: str, stack: ExitStack) -> TextIO:
    """A file, or standard input for `-`, whatever bytes are in it; the mark that some begin with is none."""
    if file == "-":
        sys.stdin.reconfigure(encoding="utf-8-sig", errors="replace", newline="")  # type: ignore[union-attr]
        return sys.stdin
    return stack.enter_context(Path(file).open(encoding="utf-8-sig", errors="replace", newline=""))


def csv_lines(stream: TextIO, columns: Sequence[str]) -> Iterator[Line]:
    """The rows of a CSV whose first line names its columns; the first of `columns` must be there."""
    reader = csv.DictReader(stream)
    names = [name.strip().lower() for name in reader.fieldnames or ()]
    if columns[0] not in names:
        raise BadInput(f"the first line must name the columns: {','.join(columns)}")
    reader.fieldnames = names
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Line(reader.line_num, {}, str(error))
            continue
        wrong = "it has more columns than the first line" if None in row else ""
        yield Line(reader.line_num, row, wrong)


def json_lines(stream: TextIO) -> Iterator[Line]:
    """The objects of JSON lines; empty lines are none."""
    for number, text in enumerate(stream, 1):
        if not text.strip():
            continue
        try:
            said = json.loads(text)
        except (ValueError, RecursionError):
            said = None
        if isinstance(said, dict):
            yield Line(number, said)
        else:
            yield Line(number, {}, "it is not an object in JSON")


async def with_bar(
    lines: Iterator[Line], stream: TextIO, size: int, stack: ExitStack
) -> AsyncIterator[Line]:
    """The lines, with a bar on a terminal of how far they are; `size` in bytes, 0 if unknown."""
    if not sys.stderr.isatty():
        for line in lines:
            yield line
        return
    bar = Progress(
        TextColumn("{task.fields[count]} lines"),
        BarColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
    stack.enter_context(bar)
    task = bar.add_task("", total=size or None, count=0)
    for count, line in enumerate(lines, 1):
        yield line
        if count % _BAR_EVERY == 0:
            done = stream.buffer.tell() if size else 0
            bar.update(task, completed=done, count=count)
    bar.update(task, completed=size)
