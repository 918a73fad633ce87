"""Opt-outs as people bring them: a CSV with a header, or one recipient a line."""

import csv
from collections.abc import Iterator
from datetime import datetime
from io import StringIO
from typing import NamedTuple

from msgspec.structs import replace

from estafette.console.words import later as _
from estafette.core.suppressions import Suppressions
from estafette.model import Channel, Declined, Reason, Suppression
from estafette.model.times import utc

MOST = 10_000  #: lines that are read at once
NAMES = ("recipient", "channel", "scope", "source", "created_at")
_LONGEST = 200  # characters of a value


class Bad(NamedTuple):
    """A line that says nothing that could be added."""

    number: int
    text: str
    wrong: str  #: to be said in the language of who reads it


class Pasted(NamedTuple):
    """What was read."""

    good: list[Suppression]
    bad: list[Bad]
    has_more: bool  #: there are more lines than are read


class _Wrong(Exception):
    pass


def read(text: str, account: str, suppressions: Suppressions, *, channel: Channel) -> Pasted:
    """What a text says, line by line; `channel` is that of lines that name none."""
    good: list[Suppression] = []
    bad: list[Bad] = []
    for count, (number, values) in enumerate(_rows(text)):
        if count == MOST:
            return Pasted(good, bad, has_more=True)
        try:
            good.append(_read(values, account, suppressions, channel))
        except _Wrong as error:
            shown = ",".join(value for value in values.values() if value)
            bad.append(Bad(number, shown[:100], str(error)))
    return Pasted(good, bad, has_more=False)


def _rows(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """The lines that are not empty, by the names of their columns."""
    clean = text.lstrip("\ufeff").replace("\0", "\ufffd")
    first = clean.lstrip().partition("\n")[0].lower()
    separator = ";" if ";" in first else "\t" if "\t" in first else ","
    reader = csv.reader(StringIO(clean), delimiter=separator)
    names: list[str] | None = None
    while True:
        try:
            cells = [cell.strip() for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error:
            yield reader.line_num, {}
            continue
        if not any(cells):
            continue
        if names is None:
            said = [cell.lower() for cell in cells]
            names = said if NAMES[0] in said else list(NAMES)
            if names is said:
                continue
        yield reader.line_num, dict(zip(names, cells, strict=False))


def _read(
    values: dict[str, str], account: str, suppressions: Suppressions, channel: Channel
) -> Suppression:
    said = {name: values.get(name, "") for name in NAMES}
    if any(len(value) > _LONGEST for value in said.values()):
        raise _Wrong(_("A value is longer than 200 characters."))
    try:
        found = suppressions.read(
            account,
            said["recipient"],
            channel=_channel(said["channel"]) if said["channel"] else channel,
            scope=said["scope"].lower(),
            source=said["source"] or "import",
        )
    except Declined as error:
        if error.reason is Reason.BAD_SENDER:
            raise _Wrong(_("The scope is not the id of a sender or a service.")) from None
        raise _Wrong(_("This is not a recipient on this channel.")) from None
    return replace(found, created_at=_time(said["created_at"]) or found.created_at)


def _channel(text: str) -> Channel:
    try:
        return Channel(text.lower())
    except ValueError:
        raise _Wrong(_("There is no such channel.")) from None


def _time(text: str) -> datetime | None:
    if not text:
        return None
    try:
        at = utc(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        raise _Wrong(_("The time is not one such as 2026-05-04T12:00:00Z.")) from None
    if not 1970 <= at.year < 9999:
        raise _Wrong(_("The time is not one such as 2026-05-04T12:00:00Z."))
    return at
