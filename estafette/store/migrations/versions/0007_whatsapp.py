"""WhatsApp: uploads, other names of people, narrower subscriptions, and the answers of carriers."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"

ID = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    """Add them. What is there stays as it is."""
    for name in ("channel", "sender"):
        _add_id("subscriptions", name)
    op.add_column("attempts", _text("answer"))
    op.add_column("media", _text("sha256"))
    op.create_table(
        "uploads",
        sa.Column("id", ID, primary_key=True),
        *_ids("account", "sender"),
        *(_text(name) for name in ("content_type", "filename")),
        sa.Column("size", sa.BigInteger(), nullable=False),
        *(_text(name) for name in ("sha256", "place")),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in ("created_at", "expires_at")
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("uploads_expiring", "uploads", ["expires_at"])
    op.create_table(
        "aliases",
        *(
            sa.Column(name, ID, nullable=False, primary_key=True)
            for name in ("account", "channel", "alias")
        ),
        *_ids("address"),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("aliases_address", "aliases", ["account", "channel", "address"])
    where = sa.text("blocked_at IS NOT NULL")
    op.create_index(
        "contacts_blocked",
        "contacts",
        ["account", "channel", "address"],
        sqlite_where=where,
        postgresql_where=where,
    )


def _add_id(table: str, name: str) -> None:
    op.add_column(table, sa.Column(name, ID, server_default="", nullable=False))
    if op.get_context().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE {table} ALTER COLUMN {name} DROP DEFAULT")


def _ids(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, ID, nullable=False) for name in names]


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)
