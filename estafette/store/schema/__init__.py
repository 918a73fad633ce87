"""The tables. What a migration makes is compared with this page by a test.

Times are microseconds since 1970, UTC: both engines compare and index them alike. Absent text is
empty, never NULL. Ids grow with time (`model/ids.py`), so the newest rows stand at one end of
every index and an insert touches the same few pages however many rows are stored. Where an
index starts with something that does not grow, such as a recipient, the first digits of the id
stand before it: see `BUCKET`.
"""

from estafette.store.schema.base import BUCKET, BUCKET_DIGITS, METADATA
from estafette.store.schema.desk import (
    contacts,
    conversations,
    crews,
    fallbacks,
    fields,
    funnels,
    notes,
    notices,
    statuses,
    tags,
    teams,
    users,
)
from estafette.store.schema.owners import (
    accounts,
    applications,
    connections,
    inventory,
    keys,
    lanes,
    members,
    nodes,
    senders,
    services,
    settings,
    sticky,
    subscriptions,
    suppressions,
    templates,
    usage,
    verified,
)
from estafette.store.schema.traffic import (
    attempts,
    callbacks,
    errands,
    feedback,
    idempotency,
    incoming,
    jobs,
    marks,
    media,
    messages,
    receipts,
    recipients,
    refs,
)

VERSION = "0006"  #: the newest migration

__all__ = [
    "BUCKET",
    "BUCKET_DIGITS",
    "METADATA",
    "VERSION",
    "accounts",
    "applications",
    "attempts",
    "callbacks",
    "connections",
    "contacts",
    "conversations",
    "crews",
    "errands",
    "fallbacks",
    "feedback",
    "fields",
    "funnels",
    "idempotency",
    "incoming",
    "inventory",
    "jobs",
    "keys",
    "lanes",
    "marks",
    "media",
    "members",
    "messages",
    "nodes",
    "notes",
    "notices",
    "receipts",
    "recipients",
    "refs",
    "senders",
    "services",
    "settings",
    "statuses",
    "sticky",
    "subscriptions",
    "suppressions",
    "tags",
    "teams",
    "templates",
    "usage",
    "users",
    "verified",
]
