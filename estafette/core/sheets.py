"""Files of rows, as spreadsheets write them: CSV in any of the encodings and with any of the marks
between cells that are in use.
"""

import codecs
import contextlib
import csv
from collections.abc import Iterator, Sequence
from io import TextIOWrapper
from typing import BinaryIO, NamedTuple

from estafette.model.address import spelled_number
from estafette.model.batch import MOST_ROWS, BadSheet, Unread, named

_PIECE = 1 << 16
_MARKS = ",;\t|"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WESTERN = "cp1252"  # what Windows writes where it writes no Unicode


class Sheet(NamedTuple):
    """A file: the names of its columns, and its rows, which can be gone through once."""

    header: tuple[str, ...]
    rows: Iterator[list[str]]


def read(file: BinaryIO) -> Sheet:
    """A file that begins with the names of its columns. Empty lines are none. Raises BadSheet, also
    while its rows are gone through.
    """
    lines = _lines(file, encoding_of(file))
    first = next(lines, "")
    mark = ""
    if first.casefold().startswith("sep=") and len(first.strip()) == 5:  # as Excel has it
        mark, first = first.strip()[-1], next(lines, "")
    rows = _rows(lines, first, mark or _mark(first))
    header = next(rows, [])
    if not header:
        raise BadSheet(Unread.EMPTY, "the file is empty")
    if any(spelled_number(cell) for cell in header):
        text = "the first line must name the columns, such as: to,name"
        raise BadSheet(Unread.NO_NAMES, text)
    return Sheet(named([cell.strip() for cell in header]), _counted(rows))


def encoding_of(file: BinaryIO) -> str:
    """How the text of a file is written: by its first bytes, else UTF-8 where all of it is, else what
    Windows writes in the west.
    """
    file.seek(0)
    first = file.read(_PIECE)
    for bom, name in _BOMS:
        if first.startswith(bom):
            return name
    sample = first[:2000]
    if sample.count(0) > len(sample) // 4:
        return "utf-16-be" if sample[:1] == b"\0" else "utf-16-le"
    for name in ("utf-8", _WESTERN):
        if _fits(file, name):
            return name
    return "latin-1"


def _fits(file: BinaryIO, encoding: str) -> bool:
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while piece := file.read(_PIECE):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _lines(file: BinaryIO, encoding: str) -> Iterator[str]:
    file.seek(0)
    text = TextIOWrapper(file, encoding, newline="")
    try:
        yield from text
    except UnicodeError:
        raise BadSheet(Unread.NO_TEXT, f"the file is not text in {encoding}") from None
    finally:
        with contextlib.suppress(ValueError):  # it is closed
            text.detach()  # or the file would be closed with it


def _mark(first: str) -> str:
    """What stands between cells, by the first line."""
    bare = "".join(first.split('"')[::2])  # what is not quoted
    return max(_MARKS, key=bare.count)


def _rows(lines: Iterator[str], first: str, mark: str) -> Iterator[list[str]]:
    def all_lines() -> Iterator[str]:
        yield first
        yield from lines

    reader = csv.reader(all_lines(), delimiter=mark)
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield row
    except csv.Error as error:
        number = reader.line_num
        raise BadSheet(Unread.LINE, f"line {number}: {error}", number=number) from None


def _counted(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    for number, row in enumerate(rows, 1):
        if number > MOST_ROWS:
            text = f"the file has more than {MOST_ROWS} rows"
            raise BadSheet(Unread.ROWS, text, number=MOST_ROWS)
        yield row


#: With what a spreadsheet takes a cell for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def guarded(cell: str) -> str:
    """A cell of a file that is handed out, so that no spreadsheet reckons with it: what is a number
    stays as it is.
    """
    if not cell.startswith(FORMULA):
        return cell
    bare = cell[1:].replace(".", "", 1).replace(",", "", 1)
    is_number = cell[0] in "+-" and bare.isascii() and bare.isdigit()
    return cell if is_number or spelled_number(cell) else f"'{cell}"


def line(cells: Sequence[str]) -> str:
    """A line of a CSV file."""
    found = _Line()
    csv.writer(found).writerow([guarded(cell) for cell in cells])
    return found.text


class _Line:
    text = ""

    def write(self, text: str) -> None:
        """What a writer writes."""
        self.text += text
