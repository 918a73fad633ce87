"""Who is signed in to the console, and what they may do there. Pure."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class Role(StrEnum):
    """What somebody may do in the console; each may do what those before it may."""

    VIEWER = "viewer"  #: see everything but secrets
    AGENT = "agent"  #: send, answer and look after people
    OWNER = "owner"  #: set everything up

    def may(self, needed: "Role") -> bool:
        """Whether this is enough where `needed` is asked for."""
        return _RANK[self] >= _RANK[needed]


_RANK = {role: rank for rank, role in enumerate(Role)}


def role_of(text: str) -> Role:
    """What a user's `role` lets them do: whoever is no owner and no viewer is an agent."""
    word = text.strip().casefold()
    return Role(word) if word in tuple(Role) else Role.AGENT


class Session(Struct, frozen=True, kw_only=True):
    """Somebody who is signed in. Only the digest of what their browser shows is kept."""

    id: str  #: that digest
    account: str
    holder: str = ""  #: the id of a user; empty for who showed the account's own token
    role: Role
    name: str = ""  #: of the user; empty where there is none
    agent: str = ""  #: the browser, as it calls itself
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


class Change(Struct, frozen=True, kw_only=True):
    """One thing that somebody changed: a line of the audit trail."""

    id: str
    account: str
    actor: str = ""  #: the id of a user, the SID of a key, or empty for the account itself
    name: str = ""  #: what the actor is called, then
    via: str = ""  #: `console`, `api` or `cli`
    event: str  #: such as `connection.changed`: a word of ours, a dot, and what was done
    about: str = ""  #: the id or the name of what was changed
    details: dict[str, object] = {}  #: further facts; never a secret
    created_at: datetime
