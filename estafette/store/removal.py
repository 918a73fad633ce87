"""What goes when messages are deleted, or what they said: all that is known of them, in every table."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from estafette.model.ids import instant
from estafette.store import bulk, callbacks, fallbacks, media, recipients, refs
from estafette.store.schema import (
    attempts,
    feedback,
    idempotency,
    incoming,
    jobs,
    messages,
    receipts,
)


def delete(conn: Connection, ids: Sequence[str]) -> None:
    """Remove messages and all that is known of them."""
    names = ("account", "recipient", "id", "lane")
    rows = bulk.select(conn, messages, "id", ids, names)
    bulk.delete(conn, messages, "id", ids)
    gone = [tuple(row[:3]) for row in rows]
    for second in fallbacks.forget(conn, ids):
        gone.append((second.account, second.first.recipient, second.message))
    recipients.forget(conn, gone)
    media.forget(conn, {row[2]: row[3] for row in rows})
    refs.forget(conn, ids)
    callbacks.forget(conn, ids)
    for table in (attempts, jobs, idempotency, feedback, incoming):
        bulk.delete(conn, table, "message", ids)
    bulk.delete(conn, receipts, "message", ids, where="message <> ''")


def redact(conn: Connection, ids: Sequence[str], now: datetime) -> None:
    """Forget what complete messages said, and their media."""
    keys, at = [(id,) for id in ids], instant(now)
    sets = f"redacted = TRUE, body = '', content = '', updated_at = {at}"
    bulk.update(conn, messages, ("k",), keys, sets=sets)
    fallbacks.redact_all(conn, ids)
    callbacks.redact_all(conn, ids)
    media.remove_all(conn, ids, at)
