"""The conditions of a list of messages, and how a text is looked for whatever its case.

ASCII letters are found by both engines. LIKE of SQLite knows the case of no others, and that of
PostgreSQL depends on how the database was made: a letter beyond ASCII is any character to LIKE, and
then one of its two cases to a pattern of the engine's own (GLOB, or a regular expression). What
becomes several letters in the other case, such as ß, is found as it is written.
"""

import re
from typing import Any

from estafette.model import Filter, Status
from estafette.model.ids import first_id
from estafette.model.message import Going
from estafette.store.times import instant_or_none

Where = tuple[list[str], dict[str, Any]]


def narrow(account: str, filter: Filter, dialect: str) -> Where:
    """The conditions of a filter on `messages`, and their values."""
    parts: list[str] = ["messages.account = :account"]
    values: dict[str, Any] = {"account": account}
    if filter.status:
        parts.append(_in_status(filter.status))
        values["status"] = str(filter.status)
    for name in ("recipient", "sender", "lane", "channel"):
        value = getattr(filter, name)
        if value:
            parts.append(f"messages.{name} = :{name}")
            values[name] = str(value)
    if filter.direction:
        is_both = filter.direction == Going.OUTBOUND
        parts.append(f"messages.direction {'<>' if is_both else '='} :direction")
        values["direction"] = "inbound" if is_both else str(filter.direction)
    if filter.party:
        parts.append(":party IN (messages.sender, messages.recipient)")
        values["party"] = filter.party
    for narrowed in (_in_time(filter), _with_text(filter.text, dialect)):
        parts += narrowed[0]
        values |= narrowed[1]
    return parts, values


def _in_time(filter: Filter) -> Where:
    """Between times of sending, and of creation, which ids tell."""
    made_from, made_until = filter.created_from, filter.created_until
    bounds = {
        "messages.id >= :made_from": first_id(made_from) if made_from else None,
        "messages.id < :made_until": first_id(made_until) if made_until else None,
        "messages.sent_at >= :from": instant_or_none(filter.sent_from),
        "messages.sent_at <= :until": instant_or_none(filter.sent_until),
    }
    given = {part: value for part, value in bounds.items() if value is not None}
    return list(given), {part.rpartition(":")[2]: value for part, value in given.items()}


def _in_status(status: Status) -> str:
    """What was sent, and waits on its second way, is shown as sent."""
    match status:
        case Status.SENT:
            kept = "CASE WHEN messages.sent_at IS NULL THEN :status ELSE '{}' END"
            return (
                f"messages.status IN (:status, {kept.format('queued')}, {kept.format('sending')})"
            )
        case Status.QUEUED | Status.SENDING:
            return "messages.status = :status AND messages.sent_at IS NULL"
        case _:
            return "messages.status = :status"


def _with_text(asked: str, dialect: str) -> Where:
    """Part of the text, whatever its case. What was redacted is not found."""
    if not asked:
        return [], {}
    is_sqlite = dialect == "sqlite"
    parts = ["messages.redacted = FALSE"]
    parts.append(f"messages.body {'LIKE' if is_sqlite else 'ILIKE'} :like ESCAPE '\\'")
    values = {"like": f"%{''.join(map(_liked, asked))}%"}
    if any(len(_cases(letter)) > 1 for letter in asked if not letter.isascii()):
        parts.append(f"messages.body {'GLOB' if is_sqlite else '~'} :pattern")
        values["pattern"] = _glob(asked) if is_sqlite else "".join(map(_class, asked))
    return parts, values


def _cases(letter: str) -> str:
    """A letter in each of its cases; one that has none is alone."""
    found = {letter, letter.lower(), letter.upper(), letter.upper().lower()}
    return "".join(sorted(one for one in found if len(one) == 1))


def _liked(letter: str) -> str:
    if letter in "%_\\":
        return f"\\{letter}"
    return letter if letter.isascii() or len(_cases(letter)) == 1 else "_"


def _glob(asked: str) -> str:
    letters = map(_cases, asked)
    shown = (f"[{one}]" if len(one) > 1 or one in "*?[" else one for one in letters)
    return f"*{''.join(shown)}*"


def _class(letter: str) -> str:
    cases = _cases(letter)
    return f"[{cases}]" if len(cases) > 1 else re.escape(letter)
