"""What the console keeps: who is signed in, what was changed, and what is sent in batches."""

from sqlalchemy import BigInteger, Column, Integer, Table

from estafette.store.schema.base import METADATA, at_, id_, index, text_

#: Who is signed in: `id` is the digest of what the browser shows, `holder` a user or empty.
sessions = Table(
    "sessions",
    METADATA,
    id_(primary_key=True),
    id_("account"),
    id_("holder"),
    text_("agent"),
    at_("created_at"),
    at_("seen_at"),
    at_("expires_at"),
    sqlite_with_rowid=False,
)
index("sessions_of_account", sessions, "account", "holder")
index("sessions_expiring", sessions, "expires_at")

#: Links that sign in once; `id` is the digest of what stands in the link.
links = Table(
    "links",
    METADATA,
    id_(primary_key=True),
    id_("account"),
    id_("holder"),
    at_("created_at"),
    at_("expires_at"),
    sqlite_with_rowid=False,
)
index("links_expiring", links, "expires_at")

#: What users sign in with, as core/passwords.py writes it.
passwords = Table(
    "passwords",
    METADATA,
    id_("holder", primary_key=True),
    id_("account"),
    text_("digest"),
    at_("updated_at"),
    sqlite_with_rowid=False,
)

#: The audit trail: who changed what. `details` is JSON.
audit = Table(
    "audit",
    METADATA,
    id_(primary_key=True),
    id_("account"),
    id_("actor"),
    text_("name"),
    id_("via"),
    id_("event"),
    id_("about"),
    text_("details"),
    at_("created_at"),
    sqlite_with_rowid=False,
)
index("audit_of_account", audit, "account", "id")

#: Many messages that are sent as one: see core/batches.py. `header`, `asked` and `checked` are JSON:
#: the names of the columns, what all messages share, what was found wrong. `done` is how many rows
#: were gone through.
batches = Table(
    "batches",
    METADATA,
    id_(primary_key=True),
    id_("account"),
    text_("title"),
    text_("header"),
    text_("asked"),
    text_("checked"),
    id_("status"),
    Column("total", BigInteger, nullable=False),
    Column("done", BigInteger, nullable=False),
    Column("sent", BigInteger, nullable=False),
    Column("failed", BigInteger, nullable=False),
    id_("actor"),
    id_("node"),
    at_("leased_until", nullable=True),
    at_("created_at"),
    at_("updated_at"),
    at_("closed_at", nullable=True),
    sqlite_with_rowid=False,
)
index("batches_of_account", batches, "account", "id")
index("batches_running", batches, "status", "id", where="status = 'running'")

#: The rows of batches. `given` is JSON: the cells; `message` what it became, `error` JSON: why it
#: became none.
batch_rows = Table(
    "batch_rows",
    METADATA,
    id_("batch", primary_key=True),
    Column("number", Integer, nullable=False, primary_key=True),
    text_("given"),
    id_("message"),
    text_("error"),
    sqlite_with_rowid=False,
)
