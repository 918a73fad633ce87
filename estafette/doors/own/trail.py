"""What is written into the audit trail when somebody changed something through this door."""

from typing import Any, NamedTuple

import msgspec
import structlog

from estafette.core.audit import API, Audit, event_of
from estafette.doors.own.wire import Answered, Call, Row
from estafette.model import Busy

log = structlog.get_logger()

#: Messages come by the thousand, and are a trail of their own.
#: What goes through, and no change of what is set up.
_UNWRITTEN = {
    ("POST", "/api/messages"),
    ("POST", "/api/sandbox/inbound"),
    ("POST", "/api/sandbox/media"),
    ("POST", "/api/sandbox/read"),
}

_NAMES = ("id", "sid", "name", "recipient")


class Line(NamedTuple):
    """What one changing operation writes down."""

    event: str
    about: str
    fields: list[str]


def is_change(row: Row) -> bool:
    """Whether an operation is written down."""
    return row.method != "GET" and (row.method, row.path) not in _UNWRITTEN


def event(row: Row) -> str:
    """What an operation is called in the trail."""
    parts = [part for part in row.path.split("/")[2:] if not part.startswith("{")]
    many = parts[1] if parts[0] == "settings" else parts[0]
    return event_of(many, "set" if row.name.startswith("set_") else row.name)


def line_of(row: Row, call: Call, done: Any) -> Line:
    """The line: of the fields that were given only the names, since a value may be a secret."""
    shape = done.shape if isinstance(done, Answered) else done
    found = next((text for name in _NAMES if (text := getattr(shape, name, ""))), "")
    about = next(iter(call.holes.values()), "") or str(found)
    try:
        given = msgspec.json.decode(call.raw) if call.raw.strip() else {}
    except (msgspec.DecodeError, UnicodeDecodeError):  # such as a file
        given = {}
    return Line(event(row), about, [str(name) for name in given] if _is_object(given) else [])


def _is_object(given: Any) -> bool:
    return isinstance(given, dict)


async def write(audit: Audit, row: Row, call: Call, done: Any) -> None:
    """Write down what was changed: it is, whether or not this can be kept."""
    line, key = line_of(row, call, done), call.key
    try:
        await audit.note(
            call.account.sid,
            actor=key.sid if key else "",
            name=key.label if key else "",
            via=API,
            event=line.event,
            about=line.about,
            details={"fields": line.fields} if line.fields else {},
        )
    except Busy:
        log.error("a change is not in the audit trail", change=line.event, about=line.about)
