"""What goes through: messages, what is to be done about them, and what was told."""

from sqlalchemy import BigInteger, Boolean, Column, Integer, Table

from estafette.store.schema.base import BUCKET, METADATA, at_, id_, index, text_

messages = Table(
    "messages",
    METADATA,
    id_(primary_key=True),
    id_("account"),
    id_("lane"),
    text_("channel"),
    text_("direction"),
    text_("sender"),
    text_("recipient"),
    text_("body"),
    text_("media"),
    Column("segments", Integer, nullable=False),
    text_("status"),
    text_("ref"),
    text_("reason"),
    text_("code"),
    text_("text"),
    text_("callback_url"),
    Column("redacted", Boolean, nullable=False),
    at_("created_at"),
    at_("updated_at"),
    at_("sent_at", nullable=True),
    at_("expires_at"),
    text_("door"),
    id_("service"),
    text_("content"),
)
index("messages_of_account", messages, "account", "id")
index("messages_from", messages, "account", "sender", "id")
index("messages_sent", messages, "account", "sent_at", "id", where="sent_at IS NOT NULL")
index("messages_inbound", messages, "account", "id", where="direction = 'inbound'")

#: Which messages went to a recipient: see store/recipients.py.
recipients = Table(
    "recipients",
    METADATA,
    id_("account", primary_key=True),
    id_("bucket", primary_key=True),
    id_("recipient", primary_key=True),
    id_("message", primary_key=True),
    sqlite_with_rowid=False,
)

#: How far something has come. `filed`: the number of the last message in `recipients`.
marks = Table(
    "marks",
    METADATA,
    id_("name", primary_key=True),
    Column("value", BigInteger, nullable=False),
)

#: What an account told of the recipient of a message.
feedback = Table(
    "feedback",
    METADATA,
    id_("message", primary_key=True),
    Column("confirmed", Boolean, nullable=False),
    at_("created_at"),
    at_("updated_at"),
    sqlite_with_rowid=False,
)

idempotency = Table(
    "idempotency",
    METADATA,
    id_("account", primary_key=True),
    id_("key", primary_key=True),
    text_("fingerprint"),
    id_("message"),
    at_("created_at"),
)

index("idempotency_of_message", idempotency, "message")

#: Work due. A job leaves this table when it is taken up; an attempt then stands for it.
jobs = Table(
    "jobs",
    METADATA,
    id_("message", primary_key=True),
    id_("kind", primary_key=True),
    id_("lane"),
    at_("due_at"),
    Column("tries", Integer, nullable=False),
    text_("order_key"),
    text_("data"),
    sqlite_with_rowid=False,
)
index("jobs_due", jobs, "lane", "kind", "due_at", "message")
index("jobs_in_order", jobs, "lane", "order_key", "message", where="order_key <> ''")

attempts = Table(
    "attempts",
    METADATA,
    id_(primary_key=True),
    id_("message"),
    id_("lane"),
    Column("number", Integer, nullable=False),
    id_("node"),
    text_("connection"),
    at_("started_at"),
    at_("closed_at", nullable=True),
    text_("outcome"),
    text_("ref"),
    text_("code"),
    text_("text"),
    text_("answer"),
    sqlite_with_rowid=False,
)
index("attempts_of_message", attempts, "message", "id")
index("attempts_open", attempts, "lane", "id", where="closed_at IS NULL")
index("attempts_ref", attempts, BUCKET, "ref", where="ref <> ''")

#: Further ids that a carrier gave to what an attempt offered, such as one for each segment.
refs = Table(
    "refs",
    METADATA,
    id_(primary_key=True),
    id_("ref", primary_key=True),
    text_("connection"),
    id_("message"),
    sqlite_with_rowid=False,
)
index("refs_ref", refs, BUCKET, "ref")

#: What carriers told. `message` is empty while nobody knows which one is meant.
receipts = Table(
    "receipts",
    METADATA,
    id_(primary_key=True),
    id_("message"),
    text_("connection"),
    text_("ref"),
    text_("status"),
    text_("reason"),
    text_("code"),
    text_("text"),
    at_("told_at", nullable=True),
    at_("created_at"),
    sqlite_with_rowid=False,
)
index("receipts_of_message", receipts, "message", "id", where="message <> ''")
index("receipts_unmatched", receipts, "connection", "ref", where="message = ''")

#: What is owed to customers' addresses: each status of a message once to each. `hook` is the
#: subscription that it is owed to; empty for the address that the message or its sender names.
#: `due_at` is empty when it is over; `host` shares the work out fairly between addresses. Of what is
#: no status, `message` is what it is about, such as a contact, `status` the id of the notice, and
#: `event` its name. `response` is JSON: what the address answered, where its door shows that.
callbacks = Table(
    "callbacks",
    METADATA,
    id_("message", primary_key=True),
    id_("status", primary_key=True),
    id_("account"),
    text_("door"),
    text_("url"),
    id_("host"),
    text_("reason"),
    text_("code"),
    text_("text"),
    Column("number", Integer, nullable=False),
    at_("created_at"),
    text_("told"),
    at_("due_at", nullable=True),
    Column("tries", Integer, nullable=False),
    text_("answer"),
    at_("closed_at", nullable=True),
    text_("method"),
    text_("fallback_url"),
    text_("fallback_method"),
    id_("hook", primary_key=True),
    id_("event"),
    text_("response"),
    sqlite_with_rowid=False,
)
index("callbacks_due", callbacks, "host", "due_at", where="due_at IS NOT NULL")
index("callbacks_of_account", callbacks, "account", "created_at", "message", "status", "hook")
index(
    "callbacks_given_up", callbacks, "account", "created_at", "message", "status", "hook",
    where="told = 'given_up'",
)  # fmt: skip

#: Which message an inbound one became, by the id that its carrier gave it: told twice, kept once.
incoming = Table(
    "incoming",
    METADATA,
    id_("connection", primary_key=True),
    id_("ref", primary_key=True),
    id_("message"),
    sqlite_with_rowid=False,
)
index("incoming_of_message", incoming, "message")

#: Pictures, documents and sounds of messages; the bytes lie elsewhere, under `place`.
media = Table(
    "media",
    METADATA,
    id_(primary_key=True),
    id_("account"),
    id_("message"),
    Column("number", Integer, nullable=False),
    text_("url"),
    text_("content_type"),
    Column("size", BigInteger, nullable=False),
    text_("place"),
    at_("created_at"),
    at_("updated_at"),
    text_("sha256"),
    sqlite_with_rowid=False,
)
index("media_of_message", media, "message", "number", unique=True)

#: Files that were uploaded, to be sent in messages to come. One that was deleted has expired.
uploads = Table(
    "uploads",
    METADATA,
    id_(primary_key=True),
    id_("account"),
    id_("sender"),
    text_("content_type"),
    text_("filename"),
    Column("size", BigInteger, nullable=False),
    text_("sha256"),
    text_("place"),
    at_("created_at"),
    at_("expires_at"),
    sqlite_with_rowid=False,
)
index("uploads_expiring", uploads, "expires_at")

#: What is done after the answer, and whose outcome is owed to an address: see core/courier.py.
#: What was told leaves this table; what was given up stays, without a `due_at`.
errands = Table(
    "errands",
    METADATA,
    id_(primary_key=True),
    id_("account"),
    id_("door"),
    id_("step"),
    text_("sealed"),
    at_("created_at"),
    at_("due_at", nullable=True),
    Column("tries", Integer, nullable=False),
    text_("answer"),
)
index("errands_due", errands, "due_at", "id", where="due_at IS NOT NULL")
index("errands_of_account", errands, "account", "id")
