"""The tables. What a migration makes is compared with this page by a test.

Times are microseconds since 1970, UTC: both engines compare and index them alike. Absent text is
empty, never NULL. Ids grow with time (`model/ids.py`), so the newest rows stand at one end of
every index and an insert touches the same few pages however many rows are stored. Where an
index starts with something that does not grow, such as a recipient, the first digits of the id
stand before it: see `BUCKET`.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import TEXT

VERSION = "0003"  #: the newest migration

METADATA = MetaData()

#: The first digits of an id: 2^28 ms, about three days. An index that begins with them grows
#: at its end; a question about one recipient asks each bucket that is in use, newest first.
BUCKET_DIGITS = 5
BUCKET = f"substr(id, 1, {BUCKET_DIGITS})"

# Ids are compared byte by byte; PostgreSQL would otherwise ask the language of the database.
_Id = Text().with_variant(TEXT(collation="C"), "postgresql")


def _id(name: str = "id", primary_key: bool = False) -> Column[str]:
    return Column(name, _Id, nullable=False, primary_key=primary_key)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


def _at(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable)


def _index(name: str, table: Table, *parts: str, where: str = "") -> Index:
    options: dict[str, Any] = (
        {"sqlite_where": text(where), "postgresql_where": text(where)} if where else {}
    )
    columns = [text(part) if "(" in part else table.c[part] for part in parts]
    return Index(name, *columns, _table=table, **options)


accounts = Table(
    "accounts",
    METADATA,
    _id("sid", primary_key=True),
    _text("name"),
    _text("token_sealed"),
    _at("created_at"),
    _at("updated_at"),
)

keys = Table(
    "keys",
    METADATA,
    _id("sid", primary_key=True),
    _id("account"),
    _text("label"),
    _text("secret_digest"),
    _at("created_at"),
    _at("updated_at"),
    _at("revoked_at", nullable=True),
)
_index("keys_of_account", keys, "account", "sid")

connections = Table(
    "connections",
    METADATA,
    _id("name", primary_key=True),
    _text("provider"),
    _text("settings_sealed"),
    Column("receipt_wait", Integer, nullable=False),
    _text("on_unclear"),
    _at("parked_at", nullable=True),
    _text("parked_text"),
)

senders = Table(
    "senders",
    METADATA,
    _id(primary_key=True),
    _id("account"),
    _text("channel"),
    _text("address"),
    _text("ref"),
    _text("title"),
    _text("connection"),
    Column("window", Integer, nullable=False),
    Column("max_per_second", Float, nullable=False),
    Column("in_order", Boolean, nullable=False),
)
Index("senders_address", senders.c.account, senders.c.channel, senders.c.address, unique=True)

#: One row per sender: who drives it, until when, and when it may send next.
lanes = Table(
    "lanes",
    METADATA,
    _id(primary_key=True),
    _id("node"),
    _at("leased_until"),
    _at("next_at"),
)

nodes = Table(
    "nodes",
    METADATA,
    _id(primary_key=True),
    _text("host"),
    Column("pid", Integer, nullable=False),
    _at("started_at"),
    _at("seen_at"),
)

messages = Table(
    "messages",
    METADATA,
    _id(primary_key=True),
    _id("account"),
    _id("lane"),
    _text("channel"),
    _text("direction"),
    _text("sender"),
    _text("recipient"),
    _text("body"),
    _text("media"),
    Column("segments", Integer, nullable=False),
    _text("status"),
    _text("ref"),
    _text("reason"),
    _text("code"),
    _text("text"),
    _text("callback_url"),
    Column("redacted", Boolean, nullable=False),
    _at("created_at"),
    _at("updated_at"),
    _at("sent_at", nullable=True),
    _at("expires_at"),
    _text("door"),
)
_index("messages_of_account", messages, "account", "id")
_index("messages_from", messages, "account", "sender", "id")
_index("messages_sent", messages, "account", "sent_at", "id", where="sent_at IS NOT NULL")

#: Which messages went to a recipient: see store/recipients.py.
recipients = Table(
    "recipients",
    METADATA,
    _id("account", primary_key=True),
    _id("bucket", primary_key=True),
    _id("recipient", primary_key=True),
    _id("message", primary_key=True),
    sqlite_with_rowid=False,
)

#: How far something has come. `filed`: the number of the last message in `recipients`.
marks = Table(
    "marks",
    METADATA,
    _id("name", primary_key=True),
    Column("value", BigInteger, nullable=False),
)

#: What an account told of the recipient of a message.
feedback = Table(
    "feedback",
    METADATA,
    _id("message", primary_key=True),
    Column("confirmed", Boolean, nullable=False),
    _at("created_at"),
    _at("updated_at"),
    sqlite_with_rowid=False,
)

idempotency = Table(
    "idempotency",
    METADATA,
    _id("account", primary_key=True),
    _id("key", primary_key=True),
    _text("fingerprint"),
    _id("message"),
    _at("created_at"),
)

_index("idempotency_of_message", idempotency, "message")

#: Work due. A job leaves this table when it is taken up; an attempt then stands for it.
jobs = Table(
    "jobs",
    METADATA,
    _id("message", primary_key=True),
    _id("kind", primary_key=True),
    _id("lane"),
    _at("due_at"),
    Column("tries", Integer, nullable=False),
    _text("order_key"),
    _text("data"),
    sqlite_with_rowid=False,
)
_index("jobs_due", jobs, "lane", "kind", "due_at", "message")
_index("jobs_in_order", jobs, "lane", "order_key", "message", where="order_key <> ''")

attempts = Table(
    "attempts",
    METADATA,
    _id(primary_key=True),
    _id("message"),
    _id("lane"),
    Column("number", Integer, nullable=False),
    _id("node"),
    _text("connection"),
    _at("started_at"),
    _at("closed_at", nullable=True),
    _text("outcome"),
    _text("ref"),
    _text("code"),
    _text("text"),
    sqlite_with_rowid=False,
)
_index("attempts_of_message", attempts, "message", "id")
_index("attempts_open", attempts, "lane", "id", where="closed_at IS NULL")
_index("attempts_ref", attempts, BUCKET, "ref", where="ref <> ''")

#: Further ids that a carrier gave to what an attempt offered, such as one for each segment.
refs = Table(
    "refs",
    METADATA,
    _id(primary_key=True),
    _id("ref", primary_key=True),
    _text("connection"),
    _id("message"),
    sqlite_with_rowid=False,
)
_index("refs_ref", refs, BUCKET, "ref")

#: What carriers told. `message` is empty while nobody knows which one is meant.
receipts = Table(
    "receipts",
    METADATA,
    _id(primary_key=True),
    _id("message"),
    _text("connection"),
    _text("ref"),
    _text("status"),
    _text("reason"),
    _text("code"),
    _text("text"),
    _at("told_at", nullable=True),
    _at("created_at"),
    sqlite_with_rowid=False,
)
_index("receipts_of_message", receipts, "message", "id", where="message <> ''")
_index("receipts_unmatched", receipts, "connection", "ref", where="message = ''")

#: What is owed to customers' addresses: each status of a message once. `due_at` is empty when it is
#: over; `host` shares the work out fairly between addresses.
callbacks = Table(
    "callbacks",
    METADATA,
    _id("message", primary_key=True),
    _id("status", primary_key=True),
    _id("account"),
    _text("door"),
    _text("url"),
    _id("host"),
    _text("reason"),
    _text("code"),
    _text("text"),
    Column("number", Integer, nullable=False),
    _at("created_at"),
    _text("told"),
    _at("due_at", nullable=True),
    Column("tries", Integer, nullable=False),
    _text("answer"),
    _at("closed_at", nullable=True),
    sqlite_with_rowid=False,
)
_index("callbacks_due", callbacks, "host", "due_at", where="due_at IS NOT NULL")
_index("callbacks_of_account", callbacks, "account", "created_at", "message", "status")
