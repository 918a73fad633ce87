"""Numbers, services, templates, media, suppressions, and what people write to senders."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"

ID = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
HELD = sa.text("released_at IS NULL")


def id_(name: str) -> sa.Column[str]:
    return sa.Column(name, ID, nullable=False)


def text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def upgrade() -> None:
    """Add them."""
    change()
    change_senders()
    make_owners()
    make_traffic()


def change() -> None:
    """What tables have beside what they had."""
    op.add_column("accounts", text("kind"))
    op.add_column("accounts", text("balance"))
    op.add_column("messages", sa.Column("service", ID, server_default="", nullable=False))
    op.add_column("messages", text("content"))
    for name in ("method", "fallback_url", "fallback_method"):
        op.add_column("callbacks", text(name))
    inbound = sa.text("direction = 'inbound'")
    op.create_index(
        "messages_inbound",
        "messages",
        ["account", "id"],
        sqlite_where=inbound,
        postgresql_where=inbound,
    )


def change_senders() -> None:
    """Where to tell what people write to a sender; and senders that are given back."""
    for name in ("inbound_url", "inbound_method", "fallback_url", "fallback_method"):
        op.add_column("senders", text(name))
    op.add_column("senders", sa.Column("application", ID, server_default="", nullable=False))
    op.add_column("senders", text("details"))
    for name in ("created_at", "updated_at"):
        column = sa.Column(name, sa.BigInteger(), server_default="0", nullable=False)
        op.add_column("senders", column)
    op.add_column("senders", sa.Column("released_at", sa.BigInteger(), nullable=True))
    op.drop_index("senders_address", "senders")
    op.create_index(
        "senders_address",
        "senders",
        ["account", "channel", "address"],
        unique=True,
        sqlite_where=HELD,
        postgresql_where=HELD,
    )
    op.create_index(
        "senders_inbound",
        "senders",
        ["connection", "channel", "address"],
        sqlite_where=HELD,
        postgresql_where=HELD,
    )
    op.create_index(
        "senders_held", "senders", ["address"], sqlite_where=HELD, postgresql_where=HELD
    )


def make_owners() -> None:
    """What accounts own."""
    op.create_table(
        "verified",
        id_("account"),
        id_("address"),
        id_("id"),
        text("title"),
        text("source"),
        number("created_at"),
        number("updated_at"),
        sa.PrimaryKeyConstraint("account", "address"),
    )
    op.create_table(
        "services",
        id_("id"),
        id_("account"),
        text("name"),
        text("settings"),
        number("created_at"),
        number("updated_at"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("services_of_account", "services", ["account", "id"])
    op.create_table(
        "members",
        id_("service"),
        id_("sender"),
        number("created_at"),
        number("updated_at"),
        sa.PrimaryKeyConstraint("service", "sender"),
    )
    op.create_index("members_of_sender", "members", ["sender"])
    op.create_table(
        "sticky",
        id_("service"),
        id_("channel"),
        id_("recipient"),
        id_("sender"),
        sa.PrimaryKeyConstraint("service", "channel", "recipient"),
        sqlite_with_rowid=False,
    )
    op.create_index("sticky_of_sender", "sticky", ["sender"])
    op.create_table(
        "applications",
        id_("id"),
        id_("account"),
        text("name"),
        text("settings"),
        number("created_at"),
        number("updated_at"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("applications_of_account", "applications", ["account", "id"])
    op.create_table(
        "templates",
        id_("id"),
        id_("account"),
        text("name"),
        text("language"),
        text("channel"),
        text("kind"),
        text("body"),
        text("types"),
        text("variables"),
        text("details"),
        text("status"),
        number("created_at"),
        number("updated_at"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("templates_of_account", "templates", ["account", "id"])
    op.create_table(
        "suppressions",
        id_("account"),
        id_("recipient"),
        id_("channel"),
        id_("scope"),
        text("source"),
        number("created_at"),
        sa.PrimaryKeyConstraint("account", "recipient", "channel", "scope"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "settings",
        id_("account"),
        id_("name"),
        text("value"),
        number("updated_at"),
        sa.PrimaryKeyConstraint("account", "name"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "inventory",
        id_("address"),
        id_("country"),
        id_("kind"),
        text("connection"),
        text("details"),
        number("created_at"),
        sa.PrimaryKeyConstraint("address"),
    )
    op.create_index("inventory_of_country", "inventory", ["country", "kind", "address"])
    op.create_table(
        "usage",
        id_("account"),
        id_("day"),
        id_("category"),
        number("count"),
        number("usage"),
        sa.PrimaryKeyConstraint("account", "day", "category"),
        sqlite_with_rowid=False,
    )


def make_traffic() -> None:
    """What goes through."""
    op.create_table(
        "media",
        id_("id"),
        id_("account"),
        id_("message"),
        sa.Column("number", sa.Integer(), nullable=False),
        text("url"),
        text("content_type"),
        number("size"),
        text("place"),
        number("created_at"),
        number("updated_at"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_with_rowid=False,
    )
    op.create_index("media_of_message", "media", ["message", "number"], unique=True)
    op.create_table(
        "incoming",
        id_("connection"),
        id_("ref"),
        id_("message"),
        sa.PrimaryKeyConstraint("connection", "ref"),
        sqlite_with_rowid=False,
    )
    op.create_index("incoming_of_message", "incoming", ["message"])
