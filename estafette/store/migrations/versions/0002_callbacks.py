"""Callbacks, and the door of a message, in whose words they are told."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"

ID = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    """Add them. Messages so far came through the one door that there was."""
    op.add_column("messages", sa.Column("door", sa.Text(), server_default="", nullable=False))
    op.execute("UPDATE messages SET door = 'twilio' WHERE callback_url <> ''")
    op.create_table(
        "callbacks",
        sa.Column("message", ID, nullable=False),
        sa.Column("status", ID, nullable=False),
        sa.Column("account", ID, nullable=False),
        sa.Column("door", sa.Text(), server_default="", nullable=False),
        sa.Column("url", sa.Text(), server_default="", nullable=False),
        sa.Column("host", ID, nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("code", sa.Text(), server_default="", nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("told", sa.Text(), server_default="", nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("message", "status"),
        sqlite_with_rowid=False,
    )
    is_due = sa.text("due_at IS NOT NULL")
    op.create_index(
        "callbacks_due",
        "callbacks",
        ["host", "due_at"],
        sqlite_where=is_due,
        postgresql_where=is_due,
    )
    op.create_index(
        "callbacks_of_account", "callbacks", ["account", "created_at", "message", "status"]
    )
