"""Subscriptions, which callbacks may be owed to, and ids of connections."""

import secrets
import time

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"

ID = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
_LISTED = ["account", "created_at", "message", "status", "hook"]


def upgrade() -> None:
    """Add them. What is owed so far is owed to the addresses that messages name."""
    _subscriptions()
    _connections()
    if op.get_context().dialect.name == "postgresql":
        op.add_column("callbacks", sa.Column("hook", ID, server_default="", nullable=False))
        op.execute("ALTER TABLE callbacks ALTER COLUMN hook DROP DEFAULT")
        op.execute("ALTER TABLE callbacks DROP CONSTRAINT callbacks_pkey")
        op.execute("ALTER TABLE callbacks ADD PRIMARY KEY (message, status, hook)")
        op.drop_index("callbacks_of_account")
        op.create_index("callbacks_of_account", "callbacks", _LISTED)
    else:
        _callbacks_anew()


def _subscriptions() -> None:
    op.create_table(
        "subscriptions",
        sa.Column("id", ID, primary_key=True),
        sa.Column("account", ID, nullable=False),
        sa.Column("door", ID, nullable=False),
        sa.Column("event", ID, nullable=False),
        sa.Column("url", sa.Text(), server_default="", nullable=False),
        sa.Column("secret_sealed", sa.Text(), server_default="", nullable=False),
        sa.Column("details", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("subscriptions_of_account", "subscriptions", ["account", "door", "id"])


def _connections() -> None:
    for name, kind in (
        ("id", ID),
        ("created_at", sa.BigInteger()),
        ("updated_at", sa.BigInteger()),
    ):
        default = "" if name == "id" else "0"
        column = sa.Column(name, kind, server_default=default, nullable=False)
        op.add_column("connections", column)
    conn, now = op.get_bind(), time.time_ns() // 1000
    change = sa.text(
        "UPDATE connections SET id = :id, created_at = :now, updated_at = :now WHERE name = :name"
    )
    for (name,) in conn.execute(sa.text("SELECT name FROM connections")).all():
        conn.execute(change, {"id": secrets.token_hex(16), "now": now, "name": name})
    op.create_index("connections_id", "connections", ["id"], unique=True)


def _callbacks_anew() -> None:
    """SQLite changes no primary key in place."""
    op.execute("ALTER TABLE callbacks RENAME TO callbacks_before")
    for name in ("callbacks_due", "callbacks_of_account"):
        op.drop_index(name)
    texts = ("reason", "code", "text")
    op.create_table(
        "callbacks",
        sa.Column("message", ID, nullable=False),
        sa.Column("status", ID, nullable=False),
        sa.Column("account", ID, nullable=False),
        *(
            sa.Column(name, sa.Text(), server_default="", nullable=False)
            for name in ("door", "url")
        ),
        sa.Column("host", ID, nullable=False),
        *(sa.Column(name, sa.Text(), server_default="", nullable=False) for name in texts),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("told", sa.Text(), server_default="", nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("method", sa.Text(), server_default="", nullable=False),
        sa.Column("fallback_url", sa.Text(), server_default="", nullable=False),
        sa.Column("fallback_method", sa.Text(), server_default="", nullable=False),
        sa.Column("hook", ID, nullable=False),
        sa.PrimaryKeyConstraint("message", "status", "hook"),
        sqlite_with_rowid=False,
    )
    op.execute("INSERT INTO callbacks SELECT *, '' FROM callbacks_before")
    op.drop_table("callbacks_before")
    is_due = sa.text("due_at IS NOT NULL")
    op.create_index("callbacks_due", "callbacks", ["host", "due_at"], sqlite_where=is_due)
    op.create_index("callbacks_of_account", "callbacks", _LISTED)
