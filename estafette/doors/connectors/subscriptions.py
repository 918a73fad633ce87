"""The trigger: addresses of flows that are told each message that arrives."""

import msgspec

from estafette.actions.twilio.failures import failed
from estafette.core.core import Core
from estafette.doors.connectors import wire
from estafette.doors.connectors.notices import DOOR
from estafette.doors.connectors.table import PREFIX, Subscription, SubscriptionRequest
from estafette.model import Account, Declined, Unknown
from estafette.model.ids import read_id
from estafette.model.subscription import RECEIVED
from estafette.model.twilio import rfc2822


class Subscriptions:
    """What adds and removes them."""

    def __init__(self, core: Core) -> None:
        self._known = core.subscriptions
        self._base = f"{core.public_url}{PREFIX}/Subscriptions"

    async def add(self, account: Account, body: bytes, kind: str) -> tuple[Subscription, str]:
        """Add one, and say at which address it is deleted. Raises Failed."""
        said = wire.members(body, kind, SubscriptionRequest)
        try:
            asked = msgspec.convert(said, SubscriptionRequest)
        except msgspec.ValidationError as error:
            raise failed(20001, str(error)) from None
        try:
            made = await self._known.add(
                account.sid, door=DOOR, event=RECEIVED, url=asked.notification_url
            )
        except Declined as error:
            raise failed(21402, error.value) from None
        shape = Subscription(
            sid=made.id, notification_url=made.url, date_created=rfc2822(made.created_at)
        )
        return shape, f"{self._base}/{made.id}.json"

    async def remove(self, account: Account, id: str) -> None:
        """Remove one. Raises Failed."""
        try:
            if (bare := read_id(id)) is None:
                raise Unknown(id)
            await self._known.remove(account.sid, bare, door=DOOR)
        except Unknown:
            raise failed(20404, f"{PREFIX}/Subscriptions/{id}.json") from None
