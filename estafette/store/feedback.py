"""Feedback: what accounts told of the recipients of messages, the last word for each message."""

from datetime import datetime

from sqlalchemy import Connection, text

from estafette.model import Feedback
from estafette.model.ids import instant
from estafette.store import messages
from estafette.store.times import moment

_PUT = text(
    "INSERT INTO feedback (message, confirmed, created_at, updated_at)"
    " VALUES (:message, :confirmed, :now, :now)"
    " ON CONFLICT (message) DO UPDATE"
    " SET confirmed = excluded.confirmed, updated_at = excluded.updated_at"
    " RETURNING message, confirmed, created_at, updated_at"
)
_OF_MESSAGE = text(
    "SELECT message, confirmed, created_at, updated_at FROM feedback WHERE message = :message"
)


def put(conn: Connection, account: str, id: str, confirmed: bool, now: datetime) -> Feedback:
    """Keep what was told of a message in place of what was told before.

    Raises Unknown; another account's message is unknown too.
    """
    # Locked, so that it is not deleted meanwhile, which would leave its feedback behind.
    messages.get(conn, account, id, lock=True)
    asked = {"message": id, "confirmed": confirmed, "now": instant(now)}
    return _of_row(*conn.execute(_PUT, asked).one())


def of_message(conn: Connection, id: str) -> Feedback | None:
    """What was told of a message, if anything was."""
    row = conn.execute(_OF_MESSAGE, {"message": id}).one_or_none()
    return None if row is None else _of_row(*row)


def _of_row(message: str, confirmed: bool, created_at: int, updated_at: int) -> Feedback:
    return Feedback(message, bool(confirmed), moment(created_at), moment(updated_at))
