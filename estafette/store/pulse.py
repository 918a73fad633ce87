"""How many messages of each status were written down in each of the last hours."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from estafette.model import Status
from estafette.model.ids import first_id, instant
from estafette.model.pulse import HOURS, Hour, Pulse

_HOUR = timedelta(hours=1)


def count(conn: Connection, account: str, now: datetime) -> Pulse:
    """Count them: it takes as long as there are many."""
    start = now.replace(minute=0, second=0, microsecond=0) - (HOURS - 1) * _HOUR
    asked = {
        "account": account,
        "first": first_id(start),
        "start": instant(start),
        "hour": _HOUR // timedelta(microseconds=1),
    }
    found: list[dict[Status, int]] = [{} for _ in range(HOURS)]
    for hour, status, number in conn.execute(_COUNTED, asked):
        if 0 <= hour < HOURS:  # clocks of other nodes may run before ours
            found[hour][Status(status)] = number
    return Pulse(now, [Hour(start + n * _HOUR, counts) for n, counts in enumerate(found)])


# What was sent, and waits on its second way, is shown as sent.
_COUNTED = text(
    "SELECT (created_at - :start) / :hour, CASE WHEN sent_at IS NOT NULL"
    " AND status IN ('queued', 'sending') THEN 'sent' ELSE status END, count(*)"
    " FROM messages WHERE account = :account AND id >= :first GROUP BY 1, 2"
)
