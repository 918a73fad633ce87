"""What accounts own: who may ask, what they send from, and whom they may not write to."""

from sqlalchemy import BigInteger, Boolean, Column, Float, Integer, Table

from estafette.store.schema.base import METADATA, at_, id_, index, text_

accounts = Table(
    "accounts",
    METADATA,
    id_("sid", primary_key=True),
    text_("name"),
    text_("token_sealed"),
    at_("created_at"),
    at_("updated_at"),
    text_("kind"),
    text_("balance"),
)

#: The recipients that a trial account may write to.
verified = Table(
    "verified",
    METADATA,
    id_("account", primary_key=True),
    id_("address", primary_key=True),
    id_(),
    text_("title"),
    text_("source"),
    at_("created_at"),
    at_("updated_at"),
)

keys = Table(
    "keys",
    METADATA,
    id_("sid", primary_key=True),
    id_("account"),
    text_("label"),
    text_("secret_digest"),
    at_("created_at"),
    at_("updated_at"),
    at_("revoked_at", nullable=True),
)
index("keys_of_account", keys, "account", "sid")

connections = Table(
    "connections",
    METADATA,
    id_("name", primary_key=True),
    text_("provider"),
    text_("settings_sealed"),
    Column("receipt_wait", Integer, nullable=False),
    text_("on_unclear"),
    at_("parked_at", nullable=True),
    text_("parked_text"),
    id_(),
    at_("created_at"),
    at_("updated_at"),
)
index("connections_id", connections, "id", unique=True)

senders = Table(
    "senders",
    METADATA,
    id_(primary_key=True),
    id_("account"),
    text_("channel"),
    text_("address"),
    text_("ref"),
    text_("title"),
    text_("connection"),
    Column("window", Integer, nullable=False),
    Column("max_per_second", Float, nullable=False),
    Column("in_order", Boolean, nullable=False),
    text_("inbound_url"),
    text_("inbound_method"),
    text_("fallback_url"),
    text_("fallback_method"),
    id_("application"),
    text_("details"),
    at_("created_at"),
    at_("updated_at"),
    at_("released_at", nullable=True),
)
_HELD = "released_at IS NULL"
index("senders_address", senders, "account", "channel", "address", where=_HELD, unique=True)
index("senders_inbound", senders, "connection", "channel", "address", where=_HELD)
index("senders_held", senders, "address", where=_HELD)

#: One row per sender: who drives it, until when, and when it may send next.
lanes = Table(
    "lanes",
    METADATA,
    id_(primary_key=True),
    id_("node"),
    at_("leased_until"),
    at_("next_at"),
)

nodes = Table(
    "nodes",
    METADATA,
    id_(primary_key=True),
    text_("host"),
    Column("pid", Integer, nullable=False),
    at_("started_at"),
    at_("seen_at"),
)

#: Pools of senders. `settings` is JSON: see model/service.py.
services = Table(
    "services",
    METADATA,
    id_(primary_key=True),
    id_("account"),
    text_("name"),
    text_("settings"),
    at_("created_at"),
    at_("updated_at"),
)
index("services_of_account", services, "account", "id")

members = Table(
    "members",
    METADATA,
    id_("service", primary_key=True),
    id_("sender", primary_key=True),
    at_("created_at"),
    at_("updated_at"),
)
index("members_of_sender", members, "sender")

#: Which sender of a service a recipient knows.
sticky = Table(
    "sticky",
    METADATA,
    id_("service", primary_key=True),
    id_("channel", primary_key=True),
    id_("recipient", primary_key=True),
    id_("sender"),
    sqlite_with_rowid=False,
)
index("sticky_of_sender", sticky, "sender")

#: Webhooks that several senders share. `settings` is JSON: see model/application.py.
applications = Table(
    "applications",
    METADATA,
    id_(primary_key=True),
    id_("account"),
    text_("name"),
    text_("settings"),
    at_("created_at"),
    at_("updated_at"),
)
index("applications_of_account", applications, "account", "id")

#: Addresses that are told what happens in an account, beside those that messages and senders name.
#: `door` finds the words; `details` is JSON, for that door. One that fails for too long is disabled.
subscriptions = Table(
    "subscriptions",
    METADATA,
    id_(primary_key=True),
    id_("account"),
    id_("door"),
    id_("event"),
    text_("url"),
    text_("secret_sealed"),
    text_("details"),
    at_("created_at"),
    at_("updated_at"),
    at_("failing_since", nullable=True),
    at_("disabled_at", nullable=True),
    id_("channel"),
    id_("sender"),
)
index("subscriptions_of_account", subscriptions, "account", "door", "id")

#: Texts with holes. `types`, `variables` and `details` are JSON: see model/template.py.
templates = Table(
    "templates",
    METADATA,
    id_(primary_key=True),
    id_("account"),
    text_("name"),
    text_("language"),
    text_("channel"),
    text_("kind"),
    text_("body"),
    text_("types"),
    text_("variables"),
    text_("details"),
    text_("status"),
    at_("created_at"),
    at_("updated_at"),
)
# Those of a fresh home have ids that are known beforehand, and so do not grow with time.
index("templates_of_account", templates, "account", "created_at", "id")
_FOR_WHATSAPP = "channel = 'whatsapp'"
index("templates_name", templates, "account", "name", "language", where=_FOR_WHATSAPP, unique=True)

#: Numbers that an account may take as senders. `details` is JSON: see model/number.py.
inventory = Table(
    "inventory",
    METADATA,
    id_("address", primary_key=True),
    id_("country"),
    id_("kind"),
    text_("connection"),
    text_("details"),
    at_("created_at"),
)
index("inventory_of_country", inventory, "country", "kind", "address")

#: Who asked not to be written to: by a sender or a service (`scope`), or by a whole account (empty).
suppressions = Table(
    "suppressions",
    METADATA,
    id_("account", primary_key=True),
    id_("recipient", primary_key=True),
    id_("channel", primary_key=True),
    id_("scope", primary_key=True),
    text_("source"),
    at_("created_at"),
    sqlite_with_rowid=False,
)

#: What an account has set, by name; `value` is JSON.
settings = Table(
    "settings",
    METADATA,
    id_("account", primary_key=True),
    id_("name", primary_key=True),
    text_("value"),
    at_("updated_at"),
    sqlite_with_rowid=False,
)

#: What an account has used, by day and category; a day is counted once, when it is over.
usage = Table(
    "usage",
    METADATA,
    id_("account", primary_key=True),
    id_("day", primary_key=True),
    id_("category", primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("usage", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
