"""Many messages that are sent as one: rows of a file, each of which becomes a message. Pure."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from msgspec import Struct

from estafette.model.errors import BadValue
from estafette.model.message import Channel

MOST_ROWS = 100_000
MOST_COLUMNS = 100
LARGEST = 32 << 20  #: bytes of a file
LONGEST_TITLE = 200  # characters
HOLE = re.compile(r"\{([^{}\r\n]{1,100})\}")  #: of a text: the name of a column in braces


class BatchStatus(StrEnum):
    """Where a batch is."""

    LOADING = "loading"  #: its rows are being written down
    DRAFT = "draft"  #: to be looked at, changed and started
    RUNNING = "running"
    PAUSED = "paused"  #: stopped between two rows, to be started again
    DONE = "done"  #: all rows were gone through
    CANCELED = "canceled"  #: stopped for good


class Role(StrEnum):
    """What a column of a file is, beside what fills holes."""

    TO = "to"
    BODY = "body"
    SENDER = "from"
    CHANNEL = "channel"
    MEDIA = "media"
    SEND_AT = "send_at"


#: What columns are called that have a role; without accents, in small letters.
NAMES = {
    Role.TO: (
        "to", "phone", "number", "mobile", "phone number", "mobile number", "mobile phone", "cell",
        "recipient", "msisdn", "tel", "telephone", "portable", "numero", "destinataire",
        "numero de telephone", "telephone portable", "telephone mobile", "whatsapp",
    ),
    Role.BODY: ("body", "text", "message", "sms", "texte", "corps"),
    Role.SENDER: ("from", "sender", "expediteur", "de"),
    Role.CHANNEL: ("channel", "canal"),
    Role.MEDIA: ("media", "media url", "mediaurl", "image", "picture", "attachment", "piece jointe"),
    Role.SEND_AT: ("send at", "sendat", "at", "scheduled at", "date d'envoi", "envoyer a"),
}  # fmt: skip


class Wrong(StrEnum):
    """Why a row becomes no message, where no `Reason` says it."""

    MISSING = "missing"  #: what fills a hole is empty, or there is no column of its name
    DUPLICATE = "duplicate"  #: its recipient stands in a row before
    CELLS = "cells"  #: it has more cells than the file has columns
    CHANNEL = "channel"  #: there is no such channel
    TIME = "time"  #: it is not a time
    MEDIA = "media"  #: it is not a URL
    TEMPLATE = "template"  #: the template cannot be sent
    INTERNAL = "internal"  #: something broke: see the log of the server


class Fault(Struct, frozen=True, omit_defaults=True):
    """Why a row became no message."""

    code: str  #: a `Reason` or a `Wrong`
    value: str = ""  #: the part of the row that is to blame
    text: str = ""  #: a carrier's own words, with its code


class Asked(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the messages of a batch share."""

    channel: Channel = Channel.SMS
    sender: str = ""  #: the main or the oldest one of the channel, where nothing says otherwise
    service: str = ""  #: the pool that they go through
    body: str = ""  #: with holes: `{name}` is filled by the column of that name
    media: tuple[str, ...] = ()
    template: str = ""  #: the id of an approved one, in place of a text
    values: tuple[str, ...] = ()  #: texts with holes, which fill the holes of the template
    send_at: datetime | None = None
    zone: str = ""  #: of times in the file that name none; empty for UTC
    callback_url: str = ""
    columns: Mapping[str, str] = {}  #: the column of each role
    repeats: bool = False  #: whether a recipient that stands in several rows is sent all of them


class Checked(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was found when the rows of a draft were looked through."""

    good: int = 0  #: rows that can be sent
    segments: int = 0  #: of all of them
    wrong: Mapping[str, int] = {}  #: how many rows have a fault, by its code


class Batch(Struct, frozen=True, kw_only=True):
    """Many messages that are sent as one."""

    id: str  #: 32 hex digits, growing with time
    account: str
    title: str  #: such as the name of the file
    header: tuple[str, ...]  #: the names of its columns
    asked: Asked
    checked: Checked = Checked()
    status: BatchStatus
    total: int = 0  #: rows
    done: int = 0  #: rows that were gone through
    sent: int = 0  #: messages that were written down
    failed: int = 0  #: rows that became none
    actor: str = ""  #: who made it: the id of a user, or empty
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None = None  #: when it was done or canceled


class BatchRow(Struct, frozen=True, kw_only=True):
    """A row of a batch."""

    number: int  #: from 1
    cells: tuple[str, ...]
    message: str = ""  #: the id of what it became
    fault: Fault | None = None  #: why it became, or would become, nothing


class BadRow(Exception):
    """A row cannot become a message."""

    def __init__(self, code: str, value: str = "") -> None:
        super().__init__(code)
        self.fault = Fault(code, value[:200])


class BadSheet(BadValue):
    """A file whose rows cannot be read."""

    def __init__(self, kind: "Unread", text: str, *, number: int = 0) -> None:
        super().__init__("file", text)
        self.kind = kind
        self.number = number  #: of the line that is to blame, or how many there may be


class Unread(StrEnum):
    """Why a file cannot be read."""

    EMPTY = "empty"
    NO_ROWS = "no_rows"  #: nothing stands below the names of the columns
    NO_NAMES = "no_names"  #: its first line does not name the columns
    NO_TEXT = "no_text"  #: it is not written in any way that we know
    LINE = "line"
    COLUMNS = "columns"  #: too many
    ROWS = "rows"  #: too many


@lru_cache(4096)
def folded(name: str) -> str:
    """The name of a column as it is compared: without accents, in small letters."""
    bare = unicodedata.normalize("NFKD", name.replace("’", "'")).casefold()
    kept = "".join(char for char in bare if not unicodedata.combining(char))
    return " ".join(re.sub(r"[_\-./:]+", " ", kept).split())


def named(cells: Sequence[str]) -> tuple[str, ...]:
    """The names of columns from the first line of a file: none is empty, and no two are the same.

    Raises BadSheet for too many.
    """
    if len(cells) > MOST_COLUMNS:
        text = f"the file has more than {MOST_COLUMNS} columns"
        raise BadSheet(Unread.COLUMNS, text, number=MOST_COLUMNS)
    found: dict[str, str] = {}
    for number, cell in enumerate(cells, 1):
        name = " ".join(re.sub(r"[{}]", " ", cell).split())[:80] or f"column {number}"
        while folded(name) in found:
            name = f"{name} ({number})"
        found[folded(name)] = name
    return tuple(found.values())


def roles(header: Sequence[str]) -> dict[str, str]:
    """Which column has which role, by what they are called."""
    known = {folded(name): name for name in reversed(header)}
    found = {
        str(role): next((known[name] for name in names if name in known), "")
        for role, names in NAMES.items()
    }
    return {role: name for role, name in found.items() if name}


def holes(text: str) -> list[str]:
    """The names of the holes of a text, each once, in their order."""
    return list(dict.fromkeys(name.strip() for name in HOLE.findall(text)))


def filled(text: str, cells: Mapping[str, str]) -> str:
    """A text with its holes filled; `cells` by their folded names. Raises BadRow."""

    def fill(found: re.Match[str]) -> str:
        name = found[1].strip()
        value = cells.get(folded(name), "")
        if not value:
            raise BadRow(Wrong.MISSING, name)
        return value

    return HOLE.sub(fill, text)
