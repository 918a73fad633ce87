"""What became of a message: all that is known of it, read at once."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct
from sqlalchemy import Connection

from estafette.model import Attempt, Callback, Feedback, Receipt
from estafette.model.attempt import Request
from estafette.model.fallback import Second
from estafette.store import attempts, callbacks, fallbacks, feedback, jobs, receipts, repeats


class Timeline(Struct, frozen=True):
    """The offers, what carriers and the account told, and whom we told."""

    attempts: list[Attempt]
    receipts: list[tuple[Receipt, datetime]]
    callbacks: list[Callback]
    feedback: Feedback | None
    second: Second | None = None  #: the second way that it has
    due_at: datetime | None = None  #: when it is offered next; None where it waits for nothing
    #: What was asked for with each offer, by the attempt's id, as far as that can be told: see Offers.
    requests: Mapping[str, Request] = {}
    #: The message that it repeats, and those that repeat it.
    resent_from: str = ""
    resent_as: tuple[str, ...] = ()


def read(conn: Connection, account: str, message: str) -> Timeline:
    """Everything that is known of what became of a message."""
    return Timeline(
        attempts.of_message(conn, message),
        receipts.of_message(conn, message),
        callbacks.of_message(conn, message),
        feedback.of_message(conn, message),
        fallbacks.get(conn, message),
        jobs.offered_at(conn, message),
        resent_from=repeats.original(conn, message),
        resent_as=repeats.copies(conn, account, message),
    )
