"""A subscription: an address that is told what happens in an account, whatever message it is about."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from estafette.model.message import Status

#: What may be subscribed to: somebody wrote to a sender; a message that was sent came to a status.
RECEIVED, STATUS = "received", "status"

#: Which event it is that a message comes to a status. What is not here is told to nobody but the
#: address that the message itself names.
EVENT: Mapping[Status, str] = {
    Status.RECEIVED: RECEIVED,
    Status.SENT: STATUS,
    Status.DELIVERED: STATUS,
    Status.READ: STATUS,
    Status.UNDELIVERED: STATUS,
    Status.FAILED: STATUS,
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

    @property
    def events(self) -> tuple[str, ...]:
        """What it wants to be told."""
        return tuple(self.event.split(","))

    def wants(self, status: Status) -> bool:
        """Whether it is told that a message came to this status."""
        return EVENT.get(status, "") in self.events
