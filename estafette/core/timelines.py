"""What became of a message: all that is known of it, read at once."""

from datetime import datetime

from msgspec import Struct
from sqlalchemy import Connection

from estafette.model import Attempt, Callback, Feedback, Receipt
from estafette.model.fallback import Second
from estafette.store import attempts, callbacks, fallbacks, feedback, receipts


class Timeline(Struct, frozen=True):
    """The offers, what carriers and the account told, and whom we told."""

    attempts: list[Attempt]
    receipts: list[tuple[Receipt, datetime]]
    callbacks: list[Callback]
    feedback: Feedback | None
    second: Second | None = None  #: the second way that it has


def read(conn: Connection, message: str) -> Timeline:
    """Everything that is known of what became of a message."""
    return Timeline(
        attempts.of_message(conn, message),
        receipts.of_message(conn, message),
        callbacks.of_message(conn, message),
        feedback.of_message(conn, message),
        fallbacks.get(conn, message),
    )
