"""What a support desk keeps: who is written to, what was exchanged with them, and who looks after it."""

from sqlalchemy import Boolean, Column, Integer, Table

from estafette.store.schema.base import METADATA, at_, id_, index, text_

#: What we know of those who are written to or write: one for each channel and address. `name` is what
#: the account calls them, `profile` what they call themselves; `tags` is a JSON list of names,
#: `fields` a JSON object. Lists go by `active_at`: when something was exchanged last.
contacts = Table(
    "contacts",
    METADATA,
    id_(primary_key=True),
    id_("account"),
    id_("channel"),
    id_("address"),
    text_("name"),
    text_("profile"),
    text_("email"),
    text_("avatar_url"),
    text_("tags"),
    text_("fields"),
    text_("note"),
    at_("opt_in_at", nullable=True),
    text_("opt_in_source"),
    at_("blocked_at", nullable=True),
    at_("active_at"),
    at_("created_at"),
    at_("updated_at"),
)
index("contacts_address", contacts, "account", "channel", "address", unique=True)
index("contacts_active", contacts, "account", "active_at", "id", "channel")
index("contacts_blocked", contacts, "account", "channel", "address", where="blocked_at IS NOT NULL")

#: Which contacts have a tag, without regard to case.
tagged = Table(
    "tagged",
    METADATA,
    id_("account", primary_key=True),
    id_("folded", primary_key=True),
    id_("contact", primary_key=True),
    sqlite_with_rowid=False,
)
index("tagged_of_contact", tagged, "contact")

#: Which words the names of contacts are made of, without regard to case: see store/named.py.
named = Table(
    "named",
    METADATA,
    id_("account", primary_key=True),
    id_("word", primary_key=True),
    id_("contact", primary_key=True),
    sqlite_with_rowid=False,
)
index("named_of_contact", named, "contact")

#: Contacts that were removed: what was sent before does not make them anew.
removals = Table(
    "removals",
    METADATA,
    id_("account", primary_key=True),
    id_("channel", primary_key=True),
    id_("address", primary_key=True),
    at_("removed_at"),
    sqlite_with_rowid=False,
)

#: The exchange of one contact with one sender. The user `assignee` and `team` look after it. Lists go
#: by `active_at`: when something was said last, or when it was opened where nothing was.
conversations = Table(
    "conversations",
    METADATA,
    id_(primary_key=True),
    id_("account"),
    id_("contact"),
    id_("sender"),
    id_("assignee"),
    id_("team"),
    id_("funnel"),
    text_("bot_status"),
    at_("bot_started_at", nullable=True),
    at_("opened_at"),
    at_("closed_at", nullable=True),
    text_("closing_reason"),
    at_("last_inbound_at", nullable=True),
    at_("last_message_at", nullable=True),
    at_("created_at"),
    at_("updated_at"),
    at_("active_at"),
)
index("conversations_parties", conversations, "contact", "sender", unique=True)
index("conversations_of_team", conversations, "team", "contact", where="team <> ''")
# Each is in one of these two. What lists are narrowed by stands beside: no row is read in vain.
for _name, _where in (("open", "closed_at IS NULL"), ("closed", "closed_at IS NOT NULL")):
    _parts = ("account", "active_at", "id", "assignee", "team", "sender")
    index(f"conversations_{_name}", conversations, *_parts, where=_where)

#: What colleagues write about a conversation, or what is noted of it.
notes = Table(
    "notes",
    METADATA,
    id_(primary_key=True),
    id_("account"),
    id_("conversation"),
    text_("text"),
    text_("author"),
    at_("created_at"),
    sqlite_with_rowid=False,
)
index("notes_of_conversation", notes, "conversation", "id")

users = Table(
    "users",
    METADATA,
    id_(primary_key=True),
    id_("account"),
    id_("email"),
    text_("name"),
    text_("role"),
    Column("available", Boolean, nullable=False),
    at_("available_at"),
    id_("status"),
    at_("status_at", nullable=True),
    at_("created_at"),
    at_("updated_at"),
)
index("users_email", users, "account", "email", unique=True)

teams = Table(
    "teams",
    METADATA,
    id_(primary_key=True),
    id_("account"),
    text_("name"),
    Column("is_default", Boolean, nullable=False),
    at_("created_at"),
    at_("updated_at"),
)
index("teams_of_account", teams, "account", "id")

#: Which users are in a team.
crews = Table(
    "crews",
    METADATA,
    id_("team", primary_key=True),
    id_("member", primary_key=True),
    at_("created_at"),
    sqlite_with_rowid=False,
)
index("crews_of_member", crews, "member")

#: What users may say of themselves, such as that they are on holiday.
statuses = Table(
    "statuses",
    METADATA,
    id_(primary_key=True),
    id_("account"),
    text_("name"),
    text_("emoji"),
    at_("created_at"),
    at_("updated_at"),
)
index("statuses_of_account", statuses, "account", "id")

#: The stages that conversations go through, in the order of `position`.
funnels = Table(
    "funnels",
    METADATA,
    id_(primary_key=True),
    id_("account"),
    text_("name"),
    text_("emoji"),
    Column("position", Integer, nullable=False),
    at_("created_at"),
    at_("updated_at"),
)
index("funnels_of_account", funnels, "account", "id")

#: The tags that contacts may have; `name` is as it is shown, `folded` without regard to case.
tags = Table(
    "tags",
    METADATA,
    id_(primary_key=True),
    id_("account"),
    text_("name"),
    id_("folded"),
    at_("created_at"),
    at_("updated_at"),
)
index("tags_name", tags, "account", "folded", unique=True)

#: The fields that contacts may have beside ours. `options` is a JSON list.
fields = Table(
    "fields",
    METADATA,
    id_(primary_key=True),
    id_("account"),
    id_("name"),
    text_("kind"),
    text_("options"),
    at_("created_at"),
    at_("updated_at"),
)
index("fields_name", fields, "account", "name", unique=True)

#: What happened that is no status of a message: callbacks tell it. `facts` is JSON: how things were.
notices = Table(
    "notices",
    METADATA,
    id_(primary_key=True),
    id_("account"),
    id_("event"),
    id_("about"),
    text_("facts"),
    at_("created_at"),
    sqlite_with_rowid=False,
)
index("notices_of_account", notices, "account", "id")

#: The second way that a message goes when its first fails, or takes too long. `data` is JSON.
fallbacks = Table(
    "fallbacks",
    METADATA,
    id_("message", primary_key=True),
    id_("account"),
    text_("data"),
    at_("due_at", nullable=True),
    at_("created_at"),
    at_("taken_at", nullable=True),
    text_("why"),
    sqlite_with_rowid=False,
)
index("fallbacks_due", fallbacks, "due_at", where="due_at IS NOT NULL")

#: What else people are called on a channel, such as the ids that a platform gives to those who hide
#: their numbers: the address by which messages name them.
aliases = Table(
    "aliases",
    METADATA,
    id_("account", primary_key=True),
    id_("channel", primary_key=True),
    id_("alias", primary_key=True),
    id_("address"),
    at_("updated_at"),
    sqlite_with_rowid=False,
)
index("aliases_address", aliases, "account", "channel", "address")
