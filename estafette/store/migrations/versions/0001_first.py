"""The first tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

ID = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    """Make everything."""
    op.create_table(
        "accounts",
        sa.Column("sid", ID, nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("token_sealed", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sid"),
    )
    op.create_table(
        "attempts",
        sa.Column("id", ID, nullable=False),
        sa.Column("message", ID, nullable=False),
        sa.Column("lane", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("node", ID, nullable=False),
        sa.Column("connection", sa.Text(), server_default="", nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.Text(), server_default="", nullable=False),
        sa.Column("ref", sa.Text(), server_default="", nullable=False),
        sa.Column("code", sa.Text(), server_default="", nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_with_rowid=False,
    )
    op.create_index("attempts_of_message", "attempts", ["message", "id"])
    op.create_index(
        "attempts_open",
        "attempts",
        ["lane", "id"],
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "connections",
        sa.Column("name", ID, nullable=False),
        sa.Column("provider", sa.Text(), server_default="", nullable=False),
        sa.Column("settings_sealed", sa.Text(), server_default="", nullable=False),
        sa.Column("receipt_wait", sa.Integer(), nullable=False),
        sa.Column("on_unclear", sa.Text(), server_default="", nullable=False),
        sa.Column("parked_at", sa.BigInteger(), nullable=True),
        sa.Column("parked_text", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "idempotency",
        sa.Column("account", ID, nullable=False),
        sa.Column("key", ID, nullable=False),
        sa.Column("fingerprint", sa.Text(), server_default="", nullable=False),
        sa.Column("message", ID, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "key"),
    )
    op.create_index("idempotency_of_message", "idempotency", ["message"])
    op.create_table(
        "jobs",
        sa.Column("message", ID, nullable=False),
        sa.Column("kind", ID, nullable=False),
        sa.Column("lane", ID, nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("order_key", sa.Text(), server_default="", nullable=False),
        sa.Column("data", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("message", "kind"),
        sqlite_with_rowid=False,
    )
    op.create_index("jobs_due", "jobs", ["lane", "kind", "due_at", "message"])
    op.create_index(
        "jobs_in_order",
        "jobs",
        ["lane", "order_key", "message"],
        sqlite_where=sa.text("order_key <> ''"),
        postgresql_where=sa.text("order_key <> ''"),
    )
    op.create_table(
        "keys",
        sa.Column("sid", ID, nullable=False),
        sa.Column("account", ID, nullable=False),
        sa.Column("label", sa.Text(), server_default="", nullable=False),
        sa.Column("secret_digest", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("sid"),
    )
    op.create_index("keys_of_account", "keys", ["account", "sid"])
    op.create_table(
        "lanes",
        sa.Column("id", ID, nullable=False),
        sa.Column("node", ID, nullable=False),
        sa.Column("leased_until", sa.BigInteger(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "messages",
        sa.Column("id", ID, nullable=False),
        sa.Column("account", ID, nullable=False),
        sa.Column("lane", ID, nullable=False),
        sa.Column("channel", sa.Text(), server_default="", nullable=False),
        sa.Column("direction", sa.Text(), server_default="", nullable=False),
        sa.Column("sender", sa.Text(), server_default="", nullable=False),
        sa.Column("recipient", sa.Text(), server_default="", nullable=False),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.Column("media", sa.Text(), server_default="", nullable=False),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), server_default="", nullable=False),
        sa.Column("ref", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("code", sa.Text(), server_default="", nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("callback_url", sa.Text(), server_default="", nullable=False),
        sa.Column("redacted", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("messages_from", "messages", ["account", "sender", "id"])
    op.create_index("messages_of_account", "messages", ["account", "id"])
    op.create_index(
        "messages_sent",
        "messages",
        ["account", "sent_at", "id"],
        sqlite_where=sa.text("sent_at IS NOT NULL"),
        postgresql_where=sa.text("sent_at IS NOT NULL"),
    )
    op.create_table(
        "nodes",
        sa.Column("id", ID, nullable=False),
        sa.Column("host", sa.Text(), server_default="", nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "receipts",
        sa.Column("id", ID, nullable=False),
        sa.Column("message", ID, nullable=False),
        sa.Column("connection", sa.Text(), server_default="", nullable=False),
        sa.Column("ref", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("code", sa.Text(), server_default="", nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "receipts_of_message",
        "receipts",
        ["message", "id"],
        sqlite_where=sa.text("message <> ''"),
        postgresql_where=sa.text("message <> ''"),
    )
    op.create_index(
        "receipts_unmatched",
        "receipts",
        ["connection", "ref"],
        sqlite_where=sa.text("message = ''"),
        postgresql_where=sa.text("message = ''"),
    )
    op.create_table(
        "senders",
        sa.Column("id", ID, nullable=False),
        sa.Column("account", ID, nullable=False),
        sa.Column("channel", sa.Text(), server_default="", nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("ref", sa.Text(), server_default="", nullable=False),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("connection", sa.Text(), server_default="", nullable=False),
        sa.Column("window", sa.Integer(), nullable=False),
        sa.Column("max_per_second", sa.Float(), nullable=False),
        sa.Column("in_order", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("senders_address", "senders", ["account", "channel", "address"], unique=True)
    op.create_table(
        "recipients",
        sa.Column("account", ID, nullable=False),
        sa.Column("bucket", ID, nullable=False),
        sa.Column("recipient", ID, nullable=False),
        sa.Column("message", ID, nullable=False),
        sa.PrimaryKeyConstraint("account", "bucket", "recipient", "message"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "marks",
        sa.Column("name", ID, nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.execute("INSERT INTO marks (name, value) VALUES ('filed', 0)")
    bucket = sa.text("substr(id, 1, 5)")
    has_ref = sa.text("ref <> ''")
    op.create_index(
        "attempts_ref", "attempts", [bucket, "ref"], sqlite_where=has_ref, postgresql_where=has_ref
    )
    op.create_table(
        "refs",
        sa.Column("id", ID, nullable=False),
        sa.Column("ref", ID, nullable=False),
        sa.Column("connection", sa.Text(), server_default="", nullable=False),
        sa.Column("message", ID, nullable=False),
        sa.PrimaryKeyConstraint("id", "ref"),
        sqlite_with_rowid=False,
    )
    op.create_index("refs_ref", "refs", [bucket, "ref"])
