"""A subscription: an address that is told what happens in an account, whatever message it is about."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from estafette.model.message import Status

#: What may be subscribed to, beside what is in `model.notice`: somebody wrote to a sender; a message
#: to be sent was written down; one that was sent came to a status.
RECEIVED, CREATED, STATUS = "received", "created", "status"

ANY_SENDER = "*"  #: it is told of all senders that have no subscription of their own

#: Which event it is that a message comes to a status. What is not here is told to nobody but the
#: address that the message itself names.
EVENT: Mapping[Status, str] = {
    Status.RECEIVED: RECEIVED,
    Status.QUEUED: CREATED,
    Status.SENT: STATUS,
    Status.DELIVERED: STATUS,
    Status.READ: STATUS,
    Status.UNDELIVERED: STATUS,
    Status.FAILED: STATUS,
    Status.CANCELED: STATUS,
}


class Subscription(Struct, frozen=True, kw_only=True):
    """An address that an account wants to have told. What it signs with is not part of it."""

    id: str
    account: str
    door: str  #: in whose words it is told
    event: str  #: one, or several with commas between them
    url: str
    details: Mapping[str, Any]  #: what its door keeps of it
    has_secret: bool = False  #: whether it signs with a secret of its own
    created_at: datetime
    updated_at: datetime
    failing_since: datetime | None = None  #: since when all that was tried failed; None if nothing
    disabled_at: datetime | None = None  #: when it had failed for too long: it is told nothing more
    channel: str = ""  #: the one whose messages it is told of; empty for all
    #: The id of the one sender of which it is told; ANY_SENDER or empty for all. Of those of one door
    #: that are for one channel, only the narrowest is told: a sender's, else one for any, else the rest.
    sender: str = ""

    @property
    def events(self) -> tuple[str, ...]:
        """What it wants to be told."""
        return tuple(self.event.split(","))

    def wants(self, status: Status) -> bool:
        """Whether it is told that a message came to this status."""
        return EVENT.get(status, "") in self.events
