"""The console: who is signed in, what was changed, and what is sent in batches."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"

ID = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    """Add them. What is there stays as it is."""
    op.create_table(
        "sessions",
        _key(),
        *_ids("account", "holder"),
        _text("agent"),
        *_times("created_at", "seen_at", "expires_at"),
        sqlite_with_rowid=False,
    )
    op.create_index("sessions_of_account", "sessions", ["account", "holder"])
    op.create_index("sessions_expiring", "sessions", ["expires_at"])
    op.create_table(
        "links",
        _key(),
        *_ids("account", "holder"),
        *_times("created_at", "expires_at"),
        sqlite_with_rowid=False,
    )
    op.create_index("links_expiring", "links", ["expires_at"])
    op.create_table(
        "passwords",
        _key("holder"),
        *_ids("account"),
        _text("digest"),
        *_times("updated_at"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "audit",
        _key(),
        *_ids("account", "actor"),
        _text("name"),
        *_ids("via", "event", "about"),
        _text("details"),
        *_times("created_at"),
        sqlite_with_rowid=False,
    )
    op.create_index("audit_of_account", "audit", ["account", "id"])
    _batches()


def _batches() -> None:
    op.create_table(
        "batches",
        _key(),
        *_ids("account"),
        *(_text(name) for name in ("title", "header", "asked", "checked")),
        *_ids("status"),
        *_times("total", "done", "sent", "failed"),
        *_ids("actor", "node"),
        *_times("leased_until", nullable=True),
        *_times("created_at", "updated_at"),
        *_times("closed_at", nullable=True),
        sqlite_with_rowid=False,
    )
    op.create_index("batches_of_account", "batches", ["account", "id"])
    where = sa.text("status = 'running'")
    op.create_index(
        "batches_running",
        "batches",
        ["status", "id"],
        sqlite_where=where,
        postgresql_where=where,
    )
    op.create_table(
        "batch_rows",
        _key("batch"),
        sa.Column("number", sa.Integer(), nullable=False, primary_key=True),
        _text("given"),
        *_ids("message"),
        _text("error"),
        sqlite_with_rowid=False,
    )
    given_up = sa.text("told = 'given_up'")
    op.create_index(
        "callbacks_given_up",
        "callbacks",
        ["account", "created_at", "message", "status", "hook"],
        sqlite_where=given_up,
        postgresql_where=given_up,
    )


def _key(name: str = "id") -> sa.Column[Any]:
    return sa.Column(name, ID, nullable=False, primary_key=True)


def _ids(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, ID, nullable=False) for name in names]


def _times(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.BigInteger(), nullable=nullable) for name in names]


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)
