"""What happened that is no status of a message, such as that a conversation was opened. Pure."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct


class Event(StrEnum):
    """What may happen, beside that messages are written and come to a status."""

    CONTACT_CREATED = "contact_created"
    CONTACT_UPDATED = "contact_updated"
    CONTACT_DELETED = "contact_deleted"
    CONVERSATION_OPENED = "conversation_opened"  #: also when it is opened again
    CONVERSATION_CLOSED = "conversation_closed"
    AGENT_STATUS = "agent_status_updated"
    AGENT_SESSION = (
        "agent_session_updated"  #: a user signed in to the console, or is signed in no more
    )
    TEAM_MEMBERSHIP = "team_membership_updated"


class Notice(Struct, frozen=True, kw_only=True):
    """One of these. What is told of one contact is told in the order of its notices."""

    id: str
    account: str
    event: Event
    about: str  #: the id of the contact, the user or the team
    facts: Mapping[str, Any]  #: how things were then: what doors show of it, as plain JSON
    created_at: datetime
