"""Contacts, conversations, users, teams, and what is told of them; the second way of a message."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"

ID = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    """Add them. Contacts of what was exchanged before are made by whoever files messages."""
    _contacts()
    _people()
    _words()
    _told()
    _templates()
    op.add_column("callbacks", sa.Column("event", ID, server_default="", nullable=False))
    if op.get_context().dialect.name == "postgresql":
        op.execute("ALTER TABLE callbacks ALTER COLUMN event DROP DEFAULT")
    op.add_column("callbacks", _text("response"))
    for name in ("failing_since", "disabled_at"):
        op.add_column("subscriptions", _at(name, nullable=True))


def _contacts() -> None:
    _table(
        "contacts",
        *_ids("account", "channel", "address"),
        *_texts("name", "profile", "email", "avatar_url", "tags", "fields", "note"),
        _at("opt_in_at", nullable=True),
        _text("opt_in_source"),
        _at("blocked_at", nullable=True),
        _at("active_at"),
        *_times(),
    )
    op.create_index("contacts_address", "contacts", ["account", "channel", "address"], unique=True)
    op.create_index("contacts_active", "contacts", ["account", "active_at", "id", "channel"])
    _keyed("tagged", "account", "folded", "contact")
    op.create_index("tagged_of_contact", "tagged", ["contact"])
    _keyed("removals", "account", "channel", "address", more=[_at("removed_at")])
    _table(
        "conversations",
        *_ids("account", "contact", "sender", "assignee", "team", "funnel"),
        _text("bot_status"),
        _at("bot_started_at", nullable=True),
        _at("opened_at"),
        _at("closed_at", nullable=True),
        _text("closing_reason"),
        _at("last_inbound_at", nullable=True),
        _at("last_message_at", nullable=True),
        *_times(),
    )
    op.create_index("conversations_parties", "conversations", ["contact", "sender"], unique=True)
    has_team = sa.text("team <> ''")
    op.create_index(
        "conversations_of_team", "conversations", ["team", "contact"],
        sqlite_where=has_team, postgresql_where=has_team,
    )  # fmt: skip
    _table(
        "notes", *_ids("account", "conversation"), *_texts("text", "author"), _at("created_at"),
        sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_index("notes_of_conversation", "notes", ["conversation", "id"])


def _people() -> None:
    _table(
        "users",
        *_ids("account", "email"),
        *_texts("name", "role"),
        sa.Column("available", sa.Boolean(), nullable=False),
        _at("available_at"),
        *_ids("status"),
        _at("status_at", nullable=True),
        *_times(),
    )
    op.create_index("users_email", "users", ["account", "email"], unique=True)
    is_default: sa.Column[bool] = sa.Column("is_default", sa.Boolean(), nullable=False)
    _table("teams", *_ids("account"), _text("name"), is_default, *_times())
    op.create_index("teams_of_account", "teams", ["account", "id"])
    _keyed("crews", "team", "member", more=[_at("created_at")])
    op.create_index("crews_of_member", "crews", ["member"])


def _words() -> None:
    _table("statuses", *_ids("account"), *_texts("name", "emoji"), *_times())
    op.create_index("statuses_of_account", "statuses", ["account", "id"])
    position: sa.Column[int] = sa.Column("position", sa.Integer(), nullable=False)
    _table("funnels", *_ids("account"), *_texts("name", "emoji"), position, *_times())
    op.create_index("funnels_of_account", "funnels", ["account", "id"])
    _table("tags", *_ids("account"), _text("name"), *_ids("folded"), *_times())
    op.create_index("tags_name", "tags", ["account", "folded"], unique=True)
    _table("fields", *_ids("account", "name"), *_texts("kind", "options"), *_times())
    op.create_index("fields_name", "fields", ["account", "name"], unique=True)


def _told() -> None:
    _table(
        "notices", *_ids("account", "event", "about"), _text("facts"), _at("created_at"),
        sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_index("notices_of_account", "notices", ["account", "id"])
    op.create_table(
        "fallbacks",
        sa.Column("message", ID, primary_key=True),
        *_ids("account"),
        _text("data"),
        _at("due_at", nullable=True),
        _at("created_at"),
        _at("taken_at", nullable=True),
        _text("why"),
        sqlite_with_rowid=False,
    )
    is_due = sa.text("due_at IS NOT NULL")
    op.create_index(
        "fallbacks_due", "fallbacks", ["due_at"], sqlite_where=is_due, postgresql_where=is_due
    )


def _templates() -> None:
    """By then all were made of shapes, and for any channel."""
    op.drop_index("templates_of_account", "templates")
    op.create_index("templates_of_account", "templates", ["account", "created_at", "id"])
    is_named = sa.text("channel = 'whatsapp'")
    op.create_index(
        "templates_name", "templates", ["account", "name", "language"],
        unique=True, sqlite_where=is_named, postgresql_where=is_named,
    )  # fmt: skip
    op.execute("UPDATE templates SET kind = 'image' WHERE kind = 'media'")


def _table(name: str, *columns: sa.Column[Any], **options: bool) -> None:
    op.create_table(name, sa.Column("id", ID, primary_key=True), *columns, **options)


def _keyed(name: str, *keys: str, more: Sequence[sa.Column[Any]] = ()) -> None:
    """A table whose rows are named by several ids."""
    made = [sa.Column(key, ID, nullable=False, primary_key=True) for key in keys]
    op.create_table(name, *made, *more, sqlite_with_rowid=False)


def _ids(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, ID, nullable=False) for name in names]


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def _texts(*names: str) -> list[sa.Column[Any]]:
    return [_text(name) for name in names]


def _at(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _times() -> list[sa.Column[Any]]:
    return [_at("created_at"), _at("updated_at")]
